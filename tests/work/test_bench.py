"""The benchmark's baseline does the product's work: the same statements on the same tables, in the same order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event

from bench.bare import BareClient, Connection, connect, signed_in
from bench.timing import Figures
from tests.conftest import Place
from tests.visitor import Visitor, chat_id_in
from tests.work.conftest import column, url_of
from webapp.extensions import db
from webapp.work.answering import make_reply

STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|SAVEPOINT|RELEASE)\b(?:.*?\b(?:FROM|INTO)\s+)?\s*(\w+)?", re.S)


def shape(statement: str) -> str:
    """What a statement does to which table: INSERT message."""
    found = STATEMENT.match(statement)
    assert found is not None, statement
    verb, table = found.groups()
    return verb if verb in ("SAVEPOINT", "RELEASE") else f"{verb} {table}"


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


def test_the_baseline_sends_what_the_product_sends(place: Place) -> None:
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
        assert recorded.told == asking + answering
    finally:
        bare.close()
    kept = "SELECT seq || role FROM message WHERE chat_id = :chat ORDER BY seq"
    assert column(place, kept, chat=client.chat_id) == column(place, kept, chat=chat_id) == ["1staff", "2assistant"]
    assert column(place, "SELECT state FROM reply") == ["done", "done"]


def test_percentiles_are_of_what_was_measured() -> None:
    figures = Figures([float(number) for number in range(100, 0, -1)], seconds=4.0)
    assert figures.per_second == 25
    assert [figures.percentile(share) for share in (0.5, 0.95, 0.99, 1)] == [50, 95, 99, 100]
    assert Figures([7.0], 1.0).percentile(0.5) == 7
