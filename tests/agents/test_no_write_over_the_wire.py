"""Whatever comes over the wire from a language model, nothing is carried out, and an answer comes all the same."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.agents.test_chat_completions import Book
from tests.agents.test_no_write_without_a_person import FORGED, INVENTED, PROPOSING, VALUES, TalliedDesk, at
from tests.model_server import KEY, Act, ModelServer, breaks_off, calls, hands_over, raw, says, standing, status
from webapp.agents.assistant import Assistant
from webapp.agents.models.chat_completions import endpoint as endpoint_module
from webapp.agents.models.chat_completions.endpoint import Endpoint, Settings
from webapp.agents.models.chat_completions.team import Place, TeamWithModel
from webapp.agents.models.rules import RulesModel
from webapp.agents.roster import TEAM
from webapp.agents.transcript import Line
from webapp.bank.orders import arguments_of, order_from

BUILT_IN = Assistant(RulesModel(), TEAM)


@st.composite
def asked(draw: st.DrawFn) -> tuple[str, object]:
    """A call on the wire: of a tool or an invented one, with arguments that fit, or not, or are no JSON."""
    tool = draw(st.sampled_from(PROPOSING))
    arguments = {
        one.name: draw(st.sampled_from(one.choices) if one.choices else VALUES)
        for one in tool.parameters
        if draw(st.booleans())
    }
    arguments |= dict.fromkeys(draw(st.sets(st.sampled_from(FORGED), max_size=1)), True)
    name = draw(st.sampled_from([tool.name, tool.name, tool.name, *INVENTED]))
    told = json.dumps(arguments)
    return name, draw(st.sampled_from([told, told, told, told[:-3], f"[{told}]", "null", draw(st.text(max_size=9))]))


ACTS: st.SearchStrategy[Act] = st.one_of(
    st.lists(asked(), min_size=1, max_size=3).map(lambda made: calls(*made)),
    st.lists(asked(), min_size=1, max_size=3).map(lambda made: calls(*made, ids=["x"] * 3, size=1000)),
    st.sampled_from([agent.key for agent in TEAM]).map(hands_over),
    st.text(max_size=40).map(says),
    st.binary(max_size=60).map(raw),
    st.builds(breaks_off, st.just("Transfer done"), st.booleans()),
    st.sampled_from([400, 429, 500]).map(lambda code: status(code, "60")),
)


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with standing() as made, pytest.MonkeyPatch.context() as patched:
        patched.setattr(endpoint_module, "PAUSES", ((0.0, 0.001), (0.0, 0.001)))
        yield made


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.lists(ACTS, max_size=6),
    st.sampled_from(["cards", "payments", "disputes", "accounts"]),
    st.booleans(),
    st.sampled_from(["block card 4417, it was stolen", "send 50 EUR to Robin Vale", "hello"]),
)
def test_nothing_that_comes_over_the_wire_carries_anything_out(
    server: ModelServer, acts: list[Act], agent: str, refuses: bool, question: str
) -> None:
    server.does(hands_over(agent), *acts)
    orders = TalliedDesk(refuses)
    endpoint = Endpoint(Settings(server.url, "stand-in", KEY, silence_seconds=5.0))
    team = TeamWithModel(endpoint, TEAM, BUILT_IN, Book(), Place("Nordhafen Bank", b"k" * 32))
    answer = team.answer([Line("staff", question)], at(orders), lambda _step: None)
    endpoint.close()
    assert orders.written == []
    assert answer.text.strip()
    assert answer.model in ("stand-in", "rules")
    assert len(answer.calls) <= 8
    assert {action.order for action in answer.proposals} <= set(orders.previewed)
    for action in answer.proposals:
        assert order_from(action.order.kind, arguments_of(action.order)) == action.order
