"""Scripts played with a scripted language model behind the wire, in the format of the other conversations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agents.fakes import desk
from tests.agents.scripted import Conversation, Turn, read_conversations
from tests.agents.test_chat_completions import Book
from tests.agents.test_no_write_without_a_person import TalliedDesk, at
from tests.model_server import KEY, Act, ModelServer, calls, hands_over, says, standing, status
from webapp.agents.assistant import Assistant
from webapp.agents.models.chat_completions.endpoint import Endpoint, Settings
from webapp.agents.models.chat_completions.team import Place, TeamWithModel
from webapp.agents.models.rules import RulesModel
from webapp.agents.roster import TEAM
from webapp.agents.transcript import Answer, Line, Step
from webapp.bank.orders import arguments_of
from webapp.services.masking import mask_card_secrets

SCRIPTS = read_conversations(Path(__file__).parent / "model_conversations")
BUILT_IN = Assistant(RulesModel(), TEAM)


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with standing() as made:
        yield made


def act(told: str) -> Act:
    """What a line of a script has the model do."""
    verb, _, rest = told.partition(" ")
    match verb:
        case "say":
            return says(rest)
        case "call":
            name, _, arguments = rest.partition(" ")
            return calls((name, arguments))
        case "hand":
            to, _, reason = rest.removeprefix("over to ").partition(" because ")
            return hands_over(to, reason)
        case "fail":
            return status(int(rest))
    raise ValueError(told)


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.title for script in SCRIPTS])
def test_a_conversation_with_a_language_model_goes_as_written(script: Conversation, server: ModelServer) -> None:
    endpoint = Endpoint(Settings(server.url, "stand-in", KEY, silence_seconds=5.0))
    team = TeamWithModel(endpoint, TEAM, BUILT_IN, Book(), Place("Nordhafen Bank", b"k" * 32, mask_card_secrets))
    lines: list[Line] = []
    for turn in script.turns:
        server.does(*(act(rest) for word, rest in turn.expected if word == "model"))
        lines.append(Line("staff", turn.says))
        orders, steps = TalliedDesk(), list[Step]()
        proposing = any(word in ("proposes", "takes back") for word, _ in turn.expected)
        where = at(orders, customer=turn.customer) if proposing else desk(turn.customer)
        answer = team.answer(lines, where, steps.append)
        assert orders.written == []
        assert server.script == [], "the model was asked less often than the script says"
        check(turn, answer, server)
        lines.append(Line("assistant", answer.text, answer.agent, answer.memory))


def check(turn: Turn, answer: Answer, server: ModelServer) -> None:
    used = [call.tool for call in answer.calls]
    told = f"\n> {turn.says}\n{answer.agent} / {answer.intent} / {answer.model}: {used}\n{answer.text}"
    proposed = [f"{one.order.kind} {json.dumps(arguments_of(one.order))}" for one in answer.proposals]
    for word, expected in turn.expected:
        match word:
            case "agent" | "intent":
                assert getattr(answer, word) == expected, told
            case "answers":
                assert answer.model == expected, told
            case "tools":
                assert used == [name.strip() for name in expected.split(",") if name.strip()], told
            case "says":
                assert expected in answer.text, told
            case "not":
                assert expected not in answer.text.replace("\\<", "&lt;"), told
            case "cites":
                assert expected in [citation.article_id for citation in answer.citations], told
            case "person":
                assert answer.needs_person is (expected == "yes"), told
            case "outcome":
                assert expected in [call.outcome for call in answer.calls], told
            case "needs":
                assert expected in [action.needs for action in answer.proposals], told
            case "takes back":
                assert answer.takes_back, told
            case "kept":
                assert expected not in server.heard, f"{expected} left for the model"
            case "sent":
                assert expected in server.heard, told
            case "proposes":
                check_proposed(expected, proposed, told)


def check_proposed(expected: str, proposed: list[str], told: str) -> None:
    if expected == "nothing":
        assert proposed == [], told
        return
    kind, *wanted = expected.split()
    assert len(proposed) == 1, told + str(proposed)
    assert proposed[0].startswith(f"{kind} "), told
    for one in wanted:
        name, _, value = one.partition("=")
        assert f'"{name}": "{value}"' in proposed[0], proposed


def test_with_a_model_that_fails_every_script_is_answered_as_without_one(server: ModelServer) -> None:
    server.does(otherwise=status(401))
    endpoint = Endpoint(Settings(server.url, "stand-in", KEY))
    team = TeamWithModel(endpoint, TEAM, BUILT_IN, Book(), Place("Nordhafen Bank", b"k" * 32, mask_card_secrets))
    turns = [turn for script in read_conversations() for turn in script.turns[:1]]
    for turn in turns:
        lines = [Line("staff", turn.says)]
        alone = BUILT_IN.answer(lines, desk(turn.customer), lambda _step: None)
        answer = team.answer(lines, desk(turn.customer), lambda _step: None)
        assert answer.text.startswith(alone.text)
        assert "Answered by the built-in rules" in answer.text
        assert (answer.agent, answer.intent, answer.model) == (alone.agent, alone.intent, "rules")
    assert len(turns) > 60
    assert len(server.requests) == 5, "then the endpoint is left alone"


def test_there_are_enough_of_them() -> None:
    assert len(SCRIPTS) >= 15
