"""One contract, three banks: the sandbox on SQLite, on PostgreSQL, and the sandbox over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from sqlalchemy import Engine, create_engine

from tests import postgresql
from tests.bank.conftest import TODAY, MakeBank, new_engine
from tests.bank.contract import CoreBankingContract
from tests.bank.copying import copied
from tests.bank.order_contract import OrderDeskContract
from tests.bank.served import TOKEN, line_to, serving
from webapp.bank.core_banking import CoreBanking
from webapp.bank.http.bank import HttpBank
from webapp.bank.http.document import document
from webapp.bank.http.line import Line
from webapp.bank.http.order_desk import HttpOrderDesk
from webapp.bank.order_desk import OrderDesk
from webapp.bank.sandbox.bank import SandboxBank
from webapp.bank.sandbox.order_desk import SandboxOrderDesk
from webapp.bank.sandbox.serve import URLS, ServedBank

MARIA = "10-2041"
STRANGER = "10-2121"  # has an open alert
NOW = datetime(2026, 3, 18, 10, 0, tzinfo=UTC)
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "bank-api.yaml"


class Owners:
    """Whom the contracts are about."""

    @pytest.fixture
    def customer(self) -> str:
        return MARIA

    @pytest.fixture
    def stranger(self) -> str:
        return STRANGER

    @pytest.fixture
    def nobody(self) -> str:
        return "99-9999"


@pytest.fixture
def two_customers(make_bank: MakeBank, tmp_path: Path) -> Iterator[Engine]:
    """A small bank of a test's own, on SQLite."""
    engine = new_engine(tmp_path / "two.db")
    copied(make_bank(TODAY), engine, (MARIA, STRANGER))
    yield engine
    engine.dispose()


class TestSandboxOrders(Owners, OrderDeskContract):
    """On SQLite."""

    @pytest.fixture
    def bank(self, two_customers: Engine) -> CoreBanking:
        return SandboxBank(two_customers)

    @pytest.fixture
    def desk(self, two_customers: Engine) -> OrderDesk:
        return SandboxOrderDesk(two_customers, lambda: NOW)


@pytest.mark.servers
class TestSandboxOrdersOnPostgreSQL(Owners, OrderDeskContract):
    """On PostgreSQL."""

    @pytest.fixture
    def on_postgresql(self, make_bank: MakeBank, postgresql_url: str) -> Iterator[Engine]:
        with postgresql.fresh_database(postgresql_url) as url:
            engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), pool_size=10)
            copied(make_bank(TODAY), engine, (MARIA, STRANGER))
            yield engine
            engine.dispose()

    @pytest.fixture
    def bank(self, on_postgresql: Engine) -> CoreBanking:
        return SandboxBank(on_postgresql)

    @pytest.fixture
    def desk(self, on_postgresql: Engine) -> OrderDesk:
        return SandboxOrderDesk(on_postgresql, lambda: NOW)


@pytest.fixture(scope="module")
def reading_line(engine: Engine) -> Iterator[Line]:
    """A line to a bank that nobody changes."""
    with serving(ServedBank(SandboxBank(engine), SandboxOrderDesk(engine), TOKEN)) as url, line_to(url) as line:
        yield line


class TestHttpBank(Owners, CoreBankingContract):
    """Reading over HTTP."""

    @pytest.fixture
    def bank(self, reading_line: Line) -> CoreBanking:
        return HttpBank(reading_line)

    def test_it_tells_what_the_bank_behind_it_tells(self, bank: CoreBanking, engine: Engine) -> None:
        behind = SandboxBank(engine)
        for number in (MARIA, STRANGER):
            assert bank.customer(number) == behind.customer(number)
            assert bank.accounts(number) == behind.accounts(number)
            assert bank.cards(number) == behind.cards(number)
            assert bank.transfers(number, 500) == behind.transfers(number, 500)
            assert bank.standing_instructions(number) == behind.standing_instructions(number)
            assert bank.fraud_alerts(number) == behind.fraud_alerts(number)
            assert bank.disputes(number) == behind.disputes(number)


class TestHttpOrders(Owners, OrderDeskContract):
    """Orders over HTTP."""

    @pytest.fixture
    def line(self, two_customers: Engine) -> Iterator[Line]:
        desk = SandboxOrderDesk(two_customers, lambda: NOW)
        with serving(ServedBank(SandboxBank(two_customers), desk, TOKEN)) as url, line_to(url) as line:
            yield line

    @pytest.fixture
    def bank(self, line: Line) -> CoreBanking:
        return HttpBank(line)

    @pytest.fixture
    def desk(self, line: Line) -> OrderDesk:
        return HttpOrderDesk(line)


def test_the_written_interface_is_the_one_that_is_spoken() -> None:
    assert yaml.safe_load(GUIDE.read_text("utf-8")) == document(), (
        "write it anew: python -m webapp.bank.http.document > docs/bank-api.yaml"
    )


def test_the_served_bank_offers_what_is_written_and_nothing_else() -> None:
    served = {rule.rule.replace("<", "{").replace(">", "}"): (rule.methods or set()) - {"HEAD", "OPTIONS"}
              for rule in URLS.iter_rules()}  # fmt: skip
    assert served == {path: {method.upper() for method in methods} for path, methods in document()["paths"].items()}
