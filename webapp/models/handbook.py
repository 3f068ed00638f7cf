"""The bank's handbook as imported. The full-text index beside it is made by the migrations, one per database kind."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.base import Base, UtcDateTime, now


class HandbookArticle(Base):
    """One version of one article; versions are added, never changed."""

    __tablename__ = "handbook_article"
    __table_args__ = (UniqueConstraint("article_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[str] = mapped_column(String(80))
    version: Mapped[int]
    title: Mapped[str] = mapped_column(String(160))
    effective_on: Mapped[date]
    audience: Mapped[str] = mapped_column(String(16))
    topics: Mapped[list[str]] = mapped_column(JSON)
    questions: Mapped[list[str]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64))  # SHA-256 of the source: the same file is not imported twice
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    passages: Mapped[list[HandbookPassage]] = relationship(
        back_populates="article", order_by="HandbookPassage.number", cascade="all, delete-orphan", passive_deletes=True
    )


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
