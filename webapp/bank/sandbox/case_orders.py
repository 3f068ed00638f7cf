"""Disputes, fraud alerts and fraud reports, with the credit that goes along; and the customer's contact details."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, insert, select, update

from webapp.bank.errors import OrderRefused
from webapp.bank.orders import (
    AlertAnswer,
    BlockReason,
    ContactField,
    DisputeReason,
    OpenDispute,
    ReportFraud,
    ResolveAlert,
    UpdateContact,
    WithdrawDispute,
)
from webapp.bank.previews import Change, Preview
from webapp.bank.sandbox import reading, tables
from webapp.bank.sandbox.bank_days import bank_days_after
from webapp.bank.sandbox.card_orders import REASONS, set_status, status_words, words
from webapp.bank.sandbox.counter import NOTHING, Counter, Plan, euros, written_day
from webapp.bank.sandbox.dates import BANK_ZONE
from webapp.bank.sandbox.ledger import DISPUTES, Leg, post
from webapp.bank.sandbox.terms import (
    CURRENCY,
    DISPUTE_DAYS,
    EVIDENCE_DUE_DAYS,
    PROVISIONAL_CREDIT_DAYS,
    PROVISIONAL_CREDIT_MOST,
)
from webapp.bank.values import (
    AlertState,
    Card,
    CardStatus,
    DisputeState,
    Transaction,
    TransactionKind,
    TransactionStatus,
)

# What the handbook asks for, by reason (disputes-evidence).
EVIDENCE = {
    DisputeReason.DUPLICATE: "the receipt, and the cash receipt if it was paid in cash",
    DisputeReason.AMOUNT: "the receipt or the agreed price",
    DisputeReason.NOT_RECEIVED: "the order, the delivery date, and letters to the merchant",
    DisputeReason.NOT_AS_DESCRIBED: "the description, photographs, and proof of return",
    DisputeReason.CANCELLED: "the merchant's confirmation",
    DisputeReason.CREDIT: "the merchant's confirmation",
    DisputeReason.SUBSCRIPTION: "the cancellation with its date",
    DisputeReason.FRAUD: "a written statement",
    DisputeReason.UNKNOWN: "a written statement",
    DisputeReason.CASH: "the slip if there is one, time and amount",
}
STILL_OPEN = (DisputeState.OPEN, DisputeState.EVIDENCE_NEEDED, DisputeState.UNDER_REVIEW)
_DISPUTABLE = (TransactionKind.CARD_PAYMENT, TransactionKind.CASH_WITHDRAWAL)


def open_dispute(counter: Counter, order: OpenDispute) -> Plan:
    """Contest a booked card payment within 120 days, once."""
    payment = reading.transaction_from(counter.row_on_accounts(tables.transactions, order.transaction_id, "payment"))
    problem = _why_not(counter, payment)
    if problem:
        raise OrderRefused(problem)
    fraud = order.reason is DisputeReason.FRAUD
    due_on = counter.today + timedelta(days=EVIDENCE_DUE_DAYS)
    size = -payment.amount
    preview = Preview(
        f"Dispute {euros(size)} at {payment.counterparty} of {written_day(_booked_on(payment))}: {order.reason.value}",
        "Open the dispute",
        (Change("Dispute", "none", f"open, evidence due {written_day(due_on)}"),),
        amount=size if fraud else NOTHING,
        notes=(
            f"Evidence still owed, by {written_day(due_on)}: {EVIDENCE[order.reason]}.",
            _credit_note(counter, size, fraud),
            "The merchant answers in 30 days; a usual case takes 6 to 8 weeks.",
        ),
    )

    def act() -> tuple[str, str]:
        number = _open(counter, payment, order.reason)
        return number, (
            f"Dispute {number} with {payment.counterparty} is open. Evidence still owed, by {written_day(due_on)}: "
            f"{EVIDENCE[order.reason]}."
        )

    return Plan(preview, act)


def _booked_on(payment: Transaction) -> Any:
    return payment.booked_at.astimezone(BANK_ZONE).date()


def _why_not(counter: Counter, payment: Transaction) -> str:
    """Why a payment cannot be disputed; "" if it can."""
    if payment.status is TransactionStatus.PENDING:
        return "A pending payment cannot be disputed yet; it can once it is booked."
    if payment.status is TransactionStatus.REVERSED or payment.amount >= 0:
        return "No money has left for this payment."
    if payment.kind not in _DISPUTABLE:
        return f"A {payment.kind.value} is not disputed: direct debits are returned, transfers recalled."
    if (counter.today - _booked_on(payment)).days > DISPUTE_DAYS:
        return f"The payment was booked more than {DISPUTE_DAYS} days ago."
    disputes = tables.disputes
    earlier = counter.one(
        select(disputes.c.id, disputes.c.state)
        .where(disputes.c.transaction_id == payment.id, disputes.c.state != DisputeState.WITHDRAWN.value)
    )  # fmt: skip
    return f"There is a dispute for this payment already: {earlier.id}, {earlier.state}." if earlier else ""


def _credit_note(counter: Counter, size: Decimal, fraud: bool) -> str:
    if fraud:
        return f"{euros(size)} are credited provisionally at once."
    if size <= PROVISIONAL_CREDIT_MOST:
        by = bank_days_after(counter.today, PROVISIONAL_CREDIT_DAYS)
        return f"Provisional credit by {written_day(by)} if the evidence is there."
    return f"No provisional credit: it is above {euros(PROVISIONAL_CREDIT_MOST)}."


def _open(counter: Counter, payment: Transaction, reason: DisputeReason) -> str:
    """Write the dispute; fraud is credited at once."""
    number = counter.new_number("DP", 6, tables.disputes)
    size = -payment.amount
    fraud = reason is DisputeReason.FRAUD
    counter.connection.execute(
        insert(tables.disputes).values(
            id=number, customer_number=counter.customer.number, transaction_id=payment.id, amount=size,
            currency=CURRENCY, merchant=payment.counterparty, reason=reason.value,
            state=DisputeState.EVIDENCE_NEEDED.value, opened_on=counter.today,
            evidence_due_on=counter.today + timedelta(days=EVIDENCE_DUE_DAYS),
            provisional_credit=size if fraud else None,
        )
    )  # fmt: skip
    if fraud:
        text = f"Provisional credit for dispute {number}, {payment.counterparty}"
        credit = Leg(payment.account_id, size, TransactionKind.REFUND, "Nordhafen Bank", text, "refund")
        post(counter, (Leg(DISPUTES, -size), credit))
    return number


def withdraw_dispute(counter: Counter, order: WithdrawDispute) -> Plan:
    """Take a dispute back while it is undecided; a provisional credit goes back with it."""
    row = counter.own_row(tables.disputes, order.dispute_id, "dispute")
    found = reading.dispute_from(row)
    if found.state not in STILL_OPEN:
        raise OrderRefused(f"Dispute {found.id} is {found.state.value}; only an open one can be withdrawn.")
    if found.reason == DisputeReason.FRAUD.value:
        raise OrderRefused("A fraud report is withdrawn by the fraud line, extension 4400.")
    credit = found.provisional_credit or NOTHING
    preview = Preview(
        f"Withdraw dispute {found.id} with {found.merchant}", "Withdraw the dispute",
        (Change("State", found.state.value, "withdrawn"),),
        notes=(f"The provisional credit of {euros(credit)} is taken back.",) if credit else ("No credit was given.",),
    )  # fmt: skip

    def act() -> tuple[str, str]:
        disputes = tables.disputes
        counter.connection.execute(
            update(disputes).where(disputes.c.id == found.id)
            .values(state=DisputeState.WITHDRAWN.value, evidence_due_on=None, provisional_credit=None)
        )  # fmt: skip
        if credit:
            account_id = _account_of_payment(counter, found.transaction_id)
            text = f"Provisional credit for dispute {found.id} taken back"
            post(
                counter,
                (
                    Leg(account_id, -credit, TransactionKind.REFUND, "Nordhafen Bank", text, "refund"),
                    Leg(DISPUTES, credit),
                ),
            )
        return found.id, f"Dispute {found.id} with {found.merchant} is withdrawn."

    return Plan(preview, act)


def _account_of_payment(counter: Counter, transaction_id: str) -> str:
    transactions = tables.transactions
    return str(counter.connection.scalar(select(transactions.c.account_id).where(transactions.c.id == transaction_id)))


def resolve_alert(counter: Counter, order: ResolveAlert) -> Plan:
    """Note what the customer says: yes closes it, no makes it fraud, unsure keeps it open with the card blocked."""
    row = counter.own_row(tables.fraud_alerts, order.alert_id, "fraud alert")
    if row.state != AlertState.OPEN.value:
        raise OrderRefused(f"This alert is answered already: {row.state}.")
    card = _card_ending(counter, row.card_last_four)
    payments = _payments_of(counter, row.id)
    contested = [one for one in payments if order.answer is AlertAnswer.NO and not _why_not(counter, one)]
    changes, notes = _what_changes(order.answer, card, contested)
    said = {
        AlertAnswer.YES: "it was the customer",
        AlertAnswer.NO: "it was not the customer",
        AlertAnswer.UNSURE: "the customer is not sure",
    }
    act_words = {
        AlertAnswer.YES: "Close the alert",
        AlertAnswer.NO: "Record the fraud",
        AlertAnswer.UNSURE: "Keep the alert open",
    }
    preview = Preview(
        f"Fraud alert {row.id}: {said[order.answer]}",
        act_words[order.answer], changes, amount=sum((-one.amount for one in contested), NOTHING), notes=notes,
    )  # fmt: skip

    def act() -> tuple[str, str]:
        states = {AlertAnswer.YES: AlertState.DISMISSED, AlertAnswer.NO: AlertState.CONFIRMED}
        alerts = tables.fraud_alerts
        if order.answer in states:
            counter.connection.execute(
                update(alerts).where(alerts.c.id == row.id).values(state=states[order.answer].value)
            )
        _treat_card(counter, card, order.answer)
        opened = [_open(counter, one, DisputeReason.FRAUD) for one in contested]
        due = written_day(counter.today + timedelta(days=EVIDENCE_DUE_DAYS))
        owed = f" Evidence still owed, by {due}: {EVIDENCE[DisputeReason.FRAUD]}."
        cases = f" Disputes opened and credited: {', '.join(opened)}.{owed}" if opened else ""
        return row.id, f"Alert {row.id}: the customer said {order.answer.value}.{cases}"

    return Plan(preview, act)


def _what_changes(
    answer: AlertAnswer, card: Card | None, contested: list[Transaction]
) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    changes: list[Change] = []
    if answer is AlertAnswer.YES:
        changes.append(Change("Alert", "open", AlertState.DISMISSED.value))
        if card is not None and card.status_reason == REASONS[BlockReason.TEMPORARY]:
            changes.append(Change(words(card), status_words(card), "active"))
        return tuple(changes), ("The customer tries the payment again after 10 minutes.",)
    if answer is AlertAnswer.UNSURE:
        changes.append(Change("Alert", "open", "open"))
        if card is not None and card.status is CardStatus.ACTIVE:
            changes.append(Change(words(card), "active", "blocked for a time"))
        return tuple(changes), ("After 2 working days the fraud line calls.",)
    changes.append(Change("Alert", "open", AlertState.CONFIRMED.value))
    if card is not None and card.status is not CardStatus.EXPIRED:
        changes.append(Change(words(card), status_words(card), "blocked for fraud, final"))
    whole = sum((-one.amount for one in contested), NOTHING)
    if contested:
        changes.append(Change("Provisional credit", euros(NOTHING), euros(whole)))
    return tuple(changes), ("Payments not booked yet are disputed once they are.", "A replacement card is free.")


def _treat_card(counter: Counter, card: Card | None, answer: AlertAnswer) -> None:
    if card is None or card.status is CardStatus.EXPIRED:
        return
    if answer is AlertAnswer.NO:
        set_status(counter, card.id, CardStatus.BLOCKED, REASONS[BlockReason.FRAUD])
    elif answer is AlertAnswer.UNSURE and card.status is CardStatus.ACTIVE:
        set_status(counter, card.id, CardStatus.BLOCKED, REASONS[BlockReason.TEMPORARY])
    elif answer is AlertAnswer.YES and card.status_reason == REASONS[BlockReason.TEMPORARY]:
        set_status(counter, card.id, CardStatus.ACTIVE, None)


def _card_ending(counter: Counter, last_four: str | None) -> Card | None:
    cards = tables.cards
    own = select(cards).where(cards.c.customer_number == counter.customer.number, cards.c.last_four == last_four)
    row = counter.one(own.order_by(cards.c.id)) if last_four else None
    return reading.card_from(row) if row is not None else None


def _payments_of(counter: Counter, alert_id: str) -> list[Transaction]:
    links, transactions = tables.fraud_alert_transactions, tables.transactions
    statement = (
        select(transactions)
        .join(links, links.c.transaction_id == transactions.c.id)
        .where(links.c.alert_id == alert_id)
        .order_by(links.c.position)
    )
    return [reading.transaction_from(row) for row in counter.connection.execute(statement)]


def report_fraud(counter: Counter, order: ReportFraud) -> Plan:
    """Block the card, raise an alert that is fraud, and contest the payments that were named."""
    card = counter.card(order.card_id)
    payments = _named(counter, order.transaction_ids)
    contested = [one for one in payments if not _why_not(counter, one)]
    if card.status is CardStatus.EXPIRED and not payments:
        raise OrderRefused(f"{words(card)} has expired; there is nothing to block and no payment is named.")
    changes, notes = _what_changes(AlertAnswer.NO, card, contested)
    preview = Preview(
        f"Report fraud with {words(card)}", "Block and report",
        (Change("Fraud case", "none", "open with the fraud line"), *changes[1:]),
        amount=sum((-one.amount for one in contested), NOTHING), notes=notes,
    )  # fmt: skip

    def act() -> tuple[str, str]:
        number = counter.new_number("FA", 6, tables.fraud_alerts)
        counter.connection.execute(
            insert(tables.fraud_alerts).values(
                id=number, customer_number=counter.customer.number, card_last_four=card.last_four,
                raised_at=counter.now, state=AlertState.CONFIRMED.value, headline="Reported by the customer",
            )
        )  # fmt: skip
        for place, one in enumerate(payments):
            counter.connection.execute(
                insert(tables.fraud_alert_transactions).values(alert_id=number, position=place, transaction_id=one.id)
            )
        _treat_card(counter, card, AlertAnswer.NO)
        opened = [_open(counter, one, DisputeReason.FRAUD) for one in contested]
        due = written_day(counter.today + timedelta(days=EVIDENCE_DUE_DAYS))
        owed = f" Evidence still owed, by {due}: {EVIDENCE[DisputeReason.FRAUD]}."
        cases = f" Disputes opened and credited: {', '.join(opened)}.{owed}" if opened else ""
        return number, f"Fraud case {number} is open and {words(card)} is blocked.{cases}"

    return Plan(preview, act)


def _named(counter: Counter, ids: Iterable[str]) -> list[Transaction]:
    rows: list[Row[Any]] = [counter.row_on_accounts(tables.transactions, one, "payment") for one in dict.fromkeys(ids)]
    return [reading.transaction_from(row) for row in rows]


_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+")
_PHONE = re.compile(r"\+?[0-9][0-9 /()-]{5,28}[0-9]")
_ADDRESS = re.compile(r"(?P<street>[^,]{3,120}),\s*(?P<postcode>[0-9A-Z][0-9A-Z -]{2,9})\s+(?P<town>[^,\d]{2,80})")


def update_contact(counter: Counter, order: UpdateContact) -> Plan:
    """Change where the customer is reached."""
    value, now_known = order.value.strip(), counter.customer
    if order.part is ContactField.EMAIL:
        if not _EMAIL.fullmatch(value) or len(value) > 160:
            raise OrderRefused("This is no e-mail address.")
        columns, before, note = {"email": value}, now_known.email, "A link to confirm it goes to the new address."
    elif order.part is ContactField.PHONE:
        if not _PHONE.fullmatch(value):
            raise OrderRefused("This is no phone number.")
        columns, before = {"phone": value}, now_known.phone
        note = "A code to confirm it goes to the old number. Cards and PIN letters are collected for 14 days."
    else:
        read = _ADDRESS.fullmatch(value)
        if read is None:
            raise OrderRefused("Write the address as: street and number, postcode town.")
        columns = {name: text.strip() for name, text in read.groupdict().items()}
        before = f"{now_known.street}, {now_known.postcode} {now_known.town}"
        note = "Letters go to the old and the new address. For 14 days cards are collected and no limit is raised."
    if value.casefold() == before.casefold():
        raise OrderRefused(f"This is the {order.part.value} on record already.")
    preview = Preview(
        f"Change the {order.part.value} of {now_known.name}", f"Change the {order.part.value}",
        (Change(order.part.value.capitalize(), before, value),), notes=(note,),
    )  # fmt: skip

    def act() -> tuple[str, str]:
        customers = tables.customers
        counter.connection.execute(update(customers).where(customers.c.number == now_known.number).values(**columns))
        return counter.new_number("CC", 6, tables.cards), f"The {order.part.value} is changed to {value}."

    return Plan(preview, act)
