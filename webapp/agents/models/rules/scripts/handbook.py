"""How the rules answer from the handbook."""

from __future__ import annotations

import re

from webapp.agents.models.rules.reading import Task
from webapp.agents.models.rules.scripts.part import Part, Script, quoted
from webapp.agents.tools.handbook import NOT_SAID

_COURTESY = re.compile(
    r"^(?:\W*(?:hi|hello|hey|good (?:morning|afternoon|evening)|please|pls|ok(?:ay)?|thanks|so|well|quick question)\b[,.!:]*)+"
    r"|\b(?:please|pls|thanks|thank you)\W*$",
    re.I,
)
_NEXT = {
    "rates_fees": ("What does a replacement card cost?", "What are the savings rates?", "What does an international transfer cost?"),
    "how_to": ("What is the procedure for a lost card?", "How do I verify a caller?", "How do I handle a complaint?"),
    "deadlines": ("What is the cut-off time for SEPA transfers?", "How long can a direct debit be returned?", "How long does a new card take?"),
    "opening_hours": ("When is the Nordhafen branch open on Saturday?", "What are the phone banking hours?"),
}


def handbook(task: Task) -> Script:
    """The passage that answers, or that there is none."""
    question = _COURTESY.sub("", task.text).strip(" \"'“”") or task.text
    if task.intent.key == "opening_hours" and not re.search(r"hours|open", question, re.I):
        question = f"opening hours {question}"
    seen = yield quoted(question)
    suggestions = tuple(one for one in _NEXT.get(task.intent.key, ()) if one.lower() != task.text.lower())
    if seen.ok:
        return Part(seen.text, suggestions)
    if seen.text.startswith(NOT_SAID):
        return Part(f"{seen.text} Ask in other words, or ask for a person.", ("A person, please", *suggestions[:2]), nothing_found=True)
    return Part(seen.text, suggestions)
