"""Times and amounts as the viewer reads them: their own zone, British English."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from flask import Flask, g

from webapp.http.settings import config
from webapp.models.base import now

LOCALE = "en_GB"


def known_zone(name: str | None) -> str | None:
    """The name if it is a time zone we know, else None."""
    if not name or len(name) > 64:
        return None
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None
    return name


def viewer_zone() -> str:
    """The time zone the viewer's browser told at sign-in, else the bank's."""
    sign_in = g.get("sign_in")
    return (sign_in.time_zone if sign_in else None) or config().default_time_zone


def local(moment: datetime) -> datetime:
    """The moment in the viewer's zone."""
    return moment.astimezone(ZoneInfo(viewer_zone()))


def clock(moment: datetime) -> str:
    """10:02"""
    return local(moment).strftime("%H:%M")


def day(moment: datetime | date) -> str:
    """Today, Yesterday, or Monday 16 November 2026"""
    there = local(moment).date() if isinstance(moment, datetime) else moment
    today = local(now()).date()
    if there == today:
        return "Today"
    if there == today - timedelta(days=1):
        return "Yesterday"
    return format_date(there, "EEEE d MMMM y", locale=LOCALE)


def ago(moment: datetime) -> str:
    """How long ago, shortly; never negative, even if a clock was set back."""
    passed = max(now() - moment, timedelta())
    if passed < timedelta(minutes=1):
        return "just now"
    if passed < timedelta(hours=1):
        return f"{passed.seconds // 60} min"
    today, there = local(now()).date(), local(moment).date()
    if there == today:
        return clock(moment)
    if there == today - timedelta(days=1):
        return "yesterday"
    return format_date(there, "d MMM" if there.year == today.year else "d MMM y", locale=LOCALE)


def moment_in_full(moment: datetime) -> str:
    """16 November 2026, 10:02 CET"""
    return format_datetime(local(moment), "d MMMM y, HH:mm z", locale=LOCALE)


def short_date(value: date | str) -> str:
    """16 Nov 2026; also for a date kept as text, 2026-11-16"""
    return format_date(date.fromisoformat(value) if isinstance(value, str) else value, "d MMM y", locale=LOCALE)


def money(amount: Decimal) -> str:
    """1,204.55"""
    return format_decimal(amount, "#,##0.00", locale=LOCALE)


def masked(iban: str) -> str:
    """An IBAN as country and last four"""
    return f"{iban[:2]}\u00b7\u00b7 \u00b7\u00b7\u00b7\u00b7 {iban[-4:]}"


def init_app(app: Flask) -> None:
    """Offer them to templates as filters."""
    app.jinja_env.filters.update(
        clock=clock, day=day, ago=ago, moment=moment_in_full, date=short_date, money=money, masked=masked,
        iso=lambda moment: moment.isoformat(timespec="seconds"),
    )  # fmt: skip
