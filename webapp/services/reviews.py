"""Answers that somebody found wanting: a queue for those who look after examples and handbook, and what they do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, select

from webapp.extensions import db
from webapp.models import ChatSession, Question, Rating, Reply, Reroute, Review, ReviewStep, StaffUser
from webapp.models.base import now
from webapp.models.feedback import Reason, ReviewState
from webapp.services import audit, chats, regression_set, taught
from webapp.services.audit import Detail
from webapp.services.errors import BadInput, NotFound

PAGE = 30
LONGEST_NOTE = 500
ACTS = {
    "example": "Added as an example",
    "handbook": "Handbook to be fixed",
    "regression": "Joined the regression set",
    "dismissed": "Dismissed",
    "reopened": "Opened again",
    "taken_back": "The thumbs down were taken back",
}
DESK = "Bankside"


@dataclass(frozen=True, slots=True)
class Entry:
    """A review as the list shows it: nothing of the customer."""

    review: Review
    question: str  # without the customer's name and values
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Some reviews, newest first, and where to go on."""

    items: Sequence[Entry]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class Case:
    """A review with everything about it. `readable`: this person may read the session, and so all of it."""

    review: Review
    chat: ChatSession
    question: str
    as_example: str
    ratings: Sequence[tuple[Rating, str]]  # with the name of who gave it
    readable: bool
    asked_instead: str  # the intent the question was taken for when it was asked of another agent; "" if it was not


def follow(staff: StaffUser, reply: Reply, *, newly_wanting: bool = False) -> None:
    """Open, open again or settle a reply's review as its ratings say. Its session's row must be locked."""
    wanting = bool(
        db.session.scalar(select(exists(select(Rating.id).where(Rating.reply_id == reply.id, ~Rating.helpful))))
    )
    review = db.session.scalar(select(Review).where(Review.reply_id == reply.id).with_for_update(of=Review))
    if review is None:
        if wanting:
            db.session.add(Review(reply_id=reply.id))
            db.session.flush()
        return
    if newly_wanting and review.state == ReviewState.SETTLED:
        review.state, review.settled_at = ReviewState.OPEN, None
    elif not wanting and review.state == ReviewState.OPEN:
        _step(review, DESK, "taken_back", {})
        review.state, review.settled_at = ReviewState.SETTLED, now()


def page(state: str = ReviewState.OPEN, reason: str = "", before: int = 0) -> Page:
    """Reviews in a state ("" for any), with a thumb down for a reason ("" for any); raises `BadInput` for what is none.

    The caller holds the right `answers.review`.
    """
    if state and state not in set(ReviewState):
        raise BadInput("There is no such state.", "Choose one from the list.")
    if reason and reason not in set(Reason):
        raise BadInput("There is no such reason.", "Choose one from the list.")
    statement = select(Review).order_by(Review.id.desc()).limit(PAGE + 1)
    if state:
        statement = statement.where(Review.state == state)
    if reason:
        statement = statement.where(
            exists(select(Rating.id).where(Rating.reply_id == Review.reply_id, Rating.reason == reason))
        )
    if before:
        statement = statement.where(Review.id < before)
    rows = list(db.session.scalars(statement))
    shown = rows[:PAGE]
    return Page(_entries(shown), shown[-1].id if len(rows) > PAGE else None)


def _entries(rows: Sequence[Review]) -> list[Entry]:
    asked = {
        row.id: (row.text, row.customer_name)
        for row in db.session.execute(
            select(Question.id, Question.text, ChatSession.customer_name)
            .join(ChatSession, ChatSession.id == Question.chat_id)
            .where(Question.id.in_([one.reply.question_id for one in rows]))
        )
    }
    reasons: defaultdict[int, list[str]] = defaultdict(list)
    given = select(Rating.reply_id, Rating.reason).where(
        Rating.reply_id.in_([one.reply_id for one in rows]), ~Rating.helpful, Rating.reason.is_not(None)
    )
    for reply_id, reason in db.session.execute(given.order_by(Rating.id)):
        reasons[reply_id].append(str(reason))
    return [
        Entry(one, taught.as_example(*asked[one.reply.question_id]), tuple(dict.fromkeys(reasons[one.reply_id])))
        for one in rows
        if one.reply.question_id in asked
    ]


def case(staff: StaffUser, review_id: int) -> Case:
    """One review as this person may see it; raises `NotFound`. The caller holds the right `answers.review`."""
    review = db.session.get(Review, review_id)
    if review is None:
        raise NotFound("This review does not exist.", "The session it was about may have been deleted.")
    reply = review.reply
    chat = db.session.get_one(ChatSession, reply.chat_id)
    question = db.session.get_one(Question, reply.question_id)
    may_read = select(ChatSession.id).where(ChatSession.id == chat.id, chats.readable_by(staff))
    readable = db.session.scalar(may_read) is not None
    masked = taught.as_example(question.text, chat.customer_name)
    ratings = db.session.execute(
        select(Rating, StaffUser.display_name)
        .join(StaffUser, StaffUser.id == Rating.staff_id)
        .where(Rating.reply_id == reply.id)
        .order_by(Rating.id)
    ).all()
    return Case(
        review=review,
        chat=chat,
        question=question.text if readable else masked,
        as_example=masked,
        ratings=[(row[0], row[1]) for row in ratings],
        readable=readable,
        asked_instead=_asked_instead(question),
    )


def masked_note(case: Case, note: str) -> str:
    """What somebody wrote about an answer, as this person may see it."""
    return note if case.readable else taught.as_example(note, case.chat.customer_name)


def _asked_instead(question: Question) -> str:
    found = db.session.scalar(
        select(Reroute.to_intent)
        .join(Question, Question.id == Reroute.question_id)
        .where(Question.chat_id == question.chat_id, Question.again_of == (question.again_of or question.id))
        .order_by(Reroute.id.desc())
        .limit(1)
    )
    return found or ""


def add_example(staff: StaffUser, review_id: int, text: str, intent: str) -> None:
    """Have a sentence learnt as an example of an intent, at the next training."""
    review = _locked(review_id)
    sentence = taught.add(staff, text, intent)
    _settle(staff, review, "example", {"intent": intent, "sentence": sentence.id})


def add_regression(staff: StaffUser, review_id: int, text: str, agent: str, intent: str, article_id: str) -> None:
    """Have a question repeated by `flask assistant regression`."""
    review = _locked(review_id)
    row = regression_set.add(staff, text, agent, intent, article_id)
    _settle(staff, review, "regression", {"case": row.id, "agent": agent, "intent": intent, "article": article_id})


def send_to_handbook(staff: StaffUser, review_id: int, article_id: str, note: str) -> None:
    """Say that an article has to be fixed, or ("") that one is missing."""
    _settle(staff, _locked(review_id), "handbook", {"article": article_id, "note": _short(note)})


def dismiss(staff: StaffUser, review_id: int, note: str) -> None:
    """Say that there is nothing to be done."""
    _settle(staff, _locked(review_id), "dismissed", {"note": _short(note)})


def reopen(staff: StaffUser, review_id: int) -> None:
    """Take a settled review up again."""
    review = _locked(review_id)
    if review.state == ReviewState.OPEN:
        return
    _step(review, staff.display_name, "reopened", {})
    review.state, review.settled_at = ReviewState.OPEN, None
    audit.record(staff, "review.reopened", review.id)


def _locked(review_id: int) -> Review:
    review = db.session.scalar(
        select(Review)
        .where(Review.id == review_id)
        .with_for_update(of=Review)
        .execution_options(populate_existing=True)
    )
    if review is None:
        raise NotFound("This review does not exist.", "The session it was about may have been deleted.")
    return review


def _settle(staff: StaffUser, review: Review, act: str, what: dict[str, Detail]) -> None:
    """Note what was done, once: the same again, by a second click, changes nothing."""
    since = [step for step in review.steps if step.act != "taken_back"]
    if review.state == ReviewState.SETTLED and any((step.act, step.what) == (act, what) for step in since):
        return
    _step(review, staff.display_name, act, what)
    review.state, review.settled_at = ReviewState.SETTLED, now()
    told = {name: value for name, value in what.items() if name != "note"}
    audit.record(staff, f"review.{act}", review.id, **told)


def _step(review: Review, by_name: str, act: str, what: dict[str, Detail]) -> None:
    review.steps.append(ReviewStep(act=act, what=what, by_name=by_name))
    db.session.flush()


def _short(note: str) -> str:
    if len(note) > LONGEST_NOTE:
        raise BadInput("The note is too long.", f"Use at most {LONGEST_NOTE} characters.")
    return taught.as_example(note, None) if note.strip() else ""
