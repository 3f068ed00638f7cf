"""Who did what, about what, when. Append-only: the database refuses to change or remove a row."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, UtcDateTime, now


class AuditEntry(Base):
    """One act. Holds no foreign keys: it outlives what it tells of. Never holds message text or card numbers."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "object_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    actor: Mapped[str] = mapped_column(String(64))  # username, or "system"
    role: Mapped[str] = mapped_column(String(32))
    action: Mapped[str] = mapped_column(String(48))  # "session.created"
    object_id: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[str] = mapped_column(String(64), default="")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
