"""Whatever a model returns, nothing is carried out: tools propose, and the bank has only checked what they do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.agents.fakes import desk
from webapp.agents.assistant import Assistant
from webapp.agents.models.language_model import Decision, HandOver, Say, ToolCall, Turn, UseTools
from webapp.agents.roster import TEAM
from webapp.agents.tools import TOOLS
from webapp.agents.transcript import Answer, Desk, Json, Line
from webapp.bank.errors import OrderRefused
from webapp.bank.order_desk import Outcome, Receipt
from webapp.bank.orders import Order, arguments_of, order_from
from webapp.bank.previews import NOTHING, Change, Preview, PreviewsOnly

RIGHTS = frozenset({"orders.confirm"})


class TalliedDesk:
    """An order desk that counts: previews are welcome, anything else would be a write nobody confirmed."""

    def __init__(self, refuses: bool = False) -> None:
        self.previewed: list[Order] = []
        self.written: list[Order] = []
        self._refuses = refuses

    def preview(self, customer_number: str, order: Order) -> Preview:
        self.previewed.append(order)
        if self._refuses:
            raise OrderRefused("The bank says no.")
        amount = getattr(order, "amount", NOTHING)
        changes = (Change("State", "before", "after"),)
        return Preview(f"{order.kind} for {customer_number}", "Do it", changes, amount=amount)

    def carry_out(self, key: str, customer_number: str, order: Order) -> Receipt:
        self.written.append(order)
        return Receipt("X-1", datetime.now(UTC), "Done.")

    def outcome(self, key: str) -> Outcome:
        return Outcome("not known")


class AnyModel:
    """Decides what it was given to decide, then says something."""

    name = "anything"

    def __init__(self, decisions: Sequence[Decision]) -> None:
        self._decisions = list(decisions)

    def decide(self, turn: Turn) -> Decision:
        return self._decisions.pop(0) if self._decisions else Say("Done!", "x", 1.0)


def at(orders: TalliedDesk, rights: frozenset[str] = RIGHTS, customer: str | None = "10-2041") -> Desk:
    return replace(desk(customer), staff_rights=rights, orders=PreviewsOnly(orders))


def answered(decisions: Sequence[Decision], where: Desk) -> Answer:
    return Assistant(AnyModel(decisions), TEAM).answer([Line("staff", "do it")], where, lambda _step: None)


WORDS = st.one_of(
    st.sampled_from(["4417", "lost", "stolen", "temporary", "fraud", "damaged", "yes", "no", "current", "savings",
                     "email", "DE89370400440532013000", "Robin Vale", "TR-204118", "a@b.de", "50.00", "Hafen Bakery"]),
    st.text(max_size=30),
)  # fmt: skip
VALUES: st.SearchStrategy[Json] = st.one_of(WORDS, st.booleans(), st.none(), st.integers(), st.floats(allow_nan=False))
FORGED = ("confirmed", "desk", "customer_number", "staff_rights", "key")
INVENTED = ("carry_out", "block_card", "transfer_money", "confirm")
PROPOSING = [tool for tool in TOOLS if tool.effect == "proposes"]


@st.composite
def calls(draw: st.DrawFn) -> ToolCall:
    """A call of a tool, known or invented, with arguments that fit, nearly fit, or claim to be confirmed."""
    tool = draw(st.sampled_from(PROPOSING))
    arguments: dict[str, Json] = {}
    for parameter in tool.parameters:
        if draw(st.booleans()):
            arguments[parameter.name] = draw(st.sampled_from(parameter.choices) if parameter.choices else VALUES)
    for extra in draw(
        st.sets(st.sampled_from(["confirmed", "desk", "customer_number", "staff_rights", "key"]), max_size=1)
    ):
        arguments[extra] = draw(VALUES)
    name = draw(
        st.sampled_from([tool.name, tool.name, tool.name, "carry_out", "block_card", "transfer_money", "confirm"])
    )
    return ToolCall(name, arguments)


DECISIONS: st.SearchStrategy[Decision] = st.one_of(
    st.builds(UseTools, st.lists(calls(), max_size=4).map(tuple)),
    st.builds(HandOver, st.sampled_from([agent.key for agent in TEAM]), st.just("because")),
)


@given(st.lists(DECISIONS, max_size=6), st.sampled_from(["cards", "payments", "disputes", "accounts"]), st.booleans())
def test_no_model_carries_anything_out(decisions: list[Decision], agent: str, refuses: bool) -> None:
    orders = TalliedDesk(refuses)
    answer = answered([HandOver(agent, "it begins"), *decisions], at(orders))
    assert orders.written == []
    assert {action.order for action in answer.proposals} <= set(orders.previewed)
    assert len(answer.proposals) <= 8
    for action in answer.proposals:
        assert order_from(action.order.kind, arguments_of(action.order)) == action.order
        assert action.needs in ("none", "basic", "full")


def use(tool: str, **arguments: Any) -> list[Decision]:
    agent = next(one.key for one in TEAM if tool in one.tools)
    return [HandOver(agent, "x"), UseTools((ToolCall(tool, arguments),))]


def test_an_order_that_fits_is_proposed_with_its_rule_and_the_level_it_needs() -> None:
    orders = TalliedDesk()
    answer = answered(use("propose_block_card", last_four="4417", reason="lost"), at(orders))
    (action,) = answer.proposals
    assert (action.order.kind, action.needs) == ("block_card", "basic")
    assert action.clause is None or action.clause.article_id == "cards-lost-and-stolen"


def test_what_the_bank_would_refuse_is_not_proposed() -> None:
    answer = answered(use("propose_block_card", last_four="4417", reason="lost"), at(TalliedDesk(refuses=True)))
    assert answer.proposals == ()
    assert [call.outcome for call in answer.calls] == ["refused"]


def test_a_role_that_confirms_nothing_is_offered_nothing() -> None:
    orders = TalliedDesk()
    answer = answered(use("propose_block_card", last_four="4417", reason="lost"), at(orders, frozenset()))
    assert (answer.proposals, orders.previewed) == ((), [])
    assert [call.outcome for call in answer.calls] == ["refused"]


def test_without_a_customer_nothing_is_proposed() -> None:
    orders = TalliedDesk()
    answer = answered(use("propose_block_card", last_four="4417", reason="lost"), at(orders, customer=None))
    assert (answer.proposals, orders.previewed) == ((), [])


def test_the_same_order_twice_is_one_card() -> None:
    call = ToolCall("propose_block_card", {"last_four": "4417", "reason": "lost"})
    answer = answered([HandOver("cards", "x"), UseTools((call, call))], at(TalliedDesk()))
    assert len(answer.proposals) == 1


def test_thinking_holds_nothing_that_writes() -> None:
    where = at(TalliedDesk())
    assert not hasattr(where.bank, "carry_out")
    assert not hasattr(where.orders, "carry_out")
