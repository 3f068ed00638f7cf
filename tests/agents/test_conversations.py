"""Every script in `conversations/` is played against the assistant with the rules model."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest
from markdown_it import MarkdownIt

from webapp.agents.assistant import Assistant
from webapp.agents.models.rules import RulesModel
from webapp.agents.models.rules.examples import intents
from webapp.agents.roster import TEAM
from webapp.agents.transcript import Answer, Line, Step

from .fakes import desk
from .scripted import FOLDER, Conversation, Turn, read_conversations

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


def test_every_intent_is_in_two_conversations_at_least() -> None:
    played: Counter[str] = Counter()
    for script in (*SCRIPTS, *read_conversations(FOLDER.with_name("orders"))):
        said = {value for turn in script.turns for word, value in turn.expected if word == "intent"}
        played.update(said | {_PROPOSED[kind] for kind in _kinds(script) if kind in _PROPOSED})
    assert {key: played[key] for key in intents() if played[key] < 2} == {}
    assert len(SCRIPTS) >= 200


# What is proposed shows the intent of a script about orders, where it is not said.
_PROPOSED = {
    "block_card": "block_card",
    "unblock_card": "unblock_card",
    "reset_pin_count": "unblock_card",
    "replace_card": "replace_card",
    "activate_card": "activate_card",
    "set_card_limit": "change_card_limit",
    "transfer_money": "transfer_money",
    "cancel_transfer": "cancel_transfer",
    "stop_payment": "stop_payment",
    "open_dispute": "dispute_payment",
    "update_contact": "change_contact",
}


def _kinds(script: Conversation) -> set[str]:
    return {value.split()[0] for turn in script.turns for word, value in turn.expected if word == "proposes"}
