"""How the rules answer questions about disputes, fraud alerts and double charges."""

from __future__ import annotations

from dataclasses import replace

from webapp.agents.models.rules.memory import Awaiting
from webapp.agents.models.rules.reading import Task
from webapp.agents.models.rules.scripts.cases import case, fitting, sections, told
from webapp.agents.models.rules.scripts.part import (
    Part,
    Script,
    Seen,
    amount,
    beside,
    call,
    card_of,
    with_passage,
)
from webapp.agents.wording import together


def disputes_status(task: Task) -> Script:
    """One dispute, or all."""
    said = task.entities
    seen = yield call("disputes", dispute_id=said.dispute, merchant=said.merchant if not said.dispute else None)
    return Part(
        seen.text, ("When is evidence due in a dispute?", "Are there fraud alerts?", "Was anything charged twice?")
    )


def fraud_alerts(task: Task) -> Script:
    """Alerts, and what to do about an open one."""
    seen = yield call("fraud_alerts", card=card_of(task.entities))
    text = seen.text
    if seen.ok and seen.facts.get("open"):
        text = with_passage(text, (yield beside("fraud alert open, what to do")))
    return Part(text, ("The customer reports fraud", "Is the card active?", "Show the last 10 transactions"))


RECOGNISING = "helping a customer to recognise a payment"
AFTER = {"yes": "Recognised", "no": "Not recognised", "unsure": "Still unsure / Go through it together"}


def verify_transaction(task: Task) -> Script:
    """One payment gone through with the customer: shown, asked, and what follows from the answer."""
    said = task.entities
    merchant = said.merchant
    if merchant is None and said.hint and not said.item:
        found = yield call("find_merchant", text=said.hint)
        merchant = said.hint if found.ok else None
    seen = yield call(
        "payment_in_question",
        transaction_id=said.item,
        merchant=merchant,
        amount=amount(said.exact),
        since=said.since,
        until=said.until,
    )
    slot = seen.facts.get("ask")
    if said.answer and slot == "answer":
        return (yield from _answered(task, seen))
    if not isinstance(slot, str):
        return Part(seen.text, ("Show the last 10 transactions", "Are there fraud alerts?"))
    found_one = seen.facts.get("transaction")
    kept = replace(said, item=found_one) if isinstance(found_one, str) else said
    choices, labels = (_texts(seen.facts.get(name)) for name in ("choices", "labels"))
    waiting = Awaiting(slot, task.said or task.text, task.intent.key, kept.to_json(), choices, labels, bound="exact")
    return Part(seen.text, labels[:3], awaiting=waiting)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()


def _answered(task: Task, seen: Seen) -> Script:
    """What follows from yes, no or unsure, where nothing can be proposed: the part of the handbook that fits."""
    passage = yield sections(RECOGNISING, AFTER[task.entities.answer or "unsure"])
    lead = {
        "yes": f"Recognised: {_what(seen)}. Nothing has to be done.",
        "no": f"Not the customer: {_what(seen)}. Treat it as fraud now.",
        "unsure": f"Unsure: {_what(seen)}.",
    }[task.entities.answer or "unsure"]
    return Part(
        together(lead, passage.text if passage.ok else ""),
        ("The customer disputes a payment", "Block the card", "A person, please"),
        needs_person=task.entities.answer == "no",
        urgent=task.entities.answer == "no",
    )


def _what(seen: Seen) -> str:
    return seen.observation.text.split(",")[0]


def duplicate_check(task: Task) -> Script:
    """Really look for equal charges, and what the handbook says when there are some."""
    said = task.entities
    seen = yield call(
        "duplicate_charges",
        merchant=said.merchant or said.hint,
        amount=amount(said.exact),
        since=said.since,
        until=said.until,
    )
    text = seen.text
    if seen.ok and seen.facts.get("pairs"):
        text = with_passage(text, (yield beside("duplicate charge, dispute")))
    return Part(
        text,
        ("The customer disputes a payment", "How do the customer's disputes stand?", "Show the last 10 transactions"),
    )


_TRICKS = "phishing"
_TRICK_CASES = (
    case(
        r"\b(?:gave|given|told|entered|typed|read (?:out )?a code|install\w*|remote|teamviewer|password to)\b",
        _TRICKS,
        "The customer entered data or gave a code / Fraud in progress",
    ),
    case(r"\b(?:clicked|opened|tapped)\b", _TRICKS, "The customer clicked only"),
    case(
        r"\b(?:call\w*|phone|police|grandchild|pretend\w*)\b",
        _TRICKS,
        "What the bank never does",
    ),
    case(r"\b(?:do we|ever|does the bank)\b", _TRICKS, "What the bank never does"),
    case(r"", _TRICKS, "got a message but did nothing / What the bank never does"),
)
_GAVE = _TRICK_CASES[0][0]


def phishing(task: Task) -> Script:
    """What to do about a message or a call, by how far it went; given data is fraud in progress."""
    passage = yield fitting(task, _TRICK_CASES)
    if not _GAVE.search(f"{task.text} {task.whole}"):
        return Part(told(passage), ("The customer has given a code away", "Show the last 10 transactions"))
    alerts = yield call("fraud_alerts")
    recent = yield call("transactions", direction="out", limit=5)
    records = [one.text for one in (alerts, recent) if one.observation.outcome != "refused"]
    return Part(
        together("**Act now: block first, ask later.**", told(passage), *records),
        ("Block the card", "The customer reports fraud", "A person, please"),
        needs_person=True,
        urgent=True,
    )
