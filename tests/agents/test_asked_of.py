"""A question asked of one agent: that one answers, within what it does; and what is said when nobody understands."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from webapp.agents.assistant import ASKED_FOR, Assistant
from webapp.agents.models.language_model import HandOver, Say
from webapp.agents.models.rules import RulesModel
from webapp.agents.models.rules.examples import intents
from webapp.agents.models.rules.memory import Awaiting, Memory
from webapp.agents.roster import TEAM
from webapp.agents.transcript import Answer, Line

from .fakes import desk
from .test_assistant import ScriptedModel

ASSISTANT = Assistant(RulesModel(), TEAM)
SPECIALISTS = [agent.key for agent in TEAM if agent is not TEAM.front]
NO_INTENT = {"unclear", "out_of_scope", "customer_missing"}


def answer(*lines: Line) -> Answer:
    return ASSISTANT.answer(lines, desk(), lambda _step: None)


@pytest.mark.parametrize("agent", SPECIALISTS)
@pytest.mark.parametrize("question", ["what's the balance?", "block card 4417, stolen", "when do we open?", "?!"])
def test_whoever_is_asked_answers(agent: str, question: str) -> None:
    said = answer(Line("staff", question, agent=agent))
    assert (said.agent, said.reason) == (agent, ASKED_FOR)
    if said.intent not in NO_INTENT and agent != "handbook":  # others may quote a rule of their own subject
        assert intents()[said.intent].agent in (agent, "handbook")
    assert {call.tool for call in said.calls} <= set(TEAM[agent].tools)


def test_the_same_words_mean_what_the_chosen_agent_does() -> None:
    question = "the card was stolen and used at Kornblume"
    assert answer(Line("staff", question, agent="disputes")).intent == "report_fraud"
    assert answer(Line("staff", question, agent="cards")).intent == "block_card"
    assert answer(Line("staff", question, agent="accounts")).intent == "transactions"


def test_the_handbook_is_searched_whatever_is_asked_of_it() -> None:
    said = answer(Line("staff", "replacement card 4417 pls", agent="handbook"))
    assert [call.tool for call in said.calls] == ["handbook"]
    assert said.citations


def test_what_another_agent_waited_for_is_forgotten() -> None:
    waiting = Memory(intent="block_card", awaiting=Awaiting("card", "block her card", "block_card", choices=("4417",)))
    before = [Line("staff", "block her card"), Line("assistant", "Which one?", "cards", waiting.to_json())]
    assert answer(*before, Line("staff", "4417")).intent == "block_card"
    assert answer(*before, Line("staff", "4417", agent="accounts")).intent == "account_details"


def test_a_model_that_was_chosen_for_cannot_pass_the_question_on() -> None:
    model = ScriptedModel(HandOver("cards", "they know better"), Say("Done.", "balance", 0.9))
    said = Assistant(model, TEAM).answer([Line("staff", "balance?", agent="accounts")], desk(), lambda _step: None)
    assert (said.agent, model.turns[0].colleagues) == ("accounts", ())
    assert model.turns[-1].observations[0].text == "no such colleague"


def test_an_agent_who_has_left_the_team_is_not_missed() -> None:
    assert answer(Line("staff", "what's the balance?", agent="astrologer")).agent == "accounts"


# Not understood


def talk(*said: str) -> list[Answer]:
    """What is answered to one thing after the other."""
    lines: list[Line] = []
    found: list[Answer] = []
    for text in said:
        lines.append(Line("staff", text))
        found.append(answer(*lines))
        lines.append(Line("assistant", found[-1].text, found[-1].agent, found[-1].memory))
    return found


def named_in(told: Answer, suggestions: Sequence[str]) -> bool:
    return all(one in told.text for one in suggestions)


@pytest.mark.parametrize("vague", ["something is off with the account", "money matter"])
def test_what_is_not_clear_is_answered_with_two_or_three_suggestions(vague: str) -> None:
    [told] = talk(vague)
    assert told.intent == "unclear"
    assert 2 <= len(told.suggestions) <= 3
    assert named_in(told, told.suggestions)
    assert not told.needs_person


def test_not_understood_again_a_person_is_offered_and_understood_in_between_it_is_not() -> None:
    first, second = talk("something is off with the account", "money matter")
    assert (first.needs_person, second.needs_person) == (False, True)
    assert "A person, please" in second.suggestions
    assert len(second.suggestions) == 3
    *_, last = talk("something is off with the account", "what's the balance?", "money matter")
    assert (last.intent, last.needs_person) == ("unclear", False)


def test_a_suggestion_is_understood_when_it_is_taken() -> None:
    first, second = talk("something is off with the account", "money matter")
    for suggestion in {*first.suggestions, *second.suggestions}:
        [told] = talk(suggestion)
        assert told.intent not in NO_INTENT, suggestion


def test_out_of_scope_says_what_can_be_asked() -> None:
    [told] = talk("will it rain tomorrow?")
    assert told.intent == "out_of_scope"
    for subject in ("accounts", "cards", "transfers", "loans", "disputes", "handbook"):
        assert subject in told.text
    assert 2 <= len(told.suggestions) <= 3
