"""A disk that is full, read-only, or locked by others: said honestly, nothing half stored, and on it goes after."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Place
from tests.faults.disks import Disk, disk, read_only, workers_of
from tests.server import Server, running
from tests.visitor import Visitor
from tests.web.operating import BEARER, TOKEN, get, operated
from tests.web.rows import ON_SQLITE, questions, stored
from tests.work.caller import Caller
from tests.work.speaker import wait_until
from webapp.services.request_ids import new_request_id

pytestmark = pytest.mark.xdist_group("faults")  # one server for all of the module

CLOSED = "Nothing can be saved at the moment; reading works. Nothing was stored."
BUSY = "Too many people are saving at this moment. Nothing was stored."
ROOM = 24  # megabytes beside the database


@dataclass
class Desk:
    """A server whose database, logs and figures are on one small disk, and somebody who is signed in there."""

    server: Server
    disk: Disk
    caller: Caller

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database holds, looked at from outside."""
        with closing(sqlite3.connect(self.disk.folder / "bankside.db")) as connection:
            return connection.execute(statement, values).fetchall()

    def said(self, chat_id: str) -> list[tuple[int, str, str]]:
        """Number, role, and the question's text or the reply's state, in order."""
        return self.rows(
            "SELECT m.seq, m.role, coalesce(r.state, m.text) FROM message m LEFT JOIN reply r ON r.id = m.id"
            " WHERE m.chat_id = ? ORDER BY m.seq",
            chat_id,
        )

    def all_answered(self) -> bool:
        """Whether every reply is done."""
        return self.rows("SELECT count(*) FROM reply WHERE state <> 'done'") == [(0,)]

    def health(self) -> dict[str, Any]:
        """What operators are told."""
        answer = self.caller.http.get("/health/ready", headers=BEARER)
        assert answer.status_code == 200
        return {**answer.json(), "levels": {check["name"]: check["level"] for check in answer.json()["checks"]}}


@pytest.fixture(scope="module")
def desk(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One server for this module."""
    database, folder = seeded / "bankside.db", tmp_path_factory.mktemp("disk") / "small"
    with disk(folder, database.stat().st_size // 2**20 + ROOM) as small:
        shutil.copy(database, folder)
        with running(folder, METRICS_TOKEN=TOKEN) as server, Caller(server.url).sign_in() as caller:
            yield Desk(server, small, caller)


def typed_on(page: httpx.Response) -> bool:
    return "Is this kept?</textarea>" in page.text


@ON_SQLITE
def test_a_full_disk_is_said_so_stores_no_half_and_needs_no_restart(place: Place, desk: Desk) -> None:
    caller, workers = desk.caller, workers_of(desk.server)
    chat_id = caller.open_session()
    kept = ["Opening hours"]
    assert caller.ask(chat_id, kept[0]).status_code == 200
    wait_until(desk.all_answered)
    desk.disk.fill(desk.server)
    try:
        refused, lost = None, ""
        while refused is None:  # what the files have room for inside may still be stored
            lost = f"Opening hours {len(kept)} " + "x" * 3900
            answer = caller.ask(chat_id, lost, request_id=f"{len(kept):020}")
            if answer.status_code == 200:
                kept.append(lost)
                assert len(kept) < 1000, "the disk is not full"
            else:
                refused = answer
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert refused.headers["HX-Retarget"] == "#notices", "the composer keeps its text"
        assert CLOSED in refused.text
        fields = {"chat_id": chat_id, "request_id": new_request_id(), "text": "Is this kept?"}
        page = caller.post("/chat/messages", **fields)
        assert (page.status_code, typed_on(page)) == (503, True)
        assert caller.create(opening="Nor this").status_code == 503
        for path in ("/", f"/chat/{chat_id}"):
            assert caller.http.get(path).status_code == 200, "reading works"
        wait_until(lambda: desk.health()["levels"]["storing"] == "degraded", seconds=3)
        assert desk.health()["status"] == "degraded"
        assert caller.http.get("/metrics", headers=BEARER).status_code == 200
        assert [text for _seq, role, text in desk.said(chat_id) if role == "staff"] == kept
        assert workers_of(desk.server) == workers, "no process has died of it"
    finally:
        desk.disk.clear(desk.server)
    assert caller.ask(chat_id, lost, request_id=f"{len(kept):020}").status_code == 200, "the same form again"
    kept.append(lost)
    wait_until(desk.all_answered, seconds=25)
    said = desk.said(chat_id)
    assert [seq for seq, _role, _text in said] == list(range(1, 2 * len(kept) + 1))
    assert [text for _seq, role, text in said if role == "staff"] == kept
    assert desk.rows("SELECT count(*) FROM reply") == [(len(kept),)]
    assert desk.rows("PRAGMA integrity_check") == [("ok",)]
    (told,) = desk.rows("SELECT details FROM audit_entry WHERE action = 'storing.resumed'")
    assert '"refused": 3' in told[0]
    wait_until(lambda: desk.health()["levels"]["storing"] == "ok", seconds=3)


@ON_SQLITE
def test_a_database_another_program_keeps_locked_is_busy_after_five_seconds_and_not_later(
    place: Place, desk: Desk
) -> None:
    caller = desk.caller
    chat_id = caller.open_session()
    request_id = new_request_id()
    with closing(sqlite3.connect(desk.disk.folder / "bankside.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        answer = caller.ask(chat_id, "Anybody there?", request_id=request_id)
        waited = time.monotonic() - began
        assert caller.http.get(f"/chat/{chat_id}").status_code == 200, "reading goes on"
        other.execute("ROLLBACK")
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (503, "#notices")
    assert int(answer.headers["Retry-After"]) > 0
    assert BUSY in answer.text
    assert 4 < waited < 7
    assert desk.said(chat_id) == []
    assert caller.ask(chat_id, "Anybody there?", request_id=request_id).status_code == 200
    wait_until(desk.all_answered)
    assert desk.said(chat_id) == [(1, "staff", "Anybody there?"), (2, "assistant", "done")]


@ON_SQLITE
def test_a_read_only_disk_is_read_and_says_that_nothing_can_be_saved(place: Place, tmp_path: Path) -> None:
    teller = Visitor(place.app).sign_in("teller")
    chat_id = teller.start(opening="Opening hours")
    teller.answer(chat_id)
    place.app.extensions["bankside.runner"].stop()
    assert place.pristine
    files = list(place.pristine.parent.glob("bankside.db*"))
    key = place.app.config["SECRET_KEY"]
    with (
        read_only(tmp_path / "read-only", files) as folder,
        operated(tmp_path / "instance", f"sqlite:///{folder / 'bankside.db'}", secret_key=key) as app,
    ):
        there = Visitor(app)
        cookie = teller.client.get_cookie("bankside")
        assert cookie
        there.client.set_cookie("bankside", cookie.value)
        assert "Opening hours" in there.get(f"/chat/{chat_id}").text
        before = stored(app)
        answer = there.ask(chat_id, "Is this kept?", request_id=new_request_id())
        assert (answer.status_code, answer.headers["HX-Retarget"]) == (503, "#notices")
        assert CLOSED in answer.text
        page = there.ask(chat_id, "Is this kept?", request_id=new_request_id(), htmx=False)
        assert page.status_code == 503
        assert "Is this kept?</textarea>" in page.text
        health = get(app, "/health/ready")
        assert (health.status_code, health.json["status"]) == (200, "degraded")  # type: ignore[index]
        assert stored(app) == before
        assert questions(app, chat_id) == ["Opening hours"]


@ON_SQLITE
def test_a_log_that_cannot_be_written_loses_lines_and_nothing_else(place: Place) -> None:
    with open("/dev/full", "w") as full:
        try:
            with redirect_stdout(full):
                teller = Visitor(place.app).sign_in("teller")
                chat_id = teller.start()
                assert teller.ask(chat_id, "Opening hours").status_code == 200
                assert "is-done" in teller.answer(chat_id)["class"]
        finally:
            with open(os.devnull, "w") as nowhere:
                os.dup2(nowhere.fileno(), full.fileno())  # closing it writes what is left
    assert questions(place.app, chat_id) == ["Opening hours"]
