"""How the rules answer questions about cards."""

from __future__ import annotations

import re

from webapp.agents.models.rules.reading import Task
from webapp.agents.models.rules.scripts.cases import sections
from webapp.agents.models.rules.scripts.part import (
    Part,
    Script,
    Seen,
    asks_which_card,
    beside,
    call,
    card_of,
    with_passage,
)

WRONG_PIN = "card blocked after three wrong PINs, unblock"
_NEW_PIN = re.compile(r"\b(?:forg\w+|new pin|pin letter|reminder|remember|order|send|change)\b", re.I)


_WANTS_TO_KNOW = re.compile(r"\bwhat(?:'s| is) (?:her|his|my|the) pin\b|\b(?:see|tell|read|show)\b.*\bpin\b", re.I)


def _reason(seen: Seen) -> str:
    return f"{seen.facts.get('reason') or ''}".lower()


def _locked_by_pin(seen: Seen) -> bool:
    tries = seen.facts.get("pin")
    return seen.ok and ((isinstance(tries, int) and tries >= 3) or "pin" in _reason(seen))


def cards_overview(task: Task) -> Script:
    """All cards."""
    seen = yield call("cards_overview")
    return Part(
        seen.text, ("What are the card limits?", "Is a card locked after wrong PINs?", "Show the last card payments")
    )


def card_status(task: Task) -> Script:
    """One card; the overview when there are several and none is named."""
    seen = yield call("card_status", last_four=card_of(task.entities))
    if seen.facts.get("ask") == "card":
        overview = yield call("cards_overview")
        return Part(overview.text, ("What are the card limits?", "Why was the card declined?"))
    text = seen.text
    if _locked_by_pin(seen):
        text = with_passage(text, (yield beside(WRONG_PIN)))
    return Part(
        text, ("Show the last 5 payments with this card", "What is the daily limit of this card?", "Block this card")
    )


def card_pin(task: Task) -> Script:
    """Wrong PINs, and the procedure that fits."""
    if _WANTS_TO_KNOW.search(task.text):
        passage = yield sections("PIN: letter, reminder, change", "Keeping the PIN safe / Forgotten PIN")
        return Part(passage.text, ("Send a PIN letter", "What does a new PIN cost?"))
    seen = yield call("card_pin", last_four=card_of(task.entities))
    waiting = asks_which_card(task, seen)
    if waiting:
        return Part(seen.text, awaiting=waiting)
    text = seen.text
    if seen.observation.outcome in ("ok", "not found"):
        wanted = "forgotten PIN, new PIN letter" if _NEW_PIN.search(task.text) else WRONG_PIN
        text = with_passage(text, (yield beside(wanted)))
    return Part(text, ("Unblock the card", "What does a new PIN cost?", "Is the card active?"))


def card_limits(task: Task) -> Script:
    """Limits of one card or all."""
    seen = yield call("card_limits", last_four=card_of(task.entities))
    return Part(seen.text, ("Raise the card limit", "Show the last card payments", "Who can raise a card limit?"))


def card_declined(task: Task) -> Script:
    """Reasons in the record, and the procedure for the one that counts."""
    seen = yield call("card_declined", last_four=card_of(task.entities))
    usable = seen.facts.get("usable")
    if seen.facts.get("ask") == "card" and isinstance(usable, str):  # the others are expired
        seen = yield call("card_declined", last_four=usable)
    waiting = asks_which_card(task, seen)
    if waiting:
        return Part(seen.text, awaiting=waiting)
    text = seen.text
    if _locked_by_pin(seen):
        text = with_passage(text, (yield beside(WRONG_PIN)))
    elif seen.ok and seen.facts.get("status") == "expired":
        text = with_passage(text, (yield beside("card expired, new card sent")))
    elif seen.ok:
        text = with_passage(text, (yield beside("declined card payment reasons")))
    return Part(text, ("What are the card limits?", "What is the balance?", "Are there fraud alerts?"))
