"""Where questions go that no example says: measured on sentences held out from the examples."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest

from webapp.agents.models.rules.examples import OUT_OF_SCOPE, intents
from webapp.agents.models.rules.memory import Memory
from webapp.agents.models.rules.reading import Reader
from webapp.agents.models.rules.routing import Router, router
from webapp.agents.roster import TEAM

from .fakes import NOW

with (Path(__file__).parent / "held_out.csv").open(encoding="utf-8", newline="") as file:
    HELD_OUT = [(row["text"], row["intent"], row["agent"]) for row in csv.DictReader(file)]


def routed(text: str) -> tuple[str, str]:
    """Intent and agent of a question, as the assistant would take it; "unclear" when it would ask back."""
    reading = Reader(router()).read(text, Memory(), "10-2041", NOW.date())
    if reading.tasks:
        return reading.tasks[0].intent.key, reading.tasks[0].intent.agent
    return (OUT_OF_SCOPE if reading.kind == "foreign" else reading.kind), "orchestrator"


def share(hits: list[bool]) -> float:
    return sum(hits) / len(hits)


def test_the_held_out_sentences_are_many_and_not_among_the_examples() -> None:
    examples = {example.casefold() for intent in intents().values() for example in intent.examples}
    assert len(HELD_OUT) >= 250
    assert [text for text, _, _ in HELD_OUT if text.casefold() in examples] == []
    assert {intent for _, intent, _ in HELD_OUT} == set(intents())


def test_the_right_specialist_gets_the_question() -> None:
    assert share([routed(text)[1] == agent for text, _, agent in HELD_OUT]) >= 0.92


def test_the_right_intent_is_found() -> None:
    assert share([routed(text)[0] == intent for text, intent, _ in HELD_OUT]) >= 0.85


def test_foreign_topics_are_declined() -> None:
    foreign = [text for text, intent, _ in HELD_OUT if intent == OUT_OF_SCOPE]
    assert len(foreign) >= 40
    assert share([routed(text)[0] == OUT_OF_SCOPE for text in foreign]) >= 0.90


def test_questions_about_the_bank_are_seldom_declined() -> None:
    own = [text for text, intent, _ in HELD_OUT if intent != OUT_OF_SCOPE]
    assert share([routed(text)[0] == OUT_OF_SCOPE for text in own]) <= 0.03


def test_confident_answers_are_right_nearly_always() -> None:
    sure = [(router().route(text), intent) for text, intent, _ in HELD_OUT]
    right = [route.intent == intent for route, intent in sure if route.confidence >= 0.9]
    assert len(right) >= 0.6 * len(HELD_OUT)
    assert share(right) >= 0.95


def test_a_message_is_read_in_milliseconds() -> None:
    router()
    texts = [text + " " for text, _, _ in HELD_OUT[:100]]  # not seen before, so nothing is remembered
    started = time.process_time()
    for text in texts:
        routed(text)
    assert (time.process_time() - started) / len(texts) < 0.005


def test_training_is_deterministic() -> None:
    few = {
        key: intent for key, intent in intents().items() if key in ("balance", "block_card", "greeting", OUT_OF_SCOPE)
    }
    first, second = Router(few), Router(few)
    for text in ("how much is on it", "my card is gone", "moin", "who sings this song"):
        assert first.route(text) == second.route(text)


@pytest.mark.parametrize(
    ("asked", "intent"),
    [
        ("block card 4417", "block_card"),
        ("how do I block a card", "how_to"),
        ("is card 4417 blocked", "card_status"),
        ("can a customer have a card unblocked by phone", "how_to"),
        ("why was card 4417 blocked", "card_status"),
        ("what does a new card cost", "rates_fees"),
        ("What does her replacement card 4417 cost?", "rates_fees"),
        ("how much is a replacement card for 4417", "rates_fees"),
        ("order a new card", "replace_card"),
        ("how long does a new card take", "deadlines"),
        ("stop transfer TR-204118", "cancel_transfer"),
        ("why did TR-204118 fail", "transfer_failed"),
        ("TR-204118", "transfers"),
        ("DP-1042", "disputes_status"),
        ("cust lost crad 4417", "block_card"),
        ("wat is the blance", "balance"),
        ("shwo recent trasnactions", "transactions"),
    ],
)
def test_near_questions_are_told_apart(asked: str, intent: str) -> None:
    assert routed(asked)[0] == intent


def test_every_intent_has_an_agent_in_the_team_and_enough_examples() -> None:
    for intent in intents().values():
        assert intent.agent in TEAM
        assert len(intent.examples) >= 25, intent.key
        assert len(set(intent.examples)) == len(intent.examples), intent.key


def test_no_sentence_is_an_example_of_two_intents() -> None:
    owners: dict[str, set[str]] = {}
    for intent in intents().values():
        for example in intent.examples:
            owners.setdefault(example.casefold(), set()).add(intent.key)
    assert {text: keys for text, keys in owners.items() if len(keys) > 1} == {}
