"""Cards: which there are, whether they work, why not, what they allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from webapp.agents.tools.registry import ToolResult, reads
from webapp.agents.tools.subject import accounts_meant, card_meant, card_words, customer_of
from webapp.agents.transcript import Desk, Json
from webapp.agents.wording import (
    account_name,
    count,
    day,
    ending,
    figure,
    is_and_why,
    local_day,
    money,
    plain,
    table,
    together,
    when,
)
from webapp.bank.core_banking import TransactionQuery
from webapp.bank.values import (
    Account,
    AccountStatus,
    AlertState,
    Card,
    CardKind,
    CardStatus,
    TransactionKind,
    TransactionStatus,
)

_MOST_TRIES = 3
_SPENDING = (TransactionKind.CARD_PAYMENT, TransactionKind.CASH_WITHDRAWAL)


def _facts(card: Card) -> dict[str, Json]:
    return {
        "card": card.last_four,
        "status": str(card.status),
        "reason": card.status_reason,
        "pin": card.wrong_pin_attempts,
    }


def _account_of(desk: Desk, card: Card) -> Account | None:
    return next((one for one in accounts_meant(desk, None) if one.id == card.account_id), None)


def _status_sentence(card: Card) -> str:
    return f"{card_words(card)} is {is_and_why(card.status, card.status_reason)}."


@reads(label="cards", doing="Looking at the cards")
def cards_overview(desk: Desk) -> ToolResult:
    """All cards of the customer with status, account, expiry and daily limit."""
    cards = desk.bank.cards(customer_of(desk).number)
    if not cards:
        return ToolResult("The customer has no cards.", outcome="not found")
    accounts = {account.id: account for account in accounts_meant(desk, None)}
    rows = [
        (
            card_words(card),
            plain(card.kind),
            is_and_why(card.status, card.status_reason),
            ending(accounts[card.account_id].last_four) if card.account_id in accounts else "",
            f"{card.expires_on:%m/%Y}",
            figure(card.daily_limit),
        )
        for card in cards
    ]
    active = sum(card.status is CardStatus.ACTIVE for card in cards)
    of_them = f", {active} of them active" if len(cards) > 1 else ""
    shown = table(("Card", "Kind", "Status", "Account", "Expires", "Daily limit (EUR)"), rows, right=(5,))
    facts: dict[str, Json] = {"shown": {"kind": "card", "ids": [card.last_four for card in cards]}}
    if len(cards) == 1:
        facts |= _facts(cards[0])
    return ToolResult(together(f"The customer has {count(len(cards), 'card')}{of_them}.", shown), facts=facts)


@reads(label="card status", doing="Looking at the card")
def card_status(desk: Desk, last_four: str | None = None) -> ToolResult:
    """Whether a card is active or blocked and why, when it expires, where it was last used.

    last_four: the card's last four digits; may be left out when the customer has only one card.
    """
    card = card_meant(desk, last_four)
    if isinstance(card, ToolResult):
        return card
    details = [f"It expires at the end of {card.expires_on:%m/%Y}."]
    if card.last_used_at:
        where = f" at {plain(card.last_used_where)}" if card.last_used_where else ""
        details.append(f"Last used {when(card.last_used_at, desk.now)}{where}.")
    else:
        details.append("It has not been used yet.")
    if card.wrong_pin_attempts:
        details.append(f"{count(card.wrong_pin_attempts, 'wrong PIN attempt')} on record.")
    details.append(f"Contactless is {'on' if card.contactless else 'off'}.")
    return ToolResult(f"{_status_sentence(card)} {' '.join(details)}", facts=_facts(card))


@reads(label="PIN attempts", doing="Looking at the PIN attempts")
def card_pin(desk: Desk, last_four: str | None = None) -> ToolResult:
    """How many wrong PINs were entered on a card, and whether that has locked it.

    last_four: the card's last four digits; if left out and there are several cards, the locked one is shown.
    """
    card = card_meant(desk, last_four)
    if isinstance(card, ToolResult) and last_four is None and "ask" in card.facts:
        tried = [one for one in desk.bank.cards(customer_of(desk).number) if one.wrong_pin_attempts]
        if len(tried) == 1:
            card = tried[0]
    if isinstance(card, ToolResult):
        return card
    tries = card.wrong_pin_attempts
    if tries >= _MOST_TRIES:
        text = f"{card_words(card)} has {count(tries, 'wrong PIN')} on record. {_status_sentence(card)}"
    elif tries:
        left = _MOST_TRIES - tries
        text = f"{card_words(card)} is not locked by its PIN: {count(tries, 'wrong PIN')} on record"
        text += f", {left} more {'try' if left == 1 else 'tries'} left. {_status_sentence(card)}"
    else:
        text = f"{card_words(card)} has no wrong PINs on record. {_status_sentence(card)}"
    return ToolResult(text, facts=_facts(card))


@reads(label="card limits", doing="Looking at the card limits")
def card_limits(desk: Desk, last_four: str | None = None) -> ToolResult:
    """A card's daily limit, what was spent with it today and is left, and a credit card's credit limit.

    last_four: the card's last four digits; all cards if left out.
    """
    if last_four is None:
        cards = list(desk.bank.cards(customer_of(desk).number))
        if not cards:
            return ToolResult("The customer has no cards.", outcome="not found")
        return ToolResult(
            together(*(_limit_sentence(desk, card) for card in cards)),
            facts=_facts(cards[0]) if len(cards) == 1 else {},
        )
    card = card_meant(desk, last_four)
    if isinstance(card, ToolResult):
        return card
    return ToolResult(_limit_sentence(desk, card), facts=_facts(card))


def _spent_today(desk: Desk, card: Card) -> Decimal:
    today = desk.now.date()
    query = TransactionQuery(
        since=today - timedelta(days=1), kinds=_SPENDING, direction="out", card_last_four=card.last_four, limit=500
    )
    rows = desk.bank.transactions(customer_of(desk).number, query)
    return -sum(
        (
            row.amount
            for row in rows
            if local_day(row.booked_at, desk.now) == today and row.status is not TransactionStatus.REVERSED
        ),
        Decimal(0),
    )


def _limit_sentence(desk: Desk, card: Card) -> str:
    spent = _spent_today(desk, card)
    left = max(Decimal(0), card.daily_limit - spent)
    text = f"{card_words(card)} ({plain(card.status)}) allows {money(card.daily_limit)} a day"
    text += f"; {money(spent)} spent today, {money(left)} left." if spent else "; nothing has been spent with it today."
    account = _account_of(desk, card)
    if card.kind is CardKind.CREDIT and account:
        text += f" Credit limit {money(account.overdraft_limit)}, of which {money(account.available)} are available."
    return text


@reads(label="reasons for declining", doing="Looking for why the card was declined")
def card_declined(desk: Desk, last_four: str | None = None) -> ToolResult:
    """Why a card may have been declined: its status, expiry, PIN, limits, the money behind it, open fraud alerts.

    last_four: the card's last four digits; may be left out when only one card comes into question.
    """
    card = card_meant(desk, last_four)
    if isinstance(card, ToolResult):
        valid = [one for one in desk.bank.cards(customer_of(desk).number) if one.status is not CardStatus.EXPIRED]
        return replace(card, facts={**card.facts, "usable": valid[0].last_four}) if len(valid) == 1 else card
    reasons = _reasons(desk, card)
    if reasons:
        these = "this reason" if len(reasons) == 1 else "these reasons"
        lead = f"{card_words(card)}: the record shows {these} to decline."
        return ToolResult(together(lead, "\n".join(f"- {reason}" for reason in reasons)), facts=_facts(card))
    used = f" Last used {when(card.last_used_at, desk.now)}." if card.last_used_at else ""
    text = (
        f"The record shows no reason why {card_words(card)} was declined: it is active, not expired, without "
        f"wrong PINs, within its limit, and there is money behind it.{used} Declined payments themselves are not in "
        "the record; the terminal or the merchant may have refused it."
    )
    return ToolResult(text, facts=_facts(card))


def _reasons(desk: Desk, card: Card) -> Sequence[str]:
    found: list[str] = []
    if card.status is not CardStatus.ACTIVE:
        found.append(f"The card is {is_and_why(card.status, card.status_reason)}.")
    if card.expires_on < desk.now.date() and card.status is not CardStatus.EXPIRED:
        found.append(f"It expired on {day(card.expires_on)}.")
    if card.wrong_pin_attempts:
        locked = ", so the chip is locked" if card.wrong_pin_attempts >= _MOST_TRIES else ""
        found.append(f"{count(card.wrong_pin_attempts, 'wrong PIN')} on record{locked}.")
    account = _account_of(desk, card)
    if account and account.status is not AccountStatus.OPEN:
        found.append(f"{account_name(account)} is {plain(account.status)}.")
    if account and account.available <= 0:
        found.append(f"Nothing is available on {account_name(account)}: {money(account.available, account.currency)}.")
    elif account and account.available < 20:
        found.append(f"Only {money(account.available, account.currency)} are available on {account_name(account)}.")
    spent = _spent_today(desk, card)
    if spent and spent >= card.daily_limit * Decimal("0.8"):
        found.append(f"{money(spent)} of the daily limit of {money(card.daily_limit)} are spent today.")
    found.extend(
        f"An open fraud alert of {when(alert.raised_at, desk.now)}: {plain(alert.headline).rstrip('.')}."
        for alert in desk.bank.fraud_alerts(customer_of(desk).number)
        if alert.state is AlertState.OPEN and alert.card_last_four == card.last_four
    )
    if not card.contactless:
        found.append("Contactless is off; only payments with chip and PIN work.")
    return found
