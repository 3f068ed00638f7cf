"""Messages through the programs' door: stored once, answered by the same makers, read in both spellings."""

from __future__ import annotations

import io

import pytest
from flask import Flask

from tests.api.program import Program
from tests.visitor import Visitor
from tests.web.rows import ON_SQLITE, count, questions, stored
from webapp.models import Message


@pytest.fixture
def chat_id(program: Program) -> str:
    """A session of the teller's about Maria Keller."""
    return program.open_session(customerRef="10-2041")


def test_a_message_gets_a_real_answer_in_the_node_systems_words(program: Program, chat_id: str) -> None:
    answer = program.say(chat_id, "what are the opening hours on Thursday", type="text", metadata={"from": "crm"})
    said = answer.json
    assert answer.status_code == 200
    assert said["sessionId"] == said["session_id"] == chat_id
    assert (said["message"]["role"], said["message"]["seq"]) == ("user", 1)
    assert said["message"]["metadata"] == {"from": "crm"}
    assert (said["response"]["role"], said["response"]["seq"], said["response"]["state"]) == ("assistant", 2, "done")
    assert "18:30" in said["response"]["content"]
    assert said["response"]["agent"] == "handbook"
    assert said["response"]["sources"][0]["articleId"] == "service-opening-hours"
    assert said["agentResult"]["agentsInvolved"] == ["handbook"]
    assert said["agentResult"]["processingTime"] > 0


def test_the_fastapi_systems_clients_get_the_text(program: Program, chat_id: str) -> None:
    address = f"/api/chat/sessions/{chat_id}/messages"
    said = program.post(address, message="what is the balance").json
    assert isinstance(said["message"], str)
    assert "EUR" in said["message"]
    assert {
        "sources",
        "requires_escalation",
        "confidence",
        "session_id",
        "timestamp",
        "processing_time",
        "metadata",
    } < {*said}
    form = program.ask("POST", address, data={"message": "opening hours"}, content_type="multipart/form-data")
    assert form.status_code == 200
    listed = program.get(address).json
    assert (listed["total"], listed["session_id"]) == (4, chat_id)
    assert [one["role"] for one in listed["messages"]] == ["user", "assistant"] * 2
    assert {"id", "seq", "content", "timestamp", "sources", "tools_used", "processing_time"} < {*listed["messages"][0]}


def test_files_are_refused_and_nothing_is_stored(app: Flask, program: Program, chat_id: str) -> None:
    fields = {"message": "look at this", "file": (io.BytesIO(b"x"), "x.pdf")}
    answer = program.ask(
        "POST", f"/api/chat/sessions/{chat_id}/messages", data=fields, content_type="multipart/form-data"
    )
    assert answer.status_code == 400
    assert questions(app, chat_id) == []


def test_messages_come_in_pieces(program: Program, chat_id: str) -> None:
    for text in ("opening hours", "what is the balance", "fees"):
        assert program.post(f"/api/sessions/{chat_id}/messages", content=text).status_code == 200
    address = f"/api/chat/sessions/{chat_id}/messages"

    def seqs(query: str) -> list[int]:
        return [one["seq"] for one in program.get(f"{address}?{query}").json["messages"]]

    assert seqs("limit=2") == [1, 2]
    assert seqs("limit=2&offset=3") == [4, 5]
    assert seqs("after=4") == [5, 6]
    latest = program.get(f"/api/chat/history?sessionId={chat_id}&limit=2").json
    assert ([one["seq"] for one in latest["history"]], latest["count"]) == ([5, 6], 2)
    assert program.get("/api/chat/history").status_code == 422


def test_a_program_speaks_where_people_read_at_that_moment(program: Program, teller: Visitor, chat_id: str) -> None:
    program.say(chat_id, "what is the balance")
    page = teller.get(f"/chat/{chat_id}").text
    assert "what is the balance" in page
    teller.ask(chat_id, "and the opening hours?")
    teller.answer(chat_id)
    history = program.get(f"/api/sessions/{chat_id}/history").json["history"]
    assert [one["content"] for one in history if one["role"] == "user"] == [
        "what is the balance", "and the opening hours?",
    ]  # fmt: skip


def test_two_sessions_in_one_request_are_never_a_guess(app: Flask, program: Program, chat_id: str) -> None:
    other = program.open_session()
    answer = program.say(chat_id, "hello", sessionId=other)
    assert answer.status_code == 400
    assert program.post("/api/chat/message", content="hello").status_code == 400
    assert questions(app, chat_id) == questions(app, other) == []
    assert program.post("/api/chat/message", content="hello", session_id=other).status_code == 200
    assert questions(app, other) == ["hello"]


def test_an_ended_session_takes_no_message(app: Flask, program: Program, chat_id: str) -> None:
    program.ask("PATCH", f"/api/sessions/{chat_id}/status?status=ended")
    answer = program.say(chat_id, "hello")
    assert (answer.status_code, answer.json["title"]) == (409, "Conflict")
    assert questions(app, chat_id) == []


@ON_SQLITE
@pytest.mark.parametrize(
    "body",
    [
        {}, {"content": ""}, {"content": "  \n "}, {"content": "\u200b"}, {"content": "x" * 4001}, {"content": 7},
        {"content": ["x"]}, {"content": None}, {"content": "a", "message": "b"}, {"content": "a\u0007"},
        {"content": "a", "metadata": []}, {"content": "a", "type": 3}, {"content": "a", "attachments": "x"},
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused_with_a_reason(
    app: Flask, program: Program, chat_id: str, body: dict[str, object]
) -> None:
    before = stored(app)
    answer = program.ask("POST", f"/api/sessions/{chat_id}/messages", json=body)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["message"]
    assert stored(app) == before


@ON_SQLITE
@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"{", 400), (b"[]", 400), (b"null", 400), (b'"x"', 400), (b'{"content":"a","content":"b"}', 400),
        (b'{"content":"a"} x', 400), (b'{"content":"\xff"}', 400), (b'{"content":"\\ud800"}', 400),
        (b'{"content":"a\\u0000"}', 400), (b'{"metadata":{"n":NaN},"content":"a"}', 400),
        (b'{"metadata":{"n":1e999},"content":"a"}', 400), ('{"content":"ä"}'.encode("utf-16"), 400),
        (b'{"metadata":' + b'{"a":' * 2000 + b"1" + b"}" * 2000 + b"}", 400), (b"[" * 60_000, 400),
        (b'{"content":"' + b"x" * 70_000 + b'"}', 413),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_and_never_a_crash(
    app: Flask, program: Program, chat_id: str, raw: bytes, status: int
) -> None:
    answer = program.ask("POST", f"/api/sessions/{chat_id}/messages", data=raw, content_type="application/json")
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert count(app, Message) == 0


@ON_SQLITE
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
def test_other_kinds_of_body_are_refused(program: Program, chat_id: str, kind: str) -> None:
    options = {"content_type": kind} if kind else {}
    answer = program.ask("POST", f"/api/sessions/{chat_id}/messages", data=b'{"content":"a"}', **options)
    assert (answer.status_code, answer.content_type) == (415, "application/problem+json")


@ON_SQLITE
def test_four_thousand_characters_are_stored_and_card_numbers_are_not(
    app: Flask, program: Program, chat_id: str
) -> None:
    assert program.say(chat_id, "ü" * 4000).status_code == 200
    said = program.say(chat_id, "card 4111 1111 1111 1111 lost").json
    assert said["message"]["content"] == "card 411111******1111 lost"
    assert "4111 1111" not in str(questions(app, chat_id))


def test_one_message_is_told_with_its_state_and_a_finished_reply_needs_no_retry(program: Program, chat_id: str) -> None:
    response = program.say(chat_id, "opening hours").json["response"]
    told = program.get(f"/api/chat/messages/{response['id']}").json
    assert {**told, "processingTime": 0, "processing_time": 0} == {
        **response, "processingTime": 0, "processing_time": 0,
    }  # fmt: skip
    assert program.ask("POST", f"/api/chat/messages/{response['id']}/retry").status_code == 409
    assert program.ask("POST", f"/api/chat/messages/{response['id']}/stop").json["state"] == "done"
    question = int(response["id"]) - 1
    assert program.ask("POST", f"/api/chat/messages/{question}/retry").status_code == 404
    assert program.get("/api/chat/messages/999999").status_code == 404


def test_the_handbook_is_searched(program: Program) -> None:
    found = program.post("/api/chat/search", query="lost card", limit=3).json
    assert [one["rank"] for one in found] == [1, 2, 3]
    assert all(0 <= one["relevance_score"] <= 1 for one in found)
    assert found[0]["metadata"]["articleId"] == "cards-lost-and-stolen"
    assert program.post("/api/chat/search", query="the").json == []
    for body in ({"query": "x" * 501}, {"query": ""}, {"query": "x", "limit": 21}, {"query": "x", "limit": "3"}):
        assert program.post("/api/chat/search", **body).status_code == 422


def test_the_team_counts_what_it_has_done(program: Program, chat_id: str) -> None:
    before = {one["id"]: one["replies"] for one in program.get("/api/agents").json["agents"]}
    program.say(chat_id, "opening hours")
    after = {one["id"]: one["replies"] for one in program.get("/api/agents").json["agents"]}
    assert after == {**before, "handbook": before["handbook"] + 1}
