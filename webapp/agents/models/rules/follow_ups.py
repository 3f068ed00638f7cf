"""Questions that say next to nothing by themselves: "and the week after", "why so much", "and is it blocked"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from webapp.agents.models.rules.entities import Entities, from_json
from webapp.agents.models.rules.examples import Intent
from webapp.agents.models.rules.memory import Memory
from webapp.agents.models.rules.phrases import NARROWED_BY

_LEAD = r"^\W*(?:(?:and|but|so|ok(?:ay)?|what about|how about|then)\b[ ,]*)*"
_BESIDE = re.compile(
    _LEAD + r"(?:in |on |for |during )?(?:the )?(?:(day|week|month|quarter|year) (after|before)(?: (?:that|this))?"
    r"|(following) (day|week|month|quarter|year))\W*(?:please|pls)?\W*$",
    re.I,
)
_SO_MUCH = re.compile(
    _LEAD + r"(?:why (?:is (?:it|that|this) )?(?:so|that|this) (?:much|high|expensive|many)|why (?:the|that) much|"
    r"how come (?:it's |it is )?so (?:much|high)|(?:that's|that is|isn't that|is that not) (?:a lot|too much|so much)|"
    r"what (?:made|makes) (?:it|that) so (?:much|high|expensive))\W*$",
    re.I,
)
_STATE = re.compile(
    _LEAD + r"(?:is|was) (?:it|she|that|this|the card|this card|that card|that one|the other one) "
    r"(?:still |now |already |really |actually |currently |at all )*"
    r"(?:un)?(?:block|lock|activ|frozen|usable|open|valid|expired|working|in use)\w*\b[^,;]{0,25}$",
    re.I,
)
_OF_A_CARD = re.compile(r"\bcards?\b", re.I)
_LARGEST = 5
_STEPS: Mapping[str, relativedelta] = {
    "day": relativedelta(days=1),
    "week": relativedelta(weeks=1),
    "month": relativedelta(months=1),
    "quarter": relativedelta(months=3),
    "year": relativedelta(years=1),
}


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What such a question asks in the light of the turn before."""

    intent: str
    entities: Entities
    question: str = ""  # in full words, where the one typed would mislead


def follow_up(text: str, memory: Memory, before: Intent, today: date) -> FollowUp | None:
    """The question meant, if the message is one that only the turn before explains."""
    if (beside := _BESIDE.match(text)) and {"since", "until"} & set(NARROWED_BY.get(before.key, ())):
        unit, way = (beside[1] or beside[4]).lower(), (beside[2] or beside[3]).lower()
        moved = _moved(from_json(memory.entities), unit, forward=way != "before", today=today)
        return FollowUp(before.key, moved) if moved else None
    if _SO_MUCH.match(text):
        kept = from_json(memory.entities)
        if before.key == "spending":  # the largest payments are what made it so much
            largest = from_json({**kept.to_json(), "direction": "out", "order": "largest", "limit": _LARGEST})
            return FollowUp("transactions", largest)
        if before.key == "fees_charged":
            return FollowUp(before.key, kept, "why was this fee charged")
        if before.key == "rates_fees":
            return FollowUp(before.key, Entities(), memory.question)
    if _STATE.match(text) and _is_about_a_card(text, memory, before):
        said = from_json(memory.entities)
        named = said.card or said.ending or memory.focus.get("card")
        return FollowUp("card_status", Entities(card=named), "is the card blocked")
    return None


def _is_about_a_card(text: str, memory: Memory, before: Intent) -> bool:
    """Whether "it" is a card. One spoken of earlier counts only while nothing else, an account say, came since."""
    if before.agent == "cards" or _OF_A_CARD.search(memory.question):
        return True
    return "card" in memory.focus and (before.agent == "handbook" or _OF_A_CARD.search(text) is not None)


def _moved(said: Entities, unit: str, *, forward: bool, today: date) -> Entities | None:
    """The same question about the day, week or month that follows or precedes the period it was asked about."""
    since = _day(said.since)
    until = _day(said.until) or (today if since else None)
    if since is None or until is None:
        return None
    step = _STEPS[unit]
    if forward:
        first = until + timedelta(days=1)
        last = first + step - timedelta(days=1)
    else:
        first = since - step
        last = since - timedelta(days=1)
    return from_json({**said.to_json(), "since": first.isoformat(), "until": last.isoformat()})


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
