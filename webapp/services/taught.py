"""Sentences staff have taught: re-routed questions and what reviewers added. Kept without what names a customer."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass

from sqlalchemy import exists, select

from webapp.agents.models.rules.examples import OUT_OF_SCOPE, intents
from webapp.agents.naming import without_customers_name
from webapp.agents.transcript import Line
from webapp.agents.words import clean, marked
from webapp.extensions import db
from webapp.models import Rating, Reply, Reroute, StaffUser, TaughtSentence
from webapp.models.base import now
from webapp.services import audit
from webapp.services.errors import BadInput
from webapp.services.masking import mask_card_secrets

LONGEST = 400  # characters of a sentence to train on
_NAMING = (
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "email"),
    (re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}\b"), "IBAN"),
    (re.compile(r"(?:\+\d{1,3}[ /-]?)?\(?\d{3,}\)?(?:[ /-]?\d{2,}){2,}|\b[\d*]{7,}\b"), "_number"),
)


@dataclass(frozen=True, slots=True)
class Taught:
    """Sentences with their intents, and how many re-routed questions were left out, because they teach nothing."""

    clicks: list[tuple[str, str]]
    added: list[tuple[str, str]]
    left_out: int


def as_example(text: str, customer_name: str | None) -> str:
    """A question with the customer's name and all values replaced by marks: the form examples have.

    Numbers, amounts, days and names after a preposition become marks (`agents.words.marked`), IBANs, e-mail addresses
    and other long numbers a word. A name of somebody else, said without a preposition, cannot be known for one.
    """
    if customer_name:
        text = without_customers_name([Line("staff", text)], customer_name)[0].text
    plain = clean(mask_card_secrets(text))
    for pattern, word in _NAMING:
        plain = pattern.sub(word, plain)
    return " ".join(marked(plain).split())[:LONGEST]


def add(staff: StaffUser, text: str, intent: str) -> TaughtSentence:
    """Keep a sentence as an example of an intent; one that was an example of another becomes one of this.

    Raises `BadInput` for a sentence without words or an intent there is not.
    """
    sentence = as_example(text, None)
    if not any(sign.isalpha() for sign in sentence):
        raise BadInput("Type the sentence to learn.", "Use the words staff would use.")
    if intent not in intents():
        raise BadInput("There is no such intent.", "Choose one from the list.")
    row = db.session.scalar(select(TaughtSentence).where(TaughtSentence.text == sentence).with_for_update())
    if row is not None and row.intent == intent:
        return row
    if row is None:
        row = TaughtSentence(text=sentence)
        db.session.add(row)
    row.intent, row.by_name, row.at = intent, staff.display_name, now()
    db.session.flush()
    audit.record(staff, "sentence.taught", row.id, intent=intent)
    return row


def sentences() -> Taught:
    """Everything to train on beside the product's examples and the bank's files.

    A click counts unless its answer was found wanting too, or came to no intent of the agent that was asked. Where
    clicks disagree about a sentence, most of them decide, and the latest between equals.
    """
    wanting = exists(
        select(Rating.id)
        .join(Reply, Reply.id == Rating.reply_id)
        .where(Reply.question_id == Reroute.question_id, Rating.helpful.is_(False))
    )
    rows = db.session.execute(
        select(Reroute.text, Reroute.to_agent, Reroute.to_intent, wanting.label("wanting")).order_by(Reroute.id)
    ).all()
    said: dict[str, Counter[str]] = defaultdict(Counter)
    left_out = 0
    for row in rows:
        if row.wanting or not _teaches(row.to_agent, row.to_intent):
            left_out += 1
            continue
        counted = said[row.text].pop(row.to_intent, 0)
        said[row.text][row.to_intent] = counted + 1  # put last: between equals the latest
    clicks = [(text, _decided(votes)) for text, votes in said.items()]
    added = db.session.execute(select(TaughtSentence.text, TaughtSentence.intent).order_by(TaughtSentence.id)).all()
    return Taught(clicks, [(row.text, row.intent) for row in added if row.intent in intents()], left_out)


def _teaches(agent: str, intent: str | None) -> bool:
    known = intents().get(intent or "")
    return known is not None and known.agent == agent and known.key != OUT_OF_SCOPE


def _decided(votes: Counter[str]) -> str:
    most = max(votes.values())
    return [intent for intent, count in votes.items() if count == most][-1]
