"""When the database is locked, full, read-only or gone: 503 with Retry-After, nothing stored, and on it goes after."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

import webapp.assembly
from tests.conftest import Place
from tests.visitor import HTMX, Visitor
from tests.web.rows import audited, chat_row, count, let_time_pass, living_sign_ins, questions, stored
from tests.work.speaker import wait_until
from webapp import create_app
from webapp.extensions import db
from webapp.models import Message
from webapp.models.sqlite import DatabaseBusy

ON_POSTGRESQL = pytest.mark.parametrize("place", ["postgresql"], indirect=True)
ON_SQLITE = pytest.mark.parametrize("place", ["sqlite"], indirect=True)


@contextmanager
def on_each_connection(app: Flask, *statements: str) -> Iterator[None]:
    """Run these whenever a connection is taken from the app's pool; all connections are made anew afterwards."""
    with app.app_context():
        engine = db.engine

    def run(connection: Any, _entry: Any, _proxy: Any) -> None:
        for statement in statements:
            connection.execute(statement)

    event.listen(engine, "checkout", run)
    try:
        yield
    finally:
        event.remove(engine, "checkout", run)
        engine.dispose()


@contextmanager
def locked_by_another_program(place: Place) -> Iterator[Flask]:
    """An app that waits a fifth of a second only, and a database that somebody else keeps for writing."""
    if place.kind == "sqlite":
        with place.app.app_context():
            path = str(db.engine.url.database)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            with on_each_connection(place.app, "PRAGMA busy_timeout=200"):
                yield place.app
        finally:
            other.execute("ROLLBACK")
            other.close()
        return
    config = place.app.extensions["bankside.config"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(webapp.assembly, "BUSY_SECONDS", 0.2)
        impatient = create_app(config)
    with psycopg.connect(config.effective_database_url) as other_session:
        other_session.execute("LOCK TABLE chat_session, message, sign_in IN SHARE ROW EXCLUSIVE MODE")
        yield impatient
        other_session.rollback()
    with impatient.app_context():
        db.engine.dispose()
        impatient.extensions["bankside.guests_engine"].dispose()


def same_browser(visitor: Visitor, app: Flask) -> Visitor:
    """The visitor's browser at another process of the same installation."""
    other = Visitor(app)
    cookie = visitor.client.get_cookie("bankside")
    assert cookie
    other.client.set_cookie("bankside", cookie.value)
    other.token = visitor.token
    return other


def test_a_locked_database_is_busy_and_the_same_form_works_afterwards(
    app: Flask, place: Place, teller: Visitor
) -> None:
    chat_id = teller.start()
    teller.get(f"/chat/{chat_id}")
    request_id, before = teller.field("request_id", "#composer"), stored(app)
    with locked_by_another_program(place) as impatient:
        waiting = same_browser(teller, impatient)
        answer = waiting.ask(chat_id, "Is anybody there?", request_id=request_id)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.headers["HX-Retarget"] == "#notices", "the composer keeps its text"
        page = waiting.ask(chat_id, "Is anybody there?", request_id=request_id, htmx=False)
        assert page.status_code == 503
        typed = waiting.page.select_one("#typed")
        assert typed is not None
        assert typed.get_text().strip() == "Is anybody there?"
        assert same_browser(teller, impatient).get(f"/chat/{chat_id}").status_code == 200, "reading still works"
        assert waiting.post("/sessions", request_id="r" * 20).status_code == 503
    assert stored(app) == before
    assert teller.ask(chat_id, "Is anybody there?", request_id=request_id).status_code == 200
    assert questions(app, chat_id) == ["Is anybody there?"]


def test_reading_goes_on_although_being_there_cannot_be_noted(app: Flask, place: Place, teller: Visitor) -> None:
    chat_id = teller.start()
    let_time_pass(app, idle=timedelta(minutes=5))
    before = living_sign_ins(app, "teller")[0].last_seen_at
    with locked_by_another_program(place) as impatient:
        assert same_browser(teller, impatient).get(f"/chat/{chat_id}").status_code == 200
    assert living_sign_ins(app, "teller")[0].last_seen_at == before


@ON_SQLITE
@pytest.mark.parametrize("htmx", [True, False], ids=["htmx", "form"])
def test_a_read_only_database_says_so_and_can_still_be_read(app: Flask, teller: Visitor, htmx: bool) -> None:
    chat_id = teller.start(opening="What are the opening hours?")
    teller.answer(chat_id)
    app.extensions["bankside.runner"].stop()
    before = stored(app)
    with on_each_connection(app, "PRAGMA query_only=ON"):
        answer = teller.ask(chat_id, "One more question", request_id="r" * 20, htmx=htmx)
        assert answer.status_code == 503
        assert "Nothing was stored" in answer.text
        assert teller.get(f"/chat/{chat_id}").status_code == 200
        assert teller.get("/").status_code == 200
        assert Visitor(app).sign_in("teller").response.status_code == 503  # type: ignore[union-attr]
    assert stored(app) == before
    assert teller.ask(chat_id, "One more question", request_id="r" * 20).status_code == 200


@ON_SQLITE
def test_a_full_disk_stores_no_half_of_anything(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start()
    with app.app_context(), db.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    before = stored(app)
    with on_each_connection(app, f"PRAGMA max_page_count={pages}"):
        answers = [teller.ask(chat_id, "x" * 4000, request_id=f"request-number-{number}-") for number in range(12)]
    assert answers[-1].status_code == 503
    kept = sum(answer.status_code == 200 for answer in answers)
    assert count(app, Message) == before[1] + 2 * kept, "each question with its reply, or neither"
    assert chat_row(app, chat_id).last_seq == 2 * kept


@ON_POSTGRESQL
def test_a_database_that_is_gone_and_comes_back_needs_no_restart(app: Flask, place: Place, teller: Visitor) -> None:
    chat_id = teller.start()
    teller.get(f"/chat/{chat_id}")
    url = app.extensions["bankside.config"].effective_database_url
    server, name = url.rsplit("/", 1)
    before = stored(app)
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            fragment = teller.ask(chat_id, "Hello?", request_id="r" * 20)
            assert (fragment.status_code, fragment.headers["HX-Retarget"]) == (503, "#notices")
            assert "Nothing was stored" in fragment.text
            form = teller.ask(chat_id, "Hello?", request_id="r" * 20, htmx=False)
            assert form.status_code == 503
            assert "Hello?" in form.text
            page = teller.client.get(f"/chat/{chat_id}")
            assert page.status_code == 503
            assert int(page.headers["Retry-After"]) > 0
            assert page.headers["Cache-Control"] == "no-store"
            for text in (fragment.text, form.text, page.text):
                assert "Traceback" not in text
                assert name not in text
                assert "psycopg" not in text
            health = teller.client.get("/health/ready")
            assert (health.status_code, health.get_json()["status"]) == (503, "unavailable")
            assert teller.client.get("/health/live").status_code == 200
        finally:
            admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    wait_until(lambda: teller.client.get("/health/ready").status_code == 200, seconds=3)  # it looks once a second
    assert stored(app)[:2] == before[:2]
    assert [entry.details["refused"] for entry in audited(app, "storing.resumed")] == [2]
    assert teller.get(f"/chat/{chat_id}").status_code == 200
    assert teller.ask(chat_id, "Hello?", request_id="r" * 20).status_code == 200
    assert questions(app, chat_id) == ["Hello?"]


BROKEN: dict[str, tuple[Callable[[], Exception], int]] = {
    "lost": (lambda: OperationalError("COMMIT", None, Exception("server closed the connection")), 503),
    "busy": (DatabaseBusy, 503),
    "a mistake of ours": (lambda: ValueError("no"), 500),
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
def test_a_commit_that_fails_is_never_a_success(
    app: Flask, teller: Visitor, monkeypatch: pytest.MonkeyPatch, kind: str, headers: dict[str, str]
) -> None:
    make, status = BROKEN[kind]
    chat_id = teller.start()
    teller.get(f"/chat/{chat_id}")
    with teller.client.session_transaction() as cookie:
        kept = cookie["chat_id"]
    before = stored(app)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)

    def fail(_session: object) -> None:
        raise make()

    event.listen(db.session, "before_commit", fail)
    try:
        sent = {"csrf_token": teller.token, "chat_id": chat_id, "request_id": "r" * 20, "text": "Kept?"}
        answer = teller.client.post("/chat/messages", data=sent, headers=headers)
        opened = teller.client.post("/sessions", data={**sent, "opening": ""}, headers=headers)
    finally:
        event.remove(db.session, "before_commit", fail)
    assert (answer.status_code, opened.status_code) == (status, status)
    assert ("Retry-After" in answer.headers) is (status == 503)
    assert stored(app) == before
    with teller.client.session_transaction() as cookie:
        assert cookie["chat_id"] == kept, "no cookie for a session that was not stored"
