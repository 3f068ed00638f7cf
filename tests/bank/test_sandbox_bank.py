"""The sandbox bank keeps the contract, searches kindly, asks the database little, and says when it cannot answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.pool import QueuePool

from tests.bank.contract import QUESTIONS, CoreBankingContract
from webapp.bank.core_banking import CoreBanking, TransactionQuery
from webapp.bank.errors import BankError, BankUnavailable
from webapp.bank.sandbox.bank import SandboxBank, connect
from webapp.bank.values import TransactionKind

MARIA = "10-2041"


class TestSandboxBank(CoreBankingContract):
    """The contract, on a customer with one of everything; the strangers have alerts, disputes, loans and odd cards."""

    @pytest.fixture
    def customer(self) -> str:
        return MARIA

    @pytest.fixture(params=["10-2121", "10-2224", "10-2158", "10-2252", "10-2231"])
    def stranger(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture
    def nobody(self) -> str:
        return "99-9999"


def as_core_banking(bank: SandboxBank) -> CoreBanking:
    """Checked by mypy: the sandbox bank is a `CoreBanking`."""
    return bank


@contextmanager
def statements_of(engine: Engine) -> Iterator[list[str]]:
    """The statements sent to the database meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("sought", "number", "matched_on"),
    [
        ("maria keller", "10-2041", "name"),
        ("KELLER Maria", "10-2041", "name"),
        ("  kell  ", "10-2041", "name"),
        ("lindqvist", "10-2090", "name"),
        ("cafe morgenrot", "10-2195", "name"),
        ("CAFÉ MORGENROT", "10-2195", "name"),
        ("10-2041", "10-2041", "customer number"),
        ("102041", "10-2041", "customer number"),
        ("10 2041", "10-2041", "customer number"),
        ("10-204", "10-2041", "customer number"),
        ("4417", "10-2041", "card ending"),
        ("3310", "10-2041", "account ending"),
        ("9021", "10-2041", "account ending"),
    ],
)
def test_a_customer_is_found_and_it_is_said_by_what(
    bank: SandboxBank, sought: str, number: str, matched_on: str
) -> None:
    best = bank.search_customers(sought)[0]
    assert (best.number, best.matched_on) == (number, matched_on)


def test_a_customer_is_found_by_iban_spaced_or_not(bank: SandboxBank) -> None:
    iban = bank.accounts(MARIA)[0].iban
    spaced = " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))
    for sought in (iban, iban.lower(), spaced):
        assert [(m.number, m.matched_on) for m in bank.search_customers(sought)] == [(MARIA, "IBAN")]


def test_umlauts_are_found_in_either_spelling(engine: Engine, bank: SandboxBank) -> None:
    with engine.connect() as connection:
        names = connection.scalars(text("SELECT name FROM bank_customers")).all()
    spelt = [name for name in names if any(letter in name.casefold() for letter in "äöü")]
    assert spelt
    for name in spelt:
        plain = name.casefold().translate(str.maketrans("äöü", "aou"))
        long = plain if plain == name else name.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
        for sought in (plain, long):
            assert name in {match.name for match in bank.search_customers(sought)}


def test_names_that_begin_with_the_text_come_before_those_that_contain_it(bank: SandboxBank) -> None:
    matches = bank.search_customers("ma", 50)
    begins = [any(word.casefold().startswith("ma") for word in match.name.split()) for match in matches]
    assert begins == sorted(begins, reverse=True)
    assert {True, False} == set(begins)


@given(sought=st.text(max_size=200), limit=st.integers())
def test_any_text_and_any_limit_can_be_searched(bank: SandboxBank, sought: str, limit: int) -> None:
    matches = bank.search_customers(sought, limit)
    assert len(matches) <= max(0, min(limit, 50))
    assert len({match.number for match in matches}) == len(matches)


@given(sought=st.text(alphabet=st.sampled_from("0123456789- DE%_\\'\"\x00é\ud800"), max_size=40))
def test_texts_like_numbers_can_be_searched(bank: SandboxBank, sought: str) -> None:
    assert len(bank.search_customers(sought)) <= 8


amounts = st.decimals(allow_nan=False) | st.none()
queries = st.builds(
    TransactionQuery,
    since=st.dates() | st.none(),
    until=st.dates() | st.none(),
    min_amount=amounts,
    max_amount=amounts,
    text=st.text(max_size=120) | st.none(),
    kinds=st.lists(st.sampled_from(TransactionKind), max_size=3).map(tuple),
    direction=st.sampled_from([None, "in", "out"]),
    card_last_four=st.text(max_size=6) | st.none(),
    limit=st.integers(),
)


@given(query=queries)
def test_any_question_about_transactions_is_answered_within_its_bounds(
    bank: SandboxBank, query: TransactionQuery
) -> None:
    found = bank.transactions(MARIA, query)
    assert len(found) <= max(0, query.limit)
    for transaction in found:
        assert query.since is None or transaction.booked_at.date() >= query.since
        assert query.until is None or transaction.booked_at.date() <= query.until
        assert query.min_amount is None or abs(transaction.amount) >= query.min_amount
        assert query.max_amount is None or abs(transaction.amount) <= query.max_amount
        assert not query.kinds or transaction.kind in query.kinds
        assert query.direction is None or (transaction.amount > 0) == (query.direction == "in")


def test_the_last_day_there_is_may_be_asked_for(bank: SandboxBank) -> None:
    everything = bank.transactions(MARIA, TransactionQuery(since=date.min, until=date.max))
    assert list(everything) == list(bank.transactions(MARIA, TransactionQuery()))


def test_an_amount_that_is_not_a_number_is_refused(bank: SandboxBank) -> None:
    with pytest.raises(ValueError, match="not a number"):
        bank.transactions(MARIA, TransactionQuery(min_amount=Decimal("NaN")))


@pytest.mark.parametrize("question", QUESTIONS)
def test_few_statements_answer_a_question(engine: Engine, bank: SandboxBank, question: str) -> None:
    with statements_of(engine) as sent:
        try:
            QUESTIONS[question](bank, "10-2252")
        except BankError:
            assert question == "card"
    assert len(sent) == (2 if question == "transactions" else 1)


def test_every_connection_is_given_back(engine: Engine, bank: SandboxBank) -> None:
    for question in QUESTIONS.values():
        for number in (MARIA, "99-9999"):
            try:
                question(bank, number)
            except BankError:
                continue
    assert isinstance(engine.pool, QueuePool)
    assert engine.pool.checkedout() == 0


def test_newest_transactions_are_found_by_index(engine: Engine) -> None:
    plan = (
        "EXPLAIN QUERY PLAN SELECT * FROM bank_transactions WHERE account_id IN ('a') ORDER BY booked_at DESC LIMIT 50"
    )
    with engine.connect() as connection:
        steps = " ".join(row[3] for row in connection.execute(text(plan)))
    assert "ix_bank_transactions_account_id_booked_at_id" in steps
    assert "TEMP B-TREE" not in steps


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_database_that_cannot_be_reached_is_a_bank_that_is_unavailable(tmp_path: Path, question: str) -> None:
    away = create_engine(f"sqlite:///{tmp_path}/no such folder/bank.db")
    with pytest.raises(BankUnavailable):
        QUESTIONS[question](connect(away), MARIA)
    with pytest.raises(BankUnavailable):
        connect(away).search_customers("maria")
    away.dispose()


def test_a_pool_with_no_connection_left_is_a_bank_that_is_unavailable(engine: Engine) -> None:
    narrow = create_engine(engine.url, pool_size=1, max_overflow=0, pool_timeout=0.05)
    with narrow.connect(), pytest.raises(BankUnavailable):
        connect(narrow).customer(MARIA)
    assert connect(narrow).customer(MARIA).name == "Maria Keller"
    narrow.dispose()
