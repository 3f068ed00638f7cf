"""Two at the same moment: opening, asking, cleaning up, deleting; and an id that somebody has already."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from tests.services.steps import ask, open_chat, person
from tests.visitor import Visitor
from tests.web.rows import all_of, audited, changing, count, questions
from tests.work.speaker import wait_until
from webapp.extensions import db
from webapp.http.unit_of_work import unit_of_work
from webapp.models import ChatSession, Message, base
from webapp.models.base import now
from webapp.services import chats, conversation
from webapp.services.request_ids import new_request_id


@pytest.fixture
def ids(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The random bits the next ids are made of, while there are any here; all in the same millisecond."""
    bits: list[int] = []
    real = base.secrets.randbits
    monkeypatch.setattr(base.secrets, "randbits", lambda count: bits.pop(0) if bits else real(count))
    moment = base.time.time_ns()
    monkeypatch.setattr(base.time, "time_ns", lambda: moment)
    return bits


def test_an_id_that_somebody_has_already_is_never_seen(app: Flask, teller: Visitor, ids: list[int]) -> None:
    ids[:] = [1, 2]
    first = teller.start()
    manager = Visitor(app).sign_in("manager")
    ids[:] = [1, 2, 1, 3]  # session and thread; once more, the thread's is free and the session's is not; then random
    second = manager.start(opening="Opening hours")
    assert not ids
    assert first != second
    assert len({chat.thread_id for chat in all_of(app, select(ChatSession))}) == 2
    assert (questions(app, first), questions(app, second)) == ([], ["Opening hours"])
    assert [entry.object_id for entry in audited(app, "session.created")] == [first, second]


def test_an_id_generator_that_is_broken_stores_nothing_and_says_so(
    app: Flask, teller: Visitor, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids[:] = [1, 2]
    teller.start()
    teller.get("/")
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    ids[:] = [1, 2] * 10
    answer = teller.post("/sessions", request_id=new_request_id())
    assert answer.status_code == 500
    assert "Nothing was changed" in answer.text
    assert count(app, ChatSession) == 1


def at_the_same_moment(app: Flask, *acts: Callable[[], Any]) -> None:
    """Each on a thread of its own, in a unit of work of its own."""
    barrier, failures = threading.Barrier(len(acts)), list[BaseException]()

    def run(act: Callable[[], Any]) -> None:
        try:
            barrier.wait(10)
            with app.app_context(), unit_of_work():
                act()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not failures, failures


def test_two_sessions_opened_at_the_same_moment_are_two(app: Flask) -> None:
    at_the_same_moment(app, *[lambda: chats.create(person(), new_request_id())] * 2)
    assert count(app, ChatSession) == 2


def test_two_questions_at_the_same_moment_are_in_one_order_each_with_its_reply_behind_it(app: Flask) -> None:
    with app.app_context():
        chat_id = open_chat()

    def put(what: str) -> None:
        asker = person()
        conversation.ask(chats.chat_of(asker, chat_id), asker, what, new_request_id(), "UTC")

    at_the_same_moment(app, lambda: put("One"), lambda: put("Two"))
    said = all_of(app, select(Message).where(Message.chat_id == chat_id).order_by(Message.seq))
    assert [(message.seq, message.role) for message in said] == [
        (1, "staff"), (2, "assistant"), (3, "staff"), (4, "assistant"),
    ]  # fmt: skip
    assert sorted(questions(app, chat_id)) == ["One", "Two"]


def as_if_left_for_two_months(app: Flask, chat_id: str) -> None:
    with changing(app) as session:
        long_ago = now() - timedelta(days=60)
        changed = {"last_activity_at": long_ago, "status": "waiting"}
        session.execute(update(ChatSession).where(ChatSession.id == chat_id).values(**changed))


def test_a_clean_up_that_meets_a_question_being_asked_leaves_its_session_alone(app: Flask) -> None:
    with app.app_context():
        chat_id, left = open_chat(), open_chat()
    as_if_left_for_two_months(app, chat_id)
    as_if_left_for_two_months(app, left)
    asking, removed = threading.Event(), list[int]()

    def clean_up() -> None:
        assert asking.wait(10)
        with app.app_context(), unit_of_work():
            removed.append(chats.clean_up(None, 30)["deleted"])

    cleaning = threading.Thread(target=clean_up)
    cleaning.start()
    with app.app_context():
        with unit_of_work():
            asker = person()
            chat = chats.chat_of(asker, chat_id)
            asking.set()
            if db.session.get_bind().dialect.name == "postgresql":  # it has chosen both rows, and waits for this one
                # Looked at in transactions of their own: within one, PostgreSQL shows the same moment again.
                look = db.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
                waiting = """SELECT count(*) FROM pg_stat_activity
                    WHERE wait_event_type = 'Lock' AND datname = current_database()"""
                with look as other:
                    wait_until(lambda: (other.scalar(text(waiting)) or 0) >= 1)
            conversation.ask(chat, asker, "Is it still there?", new_request_id(), "UTC")
        cleaning.join(20)
    assert removed == [1], "the other one was left long ago"
    assert questions(app, chat_id) == ["Is it still there?"]
    assert [entry.object_id for entry in audited(app, "session.cleaned_up")] == [left]


def test_a_question_that_meets_the_deletion_of_its_session_is_told_so_and_leaves_no_row(
    app: Flask, teller: Visitor, manager: Visitor
) -> None:
    chat_id = teller.start()
    with app.app_context():
        ask(chat_id)
    teller.get(f"/chat/{chat_id}")
    request_id = teller.field("request_id", "#composer")
    manager.get(f"/sessions/{chat_id}/delete")
    assert manager.post(f"/sessions/{chat_id}/delete").status_code == 303
    answer = teller.ask(chat_id, "Too late", request_id=request_id)
    assert answer.status_code == 404
    assert "Too late" in answer.text, "the text is kept"
    wait_until(lambda: count(app, Message) == 0)
    with app.app_context():
        for table in ("message", "reply", "reply_attempt", "tool_call", "cited_passage", "draft", "reading"):
            assert db.session.scalar(text(f"SELECT count(*) FROM {table}")) == 0
