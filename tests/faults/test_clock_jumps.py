"""A clock put back an hour or forward a day, in a web process and in those that make replies: order is by number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.faults.clocks import Clock
from tests.services.steps import ANSWER, ask, finish, open_chat, state
from tests.visitor import HTMX, Visitor
from tests.web.rows import ON_SQLITE, all_of, changing, questions
from tests.work.speaker import Speaker, threads_of, wait_until
from webapp.extensions import db
from webapp.http import moments
from webapp.http.unit_of_work import unit_of_work
from webapp.models import ChatSession, Message, Reply
from webapp.models.base import new_id, now
from webapp.services import replies
from webapp.services.replies import reply_table
from webapp.work.answering import makers_of
from webapp.work.sweeping import take_back

JUMPS = {"an hour back": {"hours": -1}, "a day forward": {"days": 1}, "a year back": {"days": -365}}
jumping = pytest.mark.parametrize("jump", JUMPS.values(), ids=JUMPS.keys())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What the clock on the wall shows."""
    return Clock(monkeypatch)


@pytest.fixture
def speaker(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Speaker]:
    """The app's assistant, for this test."""
    made = Speaker()
    monkeypatch.setitem(app.extensions, "bankside.assistant", made)
    yield made
    made.enough.set()
    threads_of(app).stop()


def reply_row(app: Flask, reply_id: int) -> Reply:
    with app.app_context(), unit_of_work():
        return db.session.get_one(Reply, reply_id, populate_existing=True)


def test_this_clock_really_jumps(clock: Clock) -> None:
    before = now()
    clock.jump(hours=-1)
    assert timedelta(minutes=59) < before - now() < timedelta(minutes=61)
    assert new_id("sess") < new_id("sess").replace("sess_0", "sess_1")


def test_messages_stay_in_their_order_when_the_clock_is_put_back(
    app: Flask, teller: Visitor, clock: Clock, speaker: Speaker
) -> None:
    speaker.enough.set()
    chat_id = teller.start()
    texts = [f"Question {number}" for number in range(4)]
    for text in texts:
        assert teller.ask(chat_id, text).status_code == 200
        teller.answer(chat_id)
        clock.jump(hours=-1)
    teller.get(f"/chat/{chat_id}")
    assert [said.get_text(strip=True) for said in teller.page.select("#log .said")] == texts
    fragment = teller.get(f"/chat/{chat_id}/messages?after=2", headers=HTMX).text
    assert [int(seq) for seq in re.findall(r'data-seq="(\d+)"', fragment)] == list(range(3, 9))
    stored = all_of(app, select(Message).where(Message.chat_id == chat_id).order_by(Message.seq))
    assert [message.seq for message in stored] == list(range(1, 9))
    moments_stored = [message.created_at for message in stored]
    assert any(later < earlier for earlier, later in pairwise(moments_stored)), "the times say what the clock said"
    assert questions(app, chat_id) == texts


@ON_SQLITE
@jumping
def test_nothing_was_ever_a_negative_time_ago(
    app: Flask, teller: Visitor, clock: Clock, speaker: Speaker, jump: dict[str, float]
) -> None:
    speaker.enough.set()
    chat_id = teller.start(opening="Opening hours")
    teller.answer(chat_id)
    clock.jump(**jump)
    other = Visitor(app).sign_in("teller")
    for path in ("/", f"/chat/{chat_id}", "/sign-ins"):
        page = other.get(path)
        assert page.status_code == 200
        assert not re.search(r"(?<![\w/-])-\d+ ?(s|min|h|days?)\b", other.page.get_text(" "))
    with app.test_request_context():
        later = now() + timedelta(hours=5)
        assert moments.ago(later) == "just now"


@ON_SQLITE
@pytest.mark.parametrize("jump", [JUMPS["an hour back"], JUMPS["a year back"]], ids=["an hour", "a year"])
def test_a_clock_put_back_ends_no_sign_in(app: Flask, teller: Visitor, clock: Clock, jump: dict[str, float]) -> None:
    manager = Visitor(app).sign_in("manager")
    chat_id = teller.start()
    clock.jump(**jump)
    for visitor in (teller, manager):
        assert visitor.get("/").status_code == 200
    assert teller.ask(chat_id, "Still here").status_code == 200
    assert questions(app, chat_id) == ["Still here"]


@ON_SQLITE
def test_a_day_forward_ends_sign_ins_and_the_text_that_was_sent_is_kept(
    app: Flask, teller: Visitor, clock: Clock
) -> None:
    chat_id = teller.start()
    clock.jump(days=1)
    answer = teller.ask(chat_id, "Typed before", request_id="r" * 20, htmx=False)
    assert answer.status_code == 401
    assert "Typed before" in answer.text
    clock.jump(days=-1)
    back = Visitor(app).sign_in("teller")
    assert back.ask(chat_id, "Typed before", request_id="r" * 20).status_code == 200


@jumping
def test_a_reply_in_the_making_is_neither_lost_nor_made_twice(
    app: Flask, clock: Clock, speaker: Speaker, jump: dict[str, float]
) -> None:
    with app.app_context():
        reply_id = ask(open_chat())
        threads_of(app).submit(reply_id)
        assert speaker.thinking.wait(timeout=5)
        clock.jump(**jump)
        for _ in range(3):
            assert threads_of(app).sweep() == 0
        assert state(reply_id) == "running"
        speaker.enough.set()
        wait_until(lambda: state(reply_id) == "done")
        wait_until(lambda: not makers_of(app))
    assert speaker.asked == ["Opening hours"]
    found = reply_row(app, reply_id)
    assert (found.text, found.attempts) == (ANSWER.text, 1)


@jumping
def test_a_reply_that_waits_is_made_and_so_is_one_that_is_asked_for_after_the_jump(
    app: Flask, clock: Clock, speaker: Speaker, jump: dict[str, float]
) -> None:
    speaker.enough.set()
    with app.app_context():
        chat_id = open_chat()
        before = ask(chat_id, "Before")
        clock.jump(**jump)
        after = ask(chat_id, "After")
        threads_of(app).start()
        wait_until(lambda: [state(before), state(after)] == ["done", "done"])
    assert speaker.asked == ["Before", "After"]


@jumping
def test_a_pause_between_attempts_does_not_hold_for_as_long_as_the_clock_was_put_back(
    app: Flask, clock: Clock, speaker: Speaker, jump: dict[str, float]
) -> None:
    speaker.enough.set()
    with app.app_context():
        reply_id = ask(open_chat())
        with changing(app) as session:
            dead = {"state": "running", "claim_token": "t", "claimed_by": "", "attempts": 1, "claimed_at": now()}
            session.execute(update(reply_table).values(**dead, heartbeat_at=now() - timedelta(minutes=1)))
        assert take_back(app) == 1
        assert reply_row(app, reply_id).next_attempt_at is not None
        clock.jump(**jump)
        threads_of(app).start()
        wait_until(lambda: state(reply_id) == "done", seconds=6)


def test_a_maker_whose_clock_is_an_hour_ahead_and_dies_is_noticed(app: Flask, clock: Clock, speaker: Speaker) -> None:
    speaker.enough.set()
    with app.app_context():
        reply_id = ask(open_chat())
        clock.jump(hours=1)
        with unit_of_work():
            assert replies.claim(reply_id, "another-machine/1/1/1") is not None
        clock.jump(hours=-1)
        assert take_back(app) == 1, "a sign of life from a moment that has not come is none"
        threads_of(app).start()
        wait_until(lambda: state(reply_id) == "done", seconds=6)


def test_a_maker_elsewhere_that_seems_silent_after_a_jump_is_overtaken_and_one_answer_is_kept(
    app: Flask, clock: Clock, speaker: Speaker
) -> None:
    speaker.enough.set()
    with app.app_context():
        reply_id = ask(open_chat())
        with unit_of_work():
            work = replies.claim(reply_id, "another-machine/1/1/1")
        assert work is not None
        clock.jump(days=1)
        assert take_back(app) == 1
        threads_of(app).start()
        wait_until(lambda: state(reply_id) == "done", seconds=6)
        assert not finish(work, replace(ANSWER, text="Too late")), "its claim holds no more"
    assert reply_row(app, reply_id).text == ANSWER.text


@ON_SQLITE
def test_sessions_opened_after_the_clock_was_put_back_are_in_the_list_and_can_be_used(
    app: Flask, teller: Visitor, clock: Clock
) -> None:
    before = teller.start()
    clock.jump(hours=-1)
    after = teller.start()
    page = teller.get("/").text
    assert before in page
    assert after in page
    assert after < before, "an id tells the time it was made at, and nothing is decided by that"
    stored = all_of(app, select(ChatSession).where(ChatSession.id.in_([before, after])))
    assert {chat.accent for chat in stored} == {1, 2}, "two tabs are told apart all the same"
