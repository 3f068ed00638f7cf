"""What handbook editors do: write drafts, publish them now or from a day on, withdraw, roll back.

A form says with which text its editor began: `base`, the version and how often that was saved, "3.1". If the article
has moved on since, nothing is stored (`EditConflict`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select

from webapp.bank.articles import Article, ArticleError, article_of, body_of
from webapp.extensions import db
from webapp.models import HandbookArticle, StaffUser
from webapp.models.base import now
from webapp.models.handbook import GapAnswer, VersionState
from webapp.services import audit, filing, gaps
from webapp.services.errors import ArticleRefused, EditConflict, MoveNotAllowed, NotFound
from webapp.services.in_force import take_the_pen

NEW = ""  # the base of an article that is not there yet
LONGEST_PERIOD = 366 * 20  # days from now; a day beyond is a slip of the keys


@dataclass(frozen=True, slots=True)
class Wording:
    """What an editor has written, as typed."""

    id: str
    title: str
    audience: str
    topics: tuple[str, ...]
    questions: tuple[str, ...]
    body: str  # Markdown
    needs_right: str | None = None


def read(wording: Wording, today: date) -> Article:
    """The article a wording makes; raises `ArticleRefused` with a sentence for the field that is wrong."""
    fields: dict[str, object] = {
        "id": wording.id,
        "title": wording.title,
        "version": 1,
        "effective": today,
        "audience": wording.audience,
        "topics": list(wording.topics),
        "questions": list(wording.questions),
        "right": wording.needs_right,
    }
    try:
        return article_of(fields, wording.body.replace("\r\n", "\n").strip(), "article")
    except ArticleError as error:
        _source, field, reason = str(error).split(": ", 2)
        raise ArticleRefused(field, f"{reason[:1].upper()}{reason[1:]}.") from error


def wording_of(row: HandbookArticle) -> Wording:
    """A version as an editor writes it."""
    article = filing.article_of(row)
    return Wording(
        article.id,
        article.title,
        article.audience,
        article.topics,
        article.questions,
        body_of(article.sections, article.audience),
        article.needs_right,
    )


def base_of(row: HandbookArticle | None) -> str:
    """What a form that begins with this version has to bring back."""
    return f"{row.version}.{row.edits}" if row else NEW


def current(article_id: str) -> HandbookArticle | None:
    """The version an editor goes on from: the draft, or else the newest; None for an article that is not there."""
    versions = filing.versions_of(article_id)
    return next((one for one in versions if one.is_draft), versions[-1] if versions else None)


def version(article_id: str, number: int) -> HandbookArticle:
    """One version, a draft too; raises `NotFound`."""
    wanted = select(HandbookArticle).filter_by(article_id=article_id, version=number)
    row = db.session.scalar(wanted.execution_options(populate_existing=True))
    if row is None:
        raise NotFound
    return row


def save(staff: StaffUser, wording: Wording, base: str, today: date, gap_id: int | None = None) -> HandbookArticle:
    """Store a draft: a new article's, the next version of one that is there, or the draft as it is now.

    Raises `ArticleRefused` or `EditConflict`. Saving what is there already changes nothing.
    """
    article = read(wording, today)
    take_the_pen()
    there = current(article.id)
    if there is not None and base == NEW:
        raise ArticleRefused("id", "There is an article with this id already. Choose another, or edit that one.")
    if base_of(there) != base:
        raise EditConflict(there.version if there else 0)
    if gap_id is not None:
        gaps.being_written(staff, gap_id, article.id, GapAnswer.WRITTEN if base == NEW else GapAnswer.EXAMPLE)
    if there is not None and filing.content_of(there) == filing.content_of(article):
        return there
    if there is not None and there.is_draft:
        row = _rewritten(there, article, staff)
    else:
        number = filing.next_version(article.id)
        draft = VersionState.DRAFT
        row = filing.add(article, version=number, state=draft, author_name=staff.display_name)
    audit.record(staff, "handbook.saved", article.id, version=row.version)
    return row


def add_question(
    staff: StaffUser, article_id: str, question: str, today: date, gap_id: int | None = None
) -> HandbookArticle:
    """Add a question to those an article answers, in its draft, or in a new one with the text of the newest version.

    The gap, if one is named, is closed when that is published; at once where the article has the question already and
    there is no draft. Raises `ArticleRefused` for what is no question, `NotFound` for an article that is not there.
    """
    take_the_pen()
    row = current(article_id)
    if row is None:
        raise NotFound("There is no such article.", "Search for another one.")
    wording = wording_of(row)
    question = " ".join(question.split())
    if not question:
        raise ArticleRefused("questions", "Type the question.")
    if question.casefold() not in (one.casefold() for one in wording.questions):
        wording = replace(wording, questions=(*wording.questions, question))
    elif gap_id is not None and not row.is_draft:
        gaps.answered_already(staff, gap_id, article_id)
        return row
    return save(staff, wording, base_of(row), today, gap_id)


def _rewritten(row: HandbookArticle, article: Article, staff: StaffUser) -> HandbookArticle:
    columns = filing.columns_of(article)
    row.passages = []
    db.session.flush()  # the old passages go first: their numbers are taken again
    for name, value in columns.items():
        if name not in ("effective_on", "effective_until"):
            setattr(row, name, value)
    row.edits += 1
    row.author_name = staff.display_name
    row.changed_at = now()
    db.session.flush()
    return row


def publish(
    staff: StaffUser, article_id: str, base: str, today: date, on: date | None = None, until: date | None = None
) -> HandbookArticle:
    """Put the draft in force from `on` (today without it) to the end of `until` (without it, until a later version).

    Raises `ArticleRefused` for days that cannot be, `MoveNotAllowed` without a draft, `EditConflict` if it was saved
    again since it was looked at.
    """
    on = on or today
    if on < today:
        raise ArticleRefused("effective_on", "A version cannot come into force in the past.")
    if (on - today).days > LONGEST_PERIOD:
        raise ArticleRefused("effective_on", "That is more than twenty years from now.")
    if until is not None and until < on:
        raise ArticleRefused("effective_until", "The last day is before the first.")
    take_the_pen()
    row = current(article_id)
    if row is None:
        raise NotFound
    if not row.is_draft:
        raise MoveNotAllowed("There is no draft to publish.", "Reload the page to see how the article stands.")
    if base_of(row) != base:
        raise EditConflict(row.version)
    highest = filing.next_version(article_id) - 1
    if row.version < highest:  # versions came by import since the draft was begun
        row.version = highest + 1
    row.state, row.effective_on, row.effective_until = VersionState.PUBLISHED, on, until
    _changed(row)
    gaps.answered(staff, article_id)
    action = "handbook.published" if on == today else "handbook.scheduled"
    last_day = until.isoformat() if until else None
    audit.record(staff, action, article_id, version=row.version, effective_on=on.isoformat(), until=last_day)
    return row


def withdraw(staff: StaffUser, article_id: str, number: int, today: date) -> HandbookArticle:
    """Take a version out of force, or out of the schedule. No earlier text comes back by itself: see `roll_back`."""
    take_the_pen()
    row = version(article_id, number)
    if row.state != VersionState.PUBLISHED:
        raise MoveNotAllowed("This version is not published.", "Reload the page to see how it stands.")
    if row.effective_on > today:
        row.effective_until = date.fromordinal(row.effective_on.toordinal() - 1)
    row.state = VersionState.WITHDRAWN
    _changed(row)
    audit.record(staff, "handbook.withdrawn", article_id, version=number, scheduled=row.effective_on > today)
    return row


def discard(staff: StaffUser, article_id: str, base: str) -> None:
    """Throw the draft away; raises `EditConflict` if it is not the one that was looked at."""
    take_the_pen()
    row = current(article_id)
    if row is None or not row.is_draft:
        raise MoveNotAllowed("There is no draft.", "It may have been published or discarded meanwhile.")
    if base_of(row) != base:
        raise EditConflict(row.version)
    audit.record(staff, "handbook.discarded", article_id, version=row.version)
    gaps.not_written(article_id)
    db.session.delete(row)
    db.session.flush()


def roll_back(staff: StaffUser, article_id: str, number: int, today: date) -> HandbookArticle:
    """Put an earlier text in force again at once, as a new version; what is scheduled stays scheduled."""
    take_the_pen()
    old = version(article_id, number)
    there = current(article_id)
    if old.is_draft or (there is not None and there.is_draft):
        raise MoveNotAllowed("There is a draft of this article.", "Publish or discard it first.")
    article = replace(filing.article_of(old, today), version=filing.next_version(article_id))
    row = filing.add(article, author_name=staff.display_name)
    audit.record(staff, "handbook.rolled_back", article_id, version=row.version, to=number)
    return row


def _changed(row: HandbookArticle) -> None:
    row.edits += 1
    row.changed_at = now()
    db.session.flush()
