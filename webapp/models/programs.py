"""What programs leave behind: access tokens, answers kept for repeats, webhooks and what is to be delivered to them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.base import Base, IdString, UtcDateTime, new_id, now
from webapp.models.staff import StaffUser


class Scope(StrEnum):
    """What a token opens, within what its owner's role allows anyway."""

    READ = "read"
    WRITE = "write"
    MANAGE = "manage"


class AccessToken(Base):
    """A program's key to what its owner may do. The program holds a random token; only its SHA-256 is stored."""

    __tablename__ = "access_token"
    __table_args__ = (Index("ix_access_token_staff_id_expires_at", "staff_id", "expires_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    ending: Mapped[str] = mapped_column(String(4))  # the token's last characters, for recognising it in a list
    scopes: Mapped[list[str]] = mapped_column(JSON)
    by_sign_in: Mapped[bool] = mapped_column(default=False)  # made by POST /api/auth/login, not on the page
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    staff: Mapped[StaffUser] = relationship(lazy="joined", innerjoin=True)


class KeptAnswer(Base):
    """What an `Idempotency-Key` was used for, and the first answer. Goes with the session it tells of."""

    __tablename__ = "kept_answer"
    __table_args__ = (
        UniqueConstraint("staff_id", "key_hash"),
        Index("ix_kept_answer_staff_id_created_at", "staff_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id", ondelete="CASCADE"))
    key_hash: Mapped[str] = mapped_column(String(64))
    asked_hash: Mapped[str] = mapped_column(String(64))  # SHA-256 of method, address and body, card numbers masked
    chat_id: Mapped[str | None] = mapped_column(ForeignKey("chat_session.id", ondelete="CASCADE"), index=True)
    status: Mapped[int | None]
    answer: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Webhook(Base):
    """Where a program wants to hear of events. The secret signs what is sent, so it is kept as it is."""

    __tablename__ = "webhook"

    id: Mapped[str] = mapped_column(IdString, primary_key=True, default=lambda: new_id("hook"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id", ondelete="CASCADE"), index=True)
    url: Mapped[str] = mapped_column(String(500))
    events: Mapped[list[str]] = mapped_column(JSON)
    secret: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    staff: Mapped[StaffUser] = relationship(lazy="joined", innerjoin=True)


class DeliveryState(StrEnum):
    """How far a delivery has come."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Delivery(Base):
    """One event for one webhook: written with what it tells of, sent afterwards, kept as the log."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        Index("ix_webhook_delivery_state_next_attempt_at", "state", "next_attempt_at"),
        Index("ix_webhook_delivery_webhook_id_id", "webhook_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[str] = mapped_column(ForeignKey("webhook.id", ondelete="CASCADE"))
    event_id: Mapped[str] = mapped_column(IdString, default=lambda: new_id("evt"))
    event: Mapped[str] = mapped_column(String(32))
    chat_id: Mapped[str] = mapped_column(String(48))
    payload: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), default=DeliveryState.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    last_status: Mapped[int | None]
    last_problem: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    webhook: Mapped[Webhook] = relationship(lazy="joined", innerjoin=True)
