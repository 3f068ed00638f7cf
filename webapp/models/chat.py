"""A conversation about a customer's case, and what each reader has seen of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.base import Base, IdString, UtcDateTime, new_id, now
from webapp.models.staff import StaffUser


class ChatStatus(StrEnum):
    """Where a session stands."""

    ACTIVE = "active"
    WAITING = "waiting"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    ENDED = "ended"


MOVES: dict[ChatStatus, tuple[ChatStatus, ...]] = {
    ChatStatus.ACTIVE: (ChatStatus.WAITING, ChatStatus.ESCALATED, ChatStatus.RESOLVED, ChatStatus.ENDED),
    ChatStatus.WAITING: (ChatStatus.ACTIVE, ChatStatus.ESCALATED, ChatStatus.RESOLVED, ChatStatus.ENDED),
    ChatStatus.ESCALATED: (ChatStatus.ACTIVE, ChatStatus.WAITING, ChatStatus.RESOLVED, ChatStatus.ENDED),
    ChatStatus.RESOLVED: (ChatStatus.ACTIVE, ChatStatus.ENDED),
    ChatStatus.ENDED: (ChatStatus.ACTIVE,),
}
UNFINISHED = (ChatStatus.ACTIVE, ChatStatus.WAITING, ChatStatus.ESCALATED)
ACCENTS = 8


class ChatSession(Base):
    """One conversation of one member of staff, about at most one customer.

    `last_seq`, `last_line` and `last_activity_at` follow the messages in the same transaction, so that lists need
    no join. `branch` is where the session was opened: a manager's view does not change when its owner moves.
    """

    __tablename__ = "chat_session"
    __table_args__ = (
        UniqueConstraint("staff_id", "request_id"),
        Index("ix_chat_session_mine", "staff_id", "last_activity_at", "id"),
        Index("ix_chat_session_mine_by_status", "staff_id", "status", "last_activity_at", "id"),
        Index("ix_chat_session_branch", "branch", "last_activity_at", "id"),
        Index("ix_chat_session_branch_by_status", "branch", "status", "last_activity_at", "id"),
        Index("ix_chat_session_all", "last_activity_at", "id"),
        Index("ix_chat_session_all_by_status", "status", "last_activity_at", "id"),
    )

    id: Mapped[str] = mapped_column(IdString, primary_key=True, default=lambda: new_id("sess"))
    thread_id: Mapped[str] = mapped_column(IdString, unique=True, default=lambda: new_id("thread"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id"))
    branch: Mapped[str] = mapped_column(String(60))
    request_id: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(80))
    titled_by_hand: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(String(16), default=ChatStatus.ACTIVE)
    accent: Mapped[int] = mapped_column(default=1)
    customer_number: Mapped[str | None] = mapped_column(String(32))
    customer_name: Mapped[str | None] = mapped_column(String(120))
    search_text: Mapped[str] = mapped_column(String(240), default="")  # title and customer, case-folded
    last_seq: Mapped[int] = mapped_column(default=0)
    last_line: Mapped[str] = mapped_column(String(160), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    last_activity_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by_name: Mapped[str | None] = mapped_column(String(80))
    end_reason: Mapped[str | None] = mapped_column(String(40))
    summary: Mapped[str | None] = mapped_column(Text)
    # What a program said about the session when it opened it: kept and given back, never read by us.
    noted: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSON)
    noted_user: Mapped[dict[str, Any] | None] = mapped_column("user_data", JSON)

    staff: Mapped[StaffUser] = relationship(lazy="joined", innerjoin=True)

    unread: bool = False  # filled by the list for its reader

    @property
    def is_open(self) -> bool:
        """Whether messages are taken."""
        return self.status != ChatStatus.ENDED

    @property
    def moves(self) -> tuple[ChatStatus, ...]:
        """The statuses that may follow the present one."""
        return MOVES[ChatStatus(self.status)]


class Draft(Base):
    """What somebody has typed in a session and not sent yet."""

    __tablename__ = "draft"

    chat_id: Mapped[str] = mapped_column(ForeignKey("chat_session.id", ondelete="CASCADE"), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id", ondelete="CASCADE"), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, onupdate=now)


class Reading(Base):
    """How far somebody has read a session."""

    __tablename__ = "reading"

    chat_id: Mapped[str] = mapped_column(ForeignKey("chat_session.id", ondelete="CASCADE"), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int]
