"""What orders mean for the days after: blocked cards pay nothing, stopped debits are not booked, raised limits end."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from sqlalchemy import Connection, delete, or_, select, update

from webapp.bank.sandbox import tables
from webapp.bank.sandbox.card_orders import REASONS
from webapp.bank.sandbox.entries import Halt
from webapp.bank.values import CardStatus, TransactionKind, TransferState

SETTLES = timedelta(days=4)  # a booking on a weekend or holiday comes some days after its date
_KINDS = {"direct debit": TransactionKind.DIRECT_DEBIT, "standing order": TransactionKind.STANDING_ORDER}


def halts(connection: Connection) -> dict[str, tuple[Halt, ...]]:
    """What every customer has stopped, by customer number."""
    found: defaultdict[str, list[Halt]] = defaultdict(list)
    calendar = connection.execute(select(tables.calendar)).one()
    cards = tables.cards
    stopped = or_(cards.c.status_reason.in_(list(REASONS.values())), cards.c.status_reason.like("Replaced on %"))
    not_working = (CardStatus.BLOCKED.value, CardStatus.EXPIRED.value)
    for row in connection.execute(select(cards).where(stopped, cards.c.status.in_(not_working))):
        found[row.customer_number].append(Halt(None, row.last_four, calendar.last_day))
    accounts, instructions, stops = tables.accounts, tables.standing_instructions, tables.stops
    statement = (
        select(instructions, accounts.c.customer_number, stops.c.only_on, stops.c.placed_on)
        .join(accounts, accounts.c.id == instructions.c.account_id)
        .join(stops, stops.c.instruction_id == instructions.c.id)
    )
    for row in connection.execute(statement):
        until = row.only_on + SETTLES if row.only_on else None
        found[row.customer_number].append(Halt(_KINDS[row.kind], row.to_name, row.only_on or row.placed_on, until))
        if row.id.startswith("SI-"):  # a savings plan of the books has another side, which must not come alone
            tag = f"-j{row.id.rsplit('-', 1)[1]}"
            found[row.customer_number].append(Halt(None, "", row.only_on or row.placed_on, until, tag))
    ours = tables.standing_orders
    changed = (
        select(instructions, accounts.c.customer_number, ours.c.taken_over_on)
        .join(accounts, accounts.c.id == instructions.c.account_id)
        .join(ours, ours.c.instruction_id == instructions.c.id)
        .where(ours.c.taken_over_on.is_not(None))
    )
    for row in connection.execute(changed):  # the bank pays these itself, with another amount
        found[row.customer_number].append(Halt(TransactionKind.STANDING_ORDER, row.to_name, row.taken_over_on))
    transfers = tables.transfers
    cancelled = (
        select(transfers, accounts.c.customer_number)
        .join(accounts, accounts.c.id == transfers.c.account_id)
        .where(transfers.c.state == TransferState.CANCELLED.value, transfers.c.execute_on >= calendar.last_day)
    )
    for row in connection.execute(cancelled):
        until = row.execute_on + SETTLES
        found[row.customer_number].append(Halt(TransactionKind.TRANSFER_OUT, row.to_name, row.execute_on, until))
    return {number: tuple(many) for number, many in found.items()}


def let_limits_fall_back(connection: Connection, today: date) -> None:
    """Card limits that were raised for a time, once the time is over."""
    limits, cards = tables.card_limits, tables.cards
    over = connection.execute(select(limits).where(limits.c.until < today)).all()
    for row in over:
        connection.execute(update(cards).where(cards.c.id == row.card_id).values(daily_limit=row.falls_back_to))
        connection.execute(delete(limits).where(limits.c.card_id == row.card_id))
