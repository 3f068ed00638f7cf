"""Periods: "last week", "since 3 November", "between 1 and 15 October", "Q3", "the last 30 days" as two dates."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from dateutil.relativedelta import relativedelta

Prefer = Literal["past", "future"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NUMBERS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
_NUMBERS |= {"ten": 10, "twelve": 12, "fourteen": 14, "twenty": 20, "thirty": 30, "couple of": 2, "few": 3}

_NUMBER = r"(?:\d{1,3}|" + "|".join(_NUMBERS) + r")"
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:days?)?\b"
_YEAR = r"(?:20\d\d)"
_ORDINAL = r"\d{1,2}(?:st|nd|rd|th)?"
# Anything that is a time by itself. Named groups would clash when two are joined, so each is matched again later.
_ATOM = rf"""(?:
    \d{{4}}-\d{{2}}-\d{{2}}
  | \d{{1,2}}[./]\d{{1,2}}[./](?:\d{{4}}|\d{{2}})\b
  | \d{{1,2}}[./]\d{{1,2}}(?:\.|\b)(?![.,]?\d)
  | (?:the\s)?{_ORDINAL}\s(?:of\s)?{_MONTH}(?:,?\s{_YEAR})?
  | {_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s{_YEAR})?
  | {_MONTH}(?:,?\s{_YEAR})?
  | (?:the\s)?day\s(?:before\syesterday|after\stomorrow)
  | today|yesterday|tomorrow|this\smorning|tonight|now
  | {_NUMBER}\s(?:day|week|month|year)s?\sago
  | (?:the\s)?(?:start|beginning|end)\sof\s(?:(?:this|the|last|next)\s)?(?:week|month|year|quarter|{_MONTH})
  | (?:(?:the\s)?(?:last|past|previous|preceding|next|coming)\s){_NUMBER}\s(?:day|week|month|quarter|year)s?
  | (?:(?:this|the|last|past|previous|next|coming|current)\s)(?:weekend|week|month|quarter|year)\b
  | (?:(?:this|last|next|coming)\s)?{_DAY}
  | q[1-4](?:\s?/?\s?{_YEAR})?
  | {_YEAR}\b(?!\s?(?:eur|€))
  | the\s\d{{1,2}}(?:st|nd|rd|th)\b(?!\s(?:one|payment|transaction|card|account|transfer|entry|row|line|instal))
)"""
_FLAGS = re.IGNORECASE | re.VERBOSE
_FROM_TO = re.compile(
    rf"\b(?:from|between)?\s*({_ATOM}|\d{{1,2}}(?:st|nd|rd|th)?)\s?(?:to|until|till|and|-|\u2013|through)\s?({_ATOM})",
    _FLAGS,
)
_EDGE = re.compile(
    rf"\b(since|from|after|starting|until|till|up\sto|before|by|to|in|on|during|for|of|within|over|at)?\s*\b({_ATOM})",
    _FLAGS,
)
_BARE_YEAR = re.compile(rf"^{_YEAR}$")
_LIKE_MONEY = re.compile(r"^\d{1,2}\.\d{2}$")
_DATE_EDGES = ("since", "from", "on", "until", "till", "before", "after", "by", "starting")
_BARE_MAY = re.compile(r"^(?:may|mar|march|sun|sat|wed|now|fri|mon)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Period:
    """Inclusive days; None means open at that end."""

    since: date | None
    until: date | None


@dataclass(frozen=True, slots=True)
class _Span:
    first: date
    last: date


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS.get(word, 1)


def _month_number(word: str) -> int:
    return _MONTHS.index(word[:3].lower()) + 1


def _month_span(year: int, month: int) -> _Span:
    first = date(year, month, 1)
    return _Span(first, first + relativedelta(months=1, days=-1))


def _unit_span(unit: str, day: date) -> _Span:
    """The calendar week, month, quarter or year this day lies in."""
    if unit == "week":
        monday = day - timedelta(days=day.weekday())
        return _Span(monday, monday + timedelta(days=6))
    if unit == "weekend":
        saturday = day - timedelta(days=day.weekday()) + timedelta(days=5)
        return _Span(saturday, saturday + timedelta(days=1))
    if unit == "quarter":
        first = date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
        return _Span(first, first + relativedelta(months=3, days=-1))
    if unit == "year":
        return _Span(date(day.year, 1, 1), date(day.year, 12, 31))
    return _month_span(day.year, day.month)


_STEPS = {
    "day": relativedelta(days=1),
    "week": relativedelta(weeks=1),
    "weekend": relativedelta(weeks=1),
    "month": relativedelta(months=1),
    "quarter": relativedelta(months=3),
    "year": relativedelta(years=1),
}


class PeriodReader:
    """Reads periods as seen from one day."""

    def __init__(self, today: date, prefer: Prefer = "past") -> None:
        """`prefer` decides what "October" or "Friday" means when no year or week is named."""
        self._today = today
        self._prefer = prefer

    def find(self, text: str) -> tuple[Period | None, str]:
        """The period named in the text, and the text without it; (None, text) when there is none."""
        for pattern, read in ((_FROM_TO, self._between), (_EDGE, self._edge)):
            spans: list[tuple[re.Match[str], Period]] = []
            for match in pattern.finditer(text):
                period = read(match)
                if period is not None:
                    spans.append((match, period))
            if spans:
                rest = text
                for match, _ in reversed(spans):
                    rest = f"{rest[: match.start()]} \n {rest[match.end() :]}"
                return self._joined([period for _, period in spans]), rest
        return None, text

    @staticmethod
    def _joined(periods: list[Period]) -> Period:
        """ "since 1 May ... until 3 June" are two halves of one period; otherwise the first one counts."""
        first = periods[0]
        for other in periods[1:]:
            if first.until is None and other.since is None:
                return Period(first.since, other.until)
            if first.since is None and other.until is None:
                return Period(other.since, first.until)
        return first

    def _between(self, match: re.Match[str]) -> Period | None:
        left, right = match[1].strip(), match[2].strip()
        if _LIKE_MONEY.match(right) or (_BARE_YEAR.match(right) and not _BARE_YEAR.match(left)):
            return None
        end = self._span(right)
        if end is None:
            return None
        bare = re.fullmatch(r"(?:the\s)?(\d{1,2})(?:st|nd|rd|th)?", left, re.I)
        if bare:  # "3 to 10 November": the month stands only once
            try:
                start = _Span(end.first.replace(day=int(bare[1])), end.first)
            except ValueError:
                return None
        else:
            found = self._span(left)
            if found is None:
                return None
            start = found
            if start.first > end.last and not re.search(_YEAR, left):
                start = _Span(start.first - relativedelta(years=1), start.last)
        first, last = sorted((start.first, end.last))
        return Period(first, last)

    def _edge(self, match: re.Match[str]) -> Period | None:
        edge, words = (match[1] or "").lower().replace("  ", " "), match[2].strip()
        if not edge and (_BARE_MAY.match(words) or _BARE_YEAR.match(words)):
            return None
        if _LIKE_MONEY.match(words) and edge not in _DATE_EDGES:
            return None
        if words.lower() == "now" and edge not in ("until", "till", "up to"):
            return None
        span = self._span(words)
        if span is None:
            return None
        if edge in ("since", "from", "starting"):
            return Period(span.first, None)
        if edge == "after":
            return Period(span.last + timedelta(days=1), None)
        if edge in ("until", "till", "up to", "by", "to"):
            return Period(None, span.last)
        if edge == "before":
            return Period(None, span.first - timedelta(days=1))
        return Period(span.first, span.last)

    def _span(self, words: str) -> _Span | None:
        lowered = " ".join(words.lower().replace(",", " ").removeprefix("the ").split())
        for read in _READERS:
            try:
                span = read(self, lowered)
            except (ValueError, OverflowError):
                return None
            if span is not None:
                return span
        return None

    def _year_of(self, month: int, day: int | None = None) -> int:
        """The year meant when none is said: the nearest one in the preferred direction."""
        this = self._today.year
        if self._prefer == "future":
            passed = (month, day or 31) < (self._today.month, self._today.day)
            return this + 1 if passed else this
        return this - 1 if (month, day or 1) > (self._today.month, self._today.day) else this

    def _by_figures(self, words: str) -> _Span | None:
        if match := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", words):
            day = date(int(match[1]), int(match[2]), int(match[3]))
        elif match := re.fullmatch(r"(\d{1,2})[./](\d{1,2})[./](\d{2,4})", words):
            year = int(match[3])
            day = date(year + 2000 if year < 100 else year, int(match[2]), int(match[1]))
        elif match := re.fullmatch(r"(\d{1,2})[./](\d{1,2})\.?", words):
            day = date(self._year_of(int(match[2]), int(match[1])), int(match[2]), int(match[1]))
        else:
            return None
        return _Span(day, day)

    def _by_month(self, words: str) -> _Span | None:
        match = (
            re.fullmatch(rf"(?:(\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?)?({_MONTH})(?:\s({_YEAR}))?", words, re.I) or None
        )
        if match:
            day_word, month_word, year_word = match[1], match[2], match[3]
        else:
            match = re.fullmatch(rf"({_MONTH})\s(\d{{1,2}})(?:st|nd|rd|th)?(?:\s({_YEAR}))?", words, re.I)
            if not match:
                return None
            month_word, day_word, year_word = match[1], match[2], match[3]
        month = _month_number(month_word)
        number = int(day_word) if day_word else None
        year = int(year_word) if year_word else self._year_of(month, number)
        if number is None:
            return _month_span(year, month)
        day = date(year, month, number)
        return _Span(day, day)

    def _by_day(self, words: str) -> _Span | None:
        offsets = {"today": 0, "now": 0, "tonight": 0, "this morning": 0, "yesterday": -1, "tomorrow": 1}
        offsets |= {"day before yesterday": -2, "day after tomorrow": 2}
        if words in offsets:
            day = self._today + timedelta(days=offsets[words])
            return _Span(day, day)
        match = re.fullmatch(rf"(?:(this|last|next|coming)\s)?({_DAY})", words, re.I)
        if not match or words in ("mon", "sat", "sun", "wed", "fri"):
            return None
        wanted = _DAYS.index(match[2][:3])
        ahead = match[1] in ("next", "coming") or (match[1] != "last" and self._prefer == "future")
        if ahead:
            day = self._today + timedelta(days=(wanted - self._today.weekday()) % 7 or 7)
        else:
            back = (self._today.weekday() - wanted) % 7
            day = self._today - timedelta(days=7 if back == 0 and match[1] == "last" else back)
        return _Span(day, day)

    def _by_distance(self, words: str) -> _Span | None:
        if match := re.fullmatch(rf"({_NUMBER})\s(day|week|month|year)s?\sago", words):
            day = self._today - _number(match[1]) * _STEPS[match[2]]
            return _Span(day, day)
        match = re.fullmatch(
            rf"(last|past|previous|preceding|next|coming)\s({_NUMBER})\s(day|week|month|quarter|year)s?", words
        )
        if match is None:
            return None
        reach = _number(match[2]) * _STEPS[match[3]]
        if match[1] in ("next", "coming"):
            return _Span(self._today, self._today + reach)
        start = self._today - reach
        # "The last 30 days" include today; "the last 3 months" start on the same day of the month.
        return _Span(start + timedelta(days=1) if match[3] in ("day", "week") else start, self._today)

    def _by_unit(self, words: str) -> _Span | None:
        if match := re.fullmatch(r"q([1-4])(?:\s?/?\s?(20\d\d))?", words):
            month = 3 * int(match[1]) - 2
            year = int(match[2]) if match[2] else self._year_of(month)
            return _unit_span("quarter", date(year, month, 1))
        if re.fullmatch(_YEAR, words):
            return _unit_span("year", date(int(words), 1, 1))
        if match := re.fullmatch(
            rf"(start|beginning|end)\sof\s(?:(this|the|last|next)\s)?(week|month|year|quarter|{_MONTH})", words
        ):
            whole = self._by_unit(f"{match[2] or 'this'} {match[3]}") or self._by_month(match[3])
            if whole is None:
                return None
            return _Span(whole.last, whole.last) if match[1] == "end" else _Span(whole.first, whole.first)
        match = re.fullmatch(
            r"(?:(this|the|last|past|previous|next|coming|current)\s)(weekend|week|month|quarter|year)", words
        )
        if match is None:
            return None
        if match[1] == "past":
            return _Span(self._today - _STEPS[match[2]] + timedelta(days=1), self._today)
        day = self._today
        if match[1] in ("last", "previous"):
            day -= _STEPS[match[2]]
        elif match[1] in ("next", "coming"):
            day += _STEPS[match[2]]
        return _unit_span(match[2], day)

    def _by_day_of_month(self, words: str) -> _Span | None:
        match = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)", words)
        if match is None:
            return None
        day = self._today.replace(day=int(match[1]))
        if self._prefer == "past" and day > self._today:
            day -= relativedelta(months=1)
        elif self._prefer == "future" and day < self._today:
            day += relativedelta(months=1)
        return _Span(day, day)


_READERS: tuple[Callable[[PeriodReader, str], _Span | None], ...] = (
    PeriodReader._by_figures,
    PeriodReader._by_day,
    PeriodReader._by_month,
    PeriodReader._by_distance,
    PeriodReader._by_unit,
    PeriodReader._by_day_of_month,
)


def past_only(period: Period, today: date) -> Period:
    """The period cut at today, for questions about what has already happened."""
    return Period(period.since, min(period.until, today) if period.until else None)
