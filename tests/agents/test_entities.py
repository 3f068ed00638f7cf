"""Values in messages: amounts, endings, names, kinds, places in a list."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.agents.models.rules.amounts import Amounts, amount_of, find_amounts
from webapp.agents.models.rules.entities import Entities, EntityReader, from_json
from webapp.agents.models.rules.routing import router

from .fakes import NOW


def read(text: str) -> dict[str, object]:
    spelling = router().spelling
    return dict(EntityReader(NOW.date(), spelling.knows).read(text, spelling.corrected(text)).to_json())


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("50", "50"),
        ("12,80 EUR", "12.80"),
        ("€1.5k", "1500.0"),
        ("1,204.55", "1204.55"),
        ("1.204,55", "1204.55"),
        ("1.204", "1204"),
        ("12.80", "12.80"),
        ("10,000", "10000"),
        ("1'500", "1500"),
    ],
)
def test_amounts_are_read_in_british_and_german_writing(text: str, amount: str) -> None:
    assert amount_of(text) == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("over 50", Amounts(over=Decimal(50))),
        ("more than 1.5k", Amounts(over=Decimal(1500))),
        ("under 12,80 EUR", Amounts(under=Decimal("12.80"))),
        ("at least 100 euros", Amounts(at_least=Decimal(100))),
        ("up to 20 EUR", Amounts(at_most=Decimal(20))),
        ("over 20 and under 30", Amounts(over=Decimal(20), under=Decimal(30))),
        ("between 200 and 100 EUR", Amounts(at_least=Decimal(100), at_most=Decimal(200))),
        ("the 49.90 at the shop", Amounts(exact=Decimal("49.90"))),
        ("the last 5 payments", Amounts()),
        ("over 30 days", Amounts()),
    ],
)
def test_bounds_of_amounts_are_told_apart(text: str, amounts: Amounts) -> None:
    assert find_amounts(text)[0] == amounts


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("is card 4417 blocked", {"card": "4417"}),
        ("the card ending in 4417", {"card": "4417"}),
        ("balance on account 3310", {"account": "3310"}),
        ("is ..4417 ok", {"ending": "4417"}),
        ("is 4417 ok", {"ending": "4417"}),
        ("where is tr 204118", {"transfer": "TR-204118"}),
        ("how is DP-1042", {"dispute": "DP-1042"}),
        ("balance of 10-2041", {"customer": "10-2041"}),
        ("balance of the Instant Saver", {"account": "instant saver"}),
        ("and the savings account", {"account": "savings"}),
        ("the second one", {"ordinal": 2}),
        ("the last one", {"ordinal": -1}),
        ("number 3", {"ordinal": 3}),
        ("last five transactions", {"limit": 5}),
        ("show the last transaction", {"limit": 1}),
    ],
)
def test_what_is_named_is_found(text: str, named: dict[str, object]) -> None:
    assert named.items() <= read(text).items()


@pytest.mark.parametrize(
    ("text", "merchant"),
    [
        ("what did she pay at Hafen Bakery last week", "Hafen Bakery"),
        ("payments to netflix this year", "netflix"),
        ("anything from Zugvogel Rail in 2026", "Zugvogel Rail"),
        ('charges of "Loden & Lein" please', "Loden & Lein"),
        ("charged twice at the Seestern restaurant", "Seestern"),
        ("what did he buy at Zimmer & Zeug", "Zimmer & Zeug"),
    ],
)
def test_a_name_is_found_where_it_is_announced(text: str, merchant: str) -> None:
    assert read(text)["merchant"] == merchant


def test_an_unknown_word_may_be_a_name() -> None:
    assert read("netflix charges last month")["hint"] == "netflix"


@pytest.mark.parametrize(
    "text", ["transfers to the savings account", "payments in October", "from the account", "at least 50"]
)
def test_ordinary_words_are_nobodys_name(text: str) -> None:
    assert "merchant" not in read(text)


def test_a_year_and_an_amount_are_no_endings() -> None:
    assert "ending" not in read("payments in 2025")
    assert "ending" not in read("payments over 4417")
    assert "ending" not in read("transfer 4417 EUR")


def test_newer_values_replace_older_ones_of_the_same_kind() -> None:
    older = Entities(since="2026-10-01", until="2026-10-31", over="50", merchant="Rewe", account="current")
    newer = Entities(since="2026-11-01", card="4417")
    merged = newer.over_older(older)
    assert merged == Entities(since="2026-11-01", over="50", merchant="Rewe", card="4417")


def test_entities_survive_json_and_nonsense_does_not() -> None:
    said = Entities(since="2026-10-01", limit=3, card="4417")
    assert from_json(said.to_json()) == said
    assert from_json({"since": 5, "limit": "three", "card": None, "other": "x"}) == Entities()
    assert from_json("nonsense") == Entities()


@given(st.text(max_size=120))
def test_any_text_is_survived(text: str) -> None:
    assert isinstance(read(text), dict)
