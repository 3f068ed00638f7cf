"""Questions the handbook could not answer, for editors: counted, without a word about whom they were asked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from sqlalchemy import case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from webapp.agents.tools.handbook import NOT_SAID
from webapp.agents.transcript import Answer
from webapp.extensions import db
from webapp.models import ChatSession, HandbookGap, StaffUser
from webapp.models.base import now
from webapp.models.handbook import GapState
from webapp.services import audit
from webapp.services.errors import NotFound
from webapp.services.masking import ibans, mask_card_secrets

LONGEST = 400
MOST_LISTED = 200

_MAIL = re.compile(r"\S+@\S+\.\w+")
_TITLED = re.compile(r"\b(?i:mr|mrs|ms|miss|dr|herr|frau)\.?\s+[^\W\d_]+(?:['\u2019]s\b)?(?:\s+[A-Z][\w'\u2019-]*)?")
# Customer, account and card numbers, endings, telephones. An amount with its currency says something and stays.
_NUMBER = re.compile(
    r"(?<![\w.,])(?!\d[\d.,]*\s?(?:EUR|USD|GBP|CHF|euros?\b|dollars?\b|%|\u20ac))\+?\d[\d\s./*-]{2,}\d(?!\w)",
    re.IGNORECASE,
)


def record(chat_id: str, answer: Answer) -> None:
    """Note what the handbook could not answer in this reply. In the transaction that stores the reply: once."""
    if answer.agent != "handbook" and NOT_SAID not in answer.text:
        return
    asked = [str(call.arguments.get("question", "")) for call in answer.calls if _in_vain(call.tool, call.outcome)]
    if not asked:
        return
    name = db.session.scalar(select(ChatSession.customer_name).where(ChatSession.id == chat_id)) or ""
    for question in dict.fromkeys(without_persons(one, name) for one in asked):
        if _words(question):
            _count(question)


def _in_vain(tool: str, outcome: str) -> bool:
    return tool == "handbook" and outcome == "not found"


def without_persons(question: str, customer_name: str = "") -> str:
    """The question as anybody may read it: no names, numbers or addresses of customers."""
    text = mask_card_secrets(question)
    for begin, end in reversed(list(ibans(text))):
        text = f"{text[:begin]}[number]{text[end:]}"
    text = _TITLED.sub("[customer]", _MAIL.sub("[address]", text))
    for part in sorted({customer_name, *customer_name.split()}, key=len, reverse=True):
        if len(part) > 2:
            text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "[customer]", text, flags=re.IGNORECASE)
    text = _NUMBER.sub("[number]", text)
    return " ".join(re.sub(r"(?:\[customer\]\s*)+", "[customer] ", text).split())[:LONGEST]


def _words(question: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", re.sub(r"\[\w+\]", "", question))


def _count(question: str) -> None:
    key = hashlib.sha256(" ".join(re.findall(r"\w+", question.casefold())).encode()).hexdigest()
    insert = postgresql.insert if db.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    moment = now()
    # Asked in vain again although an article was written: open again. Dismissed stays dismissed.
    reopened = case((HandbookGap.state == GapState.ANSWERED, GapState.OPEN), else_=HandbookGap.state)
    db.session.execute(
        insert(HandbookGap)
        .values(key=key, question=question, times=1, state=GapState.OPEN, first_asked_at=moment, last_asked_at=moment)
        .on_conflict_do_update(
            index_elements=[HandbookGap.key],
            set_={"times": HandbookGap.times + 1, "last_asked_at": moment, "state": reopened},
        )
    )


def listed(state: str = GapState.OPEN) -> Sequence[HandbookGap]:
    """The gaps in a state, those asked most first."""
    wanted = select(HandbookGap).where(HandbookGap.state == state)
    ordered = wanted.order_by(HandbookGap.times.desc(), HandbookGap.last_asked_at.desc(), HandbookGap.id)
    return db.session.scalars(ordered.limit(MOST_LISTED)).all()


def how_many_open() -> int:
    """How many wait for an editor."""
    return db.session.scalar(select(func.count()).where(HandbookGap.state == GapState.OPEN)) or 0


def gap(gap_id: int) -> HandbookGap:
    """One gap; raises `NotFound`."""
    found = db.session.get(HandbookGap, gap_id)
    if found is None:
        raise NotFound
    return found


def dismiss(staff: StaffUser, gap_id: int) -> HandbookGap:
    """Say that this is not for the handbook."""
    return _close(staff, gap(gap_id), GapState.DISMISSED, "handbook.gap_dismissed")


def reopen(staff: StaffUser, gap_id: int) -> HandbookGap:
    """Put a gap back among the open ones."""
    found = gap(gap_id)
    found.state, found.closed_at, found.closed_by_name = GapState.OPEN, None, None
    audit.record(staff, "handbook.gap_reopened", found.id)
    return found


def being_written(gap_id: int, article_id: str) -> None:
    """A draft is to answer this question; publishing it closes the gap."""
    gap(gap_id).article_id = article_id


def not_written(article_id: str) -> None:
    """The draft is gone, and what it was to answer is as open as before."""
    db.session.execute(
        update(HandbookGap)
        .where(HandbookGap.article_id == article_id, HandbookGap.state == GapState.OPEN)
        .values(article_id=None)
    )


def answered(staff: StaffUser, article_id: str) -> None:
    """An article was published: close what it was written for."""
    waiting = select(HandbookGap).where(HandbookGap.article_id == article_id, HandbookGap.state == GapState.OPEN)
    for found in db.session.scalars(waiting):
        _close(staff, found, GapState.ANSWERED, "handbook.gap_answered")


def _close(staff: StaffUser, found: HandbookGap, state: GapState, action: str) -> HandbookGap:
    if found.state != state:
        found.state, found.closed_at, found.closed_by_name = state, now(), staff.display_name
        audit.record(staff, action, found.id)
    return found
