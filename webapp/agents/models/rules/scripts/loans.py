"""How the rules answer questions about loans and savings."""

from __future__ import annotations

import re

from webapp.agents.models.rules.reading import Task
from webapp.agents.models.rules.scripts.cases import case, fitting, sections
from webapp.agents.models.rules.scripts.part import Part, Script, account_of, beside, call, with_passage
from webapp.agents.wording import together

_WANTED = {
    "car": re.compile(r"\b(?:car|vehicle|van|motorbike|boat)\b", re.I),
    "home": re.compile(r"\b(?:home|house|flat|mortgage|build|property)\b", re.I),
}


def loan(task: Task) -> Script:
    """The customer's loans."""
    account = account_of(task.entities)
    seen = yield call("loans", account=account if account != "loan" else None)
    return Part(
        seen.text,
        (
            "What does early repayment cost?",
            "When is the next instalment due?",
            "What are the rules for a payment holiday?",
        ),
    )


def loan_apply(task: Task) -> Script:
    """What the customer has already, the terms of what is wanted, and what to bring."""
    kind = next((word for word in ("car", "home") if _WANTED[word].search(task.text)), "personal")
    there = yield call("loans")
    terms = yield sections(f"{kind} loan", "Terms")
    documents = yield sections("applying for a loan", "Documents / Tellers")
    has = there.text.split("\n")[0] if there.ok else ""
    return Part(
        together(has, *(one.text for one in (terms, documents) if one.ok)),
        ("How long does a loan decision take?", "What is the balance?", "A person, please"),
        needs_person=True,
        act=task.intent.act,
    )


def loan_status(task: Task) -> Script:
    """Applications are not among the records: the states, who knows, and the loans there are."""
    refused = re.search(r"\b(?:refus\w*|reject\w*|turned down|appeal|declin\w*|got no)\b", task.text, re.I)
    there = yield call("loans")
    passage = yield sections("applying for a loan", "A refusal / Tellers" if refused else "How it goes / Tellers")
    running = f"Running with us: {there.text.split(chr(10))[0]}" if there.ok and "outstanding" in there.text else ""
    text = together(
        "Applications are kept by the lending desk and are not among the records I can see.",
        running,
        passage.text if passage.ok else "",
    )
    return Part(text, ("A person, please", "Which documents does a loan application need?"), needs_person=True)


def loan_repay(task: Task) -> Script:
    """What is owed, what it costs, how it goes."""
    account = task.entities.account  # four digits alone are the sum here
    seen = yield call("loans", account=account if account not in ("loan", "savings", "current") else None)
    text = with_passage(seen.text, (yield sections("early repayment of a loan", "Fee / Steps")))
    return Part(
        text,
        ("What is the balance?", "What happens after early repayment?", "A person, please"),
        needs_person=True,
        act=task.intent.act,
    )


_CHANGING = "changing the terms of a loan"
_CHANGES = (
    case(r"\b(?:overdraft|dispo|credit line)\b", "overdraft limit", "Limit / Repaying"),
    case(r"\b(?:husband|wife|partner|borrower|contract)\b", _CHANGING, "Borrowers"),
    case(r"\b(?:refinance|rate|more money|top up)\b", _CHANGING, "More money"),
    case(
        r"\b(?:smaller|less|lower\w*|reduc\w*|longer|stretch|extend|too high|afford)\b", _CHANGING, "Lower instalments"
    ),
    case(
        r"\b(?:date|day|\d+th|1st|_period|end of the month|another account|from account)\b",
        _CHANGING,
        "Date and account",
    ),
    case(r"", "loan payment holiday", "Rules / Steps / Customers in difficulty"),
)


def loan_request(task: Task) -> Script:
    """How the loan or the overdraft stands, and the rules for what is to change."""
    overdrawn = re.search(r"\b(?:overdraft|dispo|credit line)\b", task.text, re.I)
    seen = yield call("overdraft") if overdrawn else call("loans")
    passage = yield fitting(task, _CHANGES)
    state = seen.text if seen.observation.outcome != "refused" else ""
    return Part(
        with_passage(state, passage),
        ("A person, please", "What are the rules for a payment holiday?", "What is the balance?"),
        needs_person=True,
        act=task.intent.act,
    )


def savings(task: Task) -> Script:
    """The customer's savings; when interest is credited comes from the handbook."""
    account = account_of(task.entities)
    seen = yield call("savings", account=account if account not in ("savings", "current") else None)
    text = seen.text
    if re.search(r"\bwhen\b.*\b(?:interest|credited|paid)\b", task.text, re.I):
        text = with_passage(text, (yield beside("when is savings interest credited")))
    return Part(
        text, ("What rate does the Fixed Saver pay?", "Which accounts are there?", "When is savings interest credited?")
    )
