"""Giving direct debits back: at once within eight weeks, later only if the recipient can show no mandate."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, insert, select

from webapp.bank.errors import OrderRefused
from webapp.bank.order_choices import ReturnReason
from webapp.bank.previews import Change, Preview
from webapp.bank.regular_orders import ReturnDirectDebit
from webapp.bank.sandbox import reading, tables
from webapp.bank.sandbox.counter import Counter, Plan, euros, written_day
from webapp.bank.sandbox.dates import BANK_ZONE, add_months
from webapp.bank.sandbox.ledger import OTHER_BANKS, Leg, post
from webapp.bank.sandbox.payment_orders import named
from webapp.bank.sandbox.terms import MANDATE_ANSWER_DAYS, RETURN_MONTHS, RETURN_WEEKS
from webapp.bank.values import Account, AccountStatus, Transaction, TransactionKind, TransactionStatus

GOES_ON = "The contract goes on: the recipient may ask for the money again and add a return charge."
STOP_TOO = "Ask whether future direct debits of this recipient are to be stopped as well."


def give_back(counter: Counter, order: ReturnDirectDebit) -> Plan:
    """Return one collection. Nothing is asked of the recipient within eight weeks; after that, for the mandate."""
    row = counter.row_on_accounts(tables.transactions, order.transaction_id, "direct debit")
    payment = reading.transaction_from(row)
    source = counter.account(payment.account_id)
    booked_on = payment.booked_at.astimezone(BANK_ZONE).date()
    if problem := _why_not(counter, payment, source):
        raise OrderRefused(problem)
    if counter.today <= booked_on + timedelta(weeks=RETURN_WEEKS):
        return _at_once(counter, order, payment, source, booked_on)
    last_day = add_months(booked_on, RETURN_MONTHS)
    over = f"It was booked on {written_day(booked_on)}: the {RETURN_WEEKS} weeks are over"
    if counter.today > last_day:
        raise OrderRefused(f"{over}, and so are the {RETURN_MONTHS} months for one without a mandate.")
    if order.reason is not ReturnReason.NO_MANDATE:
        raise OrderRefused(
            f"{over}. Until {written_day(last_day)} it comes back only if the customer states there was no mandate."
        )
    return _by_asking(counter, order, payment)


def _why_not(counter: Counter, payment: Transaction, source: Account) -> str:
    if payment.kind is not TransactionKind.DIRECT_DEBIT or payment.amount >= 0:
        return f"A {payment.kind.value} is not returned: card payments are disputed, transfers recalled."
    if payment.status is not TransactionStatus.BOOKED:
        return "Only a direct debit that is booked can be returned; one that is due can be stopped."
    if source.status is AccountStatus.CLOSED:
        return f"{named(source)} is closed; nothing can be credited to it."
    returns = tables.debit_returns
    earlier = counter.one(select(returns).where(returns.c.transaction_id == payment.id))
    return f"This direct debit is {said_of(earlier)} already." if earlier is not None else ""


def said_of(row: Row[Any]) -> str:
    """What became of a collection that was given back, as staff say it."""
    if row.answer_by is None:
        return f"returned on {written_day(row.asked_on)}"
    asked = f"claimed on {written_day(row.asked_on)} for want of a mandate"
    if row.answered_on is None:
        return f"{asked}, answer by {written_day(row.answer_by)}"
    answer = "no mandate, the money is back" if row.agreed else "the recipient showed the mandate"
    return f"{asked}, answered on {written_day(row.answered_on)}: {answer}"


def _at_once(
    counter: Counter, order: ReturnDirectDebit, payment: Transaction, source: Account, booked_on: date
) -> Plan:
    size = -payment.amount
    what = f"{euros(size)} collected by {payment.counterparty} on {written_day(booked_on)}"
    preview = Preview(
        f"Return the direct debit: {what}",
        "Return the direct debit",
        (
            Change(named(source), euros(source.balance), euros(source.balance + size)),
            Change("Direct debit", "booked", f"returned on {written_day(counter.today)}"),
        ),
        amount=size,
        notes=(f"It is credited today with the value date of {written_day(booked_on)}.", GOES_ON, STOP_TOO),
    )

    def act() -> tuple[str, str]:
        number = _note(counter, order, answer_by=None)
        text = f"Direct debit of {written_day(booked_on)} returned, {number}"
        credit_back(counter, source.id, payment, text)
        return number, f"Direct debit {number}: {what} is returned and credited."

    return Plan(preview, act)


def _by_asking(counter: Counter, order: ReturnDirectDebit, payment: Transaction) -> Plan:
    size, answer_by = -payment.amount, counter.today + timedelta(days=MANDATE_ANSWER_DAYS)
    what = f"{euros(size)} collected by {payment.counterparty}"
    preview = Preview(
        f"Claim back the direct debit without a mandate: {what}",
        "Ask for the mandate",
        (Change("Direct debit", "booked", f"claimed, answer by {written_day(answer_by)}"),),
        amount=size,
        notes=("The customer's statement that no mandate was given is needed.",
               f"The payments desk asks the recipient for the mandate; that takes up to {MANDATE_ANSWER_DAYS} days. "
               "The money comes back if there is none.", STOP_TOO),
    )  # fmt: skip

    def act() -> tuple[str, str]:
        number = _note(counter, order, answer_by)
        return number, f"Claim {number}: {what} is asked back; the answer comes by {written_day(answer_by)}."

    return Plan(preview, act)


def _note(counter: Counter, order: ReturnDirectDebit, answer_by: date | None) -> str:
    number = counter.new_number("RD", 6, tables.debit_returns)
    settled = answer_by is None
    counter.connection.execute(
        insert(tables.debit_returns).values(
            id=number, transaction_id=order.transaction_id, order_key=counter.key, reason=order.reason.value,
            asked_on=counter.today, answer_by=answer_by, answered_on=counter.today if settled else None,
            agreed=True if settled else None,
        )
    )  # fmt: skip
    return number


def credit_back(counter: Counter, account_id: str, payment: Transaction, text: str) -> None:
    """Book the money back from the recipient's bank."""
    back = Leg(account_id, -payment.amount, TransactionKind.REFUND, payment.counterparty, text, "refund")
    post(counter, (Leg(OTHER_BANKS, payment.amount), back))
