"""What a language model was asked for a reply, what it took, and what came of it. Kept when the session is deleted."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, UtcDateTime, now

MILLION = 1_000_000


class ModelUse(Base):
    """One attempt to answer one question with a language model. It holds no word of anybody's."""

    __tablename__ = "model_use"
    __table_args__ = (Index(None, "used_at"), Index(None, "staff_id", "used_at"), Index(None, "reply_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    reply_id: Mapped[int | None] = mapped_column(ForeignKey("reply.id", ondelete="SET NULL"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff_user.id"))  # whose question it was
    used_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    model: Mapped[str] = mapped_column(String(80))
    prompt_version: Mapped[str] = mapped_column(String(40))
    tools: Mapped[list[str]] = mapped_column(JSON)  # every function that was offered
    requests: Mapped[int]
    tokens_in: Mapped[int]
    tokens_out: Mapped[int]
    estimated: Mapped[bool]  # the endpoint did not count every request's tokens
    cost_micros: Mapped[int] = mapped_column(BigInteger)  # millionths of a unit of the currency of the prices
    milliseconds: Mapped[float]
    failure: Mapped[str | None] = mapped_column(String(24))  # None: it answered

    @property
    def outcome(self) -> str:
        """How it ended, in a word or two."""
        return self.failure.replace("_", " ") if self.failure else "answered"

    @property
    def tools_to_show(self) -> list[str]:
        """The tools that were offered, in words; hand-overs are offered to everybody."""
        return [name.replace("_", " ") for name in self.tools if not name.startswith(("hand_over_", "take_back_"))]

    @property
    def cost(self) -> Decimal:
        """In units of the currency."""
        return Decimal(self.cost_micros) / MILLION
