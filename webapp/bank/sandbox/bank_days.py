"""The working days on which the bank moves money: Monday to Friday but for public holidays, 24 and 31 December.

The generator of everyday life knows weekends only (`dates`); orders are counted by these.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from dateutil.easter import easter

from webapp.bank.sandbox.dates import ONE_DAY

_FIXED: Final = ((1, 1), (5, 1), (10, 3), (12, 24), (12, 25), (12, 26), (12, 31))
_AFTER_EASTER: Final = (-2, 1, 39, 50)  # Good Friday, Easter Monday, Ascension Day, Whit Monday


@lru_cache(maxsize=16)
def holidays(year: int) -> frozenset[date]:
    """The days of a year on which nothing is executed; TARGET's closing days are among them."""
    sunday = easter(year)
    moving = (sunday + timedelta(days=offset) for offset in _AFTER_EASTER)
    return frozenset({*(date(year, month, day) for month, day in _FIXED), *moving})


def is_bank_day(day: date) -> bool:
    """Whether the bank executes orders on this day."""
    return day.weekday() < 5 and day not in holidays(day.year)


def bank_day_from(day: date) -> date:
    """The day itself, or the next working day."""
    while not is_bank_day(day):
        day += ONE_DAY
    return day


def bank_day_until(day: date) -> date:
    """The day itself, or the last working day before it."""
    while not is_bank_day(day):
        day -= ONE_DAY
    return day


def bank_days_after(day: date, count: int) -> date:
    """The working day that many working days later."""
    for _ in range(count):
        day = bank_day_from(day + ONE_DAY)
    return day


def bank_days_before(day: date, count: int) -> date:
    """The working day that many working days earlier."""
    for _ in range(count):
        day = bank_day_until(day - ONE_DAY)
    return day
