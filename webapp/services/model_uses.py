"""The accounts of the language model: what was spent today and by whom, and whether its last attempts ended well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from webapp.extensions import db
from webapp.models import ModelUse, Reply, StaffUser
from webapp.models.base import now
from webapp.models.model_use import MILLION
from webapp.services.doctor import Figure, Finding, Level

LATELY = timedelta(minutes=10)
IN_A_ROW = 5  # failed attempts of the last minutes that somebody should know of
OUR_OWN = ("busy", "budget", "budget_of_person", "stopped")  # say nothing about the endpoint


def record(use: ModelUse) -> None:
    """Keep an attempt; if its reply was deleted meanwhile it is kept without."""
    if use.reply_id is not None and db.session.scalar(select(Reply.id).where(Reply.id == use.reply_id)) is None:
        use.reply_id = None
    db.session.add(use)


def today_began(time_zone: str) -> datetime:
    """When this day began where the bank is; budgets are for a day."""
    zone = ZoneInfo(time_zone)
    return datetime.combine(datetime.now(zone).date(), time(), zone).astimezone(UTC)


def spent(since: datetime, staff_id: int | None = None) -> int:
    """Millionths of a unit since then: of one person, or of all together."""
    asked = select(func.coalesce(func.sum(ModelUse.cost_micros), 0)).where(ModelUse.used_at >= since)
    if staff_id is not None:
        asked = asked.where(ModelUse.staff_id == staff_id)
    return int(db.session.scalar(asked) or 0)


@dataclass(frozen=True, slots=True)
class Spending:
    """What a person's questions took. `username` is "" for nobody's: conversations asked again."""

    username: str
    questions: int
    fallbacks: int  # answered by the built-in rules instead
    tokens_in: int
    tokens_out: int
    cost: float  # units of the currency


def by_person(since: datetime) -> list[Spending]:
    """What was spent since then, most first."""
    rows = db.session.execute(
        select(
            StaffUser.username,
            func.count(),
            func.count(ModelUse.failure),
            func.sum(ModelUse.tokens_in),
            func.sum(ModelUse.tokens_out),
            func.sum(ModelUse.cost_micros).label("cost"),
        )
        .select_from(ModelUse)
        .outerjoin(StaffUser, StaffUser.id == ModelUse.staff_id)
        .where(ModelUse.used_at >= since)
        .group_by(StaffUser.username)
        .order_by(func.sum(ModelUse.cost_micros).desc(), func.count().desc())
    )
    return [
        Spending(name or "", int(count), int(failed), int(tokens_in), int(tokens_out), round(int(cost) / MILLION, 4))
        for name, count, failed, tokens_in, tokens_out, cost in rows
    ]


def standing(model: str, breaker: str, time_zone: str, currency: str) -> Finding:
    """How the language model does: by this process's breaker, and by what all processes stored today."""
    began = today_began(time_zone)
    count, failures, tokens, cost = db.session.execute(
        select(
            func.count(),
            func.count(ModelUse.failure),
            func.coalesce(func.sum(ModelUse.tokens_in + ModelUse.tokens_out), 0),
            func.coalesce(func.sum(ModelUse.cost_micros), 0),
        ).where(ModelUse.used_at >= began)
    ).one()
    last = db.session.scalars(
        select(ModelUse.failure)
        .where(ModelUse.used_at >= now() - LATELY, func.coalesce(ModelUse.failure, "").not_in(OUR_OWN))
        .order_by(ModelUse.id.desc())
        .limit(IN_A_ROW)
    ).all()
    failing = len(last) == IN_A_ROW and all(last)
    level: Level = "degraded" if failing or breaker != "closed" else "ok"
    figures: dict[str, Figure] = {
        "model": model,
        "breaker": breaker,
        "questions_today": int(count),
        "failures_today": int(failures),
        "tokens_today": int(tokens),
        "cost_today": round(int(cost) / MILLION, 4),
    }
    why = f"; its last {IN_A_ROW} attempts failed ({last[0]})" if failing else ""
    sentence = (
        f"{model} is asked first, breaker {breaker}{why}; today {count} questions, {failures} of them answered by the "
        f"built-in rules, {tokens} tokens, {int(cost) / MILLION:.4f} {currency}"
    )
    return Finding("language_model", level, sentence, figures)
