"""What can be done with a card: block, unblock, replace, activate, set its limit. The rules are the handbook's."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from sqlalchemy import delete, insert, select, update

from webapp.bank.errors import OrderRefused
from webapp.bank.orders import (
    ActivateCard,
    BlockCard,
    BlockReason,
    ReplaceCard,
    ReplaceReason,
    SetCardLimit,
    UnblockCard,
)
from webapp.bank.previews import Change, Preview
from webapp.bank.sandbox import tables
from webapp.bank.sandbox.bank_days import bank_day_from, bank_days_after
from webapp.bank.sandbox.counter import NOTHING, Counter, Plan, euros, written_day
from webapp.bank.sandbox.dates import add_months, last_of_month
from webapp.bank.sandbox.ledger import charge
from webapp.bank.sandbox.terms import (
    DEBIT_DAILY_LIMIT,
    EXPRESS_CARD_FEE,
    EXPRESS_CARD_HOUR,
    LIMIT_RAISED_DAYS,
    MOST_DAILY_LIMIT,
    NO_RAISE_AFTER_MOVE_DAYS,
    REPLACEMENT_CARD_FEE,
    REPLACEMENT_DAYS,
)
from webapp.bank.values import AccountStatus, AlertState, Card, CardKind, CardStatus

REASONS: Final = {
    BlockReason.LOST: "Reported lost",
    BlockReason.STOLEN: "Reported stolen",
    BlockReason.FRAUD: "Blocked for fraud",
    BlockReason.TEMPORARY: "Blocked for a time at the customer's wish",
}
CARD_YEARS: Final = 4
_FREE = (ReplaceReason.STOLEN, ReplaceReason.FRAUD, ReplaceReason.EXPIRED)
_NEW_NUMBER = (ReplaceReason.LOST, ReplaceReason.STOLEN, ReplaceReason.FRAUD)


def words(card: Card) -> str:
    """A card as it is named: "Nordhafen Debit ..4417"."""
    return f"{card.name} ..{card.last_four}"


def status_words(card: Card) -> str:
    """A card's status with its reason."""
    return f"{card.status.value} ({card.status_reason})" if card.status_reason else card.status.value


def set_status(counter: Counter, card_id: str, status: CardStatus, reason: str | None) -> None:
    """Change a card."""
    cards = tables.cards
    counter.connection.execute(update(cards).where(cards.c.id == card_id).values(status=status, status_reason=reason))


def block(counter: Counter, order: BlockCard) -> Plan:
    """Block a card; a block for a time may become a final one, never the other way round."""
    card = counter.card(order.card_id)
    temporary = order.reason is BlockReason.TEMPORARY
    if card.status is CardStatus.EXPIRED:
        raise OrderRefused(f"{words(card)} has expired and cannot be used; there is nothing to block.")
    if card.status is CardStatus.BLOCKED and (temporary or card.status_reason != REASONS[BlockReason.TEMPORARY]):
        raise OrderRefused(f"{words(card)} is blocked already: {card.status_reason or 'no reason on record'}.")
    reason = REASONS[order.reason]
    note = "It can be unblocked again." if temporary else "This is final: the card cannot be unblocked, even if found."
    preview = Preview(
        title=f"Block {words(card)}, {'for a time' if temporary else order.reason.value}",
        act="Block the card",
        changes=(Change("Status", status_words(card), f"blocked ({reason})"),),
        notes=(note, "Standing orders and direct debits go on: they run on the account."),
    )

    def act() -> tuple[str, str]:
        set_status(counter, card.id, CardStatus.BLOCKED, reason)
        return counter.new_number("BL", 6, tables.cards), f"{words(card)} is blocked: {reason.lower()}."

    return Plan(preview, act)


def unblock(counter: Counter, order: UnblockCard) -> Plan:
    """Lift a block that was set for a time, and no other."""
    card = counter.card(order.card_id)
    if card.status is not CardStatus.BLOCKED:
        raise OrderRefused(f"{words(card)} is not blocked; it is {card.status.value}.")
    if card.status_reason != REASONS[BlockReason.TEMPORARY]:
        raise OrderRefused(
            f"{words(card)} cannot be unblocked: {card.status_reason or 'no reason on record'}. "
            "Only a block set for a time can be lifted here."
        )
    preview = Preview(
        f"Unblock {words(card)}", "Unblock the card", (Change("Status", status_words(card), "active"),),
        notes=("The card works at once.",),
    )  # fmt: skip

    def act() -> tuple[str, str]:
        set_status(counter, card.id, CardStatus.ACTIVE, None)
        return counter.new_number("UB", 6, tables.cards), f"{words(card)} is active again."

    return Plan(preview, act)


def replace(counter: Counter, order: ReplaceCard) -> Plan:
    """Order a new card. What was lost, stolen or misused has to be blocked first; a preview supposes it will be."""
    card = counter.card(order.card_id)
    if counter.account(card.account_id).status is not AccountStatus.OPEN:
        raise OrderRefused("The account of this card is not open; no card is sent.")
    ordered = counter.one(select(tables.card_orders).where(tables.card_orders.c.replaces == card.id))
    if ordered is not None:
        raise OrderRefused(
            f"A replacement for {words(card)} is ordered already; it arrives {written_day(ordered.arrives_on)}."
        )
    new_number = order.reason in _NEW_NUMBER
    if new_number and card.status is not CardStatus.BLOCKED and counter.acting:
        raise OrderRefused(f"{words(card)} has to be blocked before a replacement is ordered.")
    arrives_on, fee = _delivery(counter, order)
    pin = (
        "It gets a new number and a new PIN, which comes by a letter of its own." if new_number else "It keeps its PIN."
    )
    preview = Preview(
        title=f"Replace {words(card)}, {order.reason.value}{', express' if order.express else ''}",
        act="Order the card",
        changes=(Change("New card", "none", f"ordered, arrives {written_day(arrives_on)}, not activated"),),
        fee=fee,
        notes=(pin, f"It goes to {counter.customer.street}, {counter.customer.postcode} {counter.customer.town}."),
    )

    def act() -> tuple[str, str]:
        number = counter.new_number("CA", 7, tables.cards)
        last_four = _new_ending(counter) if new_number else card.last_four
        counter.connection.execute(
            insert(tables.cards).values(
                id=number, customer_number=card.customer_number, account_id=card.account_id, kind=card.kind.value,
                name=card.name, last_four=last_four, status=CardStatus.INACTIVE.value,
                status_reason=f"Ordered {written_day(counter.today)}, arrives {written_day(arrives_on)}",
                expires_on=last_of_month(add_months(counter.today, 12 * CARD_YEARS)),
                daily_limit=card.daily_limit, wrong_pin_attempts=0, contactless=card.contactless,
            )
        )  # fmt: skip
        counter.connection.execute(
            insert(tables.card_orders).values(card_id=number, replaces=card.id, arrives_on=arrives_on)
        )
        charge(counter, card.account_id, fee, f"Replacement card{', express' if order.express else ''}, {words(card)}")
        return number, f"A new {card.name} ending in {last_four} is ordered and arrives {written_day(arrives_on)}."

    return Plan(preview, act)


def _delivery(counter: Counter, order: ReplaceCard) -> tuple[date, Decimal]:
    """When the card arrives, and what it costs."""
    if not order.express:
        free = order.reason in _FREE
        return bank_days_after(counter.today, REPLACEMENT_DAYS), NOTHING if free else REPLACEMENT_CARD_FEE
    counted_from = bank_day_from(counter.today)
    if counted_from == counter.today and counter.local.hour >= EXPRESS_CARD_HOUR:
        counted_from = bank_days_after(counter.today, 1)
    return bank_days_after(counted_from, 1), EXPRESS_CARD_FEE


def _new_ending(counter: Counter) -> str:
    cards = tables.cards
    taken = set(
        counter.connection.scalars(select(cards.c.last_four).where(cards.c.customer_number == counter.customer.number))
    )
    return next(ending for ending in counter.draws(4) if ending not in taken and not ending.startswith(("19", "20")))


def activate(counter: Counter, order: ActivateCard) -> Plan:
    """Let a new card be used; the one it replaces stops working."""
    card = counter.card(order.card_id)
    if card.status is not CardStatus.INACTIVE:
        raise OrderRefused(
            f"{words(card)} is {status_words(card)}; only a card that is not activated can be activated."
        )
    old = _replaced_by(counter, card)
    changes = [Change("Status", status_words(card), "active")]
    if old is not None:
        changes.append(Change(f"Old card ..{old.last_four}", old.status.value, "expired"))
    preview = Preview(
        f"Activate {words(card)}", "Activate the card", tuple(changes),
        notes=("The first payment has to be made with chip and PIN.",),
    )  # fmt: skip

    def act() -> tuple[str, str]:
        set_status(counter, card.id, CardStatus.ACTIVE, None)
        if old is not None:
            set_status(counter, old.id, CardStatus.EXPIRED, f"Replaced on {written_day(counter.today)}")
        return counter.new_number("AK", 6, tables.cards), f"{words(card)} is active."

    return Plan(preview, act)


def _replaced_by(counter: Counter, card: Card) -> Card | None:
    """The card this one stands in for, if that still works."""
    orders = tables.card_orders
    replaced = counter.connection.scalar(select(orders.c.replaces).where(orders.c.card_id == card.id))
    old = counter.card(replaced) if replaced else None
    return old if old is not None and old.status is CardStatus.ACTIVE else None


def set_limit(counter: Counter, order: SetCardLimit) -> Plan:
    """Lower a limit at any time; raise a debit card's for 30 days, not while something is suspicious."""
    card = counter.card(order.card_id)
    wanted = order.daily_limit
    if card.kind is CardKind.CREDIT:
        raise OrderRefused(
            "A credit card's limit follows the income: an increase is an application to the lending desk."
        )
    if card.status is not CardStatus.ACTIVE:
        raise OrderRefused(f"{words(card)} is {status_words(card)}; only an active card's limit is changed.")
    if wanted <= 0 or wanted != wanted.quantize(NOTHING):
        raise OrderRefused("The limit has to be an amount above nothing, with two decimal places at most.")
    if wanted == card.daily_limit:
        raise OrderRefused(f"The limit of {words(card)} is {euros(wanted)} already.")
    raised = wanted > card.daily_limit
    normal = min(card.daily_limit, DEBIT_DAILY_LIMIT) if raised else wanted
    if raised:
        _may_raise(counter, wanted)
    until = counter.today + timedelta(days=LIMIT_RAISED_DAYS)
    beyond_normal = raised and wanted > DEBIT_DAILY_LIMIT
    note = f"Until {written_day(until)}; then it falls back to {euros(normal)} by itself." if beyond_normal else ""
    preview = Preview(
        f"{'Raise' if raised else 'Lower'} the daily limit of {words(card)}", "Set the limit",
        (Change("Daily limit", euros(card.daily_limit), euros(wanted)),),
        notes=((note,) if note else ()) + ("The limit for cash stays at 1,000 EUR.",),
    )  # fmt: skip

    def act() -> tuple[str, str]:
        cards, limits = tables.cards, tables.card_limits
        counter.connection.execute(update(cards).where(cards.c.id == card.id).values(daily_limit=wanted))
        counter.connection.execute(delete(limits).where(limits.c.card_id == card.id))
        if beyond_normal:
            counter.connection.execute(insert(limits).values(card_id=card.id, until=until, falls_back_to=normal))
        ends = f" until {written_day(until)}" if beyond_normal else ""
        return counter.new_number("LM", 6, tables.cards), f"The daily limit of {words(card)} is {euros(wanted)}{ends}."

    return Plan(preview, act)


def _may_raise(counter: Counter, wanted: Decimal) -> None:
    if wanted > MOST_DAILY_LIMIT:
        raise OrderRefused(
            f"A card's daily limit is raised to {euros(MOST_DAILY_LIMIT)} at most; beyond that, transfer."
        )
    alerts, orders = tables.fraud_alerts, tables.orders
    number = counter.customer.number
    still_open = select(alerts.c.id).where(alerts.c.customer_number == number, alerts.c.state == AlertState.OPEN.value)
    if counter.one(still_open) is not None:
        raise OrderRefused("A fraud alert is open: no limit is raised until it is answered.")
    since = counter.now - timedelta(days=NO_RAISE_AFTER_MOVE_DAYS)
    moved = select(orders.c.key).where(
        orders.c.customer_number == number, orders.c.kind == "update_contact", orders.c.state == "done",
        orders.c.at > since,
    )  # fmt: skip
    if counter.one(moved) is not None:
        raise OrderRefused(
            f"Contact details were changed within {NO_RAISE_AFTER_MOVE_DAYS} days: no limit is raised until then."
        )
