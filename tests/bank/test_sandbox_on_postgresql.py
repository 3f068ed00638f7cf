"""The sandbox bank keeps its contract on PostgreSQL too: the same customers, copied there from SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import Engine, create_engine, select, update

from tests import postgresql
from tests.bank.contract import CoreBankingContract
from tests.bank.copying import copied
from webapp.bank.core_banking import TransactionQuery
from webapp.bank.sandbox import tables
from webapp.bank.sandbox.bank import SandboxBank, connect

pytestmark = pytest.mark.servers
MARIA = "10-2041"
STRANGERS = ("10-2121", "10-2224", "10-2158", "10-2252", "10-2231")


@pytest.fixture(scope="module")
def on_postgresql(engine: Engine, postgresql_url: str) -> Iterator[Engine]:
    """A few customers in a PostgreSQL database."""
    with postgresql.fresh_database(postgresql_url) as url:
        copy = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
        copied(engine, copy, (MARIA, *STRANGERS))
        yield copy
        copy.dispose()


class TestSandboxBankOnPostgreSQL(CoreBankingContract):
    """The contract again."""

    @pytest.fixture
    def bank(self, on_postgresql: Engine) -> SandboxBank:
        return connect(on_postgresql)

    @pytest.fixture
    def customer(self) -> str:
        return MARIA

    @pytest.fixture(params=STRANGERS)
    def stranger(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture
    def nobody(self) -> str:
        return "99-9999"


@pytest.mark.parametrize("number", [MARIA, *STRANGERS])
def test_both_databases_tell_the_same(bank: SandboxBank, on_postgresql: Engine, number: str) -> None:
    other = connect(on_postgresql)
    everything = TransactionQuery(limit=1000)
    assert other.customer(number) == bank.customer(number)
    assert other.accounts(number) == bank.accounts(number)
    assert other.cards(number) == bank.cards(number)
    assert other.transactions(number, everything) == bank.transactions(number, everything)
    assert other.transfers(number, 500) == bank.transfers(number, 500)
    assert other.standing_instructions(number) == bank.standing_instructions(number)
    assert other.fraud_alerts(number) == bank.fraud_alerts(number)
    assert other.disputes(number) == bank.disputes(number)


def test_enormous_bounds_are_no_trouble(on_postgresql: Engine) -> None:
    query = TransactionQuery(min_amount=Decimal("1e40"), max_amount=Decimal("1e50"), text="\x00\ud800")
    assert list(connect(on_postgresql).transactions(MARIA, query)) == []


def test_money_is_a_decimal_column_there(on_postgresql: Engine) -> None:
    with on_postgresql.begin() as connection:
        raw = connection.exec_driver_sql("SELECT sum(balance) FROM bank_accounts").scalar_one()
        assert raw == sum(row.balance for row in connection.execute(select(tables.accounts)))
        connection.execute(update(tables.accounts).values(balance=tables.accounts.c.balance))
