"""People take turns, limits hold, and a waiting reply is told truly how many come before it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text, update

from tests.services.steps import ask, claimed, finish, open_chat, person, state
from tests.work.caller import at_once
from webapp.extensions import db
from webapp.http.unit_of_work import reading, unit_of_work
from webapp.models import Reply
from webapp.models.base import now
from webapp.services import chats, conversation, queue, replies
from webapp.services.errors import MoveNotAllowed
from webapp.services.queue import Limits
from webapp.services.replies import MOST_ATTEMPTS, PAUSES, Claim, Work, reply_table

pytestmark = pytest.mark.usefixtures("in_app")

ONE = Limits(per_person=1)
TWO = Limits(per_person=2)


def take(limits: Limits = TWO) -> Work | None:
    with unit_of_work():
        return queue.claim_next(limits, "a process")


def taken(limits: Limits = TWO) -> Work:
    work = take(limits)
    assert work is not None, "nothing could be taken"
    return work


def ahead(reply_id: int) -> int:
    with reading():
        return queue.ahead_of(db.session.get_one(Reply, reply_id, populate_existing=True))


def reply(reply_id: int) -> Reply:
    with reading():
        found = db.session.get_one(Reply, reply_id, populate_existing=True)
        queue.tell_places([found])
        assert found.attempts_before is not None
        return found


def change(reply_id: int, **values: object) -> None:
    with unit_of_work():
        db.session.execute(update(reply_table).where(reply_table.c.id == reply_id).values(**values))


def stop(chat_id: str, reply_id: int) -> bool:
    with unit_of_work():
        chat = chats.chat_of(person(), chat_id)
        return replies.stop(person(), conversation.reply_in(chat, reply_id))


def retry(chat_id: str, reply_id: int) -> bool:
    with unit_of_work():
        chat = chats.chat_of(person(), chat_id)
        return replies.retry(person(), conversation.reply_in(chat, reply_id))


def only_claim() -> Claim:
    with reading():
        (found,) = replies.claims()
        return found


def test_somebody_with_one_question_does_not_wait_for_somebody_with_ten() -> None:
    many = [ask(open_chat()) for _ in range(10)]
    one = ask(open_chat("manager"), username="manager")
    assert taken().reply_id == many[0]
    assert taken().reply_id == one
    assert taken().reply_id == many[1]


def test_with_a_single_maker_people_take_turns_although_nothing_is_running_in_between() -> None:
    many = [ask(open_chat()) for _ in range(3)]
    others = [ask(open_chat("manager"), username="manager") for _ in range(3)]
    made = []
    for _ in range(6):
        work = taken(Limits(per_person=1, in_all=1))
        made.append(work.reply_id)
        finish(work)
    assert made == [many[0], others[0], many[1], others[1], many[2], others[2]]


def test_nobody_has_more_in_the_making_than_the_limit() -> None:
    for _ in range(4):
        ask(open_chat())
    first = taken()
    assert taken()
    assert take() is None
    finish(first)
    assert taken()
    assert take() is None


def test_the_installation_has_no_more_in_the_making_than_its_limit() -> None:
    for username in ("teller", "manager", "specialist"):
        ask(open_chat(username), username=username)
    limits = Limits(per_person=2, in_all=2)
    first = taken(limits)
    assert taken(limits)
    assert take(limits) is None
    finish(first)
    assert taken(limits)


def test_limits_and_single_claims_hold_when_eight_makers_choose_at_once(app: Flask) -> None:
    for _ in range(6):
        ask(open_chat())

    def try_once(_number: int) -> Work | None:
        with app.app_context():
            return take()

    made = [work.reply_id for work in at_once(8, try_once) if work]
    assert len(made) == len(set(made)) == 2


def test_a_sessions_second_question_waits_for_the_first_whatever_the_limits_allow() -> None:
    chat_id = open_chat()
    first, second = ask(chat_id, "One"), ask(chat_id, "Two")
    assert ahead(second) == 1
    work = taken(Limits(per_person=9))
    assert work.reply_id == first
    assert take(Limits(per_person=9)) is None
    assert ahead(second) == 1, "the first is still being made"
    finish(work)
    assert ahead(second) == 0
    assert taken().reply_id == second


def test_how_many_are_ahead_is_how_many_are_taken_before() -> None:
    asked = [ask(open_chat()) for _ in range(4)]
    asked += [ask(open_chat("manager"), username="manager") for _ in range(2)]
    asked += [ask(open_chat("specialist"), username="specialist")]
    told = {reply_id: ahead(reply_id) for reply_id in asked}
    limits, order = Limits(per_person=99), []
    while work := take(limits):
        order.append(work.reply_id)
    assert told == {reply_id: order.index(reply_id) for reply_id in asked}


def test_somebody_elses_long_queue_is_not_ahead_of_somebody_who_has_had_no_turn() -> None:
    for _ in range(5):
        ask(open_chat())
    taken()
    assert ahead(ask(open_chat("manager"), username="manager")) == 0


def test_a_waiting_reply_says_where_it_stands_and_a_running_one_that_it_is_being_made() -> None:
    first, second, third = (ask(open_chat()) for _ in range(3))
    assert [reply(one).waiting_text for one in (first, second, third)] == [
        "Being answered", "1 ahead of you", "2 ahead of you",
    ]  # fmt: skip
    with unit_of_work():
        db.session.execute(
            text("UPDATE message SET created_at = :then WHERE id = :id").bindparams(
                db.bindparam("then", type_=Reply.created_at.type)
            ),
            {"then": now() - timedelta(seconds=5), "id": first},
        )
    assert reply(first).waiting_text == "Next in line"
    taken()
    assert reply(first).waiting_text == "Being answered"


def test_a_reply_that_lost_its_maker_waits_longer_each_time_and_then_has_failed() -> None:
    reply_id = ask(open_chat())
    for attempt in range(1, MOST_ATTEMPTS + 1):
        taken()
        before = now()
        with unit_of_work():
            assert replies.hand_out_again(only_or(reply_id))
        if attempt == MOST_ATTEMPTS:
            break
        found = reply(reply_id)
        assert found.state == "pending"
        assert found.waiting_text == "Interrupted; it will be tried again in a moment"
        assert found.next_attempt_at is not None
        assert found.next_attempt_at >= before + PAUSES[attempt - 1]
        assert take() is None, "the pause is not over"
        change(reply_id, next_attempt_at=now())
    failed = reply(reply_id)
    assert (failed.state, failed.failure) == ("failed", replies.TRIED_OFTEN)
    assert take() is None


def only_or(reply_id: int) -> Claim:
    found = only_claim()
    assert found.reply_id == reply_id
    return found


def test_a_clock_that_was_put_back_holds_nothing_up() -> None:
    reply_id = ask(open_chat())
    change(reply_id, next_attempt_at=now() + timedelta(hours=1))
    assert taken().reply_id == reply_id
    change(reply_id, heartbeat_at=now() + timedelta(hours=1))
    assert only_claim().is_silent


def test_a_maker_heard_of_between_looking_and_taking_keeps_its_reply() -> None:
    reply_id = ask(open_chat())
    work = taken()
    change(reply_id, heartbeat_at=now() - timedelta(minutes=5))
    seemed_lost = only_claim()
    assert seemed_lost.is_silent
    with unit_of_work():
        assert replies.beat([work.token, "nobody's"]) == {work.token}
    with unit_of_work():
        assert not replies.hand_out_again(seemed_lost)
    assert finish(work)


def test_a_stopped_reply_keeps_what_it_said_and_takes_no_more_from_its_maker() -> None:
    chat_id = open_chat()
    reply_id = ask(chat_id)
    work = taken()
    with unit_of_work():
        assert replies.keep_partial(work, "The card is")
    assert stop(chat_id, reply_id)
    with unit_of_work():
        assert not replies.keep_partial(work, "The card is active")
    with unit_of_work():
        assert replies.beat([work.token]) == set()
    assert not finish(work)
    with unit_of_work():
        assert not replies.give_up(work, "Too late.")
    with unit_of_work():
        assert not replies.give_back(work)
    found = reply(reply_id)
    assert (found.state, found.text, found.failure) == ("stopped", "The card is", None)


def test_a_pending_reply_can_be_stopped_and_the_next_one_is_made() -> None:
    chat_id = open_chat()
    first, second = ask(chat_id, "One"), ask(chat_id, "Two")
    assert stop(chat_id, first)
    assert taken().reply_id == second


def test_stopping_what_is_finished_changes_nothing() -> None:
    chat_id = open_chat()
    reply_id = ask(chat_id)
    assert finish(taken())
    assert not stop(chat_id, reply_id)
    assert state(reply_id) == "done"


def test_of_stop_and_finish_at_the_same_moment_exactly_one_holds(app: Flask) -> None:
    for _ in range(8):
        chat_id = open_chat()
        reply_id = ask(chat_id)
        work = taken()

        def act(number: int, chat_id: str = chat_id, reply_id: int = reply_id, work: Work = work) -> bool:
            with app.app_context():
                return finish(work) if number else stop(chat_id, reply_id)

        stopped, finished = at_once(2, act)
        assert stopped != finished
        found = reply(reply_id)
        assert (found.state, found.text) == (("done", "The branch is open.") if finished else ("stopped", ""))


def test_each_retry_keeps_what_the_attempt_before_had_said() -> None:
    chat_id = open_chat()
    reply_id = ask(chat_id)
    first = taken()
    with unit_of_work():
        replies.keep_partial(first, "The first half")
    with unit_of_work():
        replies.give_up(first, "The bank did not answer.")
    assert retry(chat_id, reply_id)
    second = taken()
    with unit_of_work():
        replies.keep_partial(second, "Another beginning")
    assert stop(chat_id, reply_id)
    assert retry(chat_id, reply_id)
    assert reply(reply_id).text == ""
    assert finish(taken())
    found = reply(reply_id)
    assert (found.state, found.text) == ("done", "The branch is open.")
    assert [(was.number, was.state, was.text, was.failure) for was in found.attempts_before] == [
        (1, "failed", "The first half", "The bank did not answer."),
        (2, "stopped", "Another beginning", None),
    ]


def test_a_retry_clicked_twice_at_once_is_one_retry(app: Flask) -> None:
    chat_id = open_chat()
    reply_id = ask(chat_id)
    with unit_of_work():
        assert stop(chat_id, reply_id)

    def click(_number: int) -> bool:
        with app.app_context():
            return retry(chat_id, reply_id)

    assert sorted(at_once(2, click)) == [False, True]
    assert len(reply(reply_id).attempts_before) == 1
    assert finish(taken())
    with pytest.raises(MoveNotAllowed):
        retry(chat_id, reply_id)


def test_an_interrupted_attempt_that_had_said_something_is_kept_and_a_silent_one_is_not() -> None:
    reply_id = ask(open_chat())
    work = taken()
    with unit_of_work():
        assert replies.give_back(work)
    assert (reply(reply_id).attempts_before, reply(reply_id).attempts) == ([], 0)
    work = taken()
    with unit_of_work():
        replies.keep_partial(work, "Half a sen")
    with unit_of_work():
        assert replies.hand_out_again(only_claim())
    found = reply(reply_id)
    assert [(was.state, was.text) for was in found.attempts_before] == [("interrupted", "Half a sen")]
    assert (found.text, found.attempts) == ("", 1)


def test_partial_text_of_a_maker_that_woke_up_too_late_does_not_reach_the_new_answer() -> None:
    reply_id = ask(open_chat())
    slow = taken()
    with unit_of_work():
        replies.hand_out_again(only_claim())
    change(reply_id, next_attempt_at=None)
    quick = taken()
    with unit_of_work():
        assert not replies.keep_partial(slow, "from the dead")
    assert finish(quick)
    with unit_of_work():
        assert not replies.keep_partial(slow, "from the dead")
    assert reply(reply_id).text == "The branch is open."


def test_partial_text_stored_while_the_session_is_deleted_never_deadlocks(app: Flask) -> None:
    for _ in range(4):
        chat_id = open_chat()
        work = claimed(ask(chat_id))

        def act(number: int, chat_id: str = chat_id, work: Work = work) -> None:
            with app.app_context(), unit_of_work():
                if number:
                    replies.keep_partial(work, "some text")
                else:
                    chats.remove(person("manager"), chat_id)

        at_once(2, act)
        with unit_of_work():
            assert not replies.keep_partial(work, "more text")


def test_a_reply_being_changed_by_somebody_is_passed_over_and_not_waited_for(app: Flask) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time; there is no row to pass over")
    first, second = ask(open_chat()), ask(open_chat())

    def take_elsewhere(_number: int) -> Work | None:
        with app.app_context():
            return take()

    with unit_of_work():
        db.session.execute(text("SELECT id FROM reply WHERE id = :id FOR UPDATE"), {"id": first})
        (work,) = at_once(1, take_elsewhere)
    assert work is not None
    assert work.reply_id == second
