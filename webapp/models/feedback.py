"""What staff say about answers, and what becomes of it: ratings, reviews, sentences to train on, questions to repeat.

Ratings and reviews go with their session. What was learnt from them stays, and therefore holds no customer's data: its
texts have their values and the customer's name replaced (`services.taught.as_example`).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.base import Base, UtcDateTime, now
from webapp.models.message import Reply


class Reason(StrEnum):
    """What is wrong with an answer."""

    WRONG = "wrong"
    NOT_OURS = "not_ours"
    INCOMPLETE = "incomplete"
    WRONG_SPECIALIST = "wrong_specialist"
    UNCLEAR = "unclear"
    OTHER = "other"


class ReviewState(StrEnum):
    """Whether somebody still has to look at it."""

    OPEN = "open"
    SETTLED = "settled"


class Rating(Base):
    """What one person thinks of one reply. A reason and a note belong to a thumb down."""

    __tablename__ = "rating"
    __table_args__ = (UniqueConstraint("reply_id", "staff_id"), Index(None, "staff_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    reply_id: Mapped[int] = mapped_column(ForeignKey("reply.id", ondelete="CASCADE"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id", ondelete="CASCADE"))
    helpful: Mapped[bool]
    reason: Mapped[str | None] = mapped_column(String(24))
    note: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Review(Base):
    """A reply that somebody found wanting, until it is settled. One for a reply, however many say so."""

    __tablename__ = "review"
    __table_args__ = (Index(None, "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reply_id: Mapped[int] = mapped_column(ForeignKey("reply.id", ondelete="CASCADE"), unique=True)
    state: Mapped[str] = mapped_column(String(16), default=ReviewState.OPEN)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    reply: Mapped[Reply] = relationship(lazy="joined", innerjoin=True)
    steps: Mapped[list[ReviewStep]] = relationship(
        order_by="ReviewStep.id", lazy="selectin", cascade="all, delete-orphan", passive_deletes=True
    )


class ReviewStep(Base):
    """What somebody did about a review. `what` says which intent, article or note; never a question's own words."""

    __tablename__ = "review_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("review.id", ondelete="CASCADE"), index=True)
    act: Mapped[str] = mapped_column(String(24))  # a `services.reviews.ACTS`
    what: Mapped[dict[str, Any]] = mapped_column(JSON)
    by_name: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Reroute(Base):
    """A click that said: this one should have answered. Kept to train on."""

    __tablename__ = "reroute"

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="SET NULL"), unique=True)
    text: Mapped[str] = mapped_column(Text)
    from_agent: Mapped[str] = mapped_column(String(32))
    from_intent: Mapped[str] = mapped_column(String(64))
    to_agent: Mapped[str] = mapped_column(String(32))
    to_intent: Mapped[str | None] = mapped_column(String(64))  # None until it was answered
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff_user.id", ondelete="SET NULL"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class TaughtSentence(Base):
    """A sentence that a reviewer has given an intent."""

    __tablename__ = "taught_sentence"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text, unique=True)
    intent: Mapped[str] = mapped_column(String(64))
    by_name: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class RegressionCase(Base):
    """A question that has to go on being answered like this. What is empty is not looked at."""

    __tablename__ = "regression_case"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text, unique=True)
    agent: Mapped[str] = mapped_column(String(32))
    intent: Mapped[str | None] = mapped_column(String(64))
    article_id: Mapped[str | None] = mapped_column(String(80))
    by_name: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
