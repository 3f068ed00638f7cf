"""The accounts of the language model: what was spent since a moment, by whom, and how its attempts ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from webapp.extensions import db
from webapp.models import ModelUse, Reply


@dataclass(frozen=True, slots=True)
class Since:
    """What happened since a moment."""

    attempts: int
    failures: int
    tokens: int
    cost_micros: int
    last_answer_at: datetime | None


def record(use: ModelUse) -> None:
    """Keep an attempt; if its reply was deleted meanwhile it is kept without."""
    if use.reply_id is not None and db.session.scalar(select(Reply.id).where(Reply.id == use.reply_id)) is None:
        use.reply_id = None
    db.session.add(use)


def spent(since: datetime, staff_id: int | None = None) -> int:
    """Millionths of a unit since then: of one person, or of all together."""
    asked = select(func.coalesce(func.sum(ModelUse.cost_micros), 0)).where(ModelUse.used_at >= since)
    if staff_id is not None:
        asked = asked.where(ModelUse.staff_id == staff_id)
    return int(db.session.scalar(asked) or 0)


def since(moment: datetime) -> Since:
    """Everything since then, in figures."""
    row = db.session.execute(
        select(
            func.count(),
            func.count(ModelUse.failure),
            func.coalesce(func.sum(ModelUse.tokens_in + ModelUse.tokens_out), 0),
            func.coalesce(func.sum(ModelUse.cost_micros), 0),
        ).where(ModelUse.used_at >= moment)
    ).one()
    last = db.session.scalar(select(func.max(ModelUse.used_at)).where(ModelUse.failure.is_(None)))
    return Since(int(row[0]), int(row[1]), int(row[2]), int(row[3]), last)
