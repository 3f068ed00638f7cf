"""Tools and their registry: signatures become schemas, counts are true, days are the reader's days."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from webapp.agents.roster import TEAM
from webapp.agents.tools import TOOLS
from webapp.agents.tools.movements import names_meant
from webapp.agents.tools.registry import BadArgument, ToolResult, reads
from webapp.agents.transcript import Desk

from .fakes import BusyBank, desk


def run(name: str, customer: str = "10-2041", bank: BusyBank | None = None, **arguments: str | int) -> ToolResult:
    tool = TOOLS.get(name)
    assert tool is not None
    return tool(desk(customer, bank), arguments)


def test_every_tool_reads_or_proposes_and_says_what_it_is_for() -> None:
    for tool in TOOLS:
        assert tool.effect == ("proposes" if tool.name.startswith("propose_") else "reads")
        assert bool(tool.right) == (tool.effect == "proposes")
        assert tool.description.endswith("."), tool.name
        assert "desk" not in {parameter.name for parameter in tool.parameters}


def test_every_tool_is_in_somebodys_hands() -> None:
    held = {name for agent in TEAM for name in agent.tools}
    assert {tool.name for tool in TOOLS} == held


def test_no_tool_lets_a_model_name_the_customer() -> None:
    names = {parameter.name for tool in TOOLS for parameter in tool.parameters}
    assert not {name for name in names if "customer" in name or "staff" in name or "role" in name}


_PARTS = ("all", "contact", "kyc", "verification", "branch")


def test_a_signature_becomes_a_schema() -> None:
    tool = TOOLS.get("customer_profile")
    assert tool is not None
    assert tool.schema() == {
        "type": "object",
        "properties": {"part": {"type": "string", "maxLength": 400, "enum": list(_PARTS)}},
        "required": [],
        "additionalProperties": False,
    }


def test_arguments_are_turned_into_their_types() -> None:
    tool = TOOLS.get("transactions")
    assert tool is not None
    read = tool.read_arguments(
        {"since": "2026-11-01", "over": 49.9, "limit": "5", "direction": "out", "merchant": None}
    )
    assert read == {"since": date(2026, 11, 1), "over": Decimal("49.9"), "limit": 5, "direction": "out"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"since": "yesterday"}, "since has to be a day, as 2026-11-03."),
        ({"over": "much"}, "over has to be an amount, as 49.90."),
        ({"over": "NaN"}, "over has to be an amount of at least 0."),
        ({"over": True}, "over has to be an amount."),
        ({"limit": -1}, "limit has to be between 0 and 100000."),
        ({"limit": "many"}, "limit has to be a whole number."),
        ({"direction": "up"}, "direction has to be one of: in, out."),
        ({"drop table": "x"}, "There is no argument called drop table."),
    ],
)
def test_a_wrong_argument_is_a_sentence(arguments: dict[str, str | int], sentence: str) -> None:
    with pytest.raises(BadArgument, match=sentence.replace(".", r"\.")):
        run("transactions", **arguments)


def test_a_missing_argument_is_a_sentence() -> None:
    with pytest.raises(BadArgument, match="transfer_id is missing"):
        run("transfer")


def test_a_tool_without_a_desk_is_not_a_tool() -> None:
    def nobody(last_four: str) -> ToolResult:
        return ToolResult(last_four)

    with pytest.raises(TypeError, match="first argument is the desk"):
        reads(label="x", doing="x")(nobody)


def test_a_tool_cannot_take_what_a_model_cannot_supply() -> None:
    def greedy(desk: Desk, bank: Desk) -> ToolResult:
        return ToolResult("")

    with pytest.raises(TypeError, match="not a type a model can supply"):
        reads(label="x", doing="x")(greedy)


def test_counts_are_true_beyond_one_page_of_the_bank() -> None:
    result = run("transactions", bank=BusyBank(1_300), since="2020-01-01", limit=3)
    assert result.text.startswith("The newest 3 of 1,300 transactions since 1 Jan 2020:")


def test_a_bank_with_endless_movements_is_said_so() -> None:
    result = run("transactions", bank=BusyBank(11_000), since="2020-01-01", limit=3)
    assert "of more than" in result.text


def test_days_are_counted_where_the_reader_is() -> None:
    # Booked at 23:30 UTC on 31 October: half past midnight on 1 November in Berlin.
    assert "Kistenwelt" in run("transactions", since="2026-11-01", until="2026-11-01").text
    assert "Kistenwelt" not in run("transactions", since="2026-10-31", until="2026-10-31").text


def test_over_is_more_than_and_at_least_is_not() -> None:
    assert run("transactions", over="58.00", merchant="Seestern").text.startswith("No transactions over 58.00 EUR")
    assert "Seestern Restaurant" in run("transactions", at_least="58.00", merchant="Seestern").text


def test_movements_between_own_accounts_are_not_spending() -> None:
    assert "150.00" not in run("spending", since="2026-10-01", until="2026-10-31").text


def test_equal_payments_far_apart_are_not_duplicates() -> None:
    assert "Fahrradwerk" in run("duplicate_charges", customer="10-2042").text
    assert run("duplicate_charges", customer="10-2042", merchant="Hafen Bakery").text.startswith(
        "Nothing was charged twice"
    )


def test_a_quarterly_debit_is_due_once_in_a_quarter() -> None:
    text = run("upcoming_payments", until="2027-02-28").text
    assert text.count("Vierlinden Versicherung") == 1
    assert text.count("Hausverwaltung Reimers") == 3


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("Hafen Bakery", ["Hafen Bakery"]),
        ("hafen bakry", ["Hafen Bakery"]),
        ("bakery", ["Hafen Bakery"]),
        ("hotel", ["Hotel Kompass"]),
        ("Zalando", []),
        ("", []),
        ("???", []),
    ],
)
def test_names_are_recognised_but_not_invented(heard: str, meant: list[str]) -> None:
    assert names_meant(["Hafen Bakery", "Nordhafen Bank", "Hotel Kompass", "Grünhof Market"], heard) == meant
