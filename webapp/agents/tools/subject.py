"""Whom and what a tool is about: the desk's customer, and the accounts or cards its words mean."""

from __future__ import annotations

from collections.abc import Sequence

from webapp.agents.tools.registry import BadArgument, ToolResult
from webapp.agents.transcript import Desk
from webapp.agents.wording import PANEL, account_name, ending, listed, plain
from webapp.bank.values import Account, AccountKind, Card, CardKind, Customer

# What staff call the kinds of account. Longest first, so that "credit card" is not a card and an account.
_KIND_WORDS = {
    AccountKind.CHECKING: ("checking", "current", "everyday", "giro", "main"),
    AccountKind.SAVINGS: ("savings", "saving", "saver"),
    AccountKind.CREDIT: ("credit",),
    AccountKind.LOAN: ("loan", "mortgage"),
}
_SHOWN = 10  # endings named in a sentence


class CustomerMissing(BadArgument):
    """The question needs a customer, and the session is about none."""

    def __init__(self) -> None:
        super().__init__(f"No customer is attached to this session. {PANEL}.")


def customer_of(desk: Desk) -> Customer:
    """The customer the session is about; raises `CustomerMissing`."""
    if desk.customer is None:
        raise CustomerMissing
    return desk.customer


def kind_meant(words: str) -> AccountKind | None:
    """The kind of account these words name, if they name one."""
    lowered = words.lower().split()
    return next((kind for kind, names in _KIND_WORDS.items() if any(name in lowered for name in names)), None)


def accounts_meant(desk: Desk, words: str | None) -> Sequence[Account]:
    """The customer's accounts these words mean: four digits, a name or part of it, a kind; all of them for None."""
    accounts = desk.bank.accounts(customer_of(desk).number)
    if not words:
        return accounts
    digits = "".join(c for c in words if c.isdigit())
    if digits:
        return [account for account in accounts if account.last_four == digits[-4:]]
    wanted = set(words.lower().split()) - {"account", "the"}
    named = [account for account in accounts if wanted and wanted <= set(account.name.lower().split())]
    if named:
        return named
    kind = kind_meant(words)
    return [account for account in accounts if account.kind is kind]


def no_such_account(desk: Desk, words: str) -> ToolResult:
    """Say that nothing fits, and what there is."""
    accounts = desk.bank.accounts(customer_of(desk).number)
    there_are = listed([account_name(account) for account in accounts[:_SHOWN]])
    what = f"account ending in {plain(words)}" if words.isdigit() else f"{plain(words)} account"
    tail = f" There are: {there_are}." if accounts else " The customer has no accounts."
    return ToolResult(f"The customer has no {what}.{tail}", outcome="not found")


def card_words(card: Card) -> str:
    """A card in words: "Nordhafen Debit ..4417"."""
    return f"{plain(card.name)} {ending(card.last_four)}"


def card_meant(desk: Desk, last_four: str | None) -> Card | ToolResult:
    """The card meant: the one with this ending, or the only one there is (of a kind, if "debit" or "credit" is said);
    otherwise a sentence that asks which.

    Raises nothing for an unknown ending: the sentence says which cards there are.
    """
    cards = desk.bank.cards(customer_of(desk).number)
    if not cards:
        return ToolResult("The customer has no cards.", outcome="not found")
    if last_four and last_four.lower() in (CardKind.DEBIT, CardKind.CREDIT):
        cards = [card for card in cards if card.kind == last_four.lower()]
        if not cards:
            return ToolResult(f"The customer has no {last_four.lower()} card.", outcome="not found")
        last_four = None
    if last_four:
        digits = "".join(c for c in last_four if c.isdigit())[-4:]
        fitting = [card for card in cards if card.last_four == digits]
        if fitting:
            return desk.bank.card(customer_of(desk).number, digits)
        return ToolResult(
            f"No card of this customer ends in {plain(last_four)}. There are: {_choices(cards)}.", outcome="not found"
        )
    if len(cards) == 1:
        return cards[0]
    return ToolResult(
        f"Which card? There are: {_choices(cards)}.",
        facts={"ask": "card", "choices": [card.last_four for card in cards]},
    )


def _choices(cards: Sequence[Card]) -> str:
    return listed([f"{card_words(card)} ({plain(card.status)})" for card in cards[:_SHOWN]])
