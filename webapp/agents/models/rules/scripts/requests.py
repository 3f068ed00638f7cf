"""What the rules say to requests that would change the bank: Bankside only reads. The script shows how things stand
from the record and quotes the procedure; `act` makes the answer say that nothing was done, and who can do it.
"""

from __future__ import annotations

import re

from webapp.agents.models.language_model import ToolCall
from webapp.agents.models.rules.memory import Awaiting
from webapp.agents.models.rules.reading import Task
from webapp.agents.models.rules.scripts.part import Part, Script, Seen, amount, call, card_of, quoted
from webapp.agents.wording import together

PERSON = "A person can take this over. Hand the session over to a specialist; what has been said here goes along."
_NO_PROCEDURE = "The handbook has no procedure for this that fits."
_STOLEN = re.compile(r"\b(?:stol\w+|theft|thief|robbed)\b", re.I)
_PROCEDURES = (
    (re.compile(r"\bexpress\b", re.I), "replace_card", "express replacement card"),
    (re.compile(r"\bcontactless\b", re.I), "activate_card", "contactless switch on or off"),
    (re.compile(r"\b(?:swallowed|kept|ate)\b", re.I), "block_card", "card kept by cash machine"),
    (_STOLEN, "block_card", "stolen card, block"),
    (
        re.compile(r"\b(?:phish\w*|password|caller|link|website|codes?)\b", re.I),
        "report_fraud",
        "phishing, customer gave codes",
    ),
    (re.compile(r"\bjoint\b", re.I), "open_account", "joint account"),
    (re.compile(r"\b(?:child|son|daughter|minor|year old|junior)\b", re.I), "open_account", "account under 18"),
    (re.compile(r"\b(?:business|firm|company)\b", re.I), "open_account", "opening a business account"),
    (
        re.compile(r"\b(?:change|switch|upgrade|downgrade|convert|turn)\b", re.I),
        "open_account",
        "changing account type",
    ),
    (re.compile(r"\b(?:e-?mail|phone|mobile|number)\b", re.I), "change_contact", "change of phone number or email"),
    (re.compile(r"\b(?:abroad|international|wire|usa|canada)\b", re.I), "transfer_money", "international transfer"),
    (re.compile(r"\binstant\b", re.I), "transfer_money", "instant transfer"),
    (re.compile(r"\b(?:cash|withdraw)\b", re.I), "transfer_money", "cash withdrawal"),
    (re.compile(r"\b(?:own|savings|current)\b", re.I), "transfer_money", "transfer between own accounts"),
    (re.compile(r"\b(?:return|back)\b", re.I), "stop_payment", "direct debit return"),
    (re.compile(r"\bstanding|\bso\b", re.I), "stop_payment", "standing order change"),
    (re.compile(r"\b(?:goods|item|received|arrived)\b", re.I), "dispute_payment", "dispute goods not received"),
    (re.compile(r"\b(?:too much|wrong amount|overcharged)\b", re.I), "dispute_payment", "dispute wrong amount"),
    (
        re.compile(r"\b(?:subscription|although cancelled|cancelled)\b", re.I),
        "dispute_payment",
        "dispute cancelled subscription",
    ),
    (re.compile(r"\b(?:atm|cash machine)\b", re.I), "dispute_payment", "cash machine did not pay out"),
)


def _procedure(task: Task) -> str:
    """What to look up: the intent's own procedure, or a nearer one the words point to."""
    for pattern, intent, question in _PROCEDURES:
        if intent == task.intent.key and pattern.search(task.text):
            return question
    return task.intent.procedure


def _state(task: Task) -> ToolCall:
    """How things stand now, for what the request is about."""
    said, key = task.entities, task.intent.key
    if key == "report_fraud":
        return call("fraud_alerts", card=card_of(said))
    if key in ("block_card", "unblock_card", "replace_card", "activate_card"):
        ending = card_of(said)
        return call("card_status", last_four=ending) if ending else call("cards_overview")
    if key == "change_card_limit":
        return call("card_limits", last_four=card_of(said))
    if key in ("transfer_money", "pay_bill", "international_transfer"):
        return call("balance", account=said.ending or "current")
    if key == "cancel_transfer":
        if said.transfer:
            return call("transfer", transfer_id=said.transfer)
        return call(
            "transfers", to=said.merchant, amount=amount(said.exact), since=said.since, until=said.until, limit=5
        )
    if key in ("stop_payment", "standing_order_change"):
        return call("standing_instructions", kind=said.instruction, to=said.merchant)
    if key == "withdraw_dispute":
        return call("disputes", dispute_id=said.dispute, merchant=said.merchant if not said.dispute else None)
    if key == "change_contact":
        return call("customer_profile", part="contact")
    return call("accounts_overview")


def request(task: Task) -> Script:
    """Say what cannot be done here, how it stands, how it is done, and by whom."""
    seen = yield _state(task)
    if not seen.ok and seen.observation.outcome == "not found" and task.intent.agent == "cards":
        return Part(together(f"Nothing has been changed. {seen.text}"), ("Which cards are there?", "A person, please"))
    passage = yield quoted(_procedure(task))
    missing = task.intent.key == "open_account" and seen.observation.outcome == "refused"  # a new customer, perhaps
    return _answer(task, "" if missing else seen.text, passage)


def _answer(task: Task, state: str, passage: Seen) -> Part:
    text = together(state, passage.text if passage.ok else _NO_PROCEDURE)
    return Part(text, _next_after(task), needs_person=True, act=task.intent.act, urgent=task.intent.urgent)


def _next_after(task: Task) -> tuple[str, ...]:
    if task.intent.agent == "cards":
        return ("A person, please", "What does a replacement card cost?", "Show the last card payments")
    if task.intent.key == "dispute_payment":
        return ("A person, please", "Was anything charged twice?", "How do the customer's disputes stand?")
    if task.intent.key == "report_fraud":
        return ("A person, please", "Show the last 10 transactions", "Is the card active?")
    return ("A person, please", "Show the last 10 transactions", "What is the balance?")


def person(task: Task) -> Script:
    """Somebody wants a person, beside something else."""
    yield from ()
    return Part(PERSON, needs_person=True)


def dispute_payment(task: Task) -> Script:
    """Find the payment that is contested, then as any other request; ask which one when nothing tells."""
    said = task.entities
    if not (said.item or said.merchant or said.exact or said.since or said.hint or said.ending or said.card):
        text = (
            "Which payment? Name the merchant, the amount or the day, for example “Hafen Bakery” or "
            "“49.90 on 3 November”."
        )
        return Part(
            text,
            ("Show the last card payments",),
            awaiting=Awaiting("payment", task.text, task.intent.key, said.to_json()),
        )
    merchant = said.merchant
    if merchant is None and said.hint:
        found = yield call("find_merchant", text=said.hint)
        merchant = said.hint if found.ok else None
    if said.item:
        seen = yield call("transaction", transaction_id=said.item)
    else:
        seen = yield call(
            "transactions",
            since=said.since,
            until=said.until,
            at_least=amount(said.exact or said.at_least),
            at_most=amount(said.exact or said.at_most),
            merchant=merchant,
            direction="out",
            ending_in=card_of(said),
            limit=5,
        )
    passage = yield quoted(_procedure(task))
    return _answer(task, seen.text, passage)


def report_fraud(task: Task) -> Script:
    """The urgent one: the payment if it is named, the alerts, the procedure."""
    said = task.entities
    payment = ""
    if said.item:
        payment = (yield call("transaction", transaction_id=said.item)).text
    elif said.merchant or said.exact:
        found = yield call(
            "transactions",
            merchant=said.merchant,
            at_least=amount(said.exact),
            at_most=amount(said.exact),
            since=said.since,
            until=said.until,
            direction="out",
            limit=5,
        )
        payment = found.text
    alerts = yield _state(task)
    passage = yield quoted(_procedure(task))
    if not passage.ok and _procedure(task) != task.intent.procedure:
        passage = yield quoted(task.intent.procedure)
    return _answer(task, together(payment, alerts.text), passage)
