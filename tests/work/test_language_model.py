"""A language model in the whole app: what a reply keeps of it, budgets, stops, replays, and a real server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from pydantic import SecretStr
from sqlalchemy import select

from tests.model_server import KEY, ModelServer, calls, drips, hands_over, hangs, says, standing, status
from tests.server import free_port, running
from tests.services.steps import ask, open_chat, person
from tests.visitor import Visitor
from tests.web.rows import ON_SQLITE, all_of
from tests.work.caller import Caller
from tests.work.speaker import threads_of, wait_until
from webapp.agents.assistant import Assistant
from webapp.agents.models.chat_completions import endpoint as endpoint_module
from webapp.agents.models.chat_completions.team import TeamWithModel, notice
from webapp.agents.models.rules import RulesModel
from webapp.agents.roster import TEAM
from webapp.agents.transcript import Asker
from webapp.config import Config, ConfigError
from webapp.http.unit_of_work import unit_of_work
from webapp.models import ChatSession, ModelUse, Reply
from webapp.services import chats
from webapp.services.errors import ChatNotFound
from webapp.services.replaying import conversation
from webapp.work import answering
from webapp.work.answering import make_reply
from webapp.work.language_model import Accounts, team_with_model

LOOKED_UP = (hands_over("cards", "it names a card"), calls(("card_status", {"last_four": "4417"})))
SETTINGS = {
    "llm_model": "stand-in", "llm_api_key": SecretStr(KEY), "llm_silence_seconds": 8.0, "llm_turn_seconds": 20.0,
    "llm_price_in": Decimal(2), "llm_price_out": Decimal(10),
}  # fmt: skip


@pytest.fixture(scope="module")
def endpoint() -> Iterator[ModelServer]:
    with standing() as server:
        yield server


@pytest.fixture
def team(app: Flask, endpoint: ModelServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., TeamWithModel]]:
    """Configures the app as it would be with these settings."""
    monkeypatch.setattr(endpoint_module, "PAUSES", ((0.0, 0.01), (0.0, 0.01)))
    monkeypatch.setattr(endpoint_module, "LOOK_SECONDS", 0.05)
    endpoint.does()

    def configure(**settings: object) -> TeamWithModel:
        known: Config = app.extensions["bankside.config"]
        config = known.model_copy(update={"llm_base_url": endpoint.url, **SETTINGS, **settings})
        made = team_with_model(app, config, Assistant(RulesModel(), TEAM))
        monkeypatch.setitem(app.extensions, "bankside.config", config)
        monkeypatch.setitem(app.extensions, "bankside.assistant", made)
        return made

    yield configure
    endpoint.released.set()
    threads_of(app).stop()


def uses(app: Flask) -> list[ModelUse]:
    return list(all_of(app, select(ModelUse).order_by(ModelUse.id)))


def test_a_reply_keeps_model_prompts_tools_tokens_cost_and_time_and_the_page_shows_them(
    app: Flask, teller: Visitor, endpoint: ModelServer, team: Callable[..., TeamWithModel]
) -> None:
    made = team()
    endpoint.does(*LOOKED_UP, says("The card ..4417 is active."))
    chat_id = teller.start(customer="10-2041")
    teller.ask(chat_id, "is card 4417 active")
    article = teller.answer(chat_id)
    assert "The card ..4417 is active." in article.get_text()
    (use,) = uses(app)
    (reply,) = all_of(app, select(Reply))
    assert (reply.model, reply.agent, reply.reason) == ("stand-in", "cards", "it names a card")
    (chat,) = all_of(app, select(ChatSession))
    told = (use.reply_id, use.staff_id, use.model, use.prompt_version)
    assert told == (reply.id, chat.staff_id, "stand-in", made.version)
    assert (use.requests, use.tokens_in, use.tokens_out, use.cost) == (3, 300, 60, Decimal("0.0012"))
    assert use.milliseconds > 0
    assert "card_status" in use.tools
    shown = " ".join(article.select_one(".message-foot").get_text().split())  # type: ignore[union-attr]
    for part in ("stand-in: answered", "300 tokens in, 60 out", "0.0012 EUR", made.version, "card status"):
        assert part in shown
    assert "Maria" not in endpoint.heard
    assert "10-2041" not in endpoint.heard


@ON_SQLITE
def test_when_the_model_fails_the_reader_is_told_and_the_row_says_why(
    app: Flask, teller: Visitor, endpoint: ModelServer, team: Callable[..., TeamWithModel]
) -> None:
    team()
    endpoint.does(otherwise=status(401))
    chat_id = teller.start(customer="10-2041")
    teller.ask(chat_id, "is card 4417 active")
    article = teller.answer(chat_id)
    assert notice("refused").strip("*") in article.get_text()
    assert "Nordhafen Debit ..4417 is active" in article.get_text()
    assert "stand-in: refused" in " ".join(article.get_text().split())
    assert [(use.failure, use.cost_micros) for use in uses(app)] == [("refused", 0)]
    assert KEY not in str(article)
    (reply,) = all_of(app, select(Reply))
    assert reply.model == "rules"


@ON_SQLITE
@pytest.mark.parametrize("act", [drips("word by word "), hangs("word by word ")])
def test_the_stop_button_ends_an_answer_while_it_streams(
    app: Flask,
    teller: Visitor,
    endpoint: ModelServer,
    team: Callable[..., TeamWithModel],
    monkeypatch: pytest.MonkeyPatch,
    act: object,
) -> None:
    monkeypatch.setattr(answering, "LOOK_SECONDS", 0.05)
    team()
    endpoint.does(act)  # type: ignore[arg-type]
    chat_id = teller.start()
    teller.ask(chat_id, "hello there")
    wait_until(lambda: any(reply.text for reply in all_of(app, select(Reply))))
    (reply,) = all_of(app, select(Reply))
    assert teller.post(f"/chat/{chat_id}/replies/{reply.id}/stop").status_code == 303
    assert "Stopped before it was finished" in teller.answer(chat_id).get_text()
    wait_until(lambda: [use.failure for use in uses(app)] == ["stopped"], seconds=4)
    assert "word by word" in all_of(app, select(Reply))[0].text, "what was said so far stays"


def test_budgets_are_of_a_day_of_a_person_and_of_all(
    app: Flask, endpoint: ModelServer, team: Callable[..., TeamWithModel]
) -> None:
    team(llm_daily_budget=Decimal("0.0007"), llm_daily_budget_per_person=Decimal("0.0005"))
    endpoint.does(otherwise=says("Good morning."))  # 100 in, 20 out: 0.0004

    def asked_by(username: str) -> str:
        with app.app_context():
            reply_id = ask(open_chat(username), "hello", username)
            make_reply(app, reply_id)
        return next(reply.text for reply in all_of(app, select(Reply)) if reply.id == reply_id)

    assert asked_by("teller") == asked_by("teller") == "Good morning."
    assert asked_by("teller").endswith(notice("budget_of_person"))
    assert asked_by("manager").endswith(notice("budget"))
    told = app.test_cli_runner().invoke(args=["assistant", "usage", "--json"])
    by_person = {one["username"]: one for one in json.loads(told.stdout)}
    assert by_person["teller"] | {"username": ""} == {
        "username": "", "questions": 3, "fallbacks": 1, "tokens_in": 200, "tokens_out": 40, "cost": 0.0008
    }  # fmt: skip
    assert by_person["manager"]["fallbacks"] == 1
    assert "0.0008 EUR in all" in app.test_cli_runner().invoke(args=["assistant", "usage", "--days", "7"]).output
    assert Accounts(app, app.extensions["bankside.config"]).left(Asker()).of_all == 0


@ON_SQLITE
def test_what_was_spent_stays_in_the_accounts_when_the_session_is_deleted(
    app: Flask, endpoint: ModelServer, team: Callable[..., TeamWithModel]
) -> None:
    team()
    with app.app_context():
        chat_id = open_chat("manager")
        reply_id = ask(chat_id, "hello", "manager")
        make_reply(app, reply_id)
        with unit_of_work():
            chats.remove(person("manager"), chat_id)
    (use,) = uses(app)
    assert (use.reply_id, use.tokens_in) == (None, 100)


def test_a_replay_shows_what_is_answered_differently_and_stores_nothing(
    app: Flask, endpoint: ModelServer, team: Callable[..., TeamWithModel], teller: Visitor
) -> None:
    chat_id = teller.start(customer="10-2041")
    teller.ask(chat_id, "is card 4417 active")
    teller.answer(chat_id)
    teller.ask(chat_id, "block it, it was stolen")
    teller.answer(chat_id)
    run = app.test_cli_runner()
    same = run.invoke(args=["assistant", "replay", chat_id])
    assert "2 questions, 0 answered differently" in same.output, same.output
    team()
    endpoint.does(*LOOKED_UP, says("The card ..4417 is active."), says("Ask a person, please."))
    before = [(reply.text, reply.model, len(reply.proposals)) for reply in all_of(app, select(Reply))]
    result = run.invoke(args=["assistant", "replay", chat_id, "--json"])
    first, second = json.loads(result.stdout)
    assert first["differs_in"] == ["text"]
    assert "+The card ..4417 is active." in first["diff"]
    assert (first["then"]["model"], first["now"]["model"]) == ("rules", "stand-in")
    assert {"agent", "tools", "proposals"} <= set(second["differs_in"])
    assert [(reply.text, reply.model, len(reply.proposals)) for reply in all_of(app, select(Reply))] == before
    assert [use.reply_id for use in uses(app)] == [None, None]


@ON_SQLITE
def test_a_session_that_does_not_exist_cannot_be_replayed(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["assistant", "replay", "sess_nothing"])
    assert (result.exit_code, "There is no session" in result.output) == (1, True)
    with app.app_context(), pytest.raises(ChatNotFound):
        conversation("sess_nothing")


def test_the_doctor_says_whether_a_model_is_there_and_how_it_does(
    app: Flask, endpoint: ModelServer, team: Callable[..., TeamWithModel]
) -> None:
    run = app.test_cli_runner()
    assert "language model: none is configured" in run.invoke(args=["doctor"]).output
    team()
    with app.app_context():
        make_reply(app, ask(open_chat(), "hello"))
    said = run.invoke(args=["doctor"]).output
    assert "language_model: stand-in is asked first, breaker closed; today 1 questions, 0 of them" in said
    assert "120 tokens, 0.0004 EUR" in said
    endpoint.does(otherwise=status(401))
    with app.app_context():
        for _ in range(5):
            make_reply(app, ask(open_chat(), "hello"))
    said = run.invoke(args=["doctor"]).output
    assert "breaker open; its last 5 attempts failed (refused)" in said
    assert KEY not in said


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"llm_base_url": "ftp://x"}, "LLM_BASE_URL: use https://"),
        ({"llm_base_url": "https://key@host/v1", "llm_model": "m"}, "LLM_BASE_URL: an address only"),
        ({"llm_base_url": "https://host/v1"}, "LLM_MODEL is missing"),
        ({"llm_base_url": "https://host/v1", "llm_model": "m", "llm_daily_budget": 1}, "LLM_PRICE_IN"),
        ({"llm_base_url": "https://host/v1", "llm_model": "m", "reply_seconds": 10}, "LLM_SILENCE_SECONDS"),
        ({"embeddings_url": "https://host/v1"}, "EMBEDDINGS_MODEL is missing"),
        (
            {"llm_base_url": "http://host/v1", "llm_model": "m", "app_env": "production", "secret_key": "s" * 32},
            "https",
        ),
    ],
)
def test_settings_that_make_no_sense_stop_the_start(tmp_path: Path, settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        Config.from_env(_env_file=None, instance_path=tmp_path, **settings)


def test_the_key_is_in_no_text_of_the_settings(tmp_path: Path) -> None:
    config = Config.from_env(_env_file=None, instance_path=tmp_path, llm_api_key=KEY)
    assert KEY not in repr(config) + str(config)


def answered(caller: Caller, chat_id: str, text: str) -> str:
    """Ask, and wait for the reply; what the page then shows of it."""
    assert caller.ask(chat_id, text).status_code == 200
    found: list[Tag] = []

    def is_there() -> bool:
        page = BeautifulSoup(caller.http.get(f"/chat/{chat_id}").text, "html.parser")
        found[:] = page.select("article.reply")[-1:]
        return bool(found) and not found[0].has_attr("aria-busy")

    wait_until(is_there, seconds=20)
    return " ".join(found[0].get_text().split())


def test_a_real_server_is_answered_by_the_model_and_when_that_is_gone_by_the_rules(tmp_path: Path) -> None:
    port = free_port()
    named = {"LLM_BASE_URL": f"http://127.0.0.1:{port}/v1", "LLM_MODEL": "stand-in", "LLM_API_KEY": KEY}
    operator = {"METRICS_TOKEN": "m" * 32}
    with running(tmp_path / "real", **named, **operator) as real, Caller(real.url) as caller:
        caller.sign_in("teller")
        chat_id = caller.open_session(customer="10-2041")
        with standing(port) as server:
            server.does(*LOOKED_UP, says("The card ..4417 of {name} is active."))
            said = answered(caller, chat_id, "is card 4417 of Maria Keller active")
            assert "The card ..4417 of Maria Keller is active." in said
            assert "300 tokens in, 60 out" in said
            assert "Maria" not in server.heard
        said = answered(caller, chat_id, "and is card 4417 active now")
        assert "Nordhafen Debit ..4417 is active" in said
        assert notice("unreachable").strip("*") in said
        shown = {"Authorization": f"Bearer {'m' * 32}"}
        counted = caller.http.get("/metrics", headers=shown).text
        assert 'bankside_model_questions_total{outcome="answered"} 1.0' in counted
        assert 'bankside_model_questions_total{outcome="unreachable"} 1.0' in counted
        assert 'bankside_model_tokens_total{way="in"} 300.0' in counted
        checks = {one["name"]: one for one in caller.http.get("/health/ready", headers=shown).json()["checks"]}
        assert checks["language_model"]["figures"]["breaker"] == "closed"
        assert KEY not in real.output
        assert "Maria" not in real.output
