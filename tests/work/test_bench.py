"""The benchmark's baseline does the product's work: the same statements on the same tables, in the same order."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, event

from bench import streams
from bench.bare import BareClient, Connection, connect, signed_in
from bench.holder import Holder
from bench.people import add_staff, sign_in_all
from bench.servers import Cost, serving, serving_process
from bench.streams import A_SECOND, ASKERS, Measuring, Stage
from bench.timing import Figures
from tests.conftest import Place
from tests.server import Server
from tests.visitor import Visitor, chat_id_in
from tests.web.rows import ON_SQLITE
from tests.work.conftest import column, url_of
from webapp.extensions import db
from webapp.work import answering as making
from webapp.work.answering import make_reply

VERB = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|SAVEPOINT|RELEASE)\b")
TABLE = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+([a-z]\w*)")


def shape(statement: str) -> str:
    """What a statement does to which tables: UPDATE reply message."""
    found = VERB.match(statement)
    assert found is not None, statement
    verb = found.group(1)
    return verb if verb in ("SAVEPOINT", "RELEASE") else " ".join([verb, *dict.fromkeys(TABLE.findall(statement))])


# Loaded in any order:
BELONGINGS = tuple(f"SELECT {one}" for one in ("cited_passage", "model_use", "proposal", "reply_attempt", "tool_call"))


def in_order(told: list[str]) -> list[str]:
    """The statements, with what is loaded along with a reply in one order."""
    runs = [list(run) for _, run in groupby(told, key=lambda one: one in BELONGINGS)]
    return [one for run in runs for one in (sorted(run) if run[0] in BELONGINGS else run)]


@contextmanager
def listening(app: Flask) -> Iterator[list[str]]:
    """The statements of the product's own engine while the block runs."""
    told: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            told.append(shape(statement))

    def ended(_connection: Any) -> None:
        told.append("end")

    with app.app_context():
        engine: Engine = db.engine
    listeners = [("before_cursor_execute", note), ("commit", ended), ("rollback", ended)]
    for name, listener in listeners:
        event.listen(engine, name, listener)
    try:
        yield told
    finally:
        for name, listener in listeners:
            event.remove(engine, name, listener)


class Recorded:
    """A bare connection that remembers what was sent through it."""

    def __init__(self, real: Connection) -> None:
        self.real, self.postgresql, self.told = real, real.postgresql, []

    def begin(self, writing: bool = True) -> None:
        """Begin."""
        self.real.begin(writing)

    def run(self, statement: str, *values: Any) -> list[Any]:
        """Send and remember."""
        self.told.append(shape(statement))
        return self.real.run(statement, *values)

    def end(self) -> None:
        """Commit."""
        self.told.append("end")
        self.real.end()


def test_the_baseline_sends_what_the_product_sends(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "BEAT_SECONDS", 60.0)  # a machine that is busy may think for longer than that
    visitor = Visitor(place.app).sign_in("teller")
    place.app.extensions["bankside.runner"].stop()
    visitor.get("/")
    with listening(place.app) as opening:
        response = visitor.post("/sessions", request_id=visitor.field("request_id"))
    chat_id = chat_id_in(response.headers["Location"])
    visitor.get(f"/chat/{chat_id}")
    request_id = visitor.field("request_id", "#composer")
    place.app.extensions["bankside.runner"].submit = lambda *_: None  # the reply is made below, while listening
    try:
        with listening(place.app) as asking:
            assert visitor.ask(chat_id, "Opening hours", request_id).status_code == 200
    finally:
        del place.app.extensions["bankside.runner"].submit
    (reply_id,) = column(place, "SELECT id FROM reply")
    with listening(place.app) as answering:
        make_reply(place.app, int(str(reply_id)))

    bare = connect(url_of(place))
    try:
        recorded = Recorded(bare)
        client = BareClient(recorded, *signed_in(bare))
        assert recorded.told == opening
        recorded.told.clear()
        client.post_message()
        assert in_order(recorded.told) == in_order(asking + answering)
    finally:
        bare.close()
    kept = "SELECT seq || role FROM message WHERE chat_id = :chat ORDER BY seq"
    assert column(place, kept, chat=client.chat_id) == column(place, kept, chat=chat_id) == ["1staff", "2assistant"]
    assert column(place, "SELECT state FROM reply") == ["done", "done"]


@ON_SQLITE
def test_pages_of_a_real_server_are_held_told_and_answered(place: Place, tmp_path: Path) -> None:
    assert place.pristine is not None
    shutil.copy(place.pristine, tmp_path / "bankside.db")
    with closing(connect(url := f"sqlite:///{tmp_path}/bankside.db")) as connection:
        names = add_staff(connection, ASKERS + 1)
    with serving("gthread", tmp_path, url, threads=16) as server, Holder(server.url) as holder:
        with ThreadPoolExecutor(1) as apart:  # a browser test may have left its loop running in this thread
            quiet, spoken = apart.submit(asyncio.run, measured(server, holder, names)).result()
        assert Cost.of(serving_process(server)).threads > 8
    assert (quiet.streams, quiet.heard.held, quiet.heard.delays) == (3, 3, [])
    assert (spoken.streams, spoken.heard.held, spoken.heard.lost) == (3, 3, 0)
    assert spoken.heard.received > len(spoken.heard.delays) * 100 > 500
    assert 0 <= min(spoken.heard.delays) <= max(spoken.heard.delays) < 5000
    for shown in (*quiet.shown, *spoken.shown):
        assert 0 < shown.stored < shown.done
        assert 0 < shown.first_step < shown.first_text <= shown.done
    assert len(quiet.shown) == len(spoken.shown) == ASKERS


async def measured(server: Server, holder: Holder, names: list[str]) -> tuple[Stage, Stage]:
    """Three pages that listen, with nothing said and with 1 KB a second said to each, while the others ask once."""
    measuring = Measuring(server, holder, ASKERS / A_SECOND, times=10)
    await measuring.begin(names[:ASKERS])
    try:
        await measuring.open_more(await sign_in_all(server.url, names[ASKERS:]), 3)
        return await measuring.stage(spoken=False), await measuring.stage(spoken=True)
    finally:
        await measuring.end()


def test_a_server_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bench.servers.importlib.util.find_spec", lambda _name: None)
    assert streams.main(["--server", "granian"]) == 1
    assert capsys.readouterr().out == "granian is not installed here: pip install granian\n"


def test_percentiles_are_of_what_was_measured() -> None:
    figures = Figures([float(number) for number in range(100, 0, -1)], seconds=4.0)
    assert figures.per_second == 25
    assert [figures.percentile(share) for share in (0.5, 0.95, 0.99, 1)] == [50, 95, 99, 100]
    assert Figures([7.0], 1.0).percentile(0.5) == 7
