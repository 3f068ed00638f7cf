"""The sandbox bank's books: every balance follows, every number is well-formed, the same seed lives the same life."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, Row, String, event, func, select, update
from sqlalchemy.exc import IntegrityError, StatementError

from tests.bank.conftest import MUCH_LATER, TODAY, MakeBank, new_engine
from webapp.bank.sandbox import tables
from webapp.bank.sandbox.accounts import first_day_of_books, issue_cards, open_accounts
from webapp.bank.sandbox.bank import connect
from webapp.bank.sandbox.books import Books
from webapp.bank.sandbox.dates import add_months, days
from webapp.bank.sandbox.people import people
from webapp.bank.sandbox.seeding import GENERATION, SEED, roll_forward, seed
from webapp.bank.sandbox.terms import BRANCHES
from webapp.bank.values import AccountKind, CardStatus, TransactionKind, TransactionStatus, TransferState

SILENCED = ("102063", "102140", "102158")  # a story stopped their cards or accounts on a day that depends on today
LATER = TODAY + timedelta(days=10)
BOOKED = TransactionStatus.BOOKED.value


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


@pytest.fixture(scope="module")
def accounts(engine: Engine) -> list[Row[Any]]:
    return rows_of(engine, tables.accounts)


@pytest.fixture(scope="module")
def transactions(engine: Engine) -> list[Row[Any]]:
    return rows_of(engine, tables.transactions)


@pytest.fixture(scope="module")
def by_account(transactions: list[Row[Any]]) -> dict[str, list[Row[Any]]]:
    """The movements of each account, oldest first."""
    sorted_out: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for transaction in sorted(transactions, key=lambda t: (t.booked_at, t.id)):
        sorted_out[transaction.account_id].append(transaction)
    return sorted_out


def test_every_balance_follows_from_the_one_before(engine: Engine) -> None:
    assert_books_add_up(engine)


def test_there_are_customers_of_every_branch_and_segment(engine: Engine) -> None:
    customers = rows_of(engine, tables.customers)
    assert len(customers) >= 64
    assert {customer.branch for customer in customers} == set(BRANCHES)
    assert {c.segment for c in customers} == {"personal", "premium", "student", "business"}
    assert len({customer.name for customer in customers}) == len(customers)
    assert all(re.fullmatch(r"\d\d-\d{4}", customer.number) for customer in customers)


def test_everybody_has_a_current_account_and_most_have_savings(engine: Engine, accounts: list[Row[Any]]) -> None:
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for account in accounts:
        owners[account.kind].add(account.customer_number)
    customers = {customer.number for customer in rows_of(engine, tables.customers)}
    assert owners["checking"] == customers
    assert len(owners["savings"]) > 0.7 * len(customers)
    assert len(owners["credit"]) >= 15
    assert len(owners["loan"]) >= 8


def test_eighteen_months_are_kept(transactions: list[Row[Any]]) -> None:
    months = {f"{t.booked_at:%Y-%m}" for t in transactions}
    assert {f"{add_months(TODAY, -back):%Y-%m}" for back in range(19)} <= months


def test_every_kind_of_movement_happens(transactions: list[Row[Any]]) -> None:
    assert {t.kind for t in transactions} == {kind.value for kind in TransactionKind}
    assert {t.status for t in transactions} == {status.value for status in TransactionStatus}


def test_every_state_of_a_transfer_is_there(engine: Engine) -> None:
    states = Counter(order.state for order in rows_of(engine, tables.transfers))
    wanted = (TransferState.SCHEDULED, TransferState.PROCESSING, TransferState.COMPLETED, TransferState.FAILED)
    assert all(states[state.value] for state in wanted)


def test_failed_transfers_say_why_and_no_others(engine: Engine) -> None:
    for order in rows_of(engine, tables.transfers):
        assert (order.failure_reason is not None) == (order.state == TransferState.FAILED.value)


def test_scheduled_transfers_lie_ahead_and_the_others_do_not(engine: Engine) -> None:
    for order in rows_of(engine, tables.transfers):
        assert (order.execute_on > TODAY) == (order.state == TransferState.SCHEDULED.value)


def test_completed_transfers_moved_the_money(engine: Engine, transactions: list[Row[Any]]) -> None:
    moved = Counter((t.account_id, -t.amount) for t in transactions if t.kind == TransactionKind.TRANSFER_OUT.value)
    completed = [order for order in rows_of(engine, tables.transfers) if order.state == "completed"]
    assert len(completed) > 1000
    recorded = Counter((order.account_id, order.amount) for order in completed)
    # Orders given before the first day are not kept, so that there may be more movements than orders, never fewer.
    assert not recorded - moved


def test_available_is_balance_and_limit_less_what_is_pending(engine: Engine, transactions: list[Row[Any]]) -> None:
    bank = connect(engine)
    pending: Counter[str] = Counter()
    for row in transactions:
        if row.status == TransactionStatus.PENDING.value:
            pending[row.account_id] += row.amount
    assert pending
    numbers = [customer.number for customer in rows_of(engine, tables.customers)]
    for account in (account for number in numbers for account in bank.accounts(number)):
        if account.status == "open" and account.kind is not AccountKind.LOAN:
            expected = account.balance + account.overdraft_limit + pending[account.id]
            assert account.available == expected
        else:
            assert account.available == 0


def test_current_accounts_stay_near_what_their_owners_may_spend(
    accounts: list[Row[Any]], transactions: list[Row[Any]]
) -> None:
    limits = {account.id: account.overdraft_limit for account in accounts if account.kind in {"checking", "credit"}}
    lowest: dict[str, Decimal] = {}
    for t in transactions:
        if t.balance_after is not None and t.account_id in limits:
            lowest[t.account_id] = min(t.balance_after, lowest.get(t.account_id, t.balance_after))
    beyond = {account: low for account, low in lowest.items() if low < -limits[account]}
    assert len(beyond) <= 6
    assert all(low > -limits[account] - 500 for account, low in beyond.items())


def test_savings_are_never_overdrawn(accounts: list[Row[Any]], transactions: list[Row[Any]]) -> None:
    savings = {account.id for account in accounts if account.kind == "savings"}
    assert all(t.balance_after >= 0 for t in transactions if t.account_id in savings)


def test_ibans_have_valid_check_digits_and_no_two_endings_are_alike(accounts: list[Row[Any]]) -> None:
    for account in accounts:
        assert re.fullmatch(r"DE\d{2}99990000\d{10}", account.iban)
        moved = account.iban[4:] + account.iban[:4]
        assert int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1
        assert account.last_four == account.iban[-4:]
    assert len({account.last_four for account in accounts}) == len(accounts)


def test_no_two_cards_end_alike(engine: Engine) -> None:
    endings = [card.last_four for card in rows_of(engine, tables.cards)]
    assert len(set(endings)) == len(endings)
    assert all(re.fullmatch(r"\d{4}", ending) for ending in endings)


def test_no_full_card_number_is_anywhere(engine: Engine) -> None:
    """Thirteen digits or more in a row, however spaced, are in IBANs only. Movements' ids hold dates, not cards."""
    long_number = re.compile(r"(?:[0-9][ -]?){13}")
    for name, table in tables.METADATA.tables.items():
        texts = [c.name for c in table.columns if isinstance(c.type, String) and c.name not in {"id", "transaction_id"}]
        for row in stored(engine, f"SELECT {', '.join(texts)} FROM {name}") if texts else ():
            for column, text in zip(texts, row, strict=True):
                assert column == "iban" or not long_number.search(text or ""), (name, column, text)
    ids = stored(engine, "SELECT id FROM bank_transactions")
    assert all(re.fullmatch(r"TX-\d{6}-\d{6}-[a-z]\d+f?", identity) for (identity,) in ids)


def test_only_due_dates_lie_ahead(engine: Engine, transactions: list[Row[Any]]) -> None:
    ahead = {"expires_on", "execute_on", "arrives_on", "next_on", "evidence_due_on", "kyc_review_due"}
    ahead |= {"loan_next_payment_on", "loan_ends_on"}
    morning = datetime.combine(TODAY, time(6), UTC)
    assert max(t.booked_at for t in transactions) < morning
    for table in (t for name, t in tables.METADATA.tables.items() if name != "bank_transactions"):
        for row in rows_of(engine, table):
            for column, value in row._mapping.items():
                if column in ahead or not isinstance(value, date):
                    continue
                assert value <= (morning if isinstance(value, datetime) else TODAY), (table.name, column, row[0])


def test_what_is_due_lies_ahead(engine: Engine) -> None:
    assert all(order.next_on > TODAY for order in rows_of(engine, tables.standing_instructions))
    assert all(a.loan_next_payment_on > TODAY for a in rows_of(engine, tables.accounts) if a.loan_principal)
    for card in rows_of(engine, tables.cards):
        assert (card.expires_on < TODAY) == (card.status == CardStatus.EXPIRED.value)


def test_accounts_are_open_before_anything_moves(accounts: list[Row[Any]], transactions: list[Row[Any]]) -> None:
    opened = {account.id: account.opened_on for account in accounts}
    assert all(opened[t.account_id] <= t.booked_at.date() for t in transactions)


def test_loans_shrink_by_instalment_less_interest(
    accounts: list[Row[Any]], by_account: dict[str, list[Row[Any]]]
) -> None:
    for loan in (account for account in accounts if account.kind == "loan"):
        booked = by_account[loan.id]
        assert {t.kind for t in booked} == {TransactionKind.INTEREST.value, TransactionKind.LOAN_PAYMENT.value}
        assert loan.opening_balance < loan.balance <= 0
        first = booked[0]
        interest = (loan.opening_balance * loan.interest_rate / 1200).quantize(Decimal("0.01"))
        assert abs(first.amount - interest) <= Decimal("0.01")


def test_savings_interest_is_what_the_rate_earns(
    accounts: list[Row[Any]], by_account: dict[str, list[Row[Any]]]
) -> None:
    """For accounts that nothing else moves, a year's interest is the rate on the balance."""
    checked = 0
    for account in (a for a in accounts if a.name == "Notice Saver"):
        credits = by_account[account.id]
        assert [f"{t.booked_at:%m-%d}" for t in credits] == ["12-31"] * len(credits)
        for before, after in pairwise(credits):
            earned = (before.balance_after * account.interest_rate / 100).quantize(Decimal("0.01"))
            assert abs(after.amount - earned) <= Decimal("0.01")
            checked += 1
    assert checked >= 3


def test_foreign_payments_cost_one_and_three_quarters_percent(transactions: list[Row[Any]]) -> None:
    by_id = {t.id: t for t in transactions}
    fees = [t for t in transactions if t.text.startswith("Foreign currency fee")]
    assert len(fees) > 20
    for fee in fees:
        paid = by_id[fee.id.removesuffix("f")]
        assert re.search(r"\d+\.\d\d (GBP|USD|CAD|CHF) at", paid.text)
        assert paid.currency == "EUR"
        assert abs(fee.amount - paid.amount * Decimal("0.0175")) <= Decimal("0.005")


def test_account_fees_are_as_the_terms_say(accounts: list[Row[Any]], transactions: list[Row[Any]]) -> None:
    names = {account.id: account.name for account in accounts}
    fees = [t for t in transactions if t.text.startswith("Account fee")]
    charged = {(names[t.account_id], -t.amount) for t in fees}
    assert charged == {
        ("Premium Current", Decimal("9.90")),
        ("Business Current", Decimal("12.50")),
        ("Everyday Current", Decimal("2.90")),
    }


# The same seed, and going forward


@pytest.fixture(scope="module")
def later(make_bank: MakeBank) -> Engine:
    """A bank as of LATER: an older generator wrote it, so that it was written anew on going forward."""
    old = make_bank(TODAY)
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
def rolled(make_bank: MakeBank) -> Engine:
    """A bank written as of TODAY and brought forward to LATER a day at a time, as a server does."""
    engine = make_bank(TODAY)
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
