"""Making replies in the server's process: no transaction is open meanwhile, order is kept, failures are sentences."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence

import pytest
from flask import Flask
from sqlalchemy import text

from tests.conftest import Place
from tests.services.steps import ANSWER, ask, open_chat, person, state
from tests.visitor import Visitor
from tests.work.conftest import column
from tests.work.speaker import wait_until
from webapp.agents.transcript import Answer, Desk, Line, Tell
from webapp.bank.errors import BankUnavailable
from webapp.extensions import db
from webapp.http.unit_of_work import unit_of_work
from webapp.models import Reply
from webapp.services import chats, replies
from webapp.work import runner as runner_module
from webapp.work.answering import APOLOGY, BANK_SILENT, make_reply, makers_of
from webapp.work.runner import Runner


class Thinker:
    """An assistant that thinks until it is told that it is enough."""

    def __init__(self) -> None:
        self.thinking, self.enough = threading.Event(), threading.Event()
        self.asked: list[tuple[str, Desk]] = []
        self.problem: Exception | None = None

    def answer(self, lines: Sequence[Line], desk: Desk, _tell: Tell) -> Answer:
        """The same answer to everything."""
        self.asked.append((lines[-1].text, desk))
        self.thinking.set()
        assert self.enough.wait(timeout=20)
        if self.problem:
            raise self.problem
        return ANSWER


@pytest.fixture
def thinker(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Thinker]:
    """The app's assistant, for this test."""
    made = Thinker()
    monkeypatch.setitem(app.extensions, "bankside.assistant", made)
    yield made
    made.enough.set()
    runner_of(app).stop()


def runner_of(app: Flask) -> Runner:
    found = app.extensions["bankside.runner"]
    assert isinstance(found, Runner)
    return found


def checked_out(app: Flask) -> tuple[int, int]:
    """How many connections are in use: the requests', and the bank's and handbook's."""
    with app.app_context():
        own = db.engine.pool.checkedout()  # type: ignore[attr-defined]
        return own, app.extensions["bankside.guests_engine"].pool.checkedout()


def test_no_transaction_is_open_while_the_assistant_thinks(place: Place, thinker: Thinker) -> None:
    visitor = Visitor(place.app).sign_in("teller")
    chat_id = visitor.start()
    assert visitor.ask(chat_id, "Card status").status_code == 200
    assert thinker.thinking.wait(timeout=5)
    wait_until(lambda: checked_out(place.app) == (0, 0), seconds=2)  # the sweeper looks once when it starts
    if place.kind == "postgresql":
        idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in %'"
        wait_until(lambda: column(place, idle) == [0], seconds=2)  # whatever the assistant held would be held still
    started = time.monotonic()
    with place.app.app_context():
        open_chat("manager")
    assert time.monotonic() - started < 1, "another writer had to wait for a thinking assistant"
    assert visitor.ask(chat_id, "And his accounts?").status_code == 200, "the same session takes another question"
    thinker.enough.set()
    wait_until(lambda: column(place, "SELECT state FROM reply ORDER BY id") == ["done", "done"])


def test_questions_asked_meanwhile_are_answered_in_their_order(app: Flask, thinker: Thinker) -> None:
    with app.app_context():
        chat_id = open_chat()
        made = [ask(chat_id, f"Question {number}") for number in range(5)]
    for reply_id in reversed(made):
        runner_of(app).submit(reply_id)
    thinker.enough.set()
    with app.app_context():
        wait_until(lambda: [state(reply_id) for reply_id in made] == ["done"] * 5)
    assert [asked for asked, _ in thinker.asked] == [f"Question {number}" for number in range(5)]


def test_the_assistant_is_told_who_asks_and_what_time_it_is_there(app: Flask, thinker: Thinker) -> None:
    thinker.enough.set()
    with app.app_context():
        reply_id = ask(open_chat())
        assert make_reply(app, reply_id) is None, "nothing is left to be made"
    (_, desk) = thinker.asked[0]
    assert (desk.staff_name, desk.staff_role, desk.customer) == ("Tom Reuter", "teller", None)
    assert str(desk.now.tzinfo) == "Europe/Berlin"


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [(RuntimeError("key sk-123 rejected"), APOLOGY), (BankUnavailable("10.0.0.7 refused"), BANK_SILENT)],
)
def test_whatever_goes_wrong_becomes_a_sentence_and_can_be_tried_again(
    app: Flask, thinker: Thinker, problem: Exception, sentence: str
) -> None:
    thinker.enough.set()
    thinker.problem = problem
    with app.app_context():
        reply_id = ask(open_chat())
        make_reply(app, reply_id)
        with unit_of_work():
            reply = db.session.get_one(Reply, reply_id, populate_existing=True)
            assert (reply.state, reply.failure, reply.text) == ("failed", sentence, "")
            replies.retry(person(), reply)
        thinker.problem = None
        make_reply(app, reply_id)
        assert state(reply_id) == "done"
    assert makers_of(app) == set()


def test_a_session_deleted_while_its_reply_is_made_drops_the_reply(app: Flask, thinker: Thinker) -> None:
    with app.app_context():
        chat_id = open_chat()
        reply_id = ask(chat_id)
        runner_of(app).submit(reply_id)
        assert thinker.thinking.wait(timeout=5)
        with unit_of_work():
            chats.remove(person("manager"), chat_id)
        thinker.enough.set()
        wait_until(lambda: not makers_of(app))
        with unit_of_work():
            for table in ("message", "reply", "tool_call", "cited_passage"):
                assert db.session.scalar(text(f"SELECT count(*) FROM {table}")) == 0


def test_the_sweeper_keeps_living_makers_claims_and_takes_up_what_was_overlooked(
    app: Flask, thinker: Thinker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "SWEEP_SECONDS", 60)
    runner = runner_of(app)
    with app.app_context():
        first = ask(open_chat())
        runner.submit(first)
        assert thinker.thinking.wait(timeout=5)
        overlooked = ask(open_chat("manager"), username="manager")
        assert runner.sweep() == 1
        thinker.enough.set()
        wait_until(lambda: [state(first), state(overlooked)] == ["done", "done"])
    assert len(thinker.asked) == 2, "each was made once"


def test_stopping_finishes_the_reply_being_made_and_leaves_the_others_for_later(app: Flask, thinker: Thinker) -> None:
    one_at_a_time = Runner(app, 1)
    with app.app_context():
        made = [ask(open_chat()) for _ in range(3)]
        for reply_id in made:
            one_at_a_time.submit(reply_id)
        assert thinker.thinking.wait(timeout=5)
        threading.Timer(1.0, thinker.enough.set).start()
        one_at_a_time.stop()
        assert [state(reply_id) for reply_id in made] == ["done", "pending", "pending"]


def test_submitting_twice_makes_one_reply(app: Flask, thinker: Thinker) -> None:
    thinker.enough.set()
    with app.app_context():
        reply_id = ask(open_chat())
        for _ in range(10):
            runner_of(app).submit(reply_id)
        wait_until(lambda: state(reply_id) == "done")
    runner_of(app).stop()
    assert len(thinker.asked) == 1


def test_a_database_that_fails_while_sweeping_does_not_end_the_sweeper(
    app: Flask, thinker: Thinker, monkeypatch: pytest.MonkeyPatch
) -> None:
    thinker.enough.set()
    monkeypatch.setattr(runner_module, "SWEEP_SECONDS", 0.05)
    real, calls = replies.claims, []

    def failing_at_first() -> list[replies.Claim]:
        calls.append(1)
        if len(calls) < 3:
            raise RuntimeError("the database is away")
        return real()

    monkeypatch.setattr(replies, "claims", failing_at_first)
    with app.app_context():
        reply_id = ask(open_chat())
        runner_of(app).start()
        wait_until(lambda: state(reply_id) == "done")


def test_no_request_keeps_a_connection(app: Flask, thinker: Thinker) -> None:
    thinker.enough.set()
    visitor = Visitor(app).sign_in("manager")
    chat_id = visitor.start("Opening hours", "")
    runner_of(app).stop()  # what makes replies has connections of its own now and then
    seen = set()
    for path in (
        "/",
        "/sign-ins",
        f"/chat/{chat_id}",
        "/chat/sess_x",
        f"/sessions/{chat_id}/end",
        "/health",
        "/nowhere",
    ):
        seen.add(visitor.get(path).status_code)
        assert checked_out(app) == (0, 0), path
    visitor.get(f"/chat/{chat_id}")
    for path, fields in (
        ("/chat/messages", {"chat_id": chat_id, "text": "", "request_id": "x"}),
        ("/chat/messages", {"chat_id": "sess_x", "text": "Hello", "request_id": "y" * 20}),
        (f"/sessions/{chat_id}/status", {"status": "lost"}),
        (f"/sessions/{chat_id}/title", {"title": "Loan"}),
        (f"/chat/{chat_id}/draft", {"text": "half"}),
        ("/sessions", {"csrf_token": "wrong"}),
        (f"/sessions/{chat_id}/delete", {}),
        ("/sign-out", {}),
    ):
        seen.add(visitor.post(path, **fields).status_code)
        assert checked_out(app) == (0, 0), path
    assert seen >= {200, 204, 303, 400, 404, 422}, seen
