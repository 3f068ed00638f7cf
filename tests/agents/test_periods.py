"""Periods in words, as seen from Wednesday, 18 November 2026."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.agents.models.rules.periods import Period, PeriodReader, Prefer

TODAY = date(2026, 11, 18)


def read(text: str, prefer: Prefer = "past") -> tuple[str, str]:
    period, _ = PeriodReader(TODAY, prefer).find(text)
    if period is None:
        return "none", "none"
    return (period.since.isoformat() if period.since else "", period.until.isoformat() if period.until else "")


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("today", "2026-11-18", "2026-11-18"),
        ("yesterday", "2026-11-17", "2026-11-17"),
        ("the day before yesterday", "2026-11-16", "2026-11-16"),
        ("this week", "2026-11-16", "2026-11-22"),
        ("last week", "2026-11-09", "2026-11-15"),
        ("past week", "2026-11-12", "2026-11-18"),
        ("last weekend", "2026-11-14", "2026-11-15"),
        ("this month", "2026-11-01", "2026-11-30"),
        ("last month", "2026-10-01", "2026-10-31"),
        ("payments in October", "2026-10-01", "2026-10-31"),
        ("in December", "2025-12-01", "2025-12-31"),
        ("in March 2025", "2025-03-01", "2025-03-31"),
        ("in may", "2026-05-01", "2026-05-31"),
        ("since 3 November", "2026-11-03", ""),
        ("since the 3rd", "2026-11-03", ""),
        ("from the 20th", "2026-10-20", ""),
        ("after 5 October", "2026-10-06", ""),
        ("before 5 October", "", "2026-10-04"),
        ("until yesterday", "", "2026-11-17"),
        ("since Monday", "2026-11-16", ""),
        ("on Monday", "2026-11-16", "2026-11-16"),
        ("last Friday", "2026-11-13", "2026-11-13"),
        ("on 2026-11-03", "2026-11-03", "2026-11-03"),
        ("on 3.11.2026", "2026-11-03", "2026-11-03"),
        ("on 03/11/26", "2026-11-03", "2026-11-03"),
        ("since 1.11.", "2026-11-01", ""),
        ("on November 3rd", "2026-11-03", "2026-11-03"),
        ("between 1 and 15 October", "2026-10-01", "2026-10-15"),
        ("from 28 October to 3 November", "2026-10-28", "2026-11-03"),
        ("from 3 to 10 Nov", "2026-11-03", "2026-11-10"),
        ("from 20 December to 5 January", "2025-12-20", "2026-01-05"),
        ("since 1 May until 3 June", "2026-05-01", "2026-06-03"),
        ("the last 30 days", "2026-10-20", "2026-11-18"),
        ("in the last two weeks", "2026-11-05", "2026-11-18"),
        ("last 3 months", "2026-08-18", "2026-11-18"),
        ("two weeks ago", "2026-11-04", "2026-11-04"),
        ("Q3", "2026-07-01", "2026-09-30"),
        ("in Q4 2025", "2025-10-01", "2025-12-31"),
        ("in 2025", "2025-01-01", "2025-12-31"),
        ("this year", "2026-01-01", "2026-12-31"),
        ("since the beginning of the year", "2026-01-01", ""),
        ("end of October", "2026-10-31", "2026-10-31"),
    ],
)
def test_a_period_in_words_is_two_days(text: str, since: str, until: str) -> None:
    assert read(text) == (since, until)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("tomorrow", "2026-11-19", "2026-11-19"),
        ("next week", "2026-11-23", "2026-11-29"),
        ("in the next 14 days", "2026-11-18", "2026-12-02"),
        ("until Friday", "", "2026-11-20"),
        ("on Wednesday", "2026-11-25", "2026-11-25"),
        ("in January", "2027-01-01", "2027-01-31"),
        ("until the end of the month", "", "2026-11-30"),
    ],
)
def test_what_is_due_lies_ahead(text: str, since: str, until: str) -> None:
    assert read(text, "future") == (since, until)


@pytest.mark.parametrize(
    "text",
    [
        "may I see the balance",
        "over 12.80",
        "3,50 EUR",
        "the second one",
        "transfer to Max",
        "between 12.10 and 15.10",
        "card 2025",
        "31 February",
        "99.99.2026",
        "",
    ],
)
def test_what_is_no_period_is_left_alone(text: str) -> None:
    assert read(text) == ("none", "none")


def test_the_period_is_taken_out_of_the_text() -> None:
    period, rest = PeriodReader(TODAY).find("payments over 50 since 1 November at Rewe")
    assert period == Period(date(2026, 11, 1), None)
    assert rest.split() == ["payments", "over", "50", "at", "Rewe"]


@given(st.text(max_size=80))
def test_any_text_is_survived(text: str) -> None:
    period, _ = PeriodReader(TODAY).find(text)
    assert period is None or period.since is None or period.until is None or period.since <= period.until
