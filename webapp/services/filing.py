"""Put article versions on the shelf: documents that were read and texts that were written become rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import func, select

from webapp.bank.articles import Article, Section, read_with_source
from webapp.bank.documents import Read
from webapp.extensions import db
from webapp.models import HandbookArticle, HandbookPassage
from webapp.models.base import now
from webapp.models.handbook import VersionState
from webapp.services.in_force import take_the_pen

Content: TypeAlias = tuple[object, ...]


def import_folder(folder: Path) -> tuple[int, int]:
    """Import every Markdown article of a folder: (imported, already there). One version is imported once.

    Raises `ArticleError`, before anything is imported.
    """
    imported = there = 0
    for article, source in read_with_source(folder):
        if import_article(article, hashlib.sha256(source.encode()).hexdigest()):
            imported += 1
        else:
            there += 1
    return imported, there


def import_article(article: Article, digest: str = "") -> bool:
    """Add an article version; False if this version is there already."""
    known = db.session.query(HandbookArticle.id).filter_by(article_id=article.id, version=article.version).first()
    if known:
        return False
    take_the_pen()
    add(article, digest=digest)
    return True


def import_read(read: Read) -> tuple[HandbookArticle, bool]:
    """Store a document that was read: its version, and whether it is new. What says the same is not stored again.

    A document that names no version becomes the next one. One whose version is there with another text is not stored:
    the row there is returned, and `says_the_same` is False.
    """
    take_the_pen()
    versions = versions_of(read.article.id)
    if read.names_version:
        same = next((one for one in versions if one.version == read.article.version and not one.is_draft), None)
    else:
        newest = versions[-1] if versions else None
        same = newest if newest and newest.state == VersionState.PUBLISHED and says_the_same(newest, read) else None
    if same is not None:
        return same, False
    return add(read.article, version=None if read.names_version else next_version(read.article.id)), True


def says_the_same(row: HandbookArticle, read: Read) -> bool:
    """Whether a version says what a document says; its days count only if the document names them."""
    dated = not read.dated or (row.effective_on, row.effective_until) == (
        read.article.effective_on,
        read.article.effective_until,
    )
    return dated and content_of(row) == content_of(read.article)


def content_of(article: Article | HandbookArticle) -> Content:
    """What an article says, without its version and days."""
    if isinstance(article, Article):
        sections: Sequence[Section | HandbookPassage] = article.sections
    else:
        sections = article.passages
    said = [(one.number, one.heading, one.audience, one.text) for one in sections]
    questions, topics = tuple(article.questions), tuple(article.topics)
    return (article.title, article.audience, article.needs_right, topics, questions, tuple(said))


def versions_of(article_id: str) -> Sequence[HandbookArticle]:
    """Every version of an article, drafts too, in order."""
    rows = select(HandbookArticle).where(HandbookArticle.article_id == article_id).order_by(HandbookArticle.version)
    return db.session.scalars(rows).all()


def next_version(article_id: str) -> int:
    """The number after the highest one."""
    highest = select(func.max(HandbookArticle.version)).where(HandbookArticle.article_id == article_id)
    return (db.session.scalar(highest) or 0) + 1


def add(
    article: Article,
    *,
    version: int | None = None,
    state: VersionState = VersionState.PUBLISHED,
    author_name: str | None = None,
    digest: str = "",
) -> HandbookArticle:
    """A new row. `take_the_pen` first."""
    row = HandbookArticle(
        article_id=article.id,
        version=version or article.version,
        state=state,
        author_name=author_name,
        changed_at=now(),
        **columns_of(article),
    )
    row.digest = digest or row.digest
    db.session.add(row)
    db.session.flush()
    return row


def columns_of(article: Article) -> dict[str, object]:
    """What an article says, as a row's columns."""
    spelled = json.dumps(content_of(article), ensure_ascii=False)
    return {
        "title": article.title,
        "effective_on": article.effective_on,
        "effective_until": article.effective_until,
        "audience": article.audience,
        "needs_right": article.needs_right,
        "topics": list(article.topics),
        "questions": list(article.questions),
        "digest": hashlib.sha256(spelled.encode()).hexdigest(),
        "passages": passages_of(article.sections),
    }


def passages_of(sections: Sequence[Section]) -> list[HandbookPassage]:
    """Sections as rows."""
    return [
        HandbookPassage(number=one.number, heading=one.heading, audience=one.audience, text=one.text)
        for one in sections
    ]


def article_of(row: HandbookArticle, effective_on: date | None = None) -> Article:
    """A version as a value, from another day on if one is given."""
    return Article(
        id=row.article_id,
        title=row.title,
        version=row.version,
        effective_on=effective_on or row.effective_on,
        audience=row.audience,
        topics=tuple(row.topics),
        questions=tuple(row.questions),
        sections=tuple(Section(one.number, one.heading, one.audience, one.text) for one in row.passages),
        effective_until=None if effective_on else row.effective_until,
        needs_right=row.needs_right,
    )
