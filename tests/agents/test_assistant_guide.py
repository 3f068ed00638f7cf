"""What docs/assistant.md tells people to do is done here."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from webapp.agents.models.rules.examples import INTENTS, read_intents
from webapp.agents.models.rules.routing import Router
from webapp.agents.models.rules.teaching import Schoolroom, checked, examples_of, read_labelled, trained
from webapp.agents.roster import TEAM

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "assistant.md").read_text("utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    assert found, language
    return found[1]


def test_the_intent_of_the_guide_is_understood_and_the_others_still_are(tmp_path: Path) -> None:
    shutil.copytree(INTENTS, tmp_path / "intents")
    (tmp_path / "intents" / "boxes.toml").write_text(block("toml"), "utf-8")
    known = read_intents(tmp_path / "intents")
    added = known["deposit_box_key"]
    assert added.agent in TEAM
    router = Router(known, trained(examples_of(known)))
    for text in ("the key to box 7 is gone", "customer lost his deposit box key", "who drills a deposit box open"):
        assert router.route(text).intent == "deposit_box_key", text
    for text, intent in (("what is the balance", "balance"), ("block card 4417", "block_card")):
        assert router.route(text).intent == intent


def test_the_bank_s_own_sentences_of_the_guide_are_learnt(tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text(block("csv"), "utf-8")
    labelled = read_labelled(tmp_path / "more.csv")
    known = read_intents()
    checked(labelled, known)
    room = Schoolroom(tmp_path)
    assert room.add(labelled) == 3
    router = Router(known, trained(room.all_of(known)))
    assert router.route("zeig mir bitte den Saldo").intent == "balance"
    assert router.route("Girocard sofort sperren").intent == "block_card"


@pytest.mark.parametrize("command", re.findall(r"flask --app webapp (assistant \w+|handbook \w+)", GUIDE))
def test_the_commands_of_the_guide_exist(command: str) -> None:
    from webapp.assistant_cli import assistant_group, evaluate_handbook_command, search_command

    group, name = command.split()
    there = {
        "assistant": set(assistant_group.commands),
        "handbook": {search_command.name, evaluate_handbook_command.name},
    }
    assert name in there[group]
