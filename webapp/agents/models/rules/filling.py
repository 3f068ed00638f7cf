"""The value that was asked for, found in what was answered: a choice, an IBAN, a name, a free text."""

from __future__ import annotations

import re

from webapp.agents.models.rules.entities import Entities
from webapp.agents.models.rules.memory import Awaiting
from webapp.agents.models.rules.order_details import detail_answered
from webapp.agents.models.rules.orders import dispute_reason
from webapp.agents.models.rules.phrases import ASKS, CHANGES_MIND
from webapp.agents.words import tokens

# The entity that each slot fills.
_FILLS = {
    "reason": "reason",
    "answer": "answer",
    "part": "part",
    "transfer": "transfer",
    "payee": "merchant",
    "dispute": "dispute",
    "alert": "item",
    "item": "item",
    "account_from": "from_account",
    "account_to": "to_account",
    "every": "every",
    "charges": "charges",
}
_OWN_ACCOUNT = re.compile(r"\b(savings?|saver|current|checking|giro)\b", re.I)
_LEADING = re.compile(r"^(?:to|it's|it is|is|the new one is|new:?)\s+", re.I)
_LONGEST_NAME = 6  # words
_WORDS = {
    "answer": (("unsure", r"not sure|unsure|maybe|doesn't remember"), ("no", r"^no\b|wasn't|was not|not her|not him"),
               ("yes", r"^yes\b|^yep\b|it was")),
    "reason": (("temporary", r"temporar|for a (?:time|while)|misplaced"), ("stolen", r"stol|theft"),
               ("lost", r"\blost\b|missing"), ("damaged", r"damag|broken|bent"), ("fraud", r"fraud|scam"),
               ("sent twice", r"twice|double"), ("wrong amount", r"amount|too much"),
               ("wrong account", r"account|iban|person|recipient|typ(?:o|ed)"),
               ("letter not arrived", r"arriv|never came|not come|lost"), ("new PIN", r"\bnew\b|another"),
               ("no mandate", r"mandate|never|unauthori|not authori|didn't"),
               ("wanted back", r"other|another|back|yes"),
               ("forgotten", r"forg[oe]t|remember|remind|same pin|again")),
    "charges": (("OUR", r"\bour\b|sender|customer pays|we pay|all"), ("SHA", r"\bsha\b|shared?|each|split|both"),
                ("BEN", r"\bben\b|recipient|beneficiary")),
    "part": (("email", r"e-?mail"), ("phone", r"phone|mobile"), ("address", r"address|street")),
}  # fmt: skip


def picked(awaiting: Awaiting, text: str, entities: Entities) -> Entities | None:
    """What the answer says for the slot; None when it says nothing for it."""
    if awaiting.slot in _FILLS and awaiting.choices:
        chosen = _choice(awaiting, text, entities)
        return Entities(**{_FILLS[awaiting.slot]: chosen}) if chosen else None  # type: ignore[arg-type]
    if ASKS.match(text) or CHANGES_MIND.match(text):
        return None
    if awaiting.slot == "iban":
        if entities.iban:
            return Entities(iban=entities.iban)
        own = _OWN_ACCOUNT.search(text)
        return Entities(to_account=own[1].lower()) if own and len(text.split()) <= 6 else None
    if awaiting.slot in ("on", "resume", "foreign", "bic", "currency", "invoice", "address"):
        return detail_answered(awaiting.slot, text, entities)
    if awaiting.slot == "name" and 0 < len(text.split()) <= _LONGEST_NAME:
        return Entities(name=text.strip(" .,;"))
    if awaiting.slot == "value" and text.strip():
        return Entities(value=_LEADING.sub("", text.strip()))
    return None


def _choice(awaiting: Awaiting, text: str, entities: Entities) -> str | None:
    lowered = text.lower().strip(" .!")
    if awaiting.slot == "reason" and "duplicate charge" in awaiting.choices and (why := dispute_reason(text)):
        return why
    by_label = {label.lower(): choice for choice, label in zip(awaiting.choices, awaiting.labels, strict=False)}
    if lowered in by_label:
        return by_label[lowered]
    for choice, words in _WORDS.get(awaiting.slot, ()):
        if choice in awaiting.choices and re.search(words, lowered):
            return choice
    if entities.ordinal:
        place = entities.ordinal - 1 if entities.ordinal > 0 else entities.ordinal
        return awaiting.choices[place] if -len(awaiting.choices) <= place < len(awaiting.choices) else None
    said = set(tokens(lowered))
    for choice, label in zip(awaiting.choices, awaiting.labels or awaiting.choices, strict=False):
        if choice.lower() in lowered or (said and said <= set(tokens(label.lower()))):
            return choice
    return None
