"""The bank's calendar: months, working days, and which night's run a moment belongs to. All times here are local."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

BANK_ZONE: Final = ZoneInfo("Europe/Berlin")
ONE_DAY: Final = timedelta(days=1)
NIGHT_ENDS: Final = 6  # what happens before this hour belongs to the run of that very day


def add_months(day: date, months: int) -> date:
    """The same day so many months later (earlier if negative), or that month's last day."""
    ordinal = day.year * 12 + day.month - 1 + months
    return day_in_month(ordinal // 12, ordinal % 12 + 1, day.day)


def day_in_month(year: int, month: int, day: int) -> date:
    """That day of the month, or the month's last day when it is shorter."""
    return date(year, month, day if day <= 28 else min(day, calendar.monthrange(year, month)[1]))


def last_of_month(day: date) -> date:
    """The last day of the day's month."""
    return day_in_month(day.year, day.month, 31)


def days(first: date, last: date) -> Iterator[date]:
    """Every day from first to last, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def is_working_day(day: date) -> bool:
    """Monday to Friday."""
    return day.weekday() < 5


def working_day_from(day: date) -> date:
    """The day itself, or the next working day after a weekend."""
    while not is_working_day(day):
        day += ONE_DAY
    return day


def working_day_until(day: date) -> date:
    """The day itself, or the last working day before a weekend."""
    while not is_working_day(day):
        day -= ONE_DAY
    return day


def working_days_after(day: date, count: int) -> date:
    """The working day that many working days later."""
    for _ in range(count):
        day = working_day_from(day + ONE_DAY)
    return day


def at(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """A local time on a day. Keep to hours at which local and UTC dates agree and clocks do not change: 4 to 23."""
    return datetime.combine(day, time(hour, minute, second))


def run_of(moment: datetime) -> date:
    """The day whose nightly run takes a moment in: the same morning's, or tomorrow's for what happens by day."""
    return moment.date() if moment.hour < NIGHT_ENDS else moment.date() + ONE_DAY


def to_utc(moment: datetime) -> datetime:
    """A local time as aware UTC."""
    return moment.replace(tzinfo=BANK_ZONE).astimezone(UTC)
