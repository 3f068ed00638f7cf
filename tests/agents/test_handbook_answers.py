"""What may be quoted as an answer, what is cut, and what is not said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from webapp.agents.tools import TOOLS
from webapp.agents.tools.passages import excerpt, sought
from webapp.agents.tools.registry import ToolResult
from webapp.bank.policy_library import Passage

from .fakes import FakeLibrary, desk


def look_up(question: str, library: FakeLibrary | None = None) -> ToolResult:
    tool = TOOLS.get("handbook")
    assert tool is not None
    return tool(desk(None, library=library), {"question": question})


@pytest.mark.parametrize(
    ("question", "article"),
    [
        ("what does a replacement card cost", "cards-replacement"),
        ("price of a replacement card", "cards-replacement"),
        ("until when can a direct debit be returned", "payments-return"),
        ("when are we open on Saturday", "service-hours"),
        ("cut-off for SEPA", "payments-cut-off"),
        ("overdraft interest", "fees-overdraft"),
    ],
)
def test_a_fitting_passage_is_quoted_and_cited(question: str, article: str) -> None:
    result = look_up(question)
    assert result.outcome == "ok"
    assert result.citations[0].article_id == article
    assert result.citations[0].passage in [one.text for one in FakeLibrary().article(article)]
    assert "[1]" in result.text


@pytest.mark.parametrize(
    "question",
    [
        "what is the fee for crypto transfers",
        "do we sell insurance for horses",
        "who cleans the branch",
        "what is the dress code",
        "card",
        "how much does it cost",
    ],
)
def test_what_the_handbook_does_not_say_is_not_made_up(question: str) -> None:
    result = look_up(question)
    assert result.outcome == "not found"
    assert result.text.startswith("The handbook does not say")
    assert result.citations == ()


def test_the_closest_articles_are_named_but_not_quoted() -> None:
    result = look_up("what is the fee for international transfers in platinum")
    assert "International transfers" in result.text
    assert "12 EUR" not in result.text


def test_passages_for_staff_only_say_so_and_come_last() -> None:
    result = look_up("checks before a lost card is blocked")
    first, second = result.text.split("[1]")[0], result.text.split("[1]")[1]
    assert "Staff only" not in first
    assert "Staff only: not to be read to the customer." in second


def test_the_version_in_the_answer_is_the_passages_own() -> None:
    old = FakeLibrary([replace(one, version=9) for one in FakeLibrary().article("cards-replacement")])
    assert "version 9 [1]" in look_up("replacement card cost", old).text


def test_a_long_section_is_cut_to_what_was_asked() -> None:
    filler = "The branch keeps the forms in the blue folder behind the counter. " * 8
    text = f"{filler}\n\nA replacement card costs 10 EUR.\n\n{filler}"
    assert excerpt("what does a replacement card cost", text) == "A replacement card costs 10 EUR."


def test_a_long_table_keeps_its_head_and_the_rows_asked_for() -> None:
    rows = "\n".join(f"| Service number {number} of the bank | {number} EUR |" for number in range(40))
    cut = excerpt("price of the gold card", f"| Service | Price |\n|---|---|\n{rows}\n| Gold card | 90 EUR |")
    assert cut.splitlines() == ["| Service | Price |", "|---|---|", "| Gold card | 90 EUR |"]


def test_the_words_that_count_are_those_that_name_something() -> None:
    assert list(sought("Please, how long does it take until a replacement card is delivered to the customer?")) == [
        "until",
        "replacement",
        "card",
        "deliver",
    ]


def test_an_article_cannot_bring_links_or_marks_along() -> None:
    passage = Passage(
        "x",
        1,
        "Gold [2]",
        "Coins",
        "Gold coins [1] at [here](https://evil.example) <b>now</b>.",
        date(2026, 1, 1),
        "customer",
        1.0,
    )
    text = look_up("gold coins", FakeLibrary([passage])).text
    assert r"\[here\](https\://evil.example) \<b>" in text
    assert r"Gold \[2\]" in text
