"""What the bank does by itself in the morning: scheduled transfers, standing orders, and answers to recalls.

What fell due while nobody opened the bank is done on the morning it is opened, and booked then: balances that were
written since are not written again.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from webapp.bank.errors import OrderRefused
from webapp.bank.sandbox import reading, tables
from webapp.bank.sandbox.bank_days import bank_day_from, bank_days_after
from webapp.bank.sandbox.counter import NOTHING, Counter, written_day
from webapp.bank.sandbox.dates import NIGHT_ENDS, at, to_utc
from webapp.bank.sandbox.debit_orders import credit_back
from webapp.bank.sandbox.ledger import OTHER_BANKS, Leg, post
from webapp.bank.sandbox.pauses import end_pauses
from webapp.bank.sandbox.payment_orders import (
    Sending,
    book,
    check_money,
    check_sender,
    own_bank_account,
)
from webapp.bank.sandbox.standing_orders import next_after
from webapp.bank.values import Account, TransactionKind, TransferState

RECALL_TAKES: Final = 6  # working days until the other bank answers
AGREES: Final = 5  # of eight recipients
MANDATE_TAKES: Final = timedelta(days=20)
HAS_NO_MANDATE: Final = 6  # of eight recipients


class Morning:
    """The start of a bank day. Each act has a moment of its own, so that statements keep their order."""

    def __init__(self, connection: Connection, today: date) -> None:
        self.connection = connection
        self.today = today
        self._moment = to_utc(at(today, NIGHT_ENDS))

    def counter(self, account_id: str, key: str, to_iban: str | None = None) -> tuple[Counter, Account]:
        """Somebody at the counter for the owner of an account, perhaps to send money to an IBAN."""
        customers, accounts = tables.customers, tables.accounts
        owner = self.connection.execute(
            select(customers)
            .join(accounts, accounts.c.customer_number == customers.c.number)
            .where(accounts.c.id == account_id)
        ).one()
        self._moment += timedelta(milliseconds=1)
        counter = Counter(self.connection, reading.customer_from(owner), key, self._moment, acting=True)
        return counter, counter.account(account_id, beside=to_iban)


def act_on(connection: Connection, today: date) -> None:
    """Everything that is due up to this morning."""
    morning = Morning(connection, today)
    _send_scheduled(morning)
    _pay_standing_orders(morning)
    _hear_of_recalls(morning)
    _hear_of_mandates(morning)
    end_pauses(connection, today)


def _sending(counter: Counter, source: Account, row: Row[Any], to_iban: str | None, reference: str) -> Sending:
    """The payment of a row with `to_name` and `amount`; raises `OrderRefused` if it cannot be made now."""
    check_sender(source)
    target = own_bank_account(counter, source, to_iban) if to_iban else None
    check_money(source, row.amount, NOTHING)
    return Sending(source, target, row.to_name, to_iban or "", row.amount, NOTHING, reference, "SEPA")


def _send_scheduled(morning: Morning) -> None:
    connection, today = morning.connection, morning.today
    transfers, given, orders = tables.transfers, tables.transfer_orders, tables.orders
    due = connection.execute(
        select(transfers, given.c.to_iban, given.c.order_key)
        .join(given, given.c.transfer_id == transfers.c.id)
        .join(orders, orders.c.key == given.c.order_key)
        .where(orders.c.kind.in_(("schedule_transfer", "pay_bill")))
        .where(transfers.c.state == TransferState.SCHEDULED.value, transfers.c.execute_on <= today)
        .order_by(transfers.c.execute_on, transfers.c.id)
    ).all()
    for row in due:
        counter, source = morning.counter(row.account_id, row.order_key, row.to_iban)
        changed: dict[str, Any]
        try:
            sending = _sending(counter, source, row, row.to_iban, row.reference)
        except OrderRefused as refused:
            changed = _not_sent(row, str(refused), today)
        else:
            book(counter, sending, row.id)
            arrives_on = today if sending.target is not None else bank_days_after(today, 1)
            state = TransferState.COMPLETED if sending.target is not None else TransferState.PROCESSING
            changed = {"state": state.value, "arrives_on": arrives_on, "failure_reason": None}
        connection.execute(update(transfers).where(transfers.c.id == row.id).values(**changed))


def _not_sent(row: Row[Any], why: str, today: date) -> dict[str, Any]:
    """Tried once more on the next working day, then not any more."""
    if row.failure_reason:
        return {"state": TransferState.FAILED.value, "failure_reason": f"Tried twice. {why}"[:200]}
    again = bank_days_after(today, 1)
    return {"execute_on": again, "arrives_on": bank_days_after(again, 1),
            "failure_reason": f"Tried on {written_day(today)}, again on {written_day(again)}. {why}"[:200]}  # fmt: skip


def _pay_standing_orders(morning: Morning) -> None:
    connection, today = morning.connection, morning.today
    instructions, ours, stops = tables.standing_instructions, tables.standing_orders, tables.stops
    rows = connection.execute(
        select(instructions, ours)
        .join(ours, ours.c.instruction_id == instructions.c.id)
        .outerjoin(stops, stops.c.instruction_id == instructions.c.id)
        .where(stops.c.instruction_id.is_(None), instructions.c.next_on <= today)
        .order_by(instructions.c.id)
    ).all()
    for row in rows:
        _pay(morning, row)


def _pay(morning: Morning, row: Row[Any]) -> None:
    """Pay what is due up to today; more than once if nobody opened the bank for long."""
    connection, today = morning.connection, morning.today
    instructions, ours = tables.standing_instructions, tables.standing_orders
    next_on, missed_on = row.next_on, row.missed_on
    while bank_day_from(next_on) <= today and (row.last_on is None or next_on <= row.last_on):
        if missed_on is not None and missed_on >= today:
            break
        if not _paid(morning, row) and missed_on is None:
            missed_on = today
            break
        next_on, missed_on = next_after(next_on, row.every, row.day), None
    connection.execute(update(instructions).where(instructions.c.id == row.id).values(next_on=next_on))
    connection.execute(update(ours).where(ours.c.instruction_id == row.id).values(missed_on=missed_on))
    if row.last_on is not None and next_on > row.last_on:
        connection.execute(insert(tables.stops).values(instruction_id=row.id, placed_on=today))


def _paid(morning: Morning, row: Row[Any]) -> bool:
    counter, source = morning.counter(row.account_id, row.order_key, row.to_iban)
    try:
        sending = _sending(counter, source, row, row.to_iban, row.reference)
    except OrderRefused:
        return False
    text = f"{sending.reference or 'Standing order'}, {row.id}"
    out = Leg(source.id, -sending.amount, TransactionKind.STANDING_ORDER, row.to_name, text, "standing order")
    if sending.target is None:
        post(counter, (out, Leg(OTHER_BANKS, sending.amount)))
    else:
        payer = counter.customer.name
        into = Leg(sending.target.id, sending.amount, TransactionKind.TRANSFER_IN, payer, text, "own transfer")
        post(counter, (out, into))
    return True


def _hear_of_recalls(morning: Morning) -> None:
    """The recipient's answer, the same for the same recall; money that comes back is credited in full."""
    connection, today = morning.connection, morning.today
    recalls, transfers = tables.recalls, tables.transfers
    waiting = connection.execute(
        select(recalls, transfers.c.account_id, transfers.c.amount, transfers.c.to_name)
        .join(transfers, transfers.c.id == recalls.c.transfer_id)
        .where(recalls.c.answered_on.is_(None))
    ).all()
    for row in waiting:
        if bank_days_after(row.asked_on, RECALL_TAKES) > today:
            continue
        agreed = hashlib.sha256(row.id.encode()).digest()[0] % 8 < AGREES
        if agreed:
            counter, source = morning.counter(row.account_id, row.order_key)
            text = f"Recall {row.id} of transfer {row.transfer_id}: the recipient agreed"
            back = Leg(source.id, row.amount, TransactionKind.REFUND, row.to_name, text, "refund")
            post(counter, (Leg(OTHER_BANKS, -row.amount), back))
        connection.execute(update(recalls).where(recalls.c.id == row.id).values(answered_on=today, agreed=agreed))


def _hear_of_mandates(morning: Morning) -> None:
    """What recipients of contested direct debits have to show, the same for the same claim."""
    connection, today = morning.connection, morning.today
    returns, transactions = tables.debit_returns, tables.transactions
    waiting = connection.execute(
        select(returns, transactions.c.account_id)
        .join(transactions, transactions.c.id == returns.c.transaction_id)
        .where(returns.c.answered_on.is_(None), returns.c.asked_on <= today - MANDATE_TAKES)
        .order_by(returns.c.id)
    ).all()
    for row in waiting:
        agreed = hashlib.sha256(row.id.encode()).digest()[0] % 8 < HAS_NO_MANDATE
        if agreed:
            counter, source = morning.counter(row.account_id, row.order_key)
            statement = select(transactions).where(transactions.c.id == row.transaction_id)
            payment = reading.transaction_from(connection.execute(statement).one())
            credit_back(counter, source.id, payment, f"Claim {row.id}: the recipient has shown no mandate")
        connection.execute(update(returns).where(returns.c.id == row.id).values(answered_on=today, agreed=agreed))


def taken_over(connection: Connection) -> list[str]:
    """Standing orders of the books whose next day is now ours to keep."""
    return list(connection.scalars(select(tables.standing_orders.c.instruction_id)))
