"""How the rules answer questions about loans and savings."""

from __future__ import annotations

import re

from webapp.agents.models.rules.reading import Task
from webapp.agents.models.rules.scripts.part import Part, Script, account_of, call, beside, with_passage


def loan(task: Task) -> Script:
    """The customer's loans."""
    account = account_of(task.entities)
    seen = yield call("loans", account=account if account != "loan" else None)
    return Part(seen.text, ("What does early repayment cost?", "When is the next payment due?", "What are the rules for a payment holiday?"))


def savings(task: Task) -> Script:
    """The customer's savings; when interest is credited comes from the handbook."""
    account = account_of(task.entities)
    seen = yield call("savings", account=account if account not in ("savings", "current") else None)
    text = seen.text
    if re.search(r"\bwhen\b.*\b(?:interest|credited|paid)\b", task.text, re.I):
        text = with_passage(text, (yield beside("when is savings interest credited")))
    return Part(text, ("What rate does the Fixed Saver pay?", "Which accounts are there?", "When is savings interest credited?"))
