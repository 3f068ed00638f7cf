"""How the rules answer questions about disputes, fraud alerts and double charges."""

from __future__ import annotations

from webapp.agents.models.rules.reading import Task
from webapp.agents.models.rules.scripts.part import Part, Script, amount, call, card_of, beside, with_passage


def disputes_status(task: Task) -> Script:
    """One dispute, or all."""
    said = task.entities
    seen = yield call("disputes", dispute_id=said.dispute, merchant=said.merchant if not said.dispute else None)
    return Part(seen.text, ("When is evidence due in a dispute?", "Are there fraud alerts?", "Was anything charged twice?"))


def fraud_alerts(task: Task) -> Script:
    """Alerts, and what to do about an open one."""
    seen = yield call("fraud_alerts", card=card_of(task.entities))
    text = seen.text
    if seen.ok and seen.facts.get("open"):
        text = with_passage(text, (yield beside("fraud alert open, what to do")))
    return Part(text, ("The customer reports fraud", "Is the card active?", "Show the last 10 transactions"))


def duplicate_check(task: Task) -> Script:
    """Really look for equal charges, and what the handbook says when there are some."""
    said = task.entities
    seen = yield call("duplicate_charges", merchant=said.merchant or said.hint, amount=amount(said.exact), since=said.since, until=said.until)
    text = seen.text
    if seen.ok and seen.facts.get("pairs"):
        text = with_passage(text, (yield beside("duplicate charge, dispute")))
    return Part(text, ("The customer disputes a payment", "How do the customer's disputes stand?", "Show the last 10 transactions"))
