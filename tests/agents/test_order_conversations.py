"""Every script in `orders/` is played where proposals can be confirmed, and nothing is ever carried out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.agents.fakes import desk
from tests.agents.scripted import Conversation, Turn, read_conversations
from tests.agents.test_no_write_without_a_person import RIGHTS, TalliedDesk
from webapp.agents.assistant import Assistant
from webapp.agents.authority import Authority
from webapp.agents.models.rules import RulesModel
from webapp.agents.roster import TEAM
from webapp.agents.transcript import Answer, Line
from webapp.bank.orders import arguments_of
from webapp.bank.previews import PreviewsOnly

SCRIPTS = read_conversations(Path(__file__).parent / "orders")
ASSISTANT = Assistant(RulesModel(), TEAM)
MAY = ("Manager", "Specialist", "Teller")
TITLES = {"auditor": "Auditor", "admin": "Administrator", "teller": "Teller", "manager": "Manager"}
LIMITS = {"teller": 5_000, "manager": 10_000}


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.title for script in SCRIPTS])
def test_a_conversation_about_orders_goes_as_written(script: Conversation) -> None:
    lines: list[Line] = []
    orders = TalliedDesk()
    for turn in script.turns:
        lines.append(Line("staff", turn.says))
        rights = RIGHTS if turn.role in LIMITS else frozenset[str]()
        authority = Authority(TITLES[turn.role], LIMITS.get(turn.role), "Nordhafen", MAY, ("Manager",))
        at = replace(desk(turn.customer), staff_role=turn.role, staff_rights=rights, authority=authority)
        where = replace(at, orders=PreviewsOnly(orders))
        answer = ASSISTANT.answer(lines, where, lambda _step: None)
        _check(turn, answer)
        lines.append(Line("assistant", answer.text, answer.agent, answer.memory))
    assert orders.written == []


def _check(turn: Turn, answer: Answer) -> None:
    used = [call.tool for call in answer.calls]
    proposed = [{"kind": one.order.kind, **arguments_of(one.order)} for one in answer.proposals]
    told = (
        f"\n> {turn.says}\n{answer.agent} / {answer.intent}: {used}\n{answer.text}\n~ {answer.suggestions}\n{proposed}"
    )
    wanted = [value for word, value in turn.expected if word == "proposes"]
    if wanted:
        assert len(proposed) == len([value for value in wanted if value != "nothing"]), told
    for place, value in enumerate(one for one in wanted if one != "nothing"):
        kind, _, rest = value.partition(" ")
        assert proposed[place]["kind"] == kind, told
        for name, expected in _arguments(rest):
            assert str(proposed[place][name]) == expected, told
    for word, expected in turn.expected:
        match word:
            case "agent":
                assert answer.agent == expected, told
            case "intent":
                assert answer.intent == expected, told
            case "tools":
                assert used == [name.strip() for name in expected.split(",")], told
            case "begins":
                assert answer.text.startswith(expected), told
            case "says":
                assert expected in answer.text, told
            case "not":
                assert expected not in answer.text, told
            case "cites":
                assert expected in [citation.article_id for citation in answer.citations], told
            case "suggests":
                assert expected in answer.suggestions, told
            case "person":
                assert answer.needs_person is (expected == "yes"), told
            case "needs":
                assert [one.needs for one in answer.proposals][-1:] == [expected], told
            case "takes back":
                assert answer.takes_back is (expected == "yes"), told


def _arguments(rest: str) -> list[tuple[str, str]]:
    """ "reason=wrong amount express=False" -> pairs; a value goes on until the next name."""
    pairs: list[tuple[str, str]] = []
    for word in rest.split():
        name, equals, value = word.partition("=")
        if equals and name.isidentifier():
            pairs.append((name, value))
        elif pairs:
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]} {word}")
    return pairs
