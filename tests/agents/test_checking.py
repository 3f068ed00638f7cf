"""What a language model says is cleaned, and its figures and sources are compared with what was looked up."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from webapp.agents.models.chat_completions.checking import ABOUT_FIGURES, NO_SOURCE, UNVERIFIED, Evidence, checked
from webapp.agents.models.chat_completions.cleaning import cleaned, is_nonsense

MARKDOWN = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable("table")


def evidence(*texts: str) -> Evidence:
    made = Evidence()
    for text in texts:
        made.add(text)
        made.cite(text)
    return made


RECORDS = (
    "Everyday Current ..3310 holds 1,204.55 EUR; 1,654.55 EUR are available. Rate 9.75 %. Since 16 Nov 2026.",
    "> A replacement card costs 12.00 EUR.\n\nHandbook, **Cards**, version 2 [1].",
    "is card 4417 fine? paid 50 euros on the 3rd of March to TR-204118",
)


@pytest.mark.parametrize(
    "said",
    [
        "The balance is 1,204.55 EUR.",
        "The balance is €1204.55, rate 9.75%.",
        "1.204,55 EUR on account ending in 3310",
        "since 16 November 2026, or 2026-11-16, or 16.11.2026, or 16 Nov",
        "card ending 4417: 50.00 EUR on 3 March, TR-204118",
        "three cards, two of them active, at 9 o'clock",
    ],
)
def test_figures_that_were_looked_up_stay_as_they_are_however_they_are_spelled(said: str) -> None:
    assert checked(said, evidence(*RECORDS)).text == said


@pytest.mark.parametrize(
    "wrong", ["1,204.56 EUR", "€99", "12.5 %", "17 Nov 2026", "..4418", "3 April", "TR-204119", "2859.10"]
)
def test_a_figure_nobody_looked_up_is_marked(wrong: str) -> None:
    result = checked(f"It is {wrong} today.", evidence(*RECORDS))
    assert result.text == f"It is {wrong} {UNVERIFIED} today.\n\n{ABOUT_FIGURES}"
    assert result.unverified == 1
    assert result.confidence < 0.5


def test_what_was_marked_in_an_earlier_answer_is_no_evidence_in_the_next() -> None:
    said = checked("It is 77.00 EUR.", evidence())
    assert checked("It is 77.00 EUR.", evidence(said.text)).unverified == 1


def test_claims_of_the_handbook_need_a_citation_that_exists() -> None:
    known = evidence(*RECORDS)
    assert checked("The handbook wants a form [1].", known).without_source == 0
    assert checked("> A replacement card costs 12.00 EUR.", known, from_handbook=True).without_source == 0
    for claim in ("The handbook wants a form.", "The policy is two forms [7].", "Send it within 13 months."):
        assert checked(claim, known).text.startswith(f"{claim} {NO_SOURCE}"), claim
    assert checked("A card is replaced for nothing.", known, from_handbook=True).without_source == 1
    assert checked("The handbook does not say.", known, from_handbook=True).without_source == 0
    assert checked("Which card does the policy concern?", known).without_source == 0


LIVE = ["<script>alert(1)</script>", "<img src=x onerror=y>", "![a](https://evil.example/x.png)", "<https://evil.example>",
        "[free](javascript:alert(1))", "[free](https://evil.example/a_(b))", "[free][x]\n\n[x]: https://evil.example",
        "<a href='x' hx-get='/y'>z</a>", "[a](<b> 'c')", "![x][y]\n\n[y]: data:image/png;base64,AAAA"]  # fmt: skip


@pytest.mark.parametrize("text", LIVE)
def test_nothing_of_it_leads_anywhere_or_is_markup(text: str) -> None:
    html = MARKDOWN.render(cleaned(f"Before. {text} After."))
    assert "<a" not in html
    assert "<img" not in html
    assert "<script" not in html
    assert "evil.example" not in html
    assert "Before." in html


def test_hidden_signs_go_and_marks_tables_and_citations_stay() -> None:
    assert cleaned("a\x00b\u202ec\u200bd\ue000e\r\nf") == "abcde\nf"
    table = "| Card | Limit |\n| --- | ---: |\n| ..4417 | 2,500.00 |\n\n**Blocked** [1], [2]."
    assert cleaned(table) == table
    assert cleaned("# Title\nText") == "**Title**\nText"


@pytest.mark.parametrize("text", ["", " \n", "...", "\ufffd" * 50 + "a", "x" * 500, "again and again, " * 100])
def test_noise_is_no_answer(text: str) -> None:
    assert is_nonsense(text)


@pytest.mark.parametrize("text", ["Yes.", "Größe 5", "| a | b |\n| --- | --- |\n" + "| ..4417 | 2,500.00 |\n" * 6])
def test_short_answers_and_tables_are_answers(text: str) -> None:
    assert not is_nonsense(text)
