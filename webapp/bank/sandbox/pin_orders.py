"""What can be done about a PIN: let the card try again, or send a letter."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert, select, update

from webapp.bank.errors import OrderRefused
from webapp.bank.order_choices import PinLetterReason
from webapp.bank.orders import ResetPinCount, SendPinLetter
from webapp.bank.previews import Change, Preview
from webapp.bank.sandbox import tables
from webapp.bank.sandbox.bank_days import bank_days_after
from webapp.bank.sandbox.card_orders import status_words, words
from webapp.bank.sandbox.counter import NOTHING, Counter, Plan, written_day
from webapp.bank.sandbox.ledger import charge
from webapp.bank.sandbox.terms import (
    NO_RAISE_AFTER_MOVE_DAYS,
    PIN_LETTER_DAYS,
    PIN_LETTER_FEE,
    PIN_LETTER_LATE_DAYS,
    WRONG_PINS_TO_BLOCK,
)
from webapp.bank.values import AlertState, Card, CardStatus


def _is_locked(card: Card) -> bool:
    return card.status is CardStatus.BLOCKED and card.wrong_pin_attempts >= WRONG_PINS_TO_BLOCK


def reset_count(counter: Counter, order: ResetPinCount) -> Plan:
    """At a branch, with an identity document, by somebody who knows the PIN; not while something is suspicious."""
    card = counter.card(order.card_id)
    if not _is_locked(card):
        raise OrderRefused(f"{words(card)} is not locked by wrong PINs; it is {status_words(card)}.")
    alerts = tables.fraud_alerts
    still_open = select(alerts.c.id).where(
        alerts.c.customer_number == counter.customer.number,
        alerts.c.card_last_four == card.last_four,
        alerts.c.state == AlertState.OPEN.value,
    )
    if counter.one(still_open) is not None:
        raise OrderRefused("A fraud alert on this card is open: block it as stolen, and call the fraud line, 4400.")
    preview = Preview(
        f"Unlock {words(card)} after wrong PINs", "Unlock the card",
        (
            Change("Status", status_words(card), "active"),
            Change("Wrong PINs", str(card.wrong_pin_attempts), "0"),
        ),
        notes=(
            "Only at a branch: the customer shows a passport or national ID and knows the PIN. Never by phone.",
            "Only if the customer entered the wrong PINs; if somebody else did, block the card as stolen.",
        ),
    )  # fmt: skip

    def act() -> tuple[str, str]:
        cards = tables.cards
        counter.connection.execute(
            update(cards)
            .where(cards.c.id == card.id)
            .values(status=CardStatus.ACTIVE, status_reason=None, wrong_pin_attempts=0)
        )
        return counter.new_number("PU", 6, cards), f"{words(card)} works again at the next payment with PIN."

    return Plan(preview, act)


def send_letter(counter: Counter, order: SendPinLetter) -> Plan:
    """The old PIN again or a new one by post; free if the last letter never came."""
    card = counter.card(order.card_id)
    if card.status is CardStatus.EXPIRED or (card.status is CardStatus.BLOCKED and not _is_locked(card)):
        raise OrderRefused(f"{words(card)} is {status_words(card)}; a PIN is sent with its replacement.")
    letters, missing = tables.pin_letters, order.reason is PinLetterReason.MISSING
    last = counter.one(select(letters).where(letters.c.card_id == card.id).order_by(letters.c.sent_on.desc()).limit(1))
    if last is not None and counter.today <= bank_days_after(last.sent_on, PIN_LETTER_LATE_DAYS):
        raise OrderRefused(
            f"A PIN letter is on its way since {written_day(last.sent_on)}; it counts as lost after "
            f"{PIN_LETTER_LATE_DAYS} working days."
        )
    if missing and last is not None and last.reason == PinLetterReason.MISSING.value:
        raise OrderRefused(
            "Two letters were lost in a row: block the card; the customer collects at the branch, with ID."
        )
    arrives_on, fee = bank_days_after(counter.today, PIN_LETTER_DAYS), NOTHING if missing else PIN_LETTER_FEE
    old_pin = {
        PinLetterReason.REMINDER: "The PIN stays the same.",
        PinLetterReason.NEW: "The old PIN ends when the new one is first used at one of our cash machines.",
        PinLetterReason.MISSING: "The PIN of the lost letter is cancelled.",
    }
    who = counter.customer
    preview = Preview(
        f"Send a PIN letter for {words(card)}, {order.reason.value}", "Send the PIN letter",
        (Change("PIN letter", "none", f"arrives {written_day(arrives_on)}"),),
        fee=fee,
        notes=(old_pin[order.reason], _where_to(counter, f"{who.street}, {who.postcode} {who.town}")),
    )  # fmt: skip

    def act() -> tuple[str, str]:
        counter.connection.execute(
            insert(letters).values(
                order_key=counter.key, card_id=card.id, reason=order.reason.value, sent_on=counter.today,
                arrives_on=arrives_on,
            )
        )  # fmt: skip
        charge(counter, card.account_id, fee, f"PIN letter, {words(card)}")
        number = counter.new_number("PL", 6, tables.cards)
        return number, f"A PIN letter for {words(card)} is sent and arrives {written_day(arrives_on)}."

    return Plan(preview, act)


def _where_to(counter: Counter, address: str) -> str:
    orders = tables.orders
    moved = select(orders.c.key).where(
        orders.c.customer_number == counter.customer.number, orders.c.kind == "update_contact",
        orders.c.state == "done", orders.c.at > counter.now - timedelta(days=NO_RAISE_AFTER_MOVE_DAYS),
    )  # fmt: skip
    if counter.one(moved) is not None:
        return "Contact details were changed lately: the letter is collected at the branch, with ID."
    return f"It goes to {address}, apart from the card."
