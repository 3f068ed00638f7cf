"""Every script in `conversations/` is played against the assistant with the rules model."""

from __future__ import annotations

import json
import re

import pytest
from markdown_it import MarkdownIt

from webapp.agents.assistant import Assistant
from webapp.agents.models.rules import RulesModel
from webapp.agents.roster import TEAM
from webapp.agents.transcript import Answer, Line, Step

from .fakes import desk
from .scripted import Conversation, Turn, read_conversations

# As permissive as Markdown gets: whatever a record brings along has to be inert even here.
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
LIVE = re.compile(r"<(?:script|img|a|b|iframe|x)\b", re.IGNORECASE)
SCRIPTS = read_conversations()
ASSISTANT = Assistant(RulesModel(), TEAM)


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.title for script in SCRIPTS])
def test_a_conversation_goes_as_written(script: Conversation) -> None:
    lines: list[Line] = []
    for turn in script.turns:
        lines.append(Line("staff", turn.says))
        steps: list[Step] = []
        answer = ASSISTANT.answer(lines, desk(turn.customer), steps.append)
        _check(turn, answer)
        assert steps, "every answer tells at least that the question is read"
        assert len(answer.calls) <= 8
        assert len(json.dumps(answer.memory)) < 4_000
        live = LIVE.search(MARKDOWN.render(answer.text))
        assert live is None, f"{live} in the answer to {turn.says}"
        assert not any(call.outcome == "refused" and "no such tool" in answer.text for call in answer.calls)
        lines.append(Line("assistant", answer.text, answer.agent, answer.memory))


def _check(turn: Turn, answer: Answer) -> None:
    used = [call.tool for call in answer.calls]
    told = f"\n> {turn.says}\n{answer.agent} / {answer.intent}: {used}\n{answer.text}\n~ {answer.suggestions}"
    for word, expected in turn.expected:
        match word:
            case "agent":
                assert answer.agent == expected, told
            case "intent":
                assert answer.intent == expected, told
            case "tools":
                assert used == [name.strip() for name in expected.split(",") if name.strip()], told
            case "says":
                assert expected in answer.text, told
            case "not":
                assert expected not in answer.text, told
            case "cites":
                assert expected in [citation.article_id for citation in answer.citations], told
                assert "[1]" in answer.text, told
            case "person":
                assert answer.needs_person is (expected == "yes"), told
            case "suggests":
                assert expected in answer.suggestions, told
            case "outcome":
                assert expected in [call.outcome for call in answer.calls], told


def test_there_are_scripts_for_every_intent() -> None:
    from webapp.agents.models.rules.examples import intents

    expected = {
        value for script in SCRIPTS for turn in script.turns for word, value in turn.expected if word == "intent"
    }
    assert set(intents()) - expected == set()
    assert len(SCRIPTS) >= 60
