"""How values are written, and that nothing from a record can be more than text."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from webapp.agents.wording import count, day, is_and_why, listed, local_day, money, period, plain, table, when

TODAY = date(2026, 11, 18)
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")


def test_money_has_two_decimals_and_its_currency() -> None:
    assert money(Decimal("1204.5")) == "1,204.50 EUR"
    assert money(Decimal("-12.8"), "CHF") == "-12.80 CHF"


def test_days_and_times_are_those_of_the_reader() -> None:
    now = datetime(2026, 11, 18, 10, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    late = datetime(2026, 11, 16, 23, 30, tzinfo=UTC)
    assert day(date(2026, 9, 6)) == "6 Sep 2026"
    assert when(late, now) == "17 Nov 2026, 00:30"
    assert local_day(late, now) == date(2026, 11, 17)


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        (None, None, ""),
        (date(2026, 11, 1), None, "since 1 Nov 2026"),
        (None, date(2026, 11, 1), "until 1 Nov 2026"),
        (TODAY, TODAY, "on 18 Nov 2026"),
        (date(2026, 10, 1), date(2026, 10, 31), "in October 2026"),
        (date(2025, 1, 1), date(2025, 12, 31), "in 2025"),
        (date(2026, 11, 1), TODAY, "since 1 Nov 2026"),
        (date(2026, 10, 3), date(2026, 10, 9), "from 3 Oct 2026 to 9 Oct 2026"),
    ],
)
def test_a_period_is_said_as_people_say_it(since: date | None, until: date | None, words: str) -> None:
    assert period(since, until, TODAY) == words


def test_lists_and_counts_read_well() -> None:
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a", "b"], "or") == "a or b"
    assert listed([]) == ""
    assert (count(1, "payment"), count(1_300, "payment")) == ("1 payment", "1,300 payments")


@pytest.mark.parametrize(
    ("state", "reason", "words"),
    [
        ("active", None, "active"),
        ("blocked", "Blocked after three wrong PINs.", "blocked after three wrong PINs"),
        ("blocked", "reported stolen", "blocked: reported stolen"),
    ],
)
def test_a_reason_is_said_once(state: str, reason: str | None, words: str) -> None:
    assert is_and_why(state, reason) == words


def test_amounts_stand_to_the_right() -> None:
    assert table(("Date", "Amount (EUR)"), [("1 Nov 2026", "12.80")], right=(1,)).splitlines() == [
        "| Date | Amount (EUR) |",
        "| --- | ---: |",
        "| 1 Nov 2026 | 12.80 |",
    ]


@given(st.text(max_size=60))
def test_a_value_stays_one_cell_of_plain_text(value: str) -> None:
    rendered = MARKDOWN.render(table(("A", "B"), [(plain(value), "x")]))
    assert rendered.count("<td") == 2
    body = rendered.split("<tbody>")[1]
    for tag in ("<a", "<img", "<em", "<strong", "<code", "<script", "<s>"):
        assert tag not in body


@pytest.mark.parametrize(
    "value",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](https://evil.example/a.png)",
        "| a | b |",
        "`code` *b* _i_",
        "a\n\n# b",
        "&lt;b&gt;",
    ],
)
def test_markup_in_a_value_is_shown_as_it_was_written(value: str) -> None:
    shown = MARKDOWN.render(plain(value)).removeprefix("<p>").removesuffix("</p>\n")
    plain_text = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
    assert plain_text == " ".join(value.split())


def test_invisible_and_turning_characters_are_gone() -> None:
    assert plain("Max\u202e Weber\u200b\x00") == "Max Weber"


def test_a_day_far_away_is_still_written() -> None:
    assert day(TODAY + timedelta(days=36_500)) == "25 Oct 2126"
