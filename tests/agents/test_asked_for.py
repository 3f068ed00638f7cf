"""What a language model may propose: nothing staff have not asked for, and no value of money they have not said."""

from __future__ import annotations

from decimal import Decimal

from webapp.agents.models.chat_completions.asked_for import VALUES, WORDS
from webapp.agents.tools import TOOLS

PROPOSING = [tool for tool in TOOLS if tool.effect == "proposes"]
OF_MONEY = {"amount", "raise_by", "lower_by", "daily_limit", "to_iban"}
# They look for one that exists: an amount finds it, and moves nothing.
LOOKING = {
    "propose_transfer_cancellation", "propose_recall", "propose_stopped_payment", "propose_dispute",
    "propose_direct_debit_return",
}  # fmt: skip


def test_every_tool_that_proposes_has_words_that_call_for_it() -> None:
    assert {tool.name for tool in PROPOSING} == set(WORDS)


def test_money_and_where_it_goes_have_to_be_staffs_own_words() -> None:
    for tool in PROPOSING:
        asked = {one.name for one in tool.parameters if one.name in OF_MONEY or one.kind is Decimal}
        if tool.name not in LOOKING:
            assert asked <= set(VALUES.get(tool.name, ())), tool.name
