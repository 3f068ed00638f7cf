"""How the rules answer questions about transfers, standing orders and what is due."""

from __future__ import annotations

import re

from webapp.agents.models.rules.reading import Task
from webapp.agents.models.rules.scripts.part import Part, Script, amount, beside, call, with_passage

_STATES = (
    (re.compile(r"\bscheduled\b", re.I), "scheduled"),
    (re.compile(r"\b(?:pending|processing|open|waiting)\b", re.I), "open"),
    (re.compile(r"\b(?:failed|rejected)\b", re.I), "failed"),
    (re.compile(r"\bcancelled\b", re.I), "cancelled"),
    (re.compile(r"\bcompleted\b", re.I), "completed"),
)

# Somebody named by what is paid for, and the category of such movements.
_PAID_FOR = (
    (re.compile(r"\b(?:landlord|landlady)\b|\bpays?\b.*\brent to\b|\brent (?:go|goes|paid) to\b", re.I), "rent"),
    (re.compile(r"\b(?:energy|electricity|power|gas)\b.*\b(?:suppliers?|compan\w+|providers?)\b", re.I), "energy"),
    (re.compile(r"\binsur(?:ers?|ance compan\w+)\b", re.I), "insurance"),
    (re.compile(r"\b(?:phone|mobile|internet|telephone)\b.*\b(?:suppliers?|compan\w+|providers?)\b", re.I), "phone"),
)
_WHO = re.compile(r"\b(?:who(?:'s|m)?|which|what(?:'s| is))\b", re.I)


def transfers(task: Task) -> Script:
    """One transfer by its number, or those that fit."""
    said = task.entities
    if said.transfer:
        seen = yield call("transfer", transfer_id=said.transfer)
        return Part(seen.text, _after_one(str(seen.facts.get("state", ""))))
    state = next((name for pattern, name in _STATES if pattern.search(task.text)), None)
    seen = yield call(
        "transfers",
        state=state,
        to=said.merchant,
        amount=amount(said.exact),
        over=amount(said.over),
        since=said.since,
        until=said.until,
        limit=said.limit,
    )
    return Part(
        seen.text,
        ("Did any transfers fail?", "Which payments are due next?", "What is the cut-off time for SEPA transfers?"),
    )


def _after_one(state: str) -> tuple[str, ...]:
    if state == "failed":
        return ("What is the balance?", "Show the latest transfers", "What happens when a transfer fails?")
    if state in ("scheduled", "processing"):
        return ("Recall the transfer", "How long does a SEPA transfer take?", "Show the latest transfers")
    return ("Show the latest transfers", "Recall the transfer", "How long does a SEPA transfer take?")


def transfer_failed(task: Task) -> Script:
    """Why a transfer failed: the record's reason and the handbook's rule."""
    said = task.entities
    if said.transfer:
        seen = yield call("transfer", transfer_id=said.transfer)
    else:
        seen = yield call(
            "transfers", state="failed", to=said.merchant, amount=amount(said.exact), since=said.since, until=said.until
        )
    text = seen.text
    if seen.ok and seen.facts.get("state") == "failed":
        text = with_passage(text, (yield beside("transfer failed, what happens")))
    return Part(text, ("Show the latest transfers", "What is the balance?", "Which payments are due next?"))


def standing_instructions(task: Task) -> Script:
    """Standing orders, direct debits, or both; who is paid, when somebody is named by what is paid for."""
    said = task.entities
    purpose = next((name for pattern, name in _PAID_FOR if pattern.search(task.text)), None)
    if purpose and _WHO.search(task.text):
        seen = yield call("payees", purpose=purpose)
        merchant = seen.facts.get("merchant")
        more = f"Show the payments to {merchant}" if isinstance(merchant, str) else "Show the last 10 transactions"
        return Part(seen.text, (more, "Show standing orders and direct debits"))
    seen = yield call("standing_instructions", kind=said.instruction, to=said.merchant or said.hint)
    return Part(seen.text, ("Which payments are due in the next 14 days?", "How long can a direct debit be returned?"))


def upcoming(task: Task) -> Script:
    """What is due."""
    said = task.entities
    seen = yield call("upcoming_payments", since=said.since, until=said.until)
    return Part(
        seen.text, ("What is the balance?", "Show standing orders and direct debits", "Show the scheduled transfers")
    )
