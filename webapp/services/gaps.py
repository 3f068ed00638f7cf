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
from webapp.models.handbook import LONGEST_REASON, GapAnswer, GapState
from webapp.services import audit
from webapp.services.errors import BadInput, MoveNotAllowed, NotFound
from webapp.services.masking import ibans, mask_card_secrets

LONGEST = 400
CLOSING = ("closed_at", "closed_by_name", "article_id", "how", "reason")  # what an open gap has not
MOST_LISTED = 200

_LEFT_OUT = re.compile(r"\[(?:customer|number|address)\]")
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
    return re.findall(r"[^\W\d_]+", _LEFT_OUT.sub("", question))


def _count(question: str) -> None:
    key = hashlib.sha256(" ".join(re.findall(r"\w+", question.casefold())).encode()).hexdigest()
    insert = postgresql.insert if db.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    moment = now()
    # Asked in vain again although an article answers it: open again, as if new. Dismissed stays dismissed.
    again = HandbookGap.state == GapState.ANSWERED
    reopened = {
        "state": case((again, GapState.OPEN), else_=HandbookGap.state),
        **{name: case((again, None), else_=getattr(HandbookGap, name)) for name in CLOSING},
    }
    db.session.execute(
        insert(HandbookGap)
        .values(key=key, question=question, times=1, state=GapState.OPEN, first_asked_at=moment, last_asked_at=moment)
        .on_conflict_do_update(
            index_elements=[HandbookGap.key],
            set_={"times": HandbookGap.times + 1, "last_asked_at": moment, **reopened},
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


def searched(found: HandbookGap) -> str:
    """The question without the places of what was left out: as one would search for it, or add it to an article."""
    return " ".join(_LEFT_OUT.sub(" ", found.question).split())


def gap(gap_id: int) -> HandbookGap:
    """One gap; raises `NotFound`."""
    found = db.session.get(HandbookGap, gap_id)
    if found is None:
        raise NotFound
    return found


def dismiss(staff: StaffUser, gap_id: int, reason: str) -> HandbookGap:
    """Say that this is not for the handbook, and why; raises `BadInput` without a reason, `MoveNotAllowed`."""
    reason = mask_card_secrets(" ".join(reason.split()))
    if not reason:
        raise BadInput("Say why it is not for the handbook.", "A few words are enough.")
    if len(reason) > LONGEST_REASON:
        raise BadInput("The reason is too long.", f"Use at most {LONGEST_REASON} characters.")
    found = _to_close(gap_id, GapState.DISMISSED)
    if found.state == GapState.OPEN:
        found.reason, found.article_id, found.how = reason, None, None
        _close(staff, found, GapState.DISMISSED, "handbook.gap_dismissed")
    return found


def answered_already(staff: StaffUser, gap_id: int, article_id: str) -> HandbookGap:
    """Say that an article, which the caller has looked up, answers this as it is; raises `MoveNotAllowed`."""
    found = _to_close(gap_id, GapState.ANSWERED)
    if found.state == GapState.OPEN:
        found.article_id, found.how = article_id, GapAnswer.ALREADY
        _close(staff, found, GapState.ANSWERED, "handbook.gap_answered", article=article_id, how=GapAnswer.ALREADY)
    return found


def reopen(staff: StaffUser, gap_id: int) -> HandbookGap:
    """Put a gap back among the open ones. What was added to an article stays there."""
    found = _locked(gap_id)
    if found.state != GapState.OPEN:
        found.state = GapState.OPEN
        for name in CLOSING:
            setattr(found, name, None)
        audit.record(staff, "handbook.gap_reopened", found.id)
    return found


def being_written(staff: StaffUser, gap_id: int, article_id: str, how: GapAnswer) -> None:
    """A draft is to answer this question; publishing it closes the gap. One that is closed meanwhile stays so."""
    found = _locked(gap_id)
    if found.state == GapState.OPEN and (found.article_id, found.how) != (article_id, how):
        found.article_id, found.how = article_id, how
        audit.record(staff, "handbook.gap_taken_up", found.id, article=article_id, how=how)


def not_written(article_id: str) -> None:
    """The draft is gone, and what it was to answer is as open as before."""
    db.session.execute(
        update(HandbookGap)
        .where(HandbookGap.article_id == article_id, HandbookGap.state == GapState.OPEN)
        .values(article_id=None, how=None)
    )


def answered(staff: StaffUser, article_id: str) -> None:
    """An article was published: close what it was written for."""
    waiting = select(HandbookGap).where(HandbookGap.article_id == article_id, HandbookGap.state == GapState.OPEN)
    for found in db.session.scalars(waiting.with_for_update()):
        how = found.how or GapAnswer.WRITTEN
        _close(staff, found, GapState.ANSWERED, "handbook.gap_answered", article=article_id, how=how)


def _locked(gap_id: int) -> HandbookGap:
    """The gap, for one writer at a time; raises `NotFound`."""
    found = db.session.get(HandbookGap, gap_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def _to_close(gap_id: int, state: GapState) -> HandbookGap:
    found = _locked(gap_id)
    if found.state not in (GapState.OPEN, state):
        raise MoveNotAllowed("Somebody has closed this gap meanwhile.", "Open it again first.")
    return found


def _close(staff: StaffUser, found: HandbookGap, state: GapState, action: str, **details: str) -> None:
    found.state, found.closed_at, found.closed_by_name = state, now(), staff.display_name
    audit.record(staff, action, found.id, **details)
