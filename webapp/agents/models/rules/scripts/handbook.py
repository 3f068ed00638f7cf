"""How the rules answer from the handbook."""

from __future__ import annotations

import re

from webapp.agents.models.rules.reading import Task
from webapp.agents.models.rules.scripts.cases import case, fitting, sections
from webapp.agents.models.rules.scripts.part import Part, Script, call, quoted
from webapp.agents.tools.handbook import NOT_SAID
from webapp.agents.wording import together

_COURTESY = re.compile(
    r"^(?:\W*(?:hi|hello|hey|good (?:morning|afternoon|evening)|please|pls|ok(?:ay)?|thanks|so|well|"
    r"quick question)\b[,.!:]*)+"
    r"|\b(?:please|pls|thanks|thank you)\W*$",
    re.I,
)
_NEXT = {
    "rates_fees": (
        "What does a replacement card cost?",
        "What are the savings rates?",
        "What does an international transfer cost?",
    ),
    "how_to": ("What is the procedure for a lost card?", "How do I verify a caller?", "How do I handle a complaint?"),
    "deadlines": (
        "What is the cut-off time for SEPA transfers?",
        "How long can a direct debit be returned?",
        "How long does a new card take?",
    ),
    "opening_hours": ("When is the Nordhafen branch open on Saturday?", "What are the phone banking hours?"),
}


_OF_A_CARD = re.compile(r"\b(?:my|her|his|customer's) limits?\b|\b(?:her|his|my) (?:debit |credit )?card\b", re.I)
_GLANCE = "limits at a glance"
_LIMITS = (
    case(
        r"\b(?:release|teller|second|sign\w*|co-sign\w*|colleague|two people|confirm\w*)\b",
        _GLANCE,
        "Who confirms",
    ),
    case(r"\b(?:raise\w*|increase\w*|change\w*|lower\w*|higher)\b", _GLANCE, "Changing a limit"),
    case(r"\b(?:all|overview|list|which|general|what limits)\b", _GLANCE, "Payments / Cards and cash"),
    case(r"\b(?:contactless|cash|pin|machine|atm|deposit\w*|debit card|card)\b", _GLANCE, "Cards and cash"),
    case(r"", _GLANCE, "Payments"),
)


def limits(task: Task) -> Script:
    """The limits that apply; with those of the customer's own cards where they are meant."""
    cards = ""
    if _OF_A_CARD.search(task.text):
        seen = yield call("card_limits")
        cards = seen.text if seen.ok else ""
    passage = yield fitting(task, _LIMITS)
    return Part(
        together(cards, passage.text),
        (
            "Raise the card limit",
            "How can a customer send more than the online limit?",
            "What is the daily limit of the card?",
        ),
    )


_OPEN = re.compile(r"\b(?:open\w*|clos\w+|hours)\b", re.I)
_NOT_BRANCHES = re.compile(
    r"\b(?:counter|cash\w*|phone|call\w*|hotline|line|machine\w*|atm|online|app|appointments?|christmas|eve|holidays?|"
    r"desk|extension|lobby|outside)\b",
    re.I,
)
_BRANCH_HOURS = sections("opening hours", "Branches")


def _of_branches(question: str) -> bool:
    """A day or a branch beside "open" would else find whichever section names it in the same words."""
    return bool(_OPEN.search(question)) and not _NOT_BRANCHES.search(question)


def handbook(task: Task) -> Script:
    """The passage that answers, or that there is none."""
    question = _COURTESY.sub("", task.text).strip(" \"'“”") or task.text
    if task.intent.key == "opening_hours" and not re.search(r"hours|open|extension|desk|number|call", question, re.I):
        question = f"opening hours {question}"
    seen = yield _BRANCH_HOURS if task.intent.key == "opening_hours" and _of_branches(question) else quoted(question)
    suggestions = tuple(one for one in _NEXT.get(task.intent.key, ()) if one.lower() != task.text.lower())
    if seen.ok:
        return Part(seen.text, suggestions)
    if seen.text.startswith(NOT_SAID):
        return Part(
            f"{seen.text} Ask in other words, or ask for a person.",
            ("A person, please", *suggestions[:2]),
            nothing_found=True,
        )
    return Part(seen.text, suggestions)
