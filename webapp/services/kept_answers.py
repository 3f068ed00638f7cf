"""Answers kept for repeats: one `Idempotency-Key` of one person stands for one request, however often it arrives.

The row is written in the transaction of what it stands for. Whoever comes second waits for the first (PostgreSQL at
the unique key, SQLite before its one writer) and then finds what the first one did, or, if that failed, nothing.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from webapp.extensions import db
from webapp.models import KeptAnswer, StaffUser
from webapp.models.base import now
from webapp.services.errors import TextDiffers

KEPT_FOR = timedelta(hours=24)


def request_id_for(key: str) -> str:
    """The request id a key stands for, of the same shape as those that forms carry."""
    return "key-" + hashlib.sha256(key.encode()).hexdigest()[:60]


def claim(staff: StaffUser, key: str, asked_hash: str) -> tuple[KeptAnswer, bool]:
    """The row of a key, and whether this request is the first to use it.

    Raises `TextDiffers` if the key stands for something else. A key is forgotten after `KEPT_FOR`.
    """
    db.session.execute(
        delete(KeptAnswer).where(KeptAnswer.staff_id == staff.id, KeptAnswer.created_at < now() - KEPT_FOR)
    )
    dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    key_hash = hashlib.sha256(key.encode()).hexdigest()
    first = db.session.scalar(
        dialect.insert(KeptAnswer)
        .values(staff_id=staff.id, key_hash=key_hash, asked_hash=asked_hash, created_at=now())
        .on_conflict_do_nothing(index_elements=["staff_id", "key_hash"])
        .returning(KeptAnswer.id)
    )
    row = db.session.scalars(
        select(KeptAnswer)
        .where(KeptAnswer.staff_id == staff.id, KeptAnswer.key_hash == key_hash)
        .execution_options(populate_existing=True)
    ).one()
    if row.asked_hash != asked_hash:
        raise TextDiffers("This Idempotency-Key was used for a different request.", "Use a new key for a new request.")
    return row, first is not None


def keep(row: KeptAnswer, chat_id: str | None, status: int | None = None, answer: str | None = None) -> None:
    """Remember what the first request led to."""
    row.chat_id, row.status, row.answer = chat_id, status, answer
