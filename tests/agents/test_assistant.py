"""The loop, whatever the model decides: hand-overs, tools that exist and that do not, limits, banks that are silent."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from webapp.agents.assistant import BANK_SILENT, GAVE_UP, LONGEST_ANSWER, MOST_CALLS, Assistant
from webapp.agents.models.language_model import Decision, HandOver, Say, ToolCall, Turn, UseTools
from webapp.agents.models.rules import RulesModel
from webapp.agents.roster import TEAM, Agent, Roster
from webapp.agents.transcript import Answer, Line, Step

from .fakes import FakeBank, SilentBank, desk

ASK = (Line("staff", "what's the balance?"),)


class ScriptedModel:
    """Decides what a test tells it to, one decision after the other."""

    name = "scripted"

    def __init__(self, *decisions: Decision | Callable[[Turn], Decision]) -> None:
        self._decisions = list(decisions)
        self.turns: list[Turn] = []

    def decide(self, turn: Turn) -> Decision:
        self.turns.append(turn)
        decision = self._decisions.pop(0) if len(self._decisions) > 1 else self._decisions[0]
        return decision if isinstance(decision, Say | UseTools | HandOver) else decision(turn)


def ask(
    model: ScriptedModel | RulesModel,
    lines: Sequence[Line] = ASK,
    bank: FakeBank | None = None,
    customer: str | None = "10-2041",
) -> tuple[Answer, list[Step]]:
    steps: list[Step] = []
    return Assistant(model, TEAM).answer(lines, desk(customer, bank), steps.append), steps


def use(tool: str, **arguments: object) -> UseTools:
    return UseTools((ToolCall(tool, arguments),))  # type: ignore[arg-type]


DONE = Say("Done.", "balance", 0.9)


def test_a_handover_a_call_and_an_answer_are_told_step_by_step() -> None:
    model = ScriptedModel(HandOver("cards", "the question names a card"), use("card_status", last_four="4417"), DONE)
    answer, steps = ask(model)
    assert [step.text for step in steps] == [
        "Reading the question",
        "Handed over to Cards: the question names a card",
        "Looking at the card",
    ]
    assert (answer.agent, answer.reason, answer.model) == ("cards", "the question names a card", "scripted")
    [record] = answer.calls
    assert (record.tool, record.label, record.outcome, dict(record.arguments)) == (
        "card_status",
        "card status",
        "ok",
        {"last_four": "4417"},
    )
    assert record.milliseconds >= 0
    assert "..4417 is active" in model.turns[-1].observations[0].text


def test_a_tool_nobody_made_is_answered_no_such_tool() -> None:
    model = ScriptedModel(HandOver("cards", "x"), use("block_card", last_four="4417"), DONE)
    answer, _ = ask(model)
    assert model.turns[-1].observations[0].text == "no such tool"
    assert answer.calls[0].outcome == "refused"


def test_a_tool_of_another_agent_does_not_exist_for_this_one() -> None:
    model = ScriptedModel(HandOver("cards", "x"), use("loans"), DONE)
    ask(model)
    assert model.turns[-1].observations[0].text == "no such tool"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"last_four": ["4417"]}, "last_four has to be a text."),
        ({"desk": "another"}, "There is no argument called desk."),
        ({"customer": "10-2042"}, "There is no argument called customer."),
        ({"last_four": "4" * 500}, "last_four is too long: 400 characters at most."),
    ],
)
def test_arguments_that_do_not_fit_are_refused_in_words(arguments: dict[str, object], sentence: str) -> None:
    bank = FakeBank()
    model = ScriptedModel(HandOver("cards", "x"), use("card_status", **arguments), DONE)
    answer, _ = ask(model, bank=bank)
    assert model.turns[-1].observations[0].text == sentence
    assert answer.calls[0].outcome == "refused"
    assert bank.calls == 0


def test_a_model_that_never_stops_is_stopped() -> None:
    model = ScriptedModel(HandOver("cards", "x"), use("card_status", last_four="4417"))
    answer, _ = ask(model)
    assert len(answer.calls) == MOST_CALLS
    assert answer.text.endswith(GAVE_UP)
    assert answer.needs_person
    assert model.turns[-1].tools == ()


def test_many_calls_at_once_stop_at_the_limit_too() -> None:
    many = UseTools(tuple(ToolCall("card_status", {"last_four": "4417"}) for _ in range(50)))
    model = ScriptedModel(HandOver("cards", "x"), many, DONE)
    answer, _ = ask(model)
    assert len(answer.calls) == MOST_CALLS
    assert len(model.turns[-1].observations) == 50
    assert model.turns[-1].observations[-1].text == "No more look-ups: 8 are allowed for one question."


def test_agents_handing_to_each_other_for_ever_come_to_an_end() -> None:
    def other(turn: Turn) -> Decision:
        return HandOver("loans" if turn.agent.key == "cards" else "cards", "not mine")

    answer, _ = ask(ScriptedModel(other))
    assert answer.text == GAVE_UP


def test_a_handover_to_nobody_is_refused() -> None:
    model = ScriptedModel(HandOver("chief executive", "x"), DONE)
    answer, _ = ask(model)
    assert model.turns[-1].observations[0].outcome == "refused"
    assert answer.agent == "orchestrator"
    assert answer.calls == ()


def test_an_empty_answer_is_never_given() -> None:
    answer, _ = ask(ScriptedModel(Say("  ", "balance", 3.0)))
    assert answer.text == GAVE_UP
    assert answer.confidence == 1.0


def test_an_endless_answer_is_cut() -> None:
    answer, _ = ask(ScriptedModel(Say("x" * 100_000, "balance", 0.5)))
    assert len(answer.text) == LONGEST_ANSWER


def test_at_most_three_suggestions_are_given() -> None:
    answer, _ = ask(ScriptedModel(Say("x", "balance", 0.5, suggestions=("a", "b", "c", "d"))))
    assert answer.suggestions == ("a", "b", "c")


def test_citations_are_numbered_in_the_order_of_the_text() -> None:
    model = ScriptedModel(
        HandOver("handbook", "x"),
        use("handbook", question="replacement card cost"),
        use("handbook", question="SEPA transfers cut-off"),
        Say("First [2], then [1], and [2] again; [7] is nobody's.", "rates_fees", 0.9),
    )
    answer, _ = ask(model)
    assert answer.text == "First [1], then [2], and [1] again;  is nobody's."
    assert [(one.number, one.article_id) for one in answer.citations] == [
        (1, "payments-cut-off"),
        (2, "cards-replacement"),
    ]


def test_a_passage_that_is_not_quoted_is_not_cited() -> None:
    model = ScriptedModel(HandOver("handbook", "x"), use("handbook", question="replacement card cost"), DONE)
    assert ask(model)[0].citations == ()


def test_a_silent_bank_is_said_so() -> None:
    answer, _ = ask(RulesModel(), bank=SilentBank())
    assert answer.text == BANK_SILENT
    assert [call.outcome for call in answer.calls] == ["failed"]


def test_the_model_sees_neither_the_bank_nor_who_is_asking() -> None:
    model = ScriptedModel(DONE)
    ask(model)
    [turn] = model.turns
    assert not hasattr(turn, "desk")
    assert turn.customer_number == "10-2041"


def test_tools_need_a_customer() -> None:
    model = ScriptedModel(HandOver("accounts", "x"), use("balance"), DONE)
    answer, _ = ask(model, customer=None)
    assert answer.calls[0].outcome == "refused"
    assert model.turns[-1].observations[0].text.startswith("No customer is attached to this session.")


def test_an_agent_with_a_tool_nobody_made_cannot_be_hired() -> None:
    with pytest.raises(ValueError, match="lottery"):
        Assistant(RulesModel(), Roster((Agent("front", "Front", "x", tools=("lottery",)),)))


def test_a_roster_that_hands_over_to_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="hands over to nobody"):
        Roster((Agent("front", "Front", "x", hands_over_to=("nobody",)),))


def test_somebody_who_left_the_team_keeps_a_name() -> None:
    assert TEAM.title("cards") == "Cards"
    assert TEAM.title("gone") == "gone"


def test_a_memory_of_another_time_does_no_harm() -> None:
    strange = {
        "intent": 5,
        "shown": [1],
        "awaiting": {"slot": "moon"},
        "focus": {"card": 3},
        "unclear": "x",
        "entities": "y",
    }
    lines = (Line("staff", "hi"), Line("assistant", "Hello.", "orchestrator", strange), Line("staff", "the second one"))  # type: ignore[arg-type]
    assert ask(RulesModel(), lines)[0].text
