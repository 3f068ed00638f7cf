"""Programs say what they think of an answer and ask another specialist, as the page does: same rows, rights, trail."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from tests.api.program import Program
from tests.web.rows import ON_SQLITE, all_of, audited, count
from webapp.models import Question, Rating, Reroute, Review

pytestmark = ON_SQLITE
ASKED = "What does a replacement card cost?"


@pytest.fixture
def turn(program: Program) -> dict[str, str]:
    """The ids of a session, a question and its reply."""
    answer = program.say(program.open_session(customerRef="10-2041"), ASKED)
    assert answer.status_code == 200, answer.text
    said = answer.json
    return {"chat": said["sessionId"], "question": said["message"]["id"], "reply": said["response"]["id"]}


def test_a_thumb_is_said_changed_read_and_taken_back(app: Flask, program: Program, turn: dict[str, str]) -> None:
    address = f"/api/chat/messages/{turn['reply']}/rating"
    nothing = {"thumb": None, "reason": None, "note": None, "at": None, "messageId": turn["reply"]}
    assert program.get(address).json == {**nothing, "message_id": turn["reply"]}
    note = "It is 10 EUR, see card 4111 1111 1111 1111"
    down = program.post(address, thumb="down", reason="incomplete", note=note)
    assert (down.status_code, down.json["thumb"], down.json["reason"]) == (200, "down", "incomplete")
    assert down.json["note"] == "It is 10 EUR, see card 411111******1111"
    assert program.get(address).json == down.json
    assert (count(app, Review, Review.state == "open"), count(app, Rating)) == (1, 1)
    up = program.post(address, thumb="up", reason="wrong", note="forgotten")
    assert (up.json["thumb"], up.json["reason"], up.json["note"]) == ("up", None, None)
    assert [program.ask("DELETE", address).status_code for _again in range(2)] == [204, 204]
    assert (count(app, Rating), program.get(address).json["thumb"]) == (0, None)
    assert [entry.details["thumb"] for entry in audited(app, "answer.rated")] == ["down", "up"]
    assert len(audited(app, "answer.rating_taken_back")) == 1


def test_the_opinion_is_the_callers_own(app: Flask, program: Program, managers: Program, turn: dict[str, str]) -> None:
    address = f"/api/chat/messages/{turn['reply']}/rating"
    program.post(address, thumb="up")
    assert managers.get(address).json["thumb"] is None
    assert managers.post(address, thumb="down").status_code == 200
    assert managers.ask("DELETE", address).status_code == 204
    assert program.get(address).json["thumb"] == "up"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"thumb": "sideways"},
        {"thumb": None},
        {"thumb": "down", "reason": "boring"},
        {"thumb": "down", "note": "x" * 501},
        {"thumb": "down", "note": "NUL \x00"},
    ],
)
def test_what_cannot_be_an_opinion_is_a_problem_that_stores_nothing(
    app: Flask, program: Program, turn: dict[str, str], body: dict[str, str]
) -> None:
    answer = program.post(f"/api/chat/messages/{turn['reply']}/rating", **body)
    assert answer.status_code in (400, 422)
    assert answer.mimetype == "application/problem+json"
    assert count(app, Rating) == 0


def test_a_question_is_no_reply_to_be_rated_or_asked_again(program: Program, turn: dict[str, str]) -> None:
    for verb, body in (("rating", {"thumb": "up"}), ("instead", {"agent": "disputes"})):
        answer = program.post(f"/api/chat/messages/{turn['question']}/{verb}", **body)
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_another_specialist_is_asked_once_and_the_click_is_kept(
    app: Flask, program: Program, turn: dict[str, str]
) -> None:
    address = f"/api/chat/messages/{turn['reply']}/instead"
    first = program.post(address, agent="disputes")
    assert (first.status_code, first.json["sessionId"]) == (200, turn["chat"])
    assert first.json["message"]["content"] == ASKED
    assert first.json["response"]["seq"] == 4
    assert program.post(address, agent="disputes").json == first.json
    assert count(app, Question) == 2
    (kept,) = all_of(app, select(Reroute))
    assert (kept.from_agent, kept.to_agent) == ("handbook", "disputes")
    assert [entry.details["after"] for entry in audited(app, "question.rerouted")] == ["disputes"]


def test_whom_one_cannot_ask_is_told_with_a_problem(program: Program, turn: dict[str, str]) -> None:
    address = f"/api/chat/messages/{turn['reply']}/instead"
    for agent, status in (("nobody", 422), ("", 422), (7, 422), ("handbook", 409)):
        answer = program.post(address, agent=agent)
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), agent
    assert program.ask("PATCH", f"/api/sessions/{turn['chat']}/status?status=ended").status_code == 200
    assert program.post(address, agent="disputes").status_code == 409


def test_the_document_names_both_with_what_may_be_sent(program: Program) -> None:
    document = program.get("/api/openapi.json").json
    paths, schemas = document["paths"], document["components"]["schemas"]
    assert set(paths["/api/chat/messages/{reply_id}/rating"]) == {"get", "post", "delete"}
    assert {"200", "202", "409", "422"} <= set(paths["/api/chat/messages/{reply_id}/instead"]["post"]["responses"])
    (instead,) = [one for name, one in schemas.items() if name.startswith("Instead")]
    assert "disputes" in instead["properties"]["agent"]["enum"]
