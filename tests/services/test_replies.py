"""Replies are claimed by one maker, finished once, in order, and handed out again when their maker falls silent."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from tests.services.steps import ANSWER, ask, claim, claimed, finish, open_chat, person, state
from tests.work.caller import at_once
from webapp.agents.transcript import CallRecord, Citation
from webapp.extensions import db
from webapp.http.unit_of_work import unit_of_work
from webapp.models import ChatSession, CitedPassage, Message, Reply, ToolCall
from webapp.models.base import now
from webapp.services import chats, conversation, replies
from webapp.services.errors import MoveNotAllowed
from webapp.services.replies import MOST_ATTEMPTS, SILENT_AFTER, Work

pytestmark = pytest.mark.usefixtures("in_app")


def fall_silent(reply_id: int) -> None:
    """As if the reply had been taken a while ago, and its maker not been heard of since."""
    then = now() - SILENT_AFTER - timedelta(seconds=1)
    table = replies.reply_table
    with unit_of_work():
        db.session.execute(update(table).where(table.c.id == reply_id).values(heartbeat_at=then))
        db.session.execute(update(Message).where(Message.id == reply_id).values(created_at=then))


def hand_out_again() -> list[int]:
    """What a sweeper does with makers that have fallen silent; the replies it takes from them."""
    with unit_of_work():
        silent = [claim for claim in replies.claims() if claim.is_silent]
    taken = []
    for lost in silent:
        with unit_of_work():
            if replies.hand_out_again(lost):
                taken.append(lost.reply_id)
    return taken


def count(model: type) -> int:
    with unit_of_work():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_of_eight_makers_on_threads_exactly_one_gets_the_reply(app: Flask) -> None:
    chat_id = open_chat()
    reply_ids = [ask(chat_id)]
    for _ in range(5):
        reply_ids.append(ask(open_chat()))

    def try_all(_number: int) -> list[Work | None]:
        with app.app_context():
            return [claim(reply_id) for reply_id in reply_ids]

    tries = at_once(8, try_all)
    for place in range(len(reply_ids)):
        assert sum(attempt[place] is not None for attempt in tries) == 1


def test_a_claimed_reply_knows_who_asked_what_about_whom() -> None:
    chat_id = open_chat()
    finish(claimed(ask(chat_id, "First question")))
    work = claimed(ask(chat_id, "Second question"))
    assert [(line.who, line.text) for line in work.lines] == [
        ("staff", "First question"),
        ("assistant", ANSWER.text),
        ("staff", "Second question"),
    ]
    assert work.lines[1].agent == "handbook"
    assert (work.chat_id, work.staff_name, work.staff_role) == (chat_id, "Tom Reuter", "teller")
    assert (work.customer_number, work.time_zone) == (None, "Europe/Berlin")


def test_a_finished_reply_keeps_its_answer_calls_and_sources() -> None:
    chat_id = open_chat()
    reply_id = ask(chat_id)
    call = CallRecord("handbook_search", "handbook", {"question": "hours"}, "ok", 1.5)
    source = Citation(1, "opening-hours", 2, "Opening hours", "Nordhafen", "Open from 9.", "2026-01-01")
    answer = replace(ANSWER, calls=(call,), citations=(source,), suggestions=("Fees?",))
    assert finish(claimed(reply_id), answer)
    with unit_of_work():
        reply = db.session.get_one(Reply, reply_id, populate_existing=True)
        assert (reply.state, reply.text, reply.agent, reply.intent) == (
            "done", "The branch is open.", "handbook", "opening_hours",
        )  # fmt: skip
        assert [(made.tool, made.arguments, made.outcome) for made in reply.calls] == [
            ("handbook_search", {"question": "hours"}, "ok")
        ]
        assert [(cited.number, cited.article_id, cited.version) for cited in reply.citations] == [
            (1, "opening-hours", 2)
        ]
        assert reply.suggestions == ["Fees?"]
        chat = db.session.get_one(ChatSession, chat_id, populate_existing=True)
        assert chat.last_line == "The branch is open."


def test_a_reply_is_finished_once_only() -> None:
    work = claimed(ask(open_chat()))
    assert finish(work)
    assert not finish(work)
    with unit_of_work():
        assert not replies.give_up(replace(work, token="somebody else's"), "No.")
    assert state(work.reply_id) == "done"


def test_a_finished_reply_cannot_be_given_up_by_its_own_maker() -> None:
    work = claimed(ask(open_chat()))
    assert finish(work)
    with unit_of_work():
        assert not replies.give_up(work, "The bank did not answer.")
    assert state(work.reply_id) == "done"


def test_a_maker_that_lost_its_claim_stores_nothing() -> None:
    reply_id = ask(open_chat())
    slow = claimed(reply_id)
    fall_silent(reply_id)
    assert hand_out_again() == [reply_id]
    quick = claimed(reply_id)
    assert not finish(slow)
    with unit_of_work():
        assert not replies.give_up(slow, "Too late.")
    assert state(reply_id) == "running"
    assert finish(quick)
    assert state(reply_id) == "done"


def test_replies_of_one_session_are_made_in_the_order_of_the_questions() -> None:
    chat_id = open_chat()
    first, second, third = ask(chat_id, "One"), ask(chat_id, "Two"), ask(chat_id, "Three")
    assert claim(third) is None
    assert claim(second) is None
    work = claimed(first)
    assert claim(second) is None, "the first reply is still being made"
    finish(work)
    assert claim(third) is None
    finish(claimed(second))
    assert [line.text for line in claimed(third).lines][-1] == "Three"


def test_a_failed_reply_does_not_hold_up_the_next_one() -> None:
    chat_id = open_chat()
    first, second = ask(chat_id, "One"), ask(chat_id, "Two")
    work = claimed(first)
    with unit_of_work():
        assert replies.give_up(work, "The bank did not answer.")
    assert state(first) == "failed"
    assert claim(second) is not None


def test_sessions_do_not_wait_for_each_other() -> None:
    held = claimed(ask(open_chat()))
    assert claim(ask(open_chat("manager"), username="manager")) is not None
    assert finish(held)


def test_a_failed_reply_can_be_made_again_and_a_finished_one_cannot() -> None:
    chat_id = open_chat()
    reply_id = ask(chat_id)
    work = claimed(reply_id)
    with unit_of_work():
        replies.give_up(work, "The bank did not answer.")
    with unit_of_work():
        replies.retry(person(), db.session.get_one(Reply, reply_id, populate_existing=True))
    assert state(reply_id) == "pending"
    assert not finish(work), "the claim from before the retry is void"
    assert finish(claimed(reply_id))
    with pytest.raises(MoveNotAllowed), unit_of_work():
        replies.retry(person(), db.session.get_one(Reply, reply_id, populate_existing=True))
    with unit_of_work():
        assert db.session.get_one(Reply, reply_id, populate_existing=True).failure is None


def test_a_reply_whose_maker_gives_signs_of_life_is_left_alone() -> None:
    reply_id = ask(open_chat())
    work = claimed(reply_id)
    fall_silent(reply_id)
    with unit_of_work():
        replies.beat([work.token, "a token nobody has"])
    assert hand_out_again() == []
    assert finish(work)


def test_a_reply_that_kills_its_makers_is_not_handed_out_for_ever() -> None:
    reply_id = ask(open_chat())
    for _ in range(MOST_ATTEMPTS - 1):
        claimed(reply_id)
        fall_silent(reply_id)
        assert hand_out_again() == [reply_id]
    last = claimed(reply_id)
    fall_silent(reply_id)
    assert hand_out_again() == [reply_id]
    assert state(reply_id) == "failed"
    assert not finish(last)
    with unit_of_work():
        assert db.session.get_one(Reply, reply_id, populate_existing=True).failure


def test_the_reply_of_a_deleted_session_is_dropped_and_leaves_no_rows() -> None:
    chat_id = open_chat()
    reply_id = ask(chat_id)
    work = claimed(reply_id)
    with unit_of_work():
        chats.remove(person("manager"), chat_id)
    call = CallRecord("card_status", "card status", {}, "ok", 1.0)
    source = Citation(1, "cards-pin", 1, "PIN", "", "Never written down.", "2026-01-01")
    assert not finish(work, replace(ANSWER, calls=(call,), citations=(source,)))
    with unit_of_work():
        assert not replies.give_up(work, "Gone.")
    assert [count(model) for model in (ChatSession, Message, Reply, ToolCall, CitedPassage)] == [0] * 5
    assert hand_out_again() == []


def test_deleting_a_session_takes_everything_said_in_it_along() -> None:
    chat_id = open_chat()
    reply_id = ask(chat_id)
    call = CallRecord("card_status", "card status", {}, "ok", 1.0)
    source = Citation(1, "cards-pin", 1, "PIN", "", "Never written down.", "2026-01-01")
    assert finish(claimed(reply_id), replace(ANSWER, calls=(call,), citations=(source,)))
    with unit_of_work():
        conversation.save_draft(chats.chat_of(person(), chat_id), person(), "half a sentence")
    with unit_of_work():
        chats.remove(person("manager"), chat_id)
    assert [count(model) for model in (ChatSession, Message, Reply, ToolCall, CitedPassage)] == [0] * 5


def test_a_reply_finishing_while_its_session_is_deleted_never_deadlocks(app: Flask) -> None:
    chat_id = open_chat()
    work = claimed(ask(chat_id))
    outcome: list[bool | Exception] = []

    def finish_meanwhile() -> None:
        with app.app_context():
            try:
                outcome.append(finish(work))
            except Exception as error:
                outcome.append(error)

    maker = threading.Thread(target=finish_meanwhile)
    with unit_of_work():
        manager = person("manager")
        db.session.execute(select(ChatSession.id).where(ChatSession.id == chat_id).with_for_update())
        maker.start()
        maker.join(timeout=0.3)  # time enough to take the locks it takes before it must wait for ours
        chats.remove(manager, chat_id)
    maker.join(timeout=10)
    assert outcome == [False]
    assert count(Message) == 0
