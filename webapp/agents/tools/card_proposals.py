"""Proposals about cards: block, unblock, replace, activate, limit. None of them changes anything."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from webapp.agents.tools.proposed import ask_for, proposed
from webapp.agents.tools.registry import ToolResult, proposes
from webapp.agents.tools.subject import card_meant, card_words, customer_of
from webapp.agents.transcript import Desk
from webapp.agents.wording import money
from webapp.bank.order_choices import PinLetterReason
from webapp.bank.orders import (
    ActivateCard,
    BlockCard,
    BlockReason,
    ReplaceCard,
    ReplaceReason,
    ResetPinCount,
    SendPinLetter,
    SetCardLimit,
    UnblockCard,
)
from webapp.bank.values import Card, CardStatus

_LOST = ("cards-lost-and-stolen", "Block the card first")
_BLOCKED_FOR = {
    BlockReason.LOST: _LOST,
    BlockReason.STOLEN: _LOST,
    BlockReason.FRAUD: ("fraud-report", "At once"),
    BlockReason.TEMPORARY: ("cards-block-and-unblock", "Temporary block"),
}
_UNSET = Decimal(0)
_LOCKED_AFTER = 3  # wrong PINs


def _usable(desk: Desk, last_four: str | None, *wanted: CardStatus) -> Card | ToolResult:
    """The card meant; without an ending, the only one in one of these states, if there is exactly one."""
    if last_four is None:
        fitting = [card for card in desk.bank.cards(customer_of(desk).number) if card.status in wanted]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            endings = [card.last_four for card in fitting]
            labels = [card_words(card) for card in fitting]
            return ask_for("card", f"Which card? {'; '.join(labels)}.", endings, labels)
    return card_meant(desk, last_four)


@proposes(label="blocking a card", doing="Preparing to block the card", level="basic")
def propose_block_card(
    desk: Desk,
    reason: Literal["lost", "stolen", "fraud", "temporary"] | None = None,
    last_four: str | None = None,
) -> ToolResult:
    """Propose to block a card. A person confirms it; nothing is blocked by this.

    reason: lost, stolen and fraud are final; temporary can be lifted again. last_four: of the card; may be left out if
    only one card can be blocked.
    """
    card = _usable(desk, last_four, CardStatus.ACTIVE, CardStatus.INACTIVE)
    if isinstance(card, ToolResult):
        return card
    if reason is None:
        question = f"Why is {card_words(card)} to be blocked: lost, stolen, fraud, or only temporary?"
        return ask_for("reason", question, ("lost", "stolen", "temporary", "fraud"))
    why = BlockReason(reason)
    return proposed(desk, BlockCard(card.id, why), _BLOCKED_FOR[why], "basic", {"card": card.last_four})


@proposes(label="unblocking a card", doing="Preparing to unblock the card", level="full")
def propose_unblock_card(desk: Desk, last_four: str | None = None) -> ToolResult:
    """Propose to lift a temporary block, or to unlock a card after wrong PINs. A person confirms it.

    last_four: of the card; may be left out if only one card is blocked.
    """
    card = _usable(desk, last_four, CardStatus.BLOCKED)
    if isinstance(card, ToolResult):
        return card
    if card.wrong_pin_attempts >= _LOCKED_AFTER:
        order = ResetPinCount(card.id)
        return proposed(desk, order, ("cards-blocked-wrong-pin", "Ways to unblock"), "full", {"card": card.last_four})
    rule = ("cards-block-and-unblock", "Unblocking")
    return proposed(desk, UnblockCard(card.id), rule, "full", {"card": card.last_four})


@proposes(label="replacing a card", doing="Preparing the replacement", level="full")
def propose_replacement_card(
    desk: Desk,
    reason: Literal["lost", "stolen", "fraud", "damaged", "expired"] | None = None,
    express: bool = False,
    last_four: str | None = None,
) -> ToolResult:
    """Propose to order a new card in place of one. A person confirms it.

    reason: decides the fee and whether the number changes. express: next working day. last_four: of the old card.
    """
    card = _usable(desk, last_four, CardStatus.ACTIVE, CardStatus.BLOCKED, CardStatus.EXPIRED)
    if isinstance(card, ToolResult):
        return card
    if reason is None and card.status is CardStatus.EXPIRED:
        reason = "expired"
    if reason is None:
        question = f"Why is {card_words(card)} to be replaced: lost, stolen, fraud, damaged, or expired?"
        return ask_for("reason", question, ("lost", "stolen", "damaged", "fraud", "expired"))
    order = ReplaceCard(card.id, ReplaceReason(reason), express)
    section = "Delivery time" if express else "Cost"
    return proposed(desk, order, ("cards-replacement-and-express", section), "full", {"card": card.last_four})


@proposes(label="activating a card", doing="Preparing the activation", level="full")
def propose_card_activation(desk: Desk, last_four: str | None = None) -> ToolResult:
    """Propose to activate a card that has arrived. A person confirms it.

    last_four: of the card; may be left out if only one is waiting to be activated.
    """
    card = _usable(desk, last_four, CardStatus.INACTIVE)
    if isinstance(card, ToolResult):
        return card
    rule = ("cards-activation", "How a card is activated")
    return proposed(desk, ActivateCard(card.id), rule, "full", {"card": card.last_four})


@proposes(label="changing a card limit", doing="Preparing the limit", level="full")
def propose_card_limit(desk: Desk, daily_limit: Decimal = _UNSET, last_four: str | None = None) -> ToolResult:
    """Propose to set how much can be bought with a card in a day. A person confirms it.

    daily_limit: the new limit in euros. last_four: of the card; may be left out if only one is active.
    """
    card = _usable(desk, last_four, CardStatus.ACTIVE)
    if isinstance(card, ToolResult):
        return card
    if not daily_limit:
        question = f"{card_words(card)} allows {money(card.daily_limit)} a day. What shall the limit be?"
        return ask_for("amount", question)
    section = "Raising the limit" if daily_limit > card.daily_limit else "Lowering a limit"
    order = SetCardLimit(card.id, daily_limit)
    return proposed(desk, order, ("cards-limits", section), "full", {"card": card.last_four})


@proposes(label="sending a PIN letter", doing="Preparing the PIN letter", level="full")
def propose_pin_letter(
    desk: Desk,
    reason: Literal["forgotten", "new PIN", "letter not arrived"] | None = None,
    last_four: str | None = None,
) -> ToolResult:
    """Propose to send a PIN by letter. A person confirms it.

    reason: forgotten sends the same PIN again; new PIN ends the old one; letter not arrived is free. last_four: of the
    card; may be left out if only one comes into question.
    """
    card = _usable(desk, last_four, CardStatus.ACTIVE, CardStatus.INACTIVE, CardStatus.BLOCKED)
    if isinstance(card, ToolResult):
        return card
    if reason is None:
        question = f"Which PIN letter for {card_words(card)}: the PIN was forgotten, a new PIN, or a letter never came?"
        return ask_for("reason", question, ("forgotten", "new PIN", "letter not arrived"))
    section = "Letter not arrived (staff only)" if reason == "letter not arrived" else "Forgotten PIN"
    order = SendPinLetter(card.id, PinLetterReason(reason))
    return proposed(desk, order, ("cards-pin", section), "full", {"card": card.last_four})
