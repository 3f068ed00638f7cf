"""Floors under the figures of the built-in model, on sentences whose whole families it has not seen.

`flask assistant evaluate` prints the same figures; the floors lie somewhat under what it printed.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from webapp.agents.learning.families import families_of
from webapp.agents.learning.measures import Report, rejected, report
from webapp.agents.meaning.files import installed
from webapp.agents.meaning.loading import Meaning
from webapp.agents.models.rules import measuring
from webapp.agents.models.rules.examples import OUT_OF_SCOPE, intents
from webapp.agents.models.rules.lifelike import lifelike
from webapp.agents.models.rules.shorthand import plain
from webapp.agents.models.rules.teaching import examples_of
from webapp.agents.words import marked

pytestmark = pytest.mark.xdist_group("figures")  # the training that all of them need

Shares = dict[str, float]


@pytest.fixture(scope="module")
def fifth() -> tuple[Report, Shares]:
    """The held-out fifth, read by words."""
    router, rows = measuring.a_fifth_routed(examples_of(intents()), None)
    guesses, milliseconds = measuring.of_a_router(router, rows)
    return report(guesses, milliseconds), measuring.of_the_team(router, rows)


@pytest.mark.parametrize(
    ("figure", "floor"),
    [
        ("right_specialist", 0.90),
        ("right_intent", 0.84),
        ("foreign_rejected", 0.91),
    ],
)
def test_what_nobody_wrote_down_is_understood_by_words(fifth: tuple[Report, Shares], figure: str, floor: float) -> None:
    assert fifth[1][figure] >= floor


def test_few_questions_about_the_bank_are_declined(fifth: tuple[Report, Shares]) -> None:
    assert fifth[1]["bank_declined"] <= 0.06


def test_it_is_as_sure_as_it_is_right(fifth: tuple[Report, Shares]) -> None:
    assert fifth[0].calibration_error <= 0.05
    assert fifth[0].coverage_at_98 >= 0.35


def test_a_message_is_read_within_a_few_milliseconds(fifth: tuple[Report, Shares]) -> None:
    assert fifth[0].milliseconds < 5  # of processor; about half of one, measured alone


def test_meaning_helps_where_the_words_are_new(tmp_path: Path) -> None:
    if installed() is None:
        pytest.skip("the embedding model is not installed (make meaning)")
    meaning = Meaning(tmp_path)
    assert meaning.open() is not None
    keys = ("block_card", "unblock_card", "card_pin", "card_declined", "replace_card", "card_status")
    some = [(text, key) for key in keys for text in intents()[key].examples[:40]]
    hits: Counter[str] = Counter()
    for name, used in (("words", None), ("meaning", meaning)):
        kept, apart = measuring.a_fifth_apart(some)
        guesses, _, _ = measuring.of_a_model(kept, apart, used)
        hits[name] = sum(guess.said == guess.right for guess in guesses)
    assert hits["meaning"] >= hits["words"]
    assert hits["meaning"] >= 0.75 * len(apart)


def test_there_are_enough_sentences_and_many_of_them_stand_alone() -> None:
    known = intents()
    assert len(known[OUT_OF_SCOPE].examples) >= 1_400
    for key in ("balance", "block_card", "transfers", "dispute_payment", "how_to", "deadlines"):
        examples = known[key].examples
        assert len(examples) >= 100, key
        assert len(set(families_of(examples))) >= 0.6 * len(examples), key


def test_the_same_sentence_always_gets_the_same_values_and_other_ones_when_it_is_measured() -> None:
    sentence = "pay _amount to _name on _period from _ending"
    assert lifelike(sentence) == lifelike(sentence)
    assert lifelike(sentence) != lifelike(sentence, "measuring")
    assert "_" not in lifelike(sentence)
    assert "_amount" in marked(lifelike(sentence))


def test_shorthand_and_german_words_are_read_as_plain_ones() -> None:
    assert plain("cust wants bal, pls cxl trf") == "customer wants balance, please cancel transfer"
    assert plain("Dauerauftrag löschen") == "standing order delete"
    assert plain("TR-204118 and the account") == "TR-204118 and the account"


def test_foreign_messages_are_rejected_where_few_of_our_own_lie() -> None:
    own = [0.0] * 95 + [1.0] * 5
    assert rejected(own, [2.0, 0.5, -1.0, -2.0], 0.05) >= 0.5
    assert rejected(own, [], 0.05) == 0.0
