"""PostgreSQL read-only, locked, or gone while a reply is being made: said honestly, and no answer is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from flask import Flask

import webapp.assembly
from tests.conftest import Place
from tests.services.steps import ask, open_chat, state
from tests.visitor import Visitor
from tests.web.operating import operated, url_of
from tests.web.rows import audited, chat_row, stored
from tests.work.speaker import Speaker, threads_of, wait_until
from webapp.http import outages
from webapp.services.request_ids import new_request_id
from webapp.work.answering import makers_of

pytestmark = pytest.mark.parametrize("place", ["postgresql"], indirect=True)


@pytest.fixture
def speaker(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Speaker]:
    """The app's assistant, for this test."""
    made = Speaker()
    monkeypatch.setitem(app.extensions, "bankside.assistant", made)
    yield made
    made.enough.set()
    threads_of(app).stop()


def server_and_name(place: Place) -> tuple[str, str]:
    address, _, name = url_of(place).replace("postgresql+psycopg", "postgresql").rpartition("/")
    return f"{address}/postgres", name


@contextmanager
def only_read(place: Place) -> Iterator[None]:
    """As after a fail-over to a standby."""
    server, name = server_and_name(place)
    end_connections = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        admin.execute(end_connections, [name])
        try:
            yield
        finally:
            admin.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
            admin.execute(end_connections, [name])


@contextmanager
def gone(place: Place) -> Iterator[None]:
    """Nobody can connect, and whoever was connected is not."""
    server, name = server_and_name(place)
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


def test_a_read_only_postgresql_is_read_and_says_that_nothing_can_be_saved(
    app: Flask, place: Place, teller: Visitor
) -> None:
    chat_id = teller.start(opening="Opening hours")
    teller.answer(chat_id)
    threads_of(app).stop()
    before = stored(app)
    with only_read(place):
        assert teller.get(f"/chat/{chat_id}").status_code == 200
        answer = teller.ask(chat_id, "Is this kept?", request_id="r" * 20)
        assert (answer.status_code, answer.headers["HX-Retarget"]) == (503, "#notices")
        assert outages.SENTENCES["closed"] in answer.text
        page = teller.ask(chat_id, "Is this kept?", request_id="r" * 20, htmx=False)
        assert page.status_code == 503
        assert "Is this kept?</textarea>" in page.text
        assert stored(app) == before
    assert teller.ask(chat_id, "Is this kept?", request_id="r" * 20).status_code == 200
    assert chat_row(app, chat_id).last_seq == 4
    (entry,) = audited(app, "storing.resumed")
    assert entry.details["refused"] == 2


def test_rows_another_program_keeps_locked_are_busy_after_a_while(
    app: Flask, place: Place, teller: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert webapp.assembly.BUSY_SECONDS == 5
    monkeypatch.setattr(webapp.assembly, "BUSY_SECONDS", 0.5)
    chat_id = teller.start()
    server, name = server_and_name(place)
    with (
        operated(tmp_path, url_of(place), secret_key=app.config["SECRET_KEY"]) as impatient,
        psycopg.connect(server.replace("/postgres", f"/{name}")) as other,
    ):
        teller.client.application = teller.app = impatient
        other.execute("SELECT 1 FROM chat_session WHERE id = %s FOR UPDATE", [chat_id])
        began = time.monotonic()
        answer = teller.ask(chat_id, "Anybody there?", request_id=new_request_id())
        assert 0.4 < time.monotonic() - began < 4
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert outages.SENTENCES["busy"] in answer.text
        other.rollback()
    assert chat_row(app, chat_id).last_seq == 0


def test_an_answer_that_is_ready_while_the_database_is_gone_is_stored_when_it_is_back(
    app: Flask, place: Place, speaker: Speaker
) -> None:
    with app.app_context():
        reply_id = ask(open_chat())
        threads_of(app).submit(reply_id)
        assert speaker.thinking.wait(timeout=5)
        with gone(place):
            speaker.enough.set()
            wait_until(lambda: speaker.ended == ["answered"])
            assert makers_of(app), "it waits with its answer"
        wait_until(lambda: state(reply_id) == "done")
    assert len(speaker.asked) == 1
