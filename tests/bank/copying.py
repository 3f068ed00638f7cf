"""A few customers of a bank, copied into another database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Engine, Table, insert, select

from webapp.bank.sandbox import tables


def of_customers(table: Table, numbers: Sequence[str]) -> ColumnElement[bool] | None:
    """Which rows of a table belong to these customers; None when the table is nobody's."""
    if table is tables.customers:
        return table.c.number.in_(numbers)
    if "customer_number" in table.c:
        return table.c.customer_number.in_(numbers)
    if "account_id" in table.c:
        owned = select(tables.accounts.c.id).where(tables.accounts.c.customer_number.in_(numbers))
        return table.c.account_id.in_(owned)
    if table is tables.fraud_alert_transactions:
        alerts = select(tables.fraud_alerts.c.id).where(tables.fraud_alerts.c.customer_number.in_(numbers))
        return table.c.alert_id.in_(alerts)
    return None


def copied(source: Engine, target: Engine, numbers: Sequence[str]) -> None:
    """Make the tables in the target and copy what belongs to these customers."""
    tables.METADATA.create_all(target)
    with source.connect() as reading, target.begin() as writing:
        for table in tables.METADATA.sorted_tables:
            wanted = of_customers(table, numbers)
            if wanted is None:
                continue
            rows = reading.execute(select(table).where(wanted)).mappings().all()
            if rows:
                writing.execute(insert(table), [dict(row) for row in rows])
