"""The key that signs cookies: made once and kept for its owner alone, changed without signing everybody out."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import CHEAP
from tests.visitor import Visitor
from tests.web.rows import ON_SQLITE
from webapp import create_app
from webapp.config import Config, ConfigError
from webapp.extensions import db

OLD, NEW = "old-key-" + "o" * 40, "new-key-" + "n" * 40


def settings(folder: Path, **values: object) -> Config:
    """Settings as read from an environment that says nothing else."""
    return Config.from_env(_env_file=None, instance_path=folder, **{**CHEAP, **values})


def test_the_demo_makes_a_key_once_and_keeps_it_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "instance"
    key = settings(folder).signing_key
    assert len(key) >= 32
    assert settings(folder).signing_key == key
    assert stat.S_IMODE((folder / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["secret_key"], "nothing is left lying about"
    assert settings(tmp_path / "another").signing_key != key


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _number: settings(tmp_path).signing_key, range(64)))
    assert len(keys) == 1


def test_a_key_that_is_given_is_used_and_none_is_written(tmp_path: Path) -> None:
    assert settings(tmp_path, secret_key=OLD).signing_key == OLD
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("key", ["", " ", "short", "x" * 31])
def test_production_needs_a_long_key_and_says_how_to_make_one(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigError, match="SECRET_KEY must have at least 32 characters") as refusal:
        settings(tmp_path, app_env="production", secret_key=key)
    assert "token_urlsafe" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert not key.strip() or key not in str(refusal.value)


def test_settings_cannot_be_changed_afterwards(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings(tmp_path).app_env = "demo"


@pytest.fixture
def another_process(app: Flask) -> Iterator[Callable[..., Flask]]:
    """Starts the same installation again with other keys; ends what it started."""
    started: list[Flask] = []

    def start(key: str, fallbacks: str = "") -> Flask:
        config: Config = app.extensions["bankside.config"]
        again = create_app(config.model_copy(update={"secret_key": key, "secret_key_fallbacks": fallbacks}))
        started.append(again)
        return again

    yield start
    for process in started:
        process.extensions["bankside.runner"].stop()
        with process.app_context():
            db.engine.dispose()
            process.extensions["bankside.guests_engine"].dispose()


def same_browser(visitor: Visitor, app: Flask) -> Visitor:
    """The visitor's browser, talking to another process."""
    cookie = visitor.client.get_cookie("bankside")
    assert cookie
    other = Visitor(app)
    other.client.set_cookie("bankside", cookie.value)
    other.token = visitor.token
    return other


@ON_SQLITE
def test_with_the_old_key_as_fallback_everybody_stays_signed_in(another_process: Callable[..., Flask]) -> None:
    before, after = another_process(OLD), another_process(NEW, fallbacks=f"{'x' * 40}, {OLD}")
    teller = Visitor(before).sign_in("teller")
    chat_id = teller.start()
    browser = same_browser(teller, after)
    assert browser.get(f"/chat/{chat_id}").status_code == 200
    assert browser.ask(chat_id, "Still signed in?").status_code == 200
    browser.start()
    newest = same_browser(browser, another_process(NEW))
    assert newest.get("/").status_code == 200, "the cookie is signed with the new key by now"
    assert same_browser(browser, before).get("/").status_code == 302


@ON_SQLITE
def test_a_page_drawn_before_the_change_sends_its_text_again(
    another_process: Callable[..., Flask],
) -> None:
    before, after = another_process(OLD), another_process(NEW, fallbacks=OLD)
    teller = Visitor(before).sign_in("teller")
    chat_id = teller.start()
    browser = same_browser(teller, after)
    fields = {"chat_id": chat_id, "request_id": "r" * 20, "text": "Half a thought"}
    answer = browser.post("/chat/messages", htmx=True, **fields)
    if answer.status_code == 400:
        assert "Your text is kept" in answer.text
        answer = browser.post("/chat/messages", htmx=True, csrf_token=answer.headers["X-CSRF-Token"], **fields)
    assert answer.status_code == 200


@ON_SQLITE
def test_without_it_everybody_signs_in_anew_and_nothing_breaks(another_process: Callable[..., Flask]) -> None:
    before, after = another_process(OLD), another_process(NEW)
    teller = Visitor(before).sign_in("teller")
    browser = same_browser(teller, after)
    assert browser.get("/sign-ins").headers["Location"] == "/sign-in?next=/sign-ins"
    assert same_browser(teller, after).post("/sign-ins/stay").status_code == 401
    browser.sign_in("teller")
    assert browser.get("/").status_code == 200
