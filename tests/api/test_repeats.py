"""`Idempotency-Key`: a request that is repeated, also at the same moment, is done once and answered the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from tests.api.program import Program
from tests.web.rows import ON_SQLITE, changing, count, questions
from tests.work.caller import at_once
from webapp.models import ChatSession, KeptAnswer, Message, Reply
from webapp.models.base import now

TIMES = 20
KEY = {"Idempotency-Key": "order 66/2026"}


def twin(program: Program) -> Program:
    """Another connection of the same program."""
    other = Program(program.app)
    other.token = program.token
    return other


def test_twenty_equal_creates_at_once_are_one_session_and_twenty_equal_answers(app: Flask, program: Program) -> None:
    program.get("/api/sessions")  # the token's last use is written before, not by all of them

    def create(_number: int) -> TestResponse:
        return twin(program).post("/api/sessions", headers=KEY, metadata={"order": 66})

    answers = at_once(TIMES, create)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert count(app, ChatSession) == 1
    assert sorted(answer.headers.get("Idempotent-Replayed", "") for answer in answers)[:2] == ["", "true"]


@pytest.mark.parametrize("as_field", [False, True], ids=["header", "clientMessageId"])
def test_twenty_equal_messages_at_once_are_one_message_one_reply_and_twenty_equal_answers(
    app: Flask, program: Program, as_field: bool
) -> None:
    chat_id = program.open_session()

    def say(_number: int) -> TestResponse:
        address = f"/api/sessions/{chat_id}/messages"
        if as_field:
            return twin(program).post(address, content="opening hours", clientMessageId="1")
        return twin(program).post(address, headers=KEY, content="opening hours")

    answers = at_once(TIMES, say)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert questions(app, chat_id) == ["opening hours"]
    assert count(app, Reply) == 1


def test_the_same_key_with_another_body_is_a_conflict(app: Flask, program: Program) -> None:
    first = program.post("/api/sessions", headers=KEY, metadata={"a": 1})
    answer = program.post("/api/sessions", headers=KEY, metadata={"a": 2})
    assert (answer.status_code, answer.content_type) == (409, "application/problem+json")
    again = program.post("/api/sessions", headers=KEY, metadata={"a": 1})
    assert (again.status_code, again.text) == (first.status_code, first.text)
    assert count(app, ChatSession) == 1


def test_the_same_key_with_another_text_stores_nothing(app: Flask, program: Program) -> None:
    chat_id, other = program.open_session(), program.open_session()
    address = f"/api/sessions/{chat_id}/messages"
    assert program.post(address, headers=KEY, content="opening hours").status_code == 200
    assert program.post(address, headers=KEY, content="the balance").status_code == 409
    assert program.post(f"/api/sessions/{other}/messages", headers=KEY, content="opening hours").status_code == 409
    assert program.post("/api/sessions", headers=KEY).status_code == 409
    assert (questions(app, chat_id), questions(app, other)) == (["opening hours"], [])


def test_a_client_message_id_counts_within_its_session(app: Flask, program: Program) -> None:
    for _ in range(2):
        chat_id = program.open_session()
        answer = program.say(chat_id, "opening hours", clientMessageId="1")
        assert answer.status_code == 200
        assert questions(app, chat_id) == ["opening hours"]


def test_another_persons_key_is_another_key(app: Flask, program: Program, managers: Program) -> None:
    answers = [who.post("/api/sessions", headers=KEY) for who in (program, managers)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert count(app, ChatSession) == 2


def test_a_request_that_failed_may_be_tried_again_with_its_key(app: Flask, program: Program) -> None:
    chat_id = program.open_session()
    program.ask("PATCH", f"/api/sessions/{chat_id}/status?status=ended")
    address = f"/api/sessions/{chat_id}/messages"
    assert program.post(address, headers=KEY, content="opening hours").status_code == 409
    program.ask("POST", f"/api/sessions/{chat_id}/resume")
    assert program.post(address, headers=KEY, content="opening hours").status_code == 200
    assert questions(app, chat_id) == ["opening hours"]


def test_a_key_older_than_a_day_still_opens_no_second_session(app: Flask, program: Program) -> None:
    first = program.post("/api/sessions", headers=KEY).json["sessionId"]
    with changing(app) as session:
        session.execute(update(KeptAnswer).values(created_at=now() - timedelta(hours=25)))
    assert program.post("/api/sessions", headers=KEY).json["sessionId"] == first


def test_a_kept_answer_goes_with_its_session(app: Flask, managers: Program) -> None:
    chat_id = managers.post("/api/sessions", headers=KEY).json["sessionId"]
    managers.ask("DELETE", f"/api/sessions/{chat_id}")
    assert count(app, KeptAnswer) == 0


@ON_SQLITE
@pytest.mark.parametrize("key", ["", "two words\u00e9", "x" * 256])
def test_a_key_nobody_can_mean_is_refused(app: Flask, program: Program, key: str) -> None:
    answer = program.post("/api/sessions", headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert count(app, ChatSession) == 0


def test_a_card_number_in_a_repeated_message_is_masked_before_it_is_compared(app: Flask, program: Program) -> None:
    chat_id = program.open_session()
    first = program.say(chat_id, "card 4111 1111 1111 1111", clientMessageId="7").json
    assert program.say(chat_id, "card 4111 1111 1111 1111", clientMessageId="7").json == first
    assert count(app, Message) == 2
