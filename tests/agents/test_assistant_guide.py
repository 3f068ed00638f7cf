"""What docs/assistant.md tells people to do is done here."""

from __future__ import annotations

import re
import shutil
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agents.fakes import desk
from tests.agents.test_chat_completions import Book
from tests.model_server import says, standing
from webapp import create_app
from webapp.agents.assistant import Assistant
from webapp.agents.models.language_model import LanguageModel
from webapp.agents.models.rules import RulesModel
from webapp.agents.models.rules.examples import INTENTS, read_intents
from webapp.agents.models.rules.routing import Router, put_in_place, router
from webapp.agents.models.rules.scripts import SCENES
from webapp.agents.models.rules.teaching import Schoolroom, checked, read_labelled, trained
from webapp.agents.roster import TEAM
from webapp.agents.tools import TOOLS
from webapp.agents.tools.registry import BadArgument, Registry
from webapp.agents.transcript import Line
from webapp.config import Config

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "assistant.md").read_text("utf-8")


def block(language: str, number: int = 0, under: str = "") -> str:
    """The first block of a language in the guide, or a later one; of those under a heading, if it is named."""
    text = GUIDE[GUIDE.index(f"\n## {under}\n") :] if under else GUIDE
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)[number]


def run(number: int) -> dict[str, Any]:
    """A Python example of the guide, run as a module: from a file, because tools look at their own annotations."""
    module = types.ModuleType(f"guide_{number}")
    sys.modules[module.__name__] = module
    exec(compile(block("python", number), "docs/assistant.md", "exec"), module.__dict__)
    return module.__dict__


pytestmark = pytest.mark.xdist_group("guide")  # the training that several of them need


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Router:
    """Trained once with all that the guide adds: two intents and the bank's own sentences."""
    folder = tmp_path_factory.mktemp("taught")
    shutil.copytree(INTENTS, folder / "intents")
    (folder / "intents" / "boxes.toml").write_text(block("toml"), "utf-8")
    (folder / "intents" / "cash.toml").write_text(block("toml", 1), "utf-8")
    known = read_intents(folder / "intents")
    (folder / "more.csv").write_text(block("csv"), "utf-8")
    labelled = read_labelled(folder / "more.csv")
    checked(labelled, known)
    room = Schoolroom(folder)
    assert room.add(labelled) == 3
    return Router(known, trained(room.all_of(known)))


def test_the_intent_of_the_guide_is_understood_and_the_others_still_are(taught: Router) -> None:
    assert taught.intents["deposit_box_key"].agent in TEAM
    for text in ("the key to box 7 is gone", "customer lost his deposit box key", "who drills a deposit box open"):
        assert taught.route(text).intent == "deposit_box_key", text
    for text, intent in (("what is the balance", "balance"), ("block card 4417", "block_card")):
        assert taught.route(text).intent == intent


def test_the_bank_s_own_sentences_of_the_guide_are_learnt(taught: Router) -> None:
    assert taught.route("zeig mir bitte den Saldo").intent == "balance"
    assert taught.route("Girocard sofort sperren").intent == "block_card"


def test_the_settings_of_the_guide_make_a_team_that_asks_the_endpoint_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    named = dict(line.split("=", 1) for line in block("sh", under="How to add a model").split())
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    config = Config.from_env(_env_file=None, instance_path=tmp_path)
    with standing() as server:
        server.does(says("Good morning."))
        app = create_app(config.model_copy(update={"llm_base_url": server.url, "meaning": "off"}))
        team = app.extensions["bankside.assistant"]
        monkeypatch.setattr(team, "_ledger", Book())
        answer = team.answer([Line("staff", "hello")], desk(None), lambda _step: None)
        team.endpoint.close()
    assert (answer.text, answer.model) == ("Good morning.", "qwen3-32b")
    assert server.keys == ["Bearer the-key-of-the-desk"]
    assert server.requests[0]["model"] == "qwen3-32b"


def test_the_model_of_the_guide_answers_from_the_handbook() -> None:
    found: dict[str, object] = {}
    exec(compile(block("python", under="How to add a model"), "docs/assistant.md", "exec"), found)
    made: type[LanguageModel] = found["HandbookOnly"]  # type: ignore[assignment]
    answer = Assistant(made(), TEAM).answer(
        [Line("staff", "how much is a replacement card")], desk(), lambda _step: None
    )
    assert (answer.agent, answer.model) == ("handbook", "handbook-only")
    assert [call.tool for call in answer.calls] == ["handbook"]
    assert answer.citations


def test_the_tool_of_the_guide_reads_checks_and_makes_inert() -> None:
    tool = run(0)["cash_withdrawn"]
    assert tool(desk("10-2041"), {"days": 60}).text == "70.00 EUR were taken out in 1 withdrawal since 20 Sep 2026."
    assert tool.schema()["properties"]["days"] == {"type": "integer", "minimum": 0}
    for wrong in ({"days": 0}, {"days": "many"}, {"customer": "10-2042"}):
        with pytest.raises(BadArgument):
            tool(desk("10-2041"), wrong)


@pytest.fixture
def with_the_guides_intent(taught: Router) -> Iterator[None]:
    before = router()
    put_in_place(taught)
    yield
    put_in_place(before)


@pytest.mark.usefixtures("with_the_guides_intent")
def test_the_agent_of_the_guide_gets_its_questions_and_the_others_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    tool, scene, team = run(0)["cash_withdrawn"], run(1)["SCENE"], run(2)["WITH_CASH"]
    monkeypatch.setitem(SCENES, "cash_taken", scene)  # type: ignore[arg-type]
    assistant = Assistant(RulesModel(), team, Registry([*TOOLS, tool]))
    answer = assistant.answer([Line("staff", "add up the cash she took out")], desk("10-2041"), lambda _step: None)
    assert (answer.agent, answer.intent) == ("cash", "cash_taken")
    assert [call.tool for call in answer.calls] == ["cash_withdrawn"]
    assert answer.text == "0.00 EUR were taken out in 0 withdrawals since 20 Oct 2026."
    other = assistant.answer([Line("staff", "what is the balance of 3310?")], desk("10-2041"), lambda _step: None)
    assert other.agent == "accounts"


def test_a_team_that_names_a_tool_nobody_made_does_not_start() -> None:
    with pytest.raises(ValueError, match="cash_withdrawn"):
        Assistant(RulesModel(), run(2)["WITH_CASH"])


@pytest.mark.parametrize("command", re.findall(r"flask --app webapp (assistant \w+|handbook \w+)", GUIDE))
def test_the_commands_of_the_guide_exist(command: str) -> None:
    from webapp.assistant_cli import assistant_group, evaluate_handbook_command, search_command

    group, name = command.split()
    there = {
        "assistant": set(assistant_group.commands),
        "handbook": {search_command.name, evaluate_handbook_command.name},
    }
    assert name in there[group]
