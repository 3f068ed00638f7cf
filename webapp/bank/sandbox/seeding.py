"""Writing the sandbox bank: once from nothing, and then forward, day by day, to today.

Both use the same per-day rules, so that the ordinary life of a day is the same whether it was written at first or
later. Each is one transaction, and does nothing when there is nothing to do, also when two processes try at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from webapp.bank.sandbox import aftermath, due_orders, rows, tables
from webapp.bank.sandbox.accounts import Ledger, first_day_of_books, issue_cards, open_accounts
from webapp.bank.sandbox.books import Books
from webapp.bank.sandbox.dates import ONE_DAY, add_months
from webapp.bank.sandbox.entries import Act, Alert, Claim
from webapp.bank.sandbox.people import Person, people
from webapp.bank.sandbox.stories import STORIES, Story
from webapp.bank.values import AccountStatus, AlertState, CardStatus, DisputeState, TransactionStatus, TransferState

SEED: Final = 2041
GENERATION: Final = 1  # raise it when the generator changes: an older bank is then written anew
REVIEW_MONTHS: Final = {"personal": 60, "student": 60, "premium": 36, "business": 12}
Row = rows.Row


@dataclass(frozen=True, slots=True)
class Telling:
    """A story as told: when it began, and for which time."""

    story: Story
    started_on: date
    occurrence: int


def seed(engine: Engine, today: date, *, random_seed: int = SEED) -> bool:
    """Write the whole bank as of this day, in one transaction; False, and nothing done, if it is there already."""
    with engine.connect() as connection:
        if connection.scalar(select(tables.calendar.c.id)) is not None:
            return False
    try:
        with engine.begin() as connection:
            _write_anew(connection, today, random_seed)
    except IntegrityError:
        with engine.connect() as connection:
            if connection.scalar(select(tables.calendar.c.id)) is None:
                raise
        return False  # another process was faster
    return True


def roll_forward(engine: Engine, today: date) -> bool:
    """Bring the bank up to this day, in one transaction; False if it is there, or if there is no bank yet.

    Days are only ever added: what is booked stays. Stories that have grown old are told again within the new days.
    A bank written by an older generator is written anew.
    """
    calendar = tables.calendar
    with engine.connect() as connection:
        known = connection.execute(select(calendar.c.last_day, calendar.c.generation)).first()
    if known is None or (known.last_day >= today and known.generation == GENERATION):
        return False
    with engine.begin() as connection:
        # Writing first takes the lock, so that a second process waits here and then finds nothing to do.
        connection.execute(update(calendar).values(last_day=calendar.c.last_day))
        page = connection.execute(select(calendar)).one()
        if page.generation != GENERATION:
            for table in reversed(tables.METADATA.sorted_tables):
                connection.execute(delete(table))
            _write_anew(connection, max(today, page.last_day), page.seed)
            return True
        if page.last_day >= today:
            return False
        _write_on(connection, page.seed, page.first_day, page.last_day, today)
        connection.execute(update(calendar).values(last_day=today))
    return True


def _insert(connection: Connection, table: Table, new: Iterable[Row]) -> None:
    batch = list(new)
    if batch:
        connection.execute(insert(table), batch)


def _write_anew(connection: Connection, today: date, random_seed: int) -> None:
    """Everything from the first day on."""
    first_day = first_day_of_books(today)
    # First of all, so that of two processes one waits and then fails on the primary key.
    _insert(
        connection, tables.calendar,
        [{"id": 1, "seed": random_seed, "generation": GENERATION, "first_day": first_day, "last_day": today}],
    )  # fmt: skip
    told = [Telling(story, story.first_start(today), 0) for story in STORIES]
    everybody = people(random_seed)
    shelf: list[Books] = []
    for person in everybody:
        ledgers = open_accounts(person, first_day)
        cards = issue_cards(person, ledgers, first_day)
        books = Books(random_seed, person, ledgers, cards, _acts(told, person, ledgers))
        books.run(first_day, today)
        books.renew_cards(today)
        shelf.append(books)
    _insert(connection, tables.customers, (rows.customer_row(person, first_day) for person in everybody))
    _insert(
        connection, tables.accounts,
        (rows.account_row(b.person.number, ledger, first_day, today) for b in shelf for ledger in b.ledgers),
    )  # fmt: skip
    _insert(
        connection, tables.cards,
        (rows.card_row(b.person.number, card, b.last_use.get(card.last_four)) for b in shelf for card in b.cards),
    )  # fmt: skip
    _insert(connection, tables.transactions, (rows.transaction_row(*line) for b in shelf for line in b.booked))
    _insert(
        connection, tables.transfers, (row for b in shelf for row in rows.transfer_rows(b.person, b.orders, 0, today))
    )
    _insert(
        connection, tables.standing_instructions,
        (row for b in shelf for row in rows.instruction_rows(b.person, b.ledgers[0], today)),
    )  # fmt: skip
    _write_cases(connection, shelf, first_day, today)
    _insert(
        connection, tables.stories,
        ({"key": t.story.key, "started_on": t.started_on, "occurrence": t.occurrence} for t in told if t.story.scene),
    )  # fmt: skip


def _acts(told: Iterable[Telling], person: Person, ledgers: list[Ledger]) -> tuple[Act, ...]:
    """What happens to this person."""
    return tuple(
        telling.story.act(person, ledgers, telling.started_on, telling.occurrence)
        for telling in told
        if telling.story.customer_number == person.number and telling.story.scene
    )


def _write_cases(connection: Connection, shelf: list[Books], first: date, last: date) -> None:
    """Alerts, disputes and card changes that the stories bring from first to last."""
    alerts: list[Row] = []
    links: list[Row] = []
    claims: list[Row] = []
    for books in shelf:
        for case in rows.fallen_within(books.acts, first, last):
            match case:
                case Alert():
                    alerts.append(rows.alert_row(books.person.number, case))
                    links += rows.alert_links(case)
                case Claim():
                    claims.append(rows.claim_row(books.person.number, case))
    _insert(connection, tables.fraud_alerts, alerts)
    _insert(connection, tables.fraud_alert_transactions, links)
    _insert(connection, tables.disputes, claims)
    changes = [row for books in shelf for row in rows.card_changes(books, first, last)]
    if changes:
        connection.execute(update(tables.cards).where(tables.cards.c.id == bindparam("card_id")), changes)


# Going forward


def _write_on(connection: Connection, random_seed: int, first_day: date, last_day: date, today: date) -> None:
    """The days after the last one written, up to today."""
    first = last_day + ONE_DAY
    told = _retell(connection, last_day, today)
    balances = {row.id: row for row in connection.execute(select(tables.accounts))}
    given = _orders_given(connection)
    halted = aftermath.halts(connection)
    shelf: list[Books] = []
    for person in people(random_seed):
        ledgers = open_accounts(person, first_day)
        for ledger in ledgers:
            kept = balances[ledger.id]
            ledger.balance = int(kept.balance.scaleb(2))
            ledger.interest_numbers = kept.interest_numbers
            ledger.status = AccountStatus(kept.status)
        cards = issue_cards(person, ledgers, first_day)
        acts = _acts(told, person, ledgers)
        books = Books(random_seed, person, ledgers, cards, acts, halted.get(person.number, ()))
        books.run(first, today)
        shelf.append(books)
    _update_accounts(connection, shelf, first_day, today)
    _write_transactions(connection, shelf)
    _move_transfers_on(connection, today)
    _insert(
        connection, tables.transfers,
        (row for b in shelf for row in rows.transfer_rows(b.person, b.orders, given[b.person.digits], today)),
    )  # fmt: skip
    _update_cards(connection, shelf, today)
    aftermath.let_limits_fall_back(connection, today)
    _write_cases(connection, shelf, first, today)
    _update_dates(connection, shelf, today)
    due_orders.act_on(connection, today)


def _retell(connection: Connection, last_day: date, today: date) -> list[Telling]:
    """Stories still going on, and those told again because they have grown old; their old cases are closed."""
    by_key = {story.key: story for story in STORIES}
    told: list[Telling] = []
    for key, started_on, occurrence in connection.execute(select(tables.stories)).all():
        story = by_key[key]
        told.append(Telling(story, started_on, occurrence))
        if story.is_stale(started_on, today):
            again = Telling(story, story.next_start(today, last_day), occurrence + 1)
            told.append(again)
            connection.execute(
                update(tables.stories)
                .where(tables.stories.c.key == key)
                .values(started_on=again.started_on, occurrence=again.occurrence)
            )
            _close_cases(connection, story.customer_number)
    return told


def _close_cases(connection: Connection, customer_number: str) -> None:
    """Settle what a story left open when it was told before."""
    alerts, disputes = tables.fraud_alerts, tables.disputes
    connection.execute(
        update(alerts)
        .where(alerts.c.customer_number == customer_number, alerts.c.state == AlertState.OPEN.value)
        .values(state=AlertState.DISMISSED.value)
    )
    connection.execute(
        update(disputes)
        .where(
            disputes.c.customer_number == customer_number,
            disputes.c.state.in_(
                (DisputeState.OPEN.value, DisputeState.EVIDENCE_NEEDED.value, DisputeState.UNDER_REVIEW.value)
            ),
        )
        .values(state=DisputeState.WON.value, evidence_due_on=None)
    )


def _orders_given(connection: Connection) -> Counter[str]:
    """How many transfers each customer has ordered, by the digits of the customer number."""
    accounts, transfers = tables.accounts, tables.transfers
    counted = select(accounts.c.customer_number, func.count()).join_from(
        transfers, accounts, transfers.c.account_id == accounts.c.id
    )
    found = connection.execute(counted.group_by(accounts.c.customer_number)).all()
    return Counter({number.replace("-", ""): count for number, count in found})


def _update_accounts(connection: Connection, shelf: list[Books], first_day: date, today: date) -> None:
    accounts = tables.accounts
    changed: list[Row] = []
    for books in shelf:
        for ledger in books.ledgers:
            row = rows.account_row(books.person.number, ledger, first_day, today)
            kept = ("balance", "interest_numbers", "status", "loan_next_payment_on")
            changed.append({"account": ledger.id, **{name: row[name] for name in kept}})
    connection.execute(update(accounts).where(accounts.c.id == bindparam("account")), changed)


def _write_transactions(connection: Connection, shelf: list[Books]) -> None:
    """New movements; what was pending is booked under the id it had."""
    transactions = tables.transactions
    pending = set(
        connection.scalars(select(transactions.c.id).where(transactions.c.status == TransactionStatus.PENDING.value))
    )
    lines = [rows.transaction_row(*line) for books in shelf for line in books.booked]
    _insert(connection, transactions, (row for row in lines if row["id"] not in pending))
    settled: list[Row] = [
        {
            "pending_id": row["id"],
            "booked_at": row["booked_at"],
            "status": row["status"],
            "balance_after": row["balance_after"],
        }
        for row in lines
        if row["id"] in pending
    ]
    if settled:
        connection.execute(update(transactions).where(transactions.c.id == bindparam("pending_id")), settled)


def _move_transfers_on(connection: Connection, today: date) -> None:
    """Scheduled orders are carried out, and what is on its way arrives."""
    transfers = tables.transfers
    scheduled, processing = TransferState.SCHEDULED.value, TransferState.PROCESSING.value
    connection.execute(
        update(transfers)
        .where(transfers.c.state == scheduled, transfers.c.execute_on <= today)
        .where(transfers.c.id.not_in(select(tables.transfer_orders.c.transfer_id)))  # those wait for their money
        .values(state=processing)
    )
    connection.execute(
        update(transfers)
        .where(transfers.c.state == processing, transfers.c.arrives_on <= today)
        .values(state=TransferState.COMPLETED.value)
    )


def _update_cards(connection: Connection, shelf: list[Books], today: date) -> None:
    """Last uses, and new expiry dates of cards that were replaced."""
    cards = tables.cards
    for books in shelf:
        books.renew_cards(today)
        for card in books.cards:
            changed: dict[str, Any] = {}
            use = books.last_use.get(card.last_four)
            if use:
                row = rows.card_row(books.person.number, card, use)
                changed = {"last_used_at": row["last_used_at"], "last_used_where": row["last_used_where"]}
            if card.status is not CardStatus.EXPIRED:
                changed["expires_on"] = card.expires_on
            if changed:
                connection.execute(update(cards).where(cards.c.id == card.id).values(**changed))


def _update_dates(connection: Connection, shelf: list[Books], today: date) -> None:
    """The next time of standing instructions, and reviews that were done when they fell due."""
    instructions, customers = tables.standing_instructions, tables.customers
    ours = set(due_orders.taken_over(connection))
    due: list[Row] = [
        {"instruction": row["id"], "next_on": row["next_on"]}
        for books in shelf
        for row in rows.instruction_rows(books.person, books.ledgers[0], today)
        if row["id"] not in ours
    ]
    connection.execute(update(instructions).where(instructions.c.id == bindparam("instruction")), due)
    reviewed = select(customers.c.number, customers.c.segment, customers.c.kyc_review_due).where(
        customers.c.kyc_status == "verified", customers.c.kyc_review_due <= today
    )
    for number, segment, due_on in connection.execute(reviewed).all():
        while due_on <= today:
            due_on = add_months(due_on, REVIEW_MONTHS[segment])
        connection.execute(update(customers).where(customers.c.number == number).values(kyc_review_due=due_on))
