"""Many orders at once, on PostgreSQL and on SQLite: one key acts once, and money between two accounts adds up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, func, insert, select

from tests import postgresql
from tests.bank.conftest import TODAY, MakeBank, new_engine
from webapp.bank.errors import BankUnavailable, OrderRefused
from webapp.bank.orders import BlockCard, BlockReason, TransferMoney
from webapp.bank.sandbox import tables
from webapp.bank.sandbox.order_desk import SandboxOrderDesk

NOW = datetime(2026, 3, 18, 10, 0, tzinfo=UTC)
OWNERS = ("10-2041", "10-2063")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def engine_of(request: pytest.FixtureRequest, make_bank: MakeBank, tmp_path: Path) -> Iterator[Engine]:
    """Two customers with their accounts and cards, on both kinds of database."""
    source = make_bank(TODAY)
    if request.param == "sqlite":
        engine = new_engine(tmp_path / "two.db")
        _copy(source, engine)
        yield engine
        engine.dispose()
        return
    with postgresql.fresh_database(request.getfixturevalue("postgresql_url")) as url:
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), pool_size=20)
        tables.METADATA.create_all(engine)
        _copy(source, engine)
        yield engine
        engine.dispose()


def _copy(source: Engine, target: Engine) -> None:
    with source.connect() as reading, target.begin() as writing:
        for table, column in (
            (tables.customers, tables.customers.c.number),
            (tables.accounts, tables.accounts.c.customer_number),
            (tables.cards, tables.cards.c.customer_number),
        ):
            rows = reading.execute(select(table).where(column.in_(OWNERS))).mappings().all()
            writing.execute(insert(table), [dict(row) for row in rows])


def at_once(engine: Engine, times: int, act: Callable[[int], str]) -> list[str]:
    """What each of so many threads got. PostgreSQL has to take every order at the first attempt."""
    attempts = 20 if engine.dialect.name == "sqlite" else 1  # SQLite may have another writer for too long

    def attempt(number: int) -> str:
        for _ in range(attempts):
            try:
                return act(number)
            except OrderRefused as refused:
                return f"refused: {refused}"
            except BankUnavailable:
                continue
        return "unavailable"

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(attempt, range(times)))


def current(engine: Engine, customer: str) -> tuple[str, str, Decimal]:
    """Id, IBAN and balance of a current account."""
    accounts = tables.accounts
    with engine.connect() as connection:
        row = connection.execute(
            select(accounts).where(accounts.c.customer_number == customer, accounts.c.kind == "checking")
        ).one()
    return row.id, row.iban, row.balance


def test_one_key_acts_once_however_many_send_it(engine_of: Engine) -> None:
    desk = SandboxOrderDesk(engine_of, clock=lambda: NOW)
    block = BlockCard("CA-102041-1", BlockReason.LOST)
    got = at_once(engine_of, 8, lambda _number: desk.carry_out("one", OWNERS[0], block).number)
    assert len(set(got)) == 1
    assert got[0].startswith("BL-")
    with engine_of.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.orders)) == 1


def test_money_to_and_fro_at_once_is_all_there_afterwards(engine_of: Engine) -> None:
    desk = SandboxOrderDesk(engine_of, clock=lambda: NOW)
    (first, first_iban, one), (second, second_iban, other) = (current(engine_of, owner) for owner in OWNERS)

    def send(number: int) -> str:
        to_second = number % 2 == 0
        order = TransferMoney(
            first if to_second else second, second_iban if to_second else first_iban, "Whoever", Decimal("1.00")
        )
        return desk.carry_out(f"key {number}", OWNERS[number % 2], order).number

    got = at_once(engine_of, 12, send)
    assert [answer for answer in got if not answer.startswith("TR-")] == []
    assert current(engine_of, OWNERS[0])[2] == one
    assert current(engine_of, OWNERS[1])[2] == other


def test_the_last_money_is_spent_once(engine_of: Engine) -> None:
    desk = SandboxOrderDesk(engine_of, clock=lambda: NOW)
    source, _iban, balance = current(engine_of, OWNERS[0])
    with engine_of.connect() as connection:
        overdraft = connection.scalar(select(tables.accounts.c.overdraft_limit).where(tables.accounts.c.id == source))
    everything = balance + (overdraft or Decimal(0))
    _id, target, before = current(engine_of, OWNERS[1])
    order = TransferMoney(source, target, "Jonas Ritter", everything)
    got = at_once(engine_of, 6, lambda number: desk.carry_out(f"all {number}", OWNERS[0], order).number)
    assert sum(answer.startswith("TR-") for answer in got) == 1
    assert sum("not enough money" in answer for answer in got) == 5
    assert current(engine_of, OWNERS[1])[2] == before + everything
