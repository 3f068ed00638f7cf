"""Replies made on threads: what is said so far is kept, a stop is heard, a hanging model costs no maker."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from tests.services.steps import ANSWER, ask, open_chat, person, state
from tests.visitor import Visitor
from tests.work.speaker import Speaker, threads_of, wait_until
from webapp.extensions import db
from webapp.http.unit_of_work import unit_of_work
from webapp.models import Reply
from webapp.services import chats, conversation, queue, replies
from webapp.services.queue import Limits
from webapp.work import answering, identity, runner
from webapp.work.answering import TOO_LONG, makers_of
from webapp.work.makers import makers_here
from webapp.work.runner import Runner


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits a second for what can happen at once."""
    monkeypatch.setattr(answering, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(answering, "BEAT_SECONDS", 0.1)
    monkeypatch.setattr(answering, "TOLD_SECONDS", 0.05)


@pytest.fixture
def speaker(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Speaker]:
    """The app's assistant, for this test."""
    made = Speaker()
    monkeypatch.setitem(app.extensions, "bankside.assistant", made)
    yield made
    made.enough.set()
    threads_of(app).stop()
    wait_until(lambda: not makers_here(app).lingering)


def settings(app: Flask, monkeypatch: pytest.MonkeyPatch, **changed: object) -> None:
    config = app.extensions["bankside.config"]
    monkeypatch.setitem(app.extensions, "bankside.config", config.model_copy(update=changed))


def stored(reply_id: int) -> Reply:
    with unit_of_work():
        found = db.session.get_one(Reply, reply_id, populate_existing=True)
        assert found.attempts_before is not None
        return found


def test_what_an_answer_says_so_far_is_stored_and_told_to_the_pages(app: Flask, speaker: Speaker) -> None:
    feed = app.extensions["bankside.feed"]

    def told() -> list[tuple[str, object]]:
        return [(event.kind, event.data.get("text")) for event in feed.read(chat_id, before, 0)]

    with app.app_context():
        chat_id = open_chat()
        before = feed.latest(chat_id)
        reply_id = ask(chat_id)
        threads_of(app).submit(reply_id)
        assert speaker.thinking.wait(timeout=5)
        speaker.text = "The card"
        wait_until(lambda: stored(reply_id).text == "The card")
        speaker.text = "The card is active"
        wait_until(lambda: stored(reply_id).text == "The card is active")
        wait_until(lambda: ("partial", "The card is active") in told())
        assert state(reply_id) == "running"
        speaker.enough.set()
        wait_until(lambda: state(reply_id) == "done")
        assert stored(reply_id).text == ANSWER.text
    assert ("step", "Looking at the cards") in told()
    assert ("partial", "The card") in told()
    assert 2 <= len([kind for kind, _ in told() if kind == "partial"]) < speaker.told, "not each word is an event"


def test_a_person_stops_a_reply_and_keeps_what_it_had_said(app: Flask, speaker: Speaker) -> None:
    teller = Visitor(app).sign_in("teller")
    chat_id = teller.start()
    assert teller.ask(chat_id, "Card status").status_code == 200
    assert speaker.thinking.wait(timeout=5)
    speaker.text = "The card is"
    with app.app_context():
        (reply_id,) = [claim.reply_id for claim in claims()]
        wait_until(lambda: stored(reply_id).text == "The card is")
        response = teller.post(f"/chat/{chat_id}/replies/{reply_id}/stop", htmx=True)
        assert response.status_code == 200
        assert "The card is" in response.text
        assert "is-stopped" in response.text
        wait_until(lambda: speaker.ended == ["LetGo"], seconds=2)
        wait_until(lambda: not makers_of(app))
        assert (stored(reply_id).state, stored(reply_id).text) == ("stopped", "The card is")
        assert teller.post(f"/chat/{chat_id}/replies/{reply_id}/stop").status_code == 303, "again: no harm"

        speaker.text = ""
        speaker.enough.set()
        assert teller.post(f"/chat/{chat_id}/replies/{reply_id}/retry").status_code == 303
        wait_until(lambda: state(reply_id) == "done")
        (attempt,) = stored(reply_id).attempts_before
        assert (attempt.number, attempt.state, attempt.text) == (1, "stopped", "The card is")


def claims() -> list[replies.Claim]:
    with unit_of_work():
        return replies.claims()


def test_nobody_stops_or_retries_another_persons_reply(app: Flask, speaker: Speaker) -> None:
    teller = Visitor(app).sign_in("teller")
    chat_id = teller.start()
    teller.ask(chat_id, "Card status")
    assert speaker.thinking.wait(timeout=5)
    with app.app_context():
        (reply_id,) = [claim.reply_id for claim in claims()]
    other = Visitor(app).sign_in("manager")
    for verb in ("stop", "retry"):
        assert other.post(f"/chat/{chat_id}/replies/{reply_id}/{verb}").status_code == 404
    assert teller.post(f"/chat/{chat_id}/replies/{reply_id + 999}/stop").status_code == 404
    with app.app_context():
        assert state(reply_id) == "running"


def test_a_stop_in_another_process_is_heard_by_the_claim_that_no_longer_holds(app: Flask, speaker: Speaker) -> None:
    with app.app_context():
        chat_id = open_chat()
        reply_id = ask(chat_id)
        threads_of(app).submit(reply_id)
        assert speaker.thinking.wait(timeout=5)
        with unit_of_work():  # no event in this process: only the row says so
            replies.stop(person(), conversation.reply_in(chats.chat_of(person(), chat_id), reply_id))
        wait_until(lambda: not makers_of(app), seconds=3)
        assert state(reply_id) == "stopped"


def test_a_reply_that_takes_too_long_is_given_up_with_a_sentence_and_its_maker_goes_on(
    app: Flask, speaker: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(app, monkeypatch, reply_seconds=0.4)
    speaker.hangs = True
    one_at_a_time = Runner(app, 1)
    with app.app_context():
        hanging = ask(open_chat(), "Hang")
        one_at_a_time.submit(hanging)
        wait_until(lambda: state(hanging) == "failed")
        assert stored(hanging).failure == TOO_LONG
        assert makers_here(app).lingering == 1
        following = ask(open_chat(), "Do not hang")
        one_at_a_time.submit(following)
        wait_until(lambda: "Do not hang" in speaker.asked)
        speaker.enough.set()
        wait_until(lambda: state(following) == "done")
        wait_until(lambda: makers_here(app).lingering == 0)
        assert (state(hanging), stored(hanging).text) == ("failed", ""), "what came too late is not stored"
    one_at_a_time.stop()


def test_with_too_many_hanging_threads_no_more_are_begun(
    app: Flask, speaker: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(app, monkeypatch, reply_seconds=0.2)
    monkeypatch.setattr(answering, "MOST_LINGERING", 1)
    speaker.hangs = True
    with app.app_context():
        first = ask(open_chat())
        answering.make_reply(app, first)
        second = ask(open_chat())
        assert answering.make_reply(app, second) is None
        assert (state(first), state(second)) == ("failed", "pending")
        speaker.enough.set()
        wait_until(lambda: not makers_here(app).lingering)
        answering.make_reply(app, second)
        assert state(second) == "done"


def test_what_is_not_finished_in_time_is_given_back_at_once_and_made_by_the_next(app: Flask, speaker: Speaker) -> None:
    ending, following = Runner(app, 2), Runner(app, 2)
    with app.app_context():
        reply_id = ask(open_chat())
        ending.submit(reply_id)
        assert speaker.thinking.wait(timeout=5)
        speaker.text = "Half a"
        wait_until(lambda: stored(reply_id).text == "Half a")
        ending.stop(seconds=0.2)
        given_back = stored(reply_id)
        assert (given_back.state, given_back.attempts, given_back.text) == ("pending", 0, "")
        assert [was.text for was in given_back.attempts_before] == ["Half a"]
        assert makers_of(app) == set()
        speaker.text = ""
        speaker.enough.set()
        following.submit(reply_id)
        wait_until(lambda: state(reply_id) == "done")
        assert stored(reply_id).text == ANSWER.text
    following.stop()


def test_a_process_told_to_end_takes_no_more_replies(app: Flask, speaker: Speaker) -> None:
    ending = Runner(app, 2)
    with app.app_context():
        first = ask(open_chat())
        ending.submit(first)
        assert speaker.thinking.wait(timeout=5)
        ending.drain()
        second = ask(open_chat())
        try:
            assert not ending.submit(second)
            speaker.enough.set()
            ending.stop()
            assert (state(first), state(second)) == ("done", "pending")
        finally:
            makers_here(app).closed = False


def claim_and_wait(app: Flask, connection: object) -> None:
    """In a process of its own: take a reply, say so, and never finish it."""
    with app.app_context():
        db.engine.dispose(close=False)
        with unit_of_work():
            work = queue.claim_next(Limits(2), identity.own_identity())
        connection.send(work.reply_id if work else None)  # type: ignore[attr-defined]
        signal.pause()


def test_a_reply_whose_process_was_killed_is_taken_back_without_waiting_for_its_silence(
    app: Flask, speaker: Speaker
) -> None:
    speaker.enough.set()
    with app.app_context():
        reply_id = ask(open_chat())
        db.session.remove()
        here, there = multiprocessing.get_context("fork").Pipe()
        child = multiprocessing.get_context("fork").Process(target=claim_and_wait, args=(app, there))
        child.start()
        assert here.poll(10)
        assert here.recv() == reply_id
        threads_of(app).sweep()
        assert state(reply_id) == "running", "its process is alive"
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join(10)
        threads_of(app).sweep()
        found = stored(reply_id)
        assert (found.state, found.attempts) == ("pending", 1)
        assert found.next_attempt_at is not None
        threads_of(app).start()
        wait_until(lambda: state(reply_id) == "done", seconds=10)
        assert len(speaker.asked) == 1


def test_a_process_is_told_from_a_later_one_with_its_number() -> None:
    own = identity.own_identity()
    assert not identity.has_died(own)
    here, _, started = own.rpartition("/")
    assert identity.has_died(f"{here}/{int(started) + 1}")
    assert identity.has_died(f"{here.rpartition('/')[0]}/4194303/1")
    assert not identity.has_died(f"another-machine/4026531836/{os.getpid()}/1"), "nobody here can know"
    assert not identity.has_died("")


def test_what_is_asked_while_all_makers_are_busy_is_made_by_them_afterwards(app: Flask, speaker: Speaker) -> None:
    two = Runner(app, 2)
    with app.app_context():
        asked = [ask(open_chat(name), username=name) for name in ("teller", "manager", "specialist", "teller")]
        for reply_id in asked:
            two.submit(reply_id)
        wait_until(lambda: len(speaker.asked) == 2)
        speaker.enough.set()
        wait_until(lambda: [state(reply_id) for reply_id in asked] == ["done"] * 4, seconds=5)
        assert db.session.scalar(text("SELECT max(attempts) FROM reply")) == 1
    two.stop()


def test_a_sweeper_at_work_when_its_runner_is_stopped_begins_nothing_and_has_ended(
    app: Flask, speaker: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking, enough = threading.Event(), threading.Event()

    def slowly(_app: Flask) -> None:
        looking.set()
        assert enough.wait(10)

    monkeypatch.setattr(runner, "take_up", slowly)
    with app.app_context():
        reply_id = ask(open_chat())
    threads_of(app).start()
    assert looking.wait(10)
    stopping = threading.Thread(target=threads_of(app).stop)
    stopping.start()
    wait_until(lambda: threads_of(app)._shift is None)  # it is being stopped
    enough.set()
    stopping.join(10)
    assert not {thread.name for thread in threading.enumerate()} & {"maker", "sweeper"}
    with app.app_context():
        assert state(reply_id) == "pending"
