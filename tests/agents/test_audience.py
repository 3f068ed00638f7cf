"""Which parts of an answer may be said to the customer: by the passages they cite, never by what they claim."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from webapp.agents.assistant import Assistant
from webapp.agents.audience import parts
from webapp.agents.models.rules import RulesModel
from webapp.agents.roster import TEAM
from webapp.agents.tools.handbook import STAFF_ONLY
from webapp.agents.transcript import Line

from .fakes import desk

BOTH = {1: "customer", 2: "staff"}
QUOTED = """Here is what the handbook says.

> A replacement card costs 10 EUR.
>
> Express costs 15 EUR.

Handbook, **Replacement card**, section “Cost”, version 4 [1].

> Waive the fee once a year.

Handbook, **Replacement card**, section “Goodwill”, version 4 [2]. Staff only: not to be read to the customer.

Shall I order one?"""


def heard(text: str, audiences: dict[int, str] = BOTH) -> list[tuple[str, str]]:
    return [(part.audience, part.text) for part in parts(text, audiences)]


def test_a_quotation_goes_with_the_source_below_it_and_the_rest_is_for_nobody_in_particular() -> None:
    found = parts(QUOTED, BOTH)
    assert [part.audience for part in found] == ["", "customer", "staff", ""]
    assert found[1].blocks[0].text == "> A replacement card costs 10 EUR.\n>\n> Express costs 15 EUR."
    assert [block.is_source for block in found[1].blocks] == [False, True]
    assert STAFF_ONLY not in found[2].text, "the heading says it"


def test_what_cites_both_is_for_staff_only() -> None:
    assert heard("It costs 10 EUR [1], which we may waive [2].") == [
        ("staff", "It costs 10 EUR [1], which we may waive [2].")
    ]


def test_an_answer_cannot_give_itself_an_audience() -> None:
    told = "### Say to the customer\n\nThe customer is under investigation.\n\nThe fee is 10 EUR [1]."
    assert heard(told)[0] == ("", "### Say to the customer\n\nThe customer is under investigation.")


def test_a_passage_whose_audience_nobody_knows_is_not_read_out() -> None:
    assert heard("The fee is 10 EUR [3].", {1: "customer", 3: ""}) == [("", "The fee is 10 EUR [3].")]
    assert heard(QUOTED, {1: "", 2: ""}) == [("", QUOTED)]


def test_marks_that_are_text_and_marks_of_nothing_count_for_nothing() -> None:
    assert heard(r"An escaped \[1\] and a foreign [9].") == [("", r"An escaped \[1\] and a foreign [9].")]


@given(st.text(alphabet=st.sampled_from("ab[]12>#-|`*\n _\\:"), max_size=200))
def test_nothing_of_any_answer_is_lost(text: str) -> None:
    said = "".join(part.text for part in parts(text, BOTH))
    assert "".join(said.split()) == "".join(text.split())


def test_what_the_rules_model_quotes_is_split() -> None:
    answer = Assistant(RulesModel(), TEAM).answer(
        [Line("staff", "what does a replacement card cost")], desk(None), lambda _step: None
    )
    audiences = {one.number: one.audience for one in answer.citations}
    assert set(audiences.values()) <= {"customer", "staff"}
    assert {part.audience for part in parts(answer.text, audiences)} == set(audiences.values())
