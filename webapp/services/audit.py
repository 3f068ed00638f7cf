"""Write the audit trail, in the same transaction as the change it tells of."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from structlog.contextvars import get_contextvars

from webapp.extensions import db
from webapp.models import AuditEntry, StaffUser
from webapp.models.base import now

Detail = str | int | bool | None


def record(actor: StaffUser | None, action: str, object_id: str | int, **details: Detail) -> None:
    """Add an entry: who (None: the system itself) did what about what. No message text, no customer data in details."""
    db.session.add(
        AuditEntry(
            actor=actor.username if actor else "system",
            role=actor.role_name if actor else "system",
            action=action,
            object_id=str(object_id),
            request_id=str(get_contextvars().get("request_id", "")),
            details=details,
        )
    )


def has_noted(actor: StaffUser, action: str, object_id: str, within: timedelta) -> bool:
    """Whether the trail says that this person did this lately."""
    lately = select(AuditEntry.id).where(
        AuditEntry.object_id == object_id,
        AuditEntry.action == action,
        AuditEntry.actor == actor.username,
        AuditEntry.at > now() - within,
    )
    return db.session.scalar(lately.limit(1)) is not None
