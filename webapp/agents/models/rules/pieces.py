"""A message cut at its joints, and which of its pieces are tasks of their own."""

from __future__ import annotations

import re

from webapp.agents.models.rules.phrases import ASKS, LEANS_BACK, ORDERS, PARTS
from webapp.agents.models.rules.routing import Route

# A message about what has happened to somebody is one story, whatever its sentences name on the way.
_STORIES = frozenset(
    """deceased_customer vulnerable_customer power_of_attorney name_change complaint online_access phishing
    withdraw_dispute""".split()
)
_SURE = 0.9
# "Block everything" tells how it is felt; what is done after a death is the procedure's to say.
_SWEEPING = re.compile(r"\b(?:everything|all)\b", re.IGNORECASE)


_NEW_ONE = re.compile(r"\b(new|another|replacement)\s+one\b", re.IGNORECASE)
_THING = re.compile(r"\b(card|account|pin|loan)\b", re.IGNORECASE)


def tells_a_story(whole: Route) -> bool:
    """Whether the message as a whole is clearly about what has happened to somebody."""
    return whole.intent in _STORIES and whole.confidence >= _SURE


def stands_beside(whole: Route, part: Route, piece: str) -> bool:
    """Whether a piece of a story is a task beside it: a clear question or order, not a circumstance."""
    if part.intent == whole.intent:
        return True
    said = ASKS.match(piece) is not None or (ORDERS.match(piece) is not None and not _SWEEPING.search(piece))
    return part.confidence >= _SURE and said


def pieces_of(text: str) -> list[str]:
    """The message cut at its joints; a piece that begins with a preposition belongs to the one before."""
    pieces: list[str] = []
    for piece in PARTS.split(text):
        if not piece or not piece.strip(" \"'."):
            continue
        if pieces and LEANS_BACK.match(piece):
            pieces[-1] = f"{pieces[-1]} {piece}"
        else:
            pieces.append(_said_out(piece, pieces))
    return pieces


def _said_out(piece: str, before: list[str]) -> str:
    """ "A new one" by the name of what was spoken of before in the same message."""
    named = _THING.findall(" ".join(before))
    return _NEW_ONE.sub(rf"\1 {named[-1].lower()}", piece) if named and not _THING.search(piece) else piece
