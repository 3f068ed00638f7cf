"""How the rules answer about the bank's service: branches and machines, access to online banking, appointments."""

from __future__ import annotations

import re

from webapp.agents.models.rules.reading import Task
from webapp.agents.models.rules.scripts.cases import case, fitting, sections, told
from webapp.agents.models.rules.scripts.part import Part, Script, call, quoted
from webapp.agents.wording import together

_PLACES = "branches and cash machines"
_WHERE = "where our branches and cash machines are, address"
_PLACE_CASES = (
    case(r"\b(?:out of order|broken|fault)\b", _PLACES, "Machine out of order"),
    case(
        r"\b(?:safe deposit|foreign|exchange|home loans?|step-free|wheelchair|any branch|another branch|change)\b",
        _PLACES,
        "Branches",
    ),
    case(r"\b(?:coins?|notes|deposit|bag)\b", "paying in cash, coins, deposit machine", "Paying in"),
    case(r"\b(?:free|partner|fee|abroad)\b", _PLACES, "Cash machines"),
    case(r"\bnordhafen\b", _WHERE, "Nordhafen main branch"),
    case(r"\baltmarkt\b", _WHERE, "Altmarkt branch"),
    case(r"\blindenau\b", _WHERE, "Lindenau branch"),
    case(r"\bseebr", _WHERE, "Seebrueck branch"),
)
_NEAR = re.compile(r"\b(?:nearest|closest|near|nearby|next|home)\b", re.I)


def branch_finder(task: Task) -> Script:
    """The branch or machine asked for; the nearest one by the customer's home when one is attached."""
    case = next((one for one in _PLACE_CASES if one[0].search(task.text)), None)
    lead, question, headings = "", _WHERE, ""
    if case:
        _, question, headings = case
    elif _NEAR.search(task.text):
        home = yield call("customer_profile", part="branch")
        if home.ok:
            lead, question = home.text, f"{_WHERE} nearest for {home.facts.get('town')}"
    else:
        question = _PLACES
        headings = "Cash machines" if re.search(r"\b(?:atms?|machines?|cash ?point)\b", task.text, re.I) else "Branches"
    passage = yield sections(question, headings) if headings else quoted(question, passages=1)
    return Part(
        together(lead, passage.text if passage.ok else "The handbook does not name it; the app finds every machine."),
        ("When is the Nordhafen branch open?", "Which branch takes coins?", "Which cash machines are free?"),
    )


_ACCESS = "online banking: locked out, reset, new phone"
_PHONE = "New or lost phone"
_ACCESS_CASES = (
    case(r"\b(?:new|lost|stolen|other|second) (?:phone|mobile|device)\b|\bdevice change\b", _ACCESS, _PHONE),
    case(r"\b(?:phone|mobile)\b.*\b(?:lost|stolen|gone|new)\b", _ACCESS, _PHONE),
    case(r"\bno code\b|\b(?:codes?|tan|text message)\b.*\b(?:not|no|doesn't|never)\b", _ACCESS, "Codes do not come"),
    case(r"\b(?:forg\w+|new password|reset|password)\b", _ACCESS, "New password / Warning signs"),
    case(r"", _ACCESS, "Locked after wrong passwords / New password / Warning signs"),
)


def online_access(task: Task) -> Script:
    """How the customer gets in again. Access is given by the app, at a branch or by letter, never from here."""
    passage = yield fitting(task, _ACCESS_CASES)
    return Part(
        told(passage),
        ("The customer got a suspicious message or call", "How do I verify a caller?", "A person, please"),
    )


_APPOINTMENT_CASES = (
    case(r"\b(?:need\w*|without|necessary)\b", "appointments", "When one is needed"),
    case(r"\b(?:bring|cancel|move|change|interpreter|home visit|visit)\b", "appointments", "Before it"),
    case(r"", "appointments", "Booking / Booking for a customer"),
)


def appointment(task: Task) -> Script:
    """How an appointment is made; the calendar is not among what can be seen or changed from here."""
    passage = yield fitting(task, _APPOINTMENT_CASES)
    lead = "The branch calendar is not among what I can see or change; this is how it is booked:"
    return Part(
        together(lead, told(passage)),
        ("What should the customer bring?", "When is the Nordhafen branch open?", "A person, please"),
    )
