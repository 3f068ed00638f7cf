"""What was said: questions by staff, replies by the assistant, with what each reply rests on."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.base import Base, UtcDateTime, now
from webapp.models.model_use import ModelUse
from webapp.models.proposal import UNSETTLED, Proposal


class ReplyState(StrEnum):
    """How far a reply has come."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


UNFINISHED_REPLY = (ReplyState.PENDING, ReplyState.RUNNING)
INTERRUPTED = "interrupted"  # an attempt whose maker was stopped or lost
SOON = timedelta(seconds=2)  # a question nobody is before is taken up faster than it can be read


class Message(Base):
    """One thing said; `seq` counts 1, 2, 3 ... within its session, in the order of storing, without gaps."""

    __tablename__ = "message"
    __table_args__: Any = (UniqueConstraint("chat_id", "seq"), UniqueConstraint("chat_id", "request_id"))
    __mapper_args__ = {"polymorphic_on": "role", "polymorphic_identity": "notice", "with_polymorphic": "*"}

    id: Mapped[int] = mapped_column(primary_key=True)
    chat_id: Mapped[str] = mapped_column(ForeignKey("chat_session.id", ondelete="CASCADE"))
    seq: Mapped[int]
    role: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text, default="")
    author_name: Mapped[str] = mapped_column(String(80))
    request_id: Mapped[str | None] = mapped_column(String(64))  # questions only: made when the composer was drawn
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Question(Message):
    """What a member of staff said; never edited. One request id stores one question. Shares the messages' table."""

    __mapper_args__ = {"polymorphic_identity": "staff"}

    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff_user.id"))
    time_zone: Mapped[str | None] = mapped_column(String(64))  # the asker's: "today" in the answer is theirs
    noted: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSON)  # what a program said about it; given back
    asked_of: Mapped[str | None] = mapped_column(String(32))  # the agent it was asked of; None: of the whole team
    again_of: Mapped[int | None]  # the question of this session that it repeats


class Reply(Message):
    """The message that answers a question: one per question, whatever happens to its maker."""

    __tablename__ = "reply"
    __table_args__: Any = (Index(None, "state", "heartbeat_at"), Index(None, "claimed_at"))

    id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), unique=True)
    state: Mapped[str] = mapped_column(String(16), default=ReplyState.PENDING)
    agent: Mapped[str | None] = mapped_column(String(32))
    agent_title: Mapped[str | None] = mapped_column(String(60))
    reason: Mapped[str | None] = mapped_column(String(200))
    intent: Mapped[str | None] = mapped_column(String(64))
    confidence: Mapped[float | None]
    model: Mapped[str | None] = mapped_column(String(80))
    suggestions: Mapped[list[str]] = mapped_column(JSON, default=list)
    memory: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    needs_person: Mapped[bool] = mapped_column(default=False)
    failure: Mapped[str | None] = mapped_column(String(200))
    attempts: Mapped[int] = mapped_column(default=0)  # how often it was claimed since it was asked for
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # not claimed before
    claim_token: Mapped[str | None] = mapped_column(String(64))
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claimed_by: Mapped[str | None] = mapped_column(String(120))  # which process
    heartbeat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __mapper_args__ = {"polymorphic_identity": "assistant", "inherit_condition": id == Message.id}

    calls: Mapped[list[ToolCall]] = relationship(
        order_by="ToolCall.position", lazy="selectin", cascade="all, delete-orphan", passive_deletes=True
    )
    proposals: Mapped[list[Proposal]] = relationship(
        order_by="Proposal.position", lazy="selectin", cascade="all, delete-orphan", passive_deletes=True
    )
    citations: Mapped[list[CitedPassage]] = relationship(
        order_by="CitedPassage.number", lazy="selectin", cascade="all, delete-orphan", passive_deletes=True
    )
    attempts_before: Mapped[list[ReplyAttempt]] = relationship(
        order_by="ReplyAttempt.number", lazy="selectin", cascade="all, delete-orphan", passive_deletes=True
    )
    model_uses: Mapped[list[ModelUse]] = relationship(order_by="ModelUse.id", lazy="selectin", passive_deletes=True)

    ahead: int = 0  # how many replies come before a pending one; filled for the page that shows it

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will come."""
        return self.state not in UNFINISHED_REPLY

    @property
    def has_open_proposals(self) -> bool:
        """Whether something it proposes may still change its state."""
        return self.is_finished and any(one.shown_state in UNSETTLED for one in self.proposals)

    @property
    def waiting_text(self) -> str:
        """What to say while it is being made."""
        if self.state != ReplyState.PENDING:
            return "Being answered"
        if self.ahead:
            return f"{self.ahead} ahead of you"
        if self.next_attempt_at and self.next_attempt_at > now():
            return "Interrupted; it will be tried again in a moment"
        return "Next in line" if now() - self.created_at > SOON else "Being answered"

    @property
    def total_milliseconds(self) -> float:
        """Time spent in tools."""
        return sum(call.milliseconds for call in self.calls)


class ReplyAttempt(Base):
    """What an earlier attempt at a reply came to: what it had said, and why it ended. Kept when it is made again."""

    __tablename__ = "reply_attempt"
    __table_args__ = (UniqueConstraint("reply_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reply_id: Mapped[int] = mapped_column(ForeignKey("reply.id", ondelete="CASCADE"))
    number: Mapped[int]  # 1, 2, 3 ... within the reply
    state: Mapped[str] = mapped_column(String(16))  # "failed", "stopped" or INTERRUPTED
    text: Mapped[str] = mapped_column(Text, default="")
    failure: Mapped[str | None] = mapped_column(String(200))
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class ToolCall(Base):
    """One use of a tool while a reply was made."""

    __tablename__ = "tool_call"

    id: Mapped[int] = mapped_column(primary_key=True)
    reply_id: Mapped[int] = mapped_column(ForeignKey("reply.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    tool: Mapped[str] = mapped_column(String(64))
    label: Mapped[str] = mapped_column(String(80))
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON)
    outcome: Mapped[str] = mapped_column(String(16))
    milliseconds: Mapped[float]


class CitedPassage(Base):
    """A passage a reply rests on, kept as it was when it was quoted."""

    __tablename__ = "cited_passage"
    __table_args__ = (UniqueConstraint("reply_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reply_id: Mapped[int] = mapped_column(ForeignKey("reply.id", ondelete="CASCADE"))
    number: Mapped[int]
    article_id: Mapped[str] = mapped_column(String(80))
    version: Mapped[int]
    title: Mapped[str] = mapped_column(String(160))
    section: Mapped[str] = mapped_column(String(160))
    passage: Mapped[str] = mapped_column(Text)
    effective_on: Mapped[str] = mapped_column(String(10))
    audience: Mapped[str | None] = mapped_column(String(16))  # "customer", "staff"; None: from before it was kept
