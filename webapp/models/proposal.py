"""What the assistant proposes to do in the bank, how far it has come, and how well the caller was checked."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, IdString, UtcDateTime, new_id, now


class ProposalState(StrEnum):
    """How far a proposal has come. `sent`: it is being carried out; `unknown`: sent, and no answer came."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    SENT = "sent"
    DONE = "done"
    FAILED = "failed"
    DECLINED = "declined"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


UNDER_WAY = (ProposalState.CONFIRMED, ProposalState.SENT)
UNSETTLED = (ProposalState.PROPOSED, *UNDER_WAY, ProposalState.UNKNOWN)


class Level(IntEnum):
    """How well the caller was checked; a higher one includes the lower ones."""

    NONE = 0
    BASIC = 1
    FULL = 2

    @property
    def word(self) -> str:
        """As staff say it."""
        return self.name.lower()


class Proposal(Base):
    """One order to the bank, waiting for a person. Its key is the bank's idempotency key, its digest binds it all.

    The arguments hold what the bank needs, a full IBAN too. What is shown (`shown`) never changes after it was stored.
    """

    __tablename__ = "proposal"
    __table_args__ = (
        UniqueConstraint("reply_id", "position"),
        Index(None, "chat_id", "state"),
        Index(None, "state", "sent_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(IdString, unique=True, default=lambda: new_id("prop"))
    chat_id: Mapped[str] = mapped_column(ForeignKey("chat_session.id", ondelete="CASCADE"))
    reply_id: Mapped[int] = mapped_column(ForeignKey("reply.id", ondelete="CASCADE"))
    position: Mapped[int]  # 1, 2 ... within the reply
    waits_for_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id", ondelete="SET NULL"))  # done before this
    customer_number: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(32))
    arguments: Mapped[dict[str, Any]] = mapped_column(JSON)
    shown: Mapped[dict[str, Any]] = mapped_column(JSON)  # title, act, changes, fee, notes, clause
    digest: Mapped[str] = mapped_column(String(64))
    amount_cents: Mapped[int] = mapped_column(BigInteger)  # the money at stake, for limits of who may confirm
    currency: Mapped[str] = mapped_column(String(3))
    needs_level: Mapped[int]
    proposer_id: Mapped[int | None] = mapped_column(ForeignKey("staff_user.id"))  # whose question it answers
    state: Mapped[str] = mapped_column(String(16), default=ProposalState.PROPOSED)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff_user.id"))
    decided_by_name: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_by: Mapped[str | None] = mapped_column(String(120))  # which process sends it
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    receipt_number: Mapped[str | None] = mapped_column(String(40))
    outcome_text: Mapped[str | None] = mapped_column(String(400))  # the receipt's sentence, or why it failed

    @property
    def is_open(self) -> bool:
        """Whether somebody may still confirm or decline it."""
        return self.state == ProposalState.PROPOSED and self.expires_at > now()

    @property
    def has_run_out(self) -> bool:
        """Whether its time is over and nobody has written so yet."""
        return self.state == ProposalState.PROPOSED and not self.is_open

    @property
    def shown_state(self) -> str:
        """The state as it is at this moment."""
        return ProposalState.EXPIRED if self.has_run_out else self.state


class CallerCheck(Base):
    """How well the caller of a session was checked, by whom, about which customer. It runs out."""

    __tablename__ = "caller_check"

    chat_id: Mapped[str] = mapped_column(ForeignKey("chat_session.id", ondelete="CASCADE"), primary_key=True)
    customer_number: Mapped[str] = mapped_column(String(32))
    level: Mapped[int]
    checked_by_name: Mapped[str] = mapped_column(String(80))
    checked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
