"""Many writers on one database, in threads and processes: nobody is refused, nothing is lost, nobody waits for ever."""

from __future__ import annotations

import fcntl
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import PendingRollbackError

from tests.conftest import Place
from tests.services.steps import ask, open_chat
from tests.visitor import Visitor
from tests.work.apart import run_together
from tests.work.conftest import column, url_of
from webapp.extensions import db
from webapp.http.unit_of_work import reading, unit_of_work
from webapp.models import AuditEntry, ChatSession
from webapp.models import sqlite as sqlite_module
from webapp.models.sqlite import BUSY_SECONDS, DatabaseBusy, make_safe


@pytest.fixture
def sqlite_app(place: Place) -> Flask:
    """The app on SQLite; what is tested with it does not exist on PostgreSQL."""
    if place.kind != "sqlite":
        pytest.skip("only SQLite has a write gate and pragmas")
    return place.app


only_sqlite = pytest.mark.parametrize("place", ["sqlite"], indirect=True)


@only_sqlite
def test_every_connection_has_the_settings_that_make_sqlite_safe(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        connections = [db.engine.connect() for _ in range(3)]
        try:
            for connection in connections:
                in_force = {
                    name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                    for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
                }
                assert in_force == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 5000}
        finally:
            for connection in connections:
                connection.close()


@only_sqlite
def test_the_settings_are_those_of_a_plain_file_opened_by_the_bank_and_the_handbook_too(sqlite_app: Flask) -> None:
    with sqlite_app.extensions["bankside.guests_engine"].connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


@pytest.mark.parametrize("each", [25])
def test_two_processes_with_eight_threads_each_write_and_nobody_is_refused(
    place: Place, each: int, tmp_path: Path
) -> None:
    folder = str(tmp_path)
    done = run_together([["write", folder, url_of(place), "8", str(each)]] * 2)
    assert [one["errors"] for one in done] == [[], []]
    ids = done[0]["ids"] + done[1]["ids"]
    assert len(ids) == 2 * 8 * each
    assert sorted(column(place, "SELECT id FROM chat_session")) == sorted(ids)
    told = column(place, "SELECT object_id FROM audit_entry WHERE action = 'session.created'")
    assert sorted(told) == sorted(ids)
    assert max(one["slowest"] for one in done) < BUSY_SECONDS


def test_a_reply_is_taken_by_one_of_all_makers_in_two_processes(place: Place, tmp_path: Path) -> None:
    with place.app.app_context():
        reply_ids = [ask(open_chat()) for _ in range(15)]
    done = run_together([["claim", str(tmp_path), url_of(place), "4", json.dumps(reply_ids)]] * 2)
    assert sorted(done[0] + done[1]) == reply_ids


class Holder:
    """Somebody who begins to write and takes their time."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.holding, self.enough = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._hold)

    def _hold(self) -> None:
        with self.app.app_context(), unit_of_work():
            db.session.execute(text("SELECT 1"))
            self.holding.set()
            self.enough.wait(timeout=20)

    def __enter__(self) -> Holder:
        self.thread.start()
        assert self.holding.wait(timeout=5)
        return self

    def __exit__(self, *_error: object) -> None:
        self.enough.set()
        self.thread.join(timeout=20)


@only_sqlite
def test_a_writer_held_up_too_long_is_told_so_within_five_seconds_and_the_next_one_gets_through(
    sqlite_app: Flask,
) -> None:
    with sqlite_app.app_context():
        with Holder(sqlite_app):
            started = time.monotonic()
            with pytest.raises(DatabaseBusy), unit_of_work():
                db.session.execute(text("SELECT 1"))
            assert BUSY_SECONDS - 0.5 < time.monotonic() - started < BUSY_SECONDS + 1
            with reading():
                assert db.session.scalar(select(func.count()).select_from(ChatSession)) == 0, "reading goes on"
        started = time.monotonic()
        open_chat()
        assert time.monotonic() - started < 1


@only_sqlite
def test_a_request_that_cannot_write_is_answered_503_and_stores_nothing(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = Visitor(sqlite_app).sign_in("teller")
    request_id = visitor.field("request_id")
    monkeypatch.setattr(sqlite_module, "BUSY_SECONDS", 0.3)
    with Holder(sqlite_app):
        response = visitor.post("/sessions", request_id=request_id)
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "5"
        assert visitor.get("/").status_code == 200, "reading goes on"
    assert visitor.post("/sessions", request_id=request_id).status_code == 303


@only_sqlite
def test_a_writer_waits_for_another_process_and_gives_up_in_time(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_module, "BUSY_SECONDS", 0.3)
    with sqlite_app.app_context():
        open_chat()
        with open(f"{db.engine.url.database}.gate", "w") as elsewhere:
            fcntl.flock(elsewhere, fcntl.LOCK_EX)  # as another process would
            with pytest.raises(DatabaseBusy), unit_of_work():
                db.session.execute(text("SELECT 1"))
        open_chat()


@only_sqlite
def test_the_gate_opens_again_after_an_error_a_rollback_and_a_lost_connection(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_module, "BUSY_SECONDS", 0.3)
    with sqlite_app.app_context():
        with pytest.raises(ZeroDivisionError):
            write_and_fail(ZeroDivisionError)
        open_chat()
        with unit_of_work():
            db.session.execute(text("SELECT 1"))
            db.session.rollback()
            db.session.execute(text("SELECT 1"))  # a second transaction in the same unit of work
        open_chat()
        with unit_of_work():
            db.session.connection().invalidate()
            db.session.rollback()
        open_chat()
        with pytest.raises(PendingRollbackError):  # what was written is gone: this must not "succeed"
            write_and_lose_the_connection()
        open_chat()
        db.session.remove()
        assert db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


@only_sqlite
def test_a_request_leaves_no_wish_to_write_behind_in_its_thread(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = Visitor(sqlite_app).sign_in("teller")
    assert visitor.post("/sessions", request_id=visitor.field("request_id")).status_code == 303
    monkeypatch.setattr(sqlite_module, "BUSY_SECONDS", 0.3)
    with sqlite_app.app_context(), db.engine.connect() as first, db.engine.connect() as second:
        for connection in (first, second):
            assert connection.scalar(select(func.count()).select_from(ChatSession)) == 1


def write_and_fail(error: type[Exception], before: Callable[[], object] = lambda: None) -> None:
    """Write a row, do something, fail."""
    with unit_of_work():
        db.session.add(AuditEntry(actor="x", role="x", action="failed", object_id="x", details={}))
        db.session.flush()
        before()
        raise error


def write_and_lose_the_connection() -> None:
    with unit_of_work():
        db.session.execute(text("SELECT 1"))
        db.session.connection().invalidate()


@only_sqlite
def test_a_locked_file_is_an_error_after_a_while_and_the_gate_is_free_again(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite_app.app_context():
        url = db.engine.url
        db.engine.dispose()  # new connections wait for a shorter time
        monkeypatch.setattr(sqlite_module, "BUSY_SECONDS", 0.2)
        another_program = create_engine(url)
        with another_program.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            with pytest.raises(Exception, match="database is locked"), unit_of_work():
                db.session.execute(text("SELECT 1"))
        another_program.dispose()
        open_chat()
        db.engine.dispose()


def test_make_safe_leaves_other_databases_alone() -> None:
    engine = create_engine("sqlite://")
    make_safe(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "memory"
    engine.dispose()


def test_what_one_request_rolls_back_takes_nothing_of_another_along(app: Flask) -> None:
    inside, decided = threading.Event(), threading.Event()

    def fail() -> None:
        with app.app_context(), pytest.raises(ZeroDivisionError):
            write_and_fail(ZeroDivisionError, lambda: (inside.set(), decided.wait(timeout=0.5)))

    failing = threading.Thread(target=fail)
    failing.start()
    assert inside.wait(timeout=5)
    with app.app_context():
        kept = open_chat()  # on PostgreSQL in the middle of the other's transaction, on SQLite right after it
        decided.set()
        failing.join(timeout=10)
        with unit_of_work():
            assert list(db.session.scalars(select(ChatSession.id))) == [kept]
            failed = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "failed")
            assert db.session.scalar(failed) == 0
