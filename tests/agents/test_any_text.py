"""Whatever is typed, an answer comes: no exception, never empty, at most eight calls, nothing live in it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.agents.assistant import MOST_CALLS, Assistant
from webapp.agents.models.rules import RulesModel
from webapp.agents.models.rules.examples import intents
from webapp.agents.roster import TEAM
from webapp.agents.transcript import Answer, Line

from .fakes import desk

ASSISTANT = Assistant(RulesModel(), TEAM)
SAID = [example for intent in intents().values() for example in intent.examples]
WORDS = st.sampled_from(sorted({word for example in SAID for word in example.split()}))
MESSAGES = st.one_of(
    st.text(max_size=200),
    st.lists(WORDS, max_size=14).map(" ".join),
    st.lists(st.sampled_from(SAID), min_size=1, max_size=3).map(" and ".join),
)
CUSTOMERS = st.sampled_from([None, "10-2041", "10-2042", "10-2063", "10-6666", "10-7000"])


def check(answer: Answer) -> None:
    assert answer.text.strip()
    assert answer.agent in TEAM
    assert len(answer.calls) <= MOST_CALLS
    assert len(answer.suggestions) <= 3
    assert 0 <= answer.confidence <= 1
    assert "no such tool" not in answer.text
    json.dumps(answer.memory)


@settings(max_examples=150, deadline=None)
@given(MESSAGES, CUSTOMERS)
def test_any_message_is_answered(text: str, customer: str | None) -> None:
    check(ASSISTANT.answer([Line("staff", text)], desk(customer), lambda step: None))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(MESSAGES, CUSTOMERS), min_size=2, max_size=4))
def test_any_conversation_is_carried_on(says: list[tuple[str, str | None]]) -> None:
    lines: list[Line] = []
    for text, customer in says:
        lines.append(Line("staff", text))
        answer = ASSISTANT.answer(lines, desk(customer), lambda step: None)
        check(answer)
        lines.append(Line("assistant", answer.text, answer.agent, json.loads(json.dumps(answer.memory))))


@pytest.mark.parametrize("intent", sorted(intents()))
def test_every_suggestion_is_itself_understood(intent: str) -> None:
    """What the desk offers to click must not be answered with "I am not sure"."""
    asked = intents()[intent].ask
    if not asked:
        return
    lines = [Line("staff", asked)]
    answer = ASSISTANT.answer(lines, desk("10-2041"), lambda step: None)
    assert answer.intent == intent, asked
    for suggestion in answer.suggestions:
        said = [*lines, Line("assistant", answer.text, answer.agent, answer.memory), Line("staff", suggestion)]
        follow_up = ASSISTANT.answer(said, desk("10-2041"), lambda step: None)
        assert follow_up.intent not in ("unclear", "out_of_scope"), (asked, suggestion)


def test_a_very_long_message_is_answered() -> None:
    check(ASSISTANT.answer([Line("staff", "what's the balance " * 5_000)], desk(), lambda step: None))


def test_the_same_question_gets_the_same_answer() -> None:
    first, second = (
        ASSISTANT.answer([Line("staff", "card payments over 50 since 1 November")], desk(), lambda step: None)
        for _ in range(2)
    )
    assert (first.text, first.memory, first.suggestions) == (second.text, second.memory, second.suggestions)
