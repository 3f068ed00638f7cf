"""The bank's handbook, version by version, and what it was asked and could not answer."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.base import Base, UtcDateTime, now


class VersionState(StrEnum):
    """What has been decided about a version. Whether a published one is in force is a matter of its days."""

    DRAFT = "draft"  # may still be changed; nobody but editors sees it
    PUBLISHED = "published"  # never changed again
    WITHDRAWN = "withdrawn"  # was in force, and the article is not any more until a later version is published


class GapState(StrEnum):
    """What editors made of a question the handbook could not answer."""

    OPEN = "open"
    ANSWERED = "answered"  # an article was written; asked in vain again, it is open again
    DISMISSED = "dismissed"  # not for the handbook


class GapAnswer(StrEnum):
    """How an article came to answer a question."""

    WRITTEN = "written"  # it was written for it
    EXAMPLE = "example"  # the question was added to its examples, so that it is found
    ALREADY = "already"  # it answered the question as it was


LONGEST_REASON = 300  # characters


class HandbookArticle(Base):
    """One version of one article. Drafts change; what was published once is kept as it was."""

    __tablename__ = "handbook_article"
    __table_args__ = (UniqueConstraint("article_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[str] = mapped_column(String(80))
    version: Mapped[int]
    title: Mapped[str] = mapped_column(String(160))
    effective_on: Mapped[date]
    effective_until: Mapped[date | None]  # the last day; None: until a later version comes into force
    audience: Mapped[str] = mapped_column(String(16))
    needs_right: Mapped[str | None] = mapped_column(String(48))  # only roles with this right may read it; None: all
    state: Mapped[str] = mapped_column(String(16), default=VersionState.PUBLISHED)
    edits: Mapped[int] = mapped_column(default=1)  # how often it was saved: an editor's form says which it began with
    topics: Mapped[list[str]] = mapped_column(JSON)
    questions: Mapped[list[str]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64))  # SHA-256 of what it says: the same is not stored twice in a row
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    author_name: Mapped[str | None] = mapped_column(String(80))  # who wrote it; None: it came with an import
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # saved, published or withdrawn last

    passages: Mapped[list[HandbookPassage]] = relationship(
        back_populates="article", order_by="HandbookPassage.number", cascade="all, delete-orphan", passive_deletes=True
    )

    @property
    def is_draft(self) -> bool:
        """Whether it may still be changed."""
        return self.state == VersionState.DRAFT


class HandbookPassage(Base):
    """One section of an article version: what is found and quoted."""

    __tablename__ = "handbook_passage"
    __table_args__ = (UniqueConstraint("article_row_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article_row_id: Mapped[int] = mapped_column(ForeignKey("handbook_article.id", ondelete="CASCADE"))
    number: Mapped[int]
    heading: Mapped[str] = mapped_column(String(160))
    audience: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)

    article: Mapped[HandbookArticle] = relationship(back_populates="passages")


class HandbookEdition(Base):
    """One row, whose token is a new one after everything that changes what is in force: searches look whether it is."""

    __tablename__ = "handbook_edition"

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(32))


class HandbookGap(Base):
    """A question the handbook could not answer, without anything that says about whom it was asked."""

    __tablename__ = "handbook_gap"
    __table_args__ = (Index(None, "state", "times"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)  # SHA-256 of the question's words
    question: Mapped[str] = mapped_column(String(400))
    times: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(16), default=GapState.OPEN)
    first_asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    last_asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    closed_by_name: Mapped[str | None] = mapped_column(String(80))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    article_id: Mapped[str | None] = mapped_column(String(80), index=True)  # which article answers it, or is to
    how: Mapped[str | None] = mapped_column(String(16))  # a `GapAnswer`
    reason: Mapped[str | None] = mapped_column(String(LONGEST_REASON))  # why it is not for the handbook
