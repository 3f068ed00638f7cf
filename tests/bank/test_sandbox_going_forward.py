"""The same seed lives the same life, whether the sandbox bank is written at once or brought forward day by day."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select, update
from sqlalchemy.exc import IntegrityError, StatementError

from tests.bank.conftest import MUCH_LATER, TODAY, MakeBank, new_engine
from tests.bank.stored_rows import assert_books_add_up, rows_of, stored
from webapp.bank.sandbox import tables
from webapp.bank.sandbox.accounts import first_day_of_books, issue_cards, open_accounts
from webapp.bank.sandbox.books import Books
from webapp.bank.sandbox.dates import days
from webapp.bank.sandbox.people import people
from webapp.bank.sandbox.seeding import GENERATION, SEED, roll_forward, seed
from webapp.bank.values import CardStatus

LATER = TODAY + timedelta(days=10)
SILENCED = ("102063", "102140", "102158")  # a story stopped their cards or accounts on a day that depends on today


@pytest.fixture(scope="module")
def later(make_lasting_bank: MakeBank) -> Engine:
    """A bank as of LATER: an older generator wrote it, so that it was written anew on going forward."""
    old = make_lasting_bank(TODAY)
    with old.begin() as connection:
        connection.execute(update(tables.calendar).values(generation=GENERATION - 1))
        connection.execute(update(tables.customers).values(name="Somebody Else"))
    assert roll_forward(old, LATER) is True
    return old


def test_a_bank_of_an_older_generator_is_written_anew(later: Engine) -> None:
    assert "Somebody Else" not in {row.name for row in rows_of(later, tables.customers)}
    page = rows_of(later, tables.calendar)[0]
    assert (page.generation, page.last_day) == (GENERATION, LATER)
    assert max(seen for (seen,) in stored(later, "SELECT booked_at FROM bank_transactions")).startswith(f"{LATER}")


def lives(seed_number: int, places: slice) -> list[object]:
    """Some people, and all that is in their books as of TODAY."""
    first_day = first_day_of_books(TODAY)
    written: list[object] = []
    for person in people(seed_number)[places]:
        ledgers = open_accounts(person, first_day)
        books = Books(seed_number, person, ledgers, issue_cards(person, ledgers, first_day))
        books.run(first_day, TODAY)
        written += [person, ledgers, books.cards, books.booked, books.orders]
    return written


def test_the_same_seed_lives_the_same_lives_and_another_does_not() -> None:
    assert lives(SEED, slice(28, 32)) == lives(SEED, slice(28, 32))
    assert lives(SEED, slice(28, 29)) != lives(SEED + 1, slice(28, 29))


def test_another_seed_brings_other_people_to_the_same_stories() -> None:
    mine, theirs = ({person.character.name for person in people(number)} for number in (SEED, 7))
    assert 30 <= len(mine & theirs) < len(mine) - 30


def test_seeding_twice_changes_nothing(engine: Engine) -> None:
    count = "SELECT count(*), max(booked_at) FROM bank_transactions"
    before = stored(engine, count)
    assert seed(engine, TODAY + timedelta(days=400)) is False
    assert stored(engine, count) == before


def ordinary(engine: Engine) -> set[tuple[Any, ...]]:
    """What the calendar alone brings: card payments, income, regular payments, cash, transfers, fees."""
    columns = "id, account_id, booked_at, amount, kind, counterparty, text, category, card_last_four"
    booked = stored(engine, f"SELECT {columns} FROM bank_transactions WHERE status = 'booked'")
    from_calendar = re.compile(r"TX-\d{6}-\d{6}-[acfgijkprst]\d+f?")
    return {row for row in booked if from_calendar.fullmatch(row[0]) and row[0].split("-")[1] not in SILENCED}


@pytest.fixture(scope="module")
def rolled(make_lasting_bank: MakeBank) -> Engine:
    """A bank written as of TODAY and brought forward to LATER a day at a time, as a server does."""
    engine = make_lasting_bank(TODAY)
    for day in days(TODAY + timedelta(days=1), LATER):
        assert roll_forward(engine, day) is True
        assert_pending_is_only_yesterdays(engine, day)
    return engine


def assert_pending_is_only_yesterdays(engine: Engine, today: date) -> None:
    with engine.connect() as connection:
        pending = connection.scalars(
            select(tables.transactions.c.booked_at).where(tables.transactions.c.status == "pending")
        )
        assert {booked_at.date() for booked_at in pending} == {today - timedelta(days=1)}


def test_a_bank_brought_forward_lived_the_same_ordinary_days(later: Engine, rolled: Engine) -> None:
    expected = ordinary(later)
    assert len(expected) > 50_000
    assert ordinary(rolled) == expected


def test_a_bank_brought_forward_adds_up(rolled: Engine) -> None:
    assert_books_add_up(rolled)


def test_going_forward_keeps_what_was_booked(engine: Engine, rolled: Engine) -> None:
    booked = "SELECT * FROM bank_transactions WHERE status = 'booked'"
    assert set(stored(engine, booked)) < set(stored(rolled, booked))


def test_what_was_pending_is_booked_in_time(engine: Engine, rolled: Engine) -> None:
    pending = set(stored(engine, "SELECT id, amount FROM bank_transactions WHERE status = 'pending'"))
    assert pending <= set(stored(rolled, "SELECT id, amount FROM bank_transactions WHERE status = 'booked'"))


def test_going_forward_again_on_the_same_day_changes_nothing(rolled: Engine) -> None:
    written: list[str] = []
    event.listen(rolled, "before_cursor_execute", lambda *call: written.append(call[2]))
    assert roll_forward(rolled, LATER) is False
    assert roll_forward(rolled, TODAY) is False
    assert [statement.split()[0] for statement in written] == ["SELECT", "SELECT"]


def test_dates_and_cards_move_on(rested: Engine) -> None:
    engine, later = rested, MUCH_LATER
    assert_books_add_up(engine)
    assert all(order.next_on > later for order in rows_of(engine, tables.standing_instructions))
    for card in rows_of(engine, tables.cards):
        assert card.expires_on >= later or card.status == CardStatus.EXPIRED.value
    for customer in rows_of(engine, tables.customers):
        assert customer.kyc_review_due > later or customer.kyc_status != "verified"
    for account in rows_of(engine, tables.accounts):
        paid_off = account.balance == 0 and account.kind == "loan"
        assert (account.status == "closed") == paid_off
        assert account.loan_next_payment_on is None or paid_off or account.loan_next_payment_on > later
    unfinished = {"scheduled", "processing"}
    orders = rows_of(engine, tables.transfers)
    assert all(o.arrives_on > later for o in orders if o.state in unfinished)
    assert all(o.state not in unfinished for o in orders if o.arrives_on <= later)


def test_two_who_bring_the_bank_forward_at_once_do_it_once(make_bank: MakeBank) -> None:
    engine = make_bank(TODAY)
    start = Barrier(2)

    def go_forward() -> bool:
        start.wait()
        return roll_forward(engine, LATER)

    with ThreadPoolExecutor(2) as both:
        results = [both.submit(go_forward) for _ in range(2)]
    assert sorted(result.result() for result in results) == [False, True]
    assert_books_add_up(engine)


def test_an_empty_bank_is_not_brought_forward(tmp_path: Path) -> None:
    empty = new_engine(tmp_path / "empty.db")
    assert roll_forward(empty, TODAY) is False
    assert rows_of(empty, tables.customers) == []
    empty.dispose()


def test_a_day_that_cannot_be_written_leaves_the_bank_as_it_was(make_bank: MakeBank) -> None:
    engine = make_bank(TODAY)
    with engine.begin() as connection:  # in the way of the first dispute that is told again, which is written last
        connection.execute(update(tables.disputes).values(id=func.replace(tables.disputes.c.id, "DP-10", "DP-11")))
    count = "SELECT count(*), max(booked_at) FROM bank_transactions"
    before = (rows_of(engine, tables.accounts), stored(engine, count))
    with pytest.raises(IntegrityError):
        roll_forward(engine, TODAY + timedelta(days=90))
    assert (rows_of(engine, tables.accounts), stored(engine, count)) == before
    assert [row.last_day for row in rows_of(engine, tables.calendar)] == [TODAY]


@pytest.mark.parametrize("amount", [Decimal("1.005"), Decimal("0.001")])
def test_money_is_never_rounded_on_its_way_into_a_row(rolled: Engine, amount: Decimal) -> None:
    with rolled.connect() as connection, pytest.raises(StatementError, match="two decimal places"):
        connection.execute(update(tables.accounts).values(balance=amount))


def test_a_naive_time_is_refused(rolled: Engine) -> None:
    naive = datetime(2026, 1, 1, 12)
    with rolled.connect() as connection, pytest.raises(StatementError, match="naive"):
        connection.execute(update(tables.cards).values(last_used_at=naive))
