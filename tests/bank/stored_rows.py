"""Reading the sandbox bank's tables, and checking that its books add up."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, Row, select


def rows_of(engine: Engine, table: Any) -> list[Row[Any]]:
    with engine.connect() as connection:
        return list(connection.execute(select(table).order_by(*table.primary_key.columns)))


def stored(engine: Engine, sql: str) -> list[tuple[Any, ...]]:
    """Rows as SQLite keeps them, amounts in cents: quick for many."""
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]


def assert_books_add_up(engine: Engine) -> None:
    """Each balance follows from the one before, from the opening balance to the account's own."""
    balances: dict[str, int] = dict(stored(engine, "SELECT id, opening_balance FROM bank_accounts"))
    moved = "SELECT account_id, id, amount, balance_after FROM bank_transactions WHERE status = 'booked'"
    for account, movement, amount, balance_after in stored(engine, f"{moved} ORDER BY booked_at, id"):
        balances[account] += amount
        assert balances[account] == balance_after, movement
    assert balances == dict(stored(engine, "SELECT id, balance FROM bank_accounts"))
