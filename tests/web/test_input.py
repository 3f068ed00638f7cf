"""What a form may carry: limits on both sides, wrong types, too much at once, fields nobody asked for."""

from __future__ import annotations

import base64
import io
import json
import time
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.visitor import HTMX, Visitor
from tests.web.doors import private
from tests.web.rows import ON_SQLITE, all_of, chat_row, count, questions, stored
from webapp.models import ChatSession, Draft, Message, Question

TOO_LARGE = 2**31
FORM = "application/x-www-form-urlencoded"


# Messages


@pytest.mark.parametrize("text", ["x", "x" * 4000, "ß" * 4000, "😀" * 4000, "a\n" * 2000, "  words between blanks  "])
def test_a_message_of_up_to_4000_characters_is_stored_as_typed(app: Flask, teller: Visitor, text: str) -> None:
    chat_id = teller.start()
    assert teller.ask(chat_id, text).status_code == 200
    assert questions(app, chat_id) == [text]


@pytest.mark.parametrize("length", [4001, 10_000, 100_000])
@pytest.mark.parametrize("htmx", [True, False], ids=["htmx", "form"])
def test_a_longer_one_is_refused_in_words_and_comes_back_whole(
    app: Flask, teller: Visitor, length: int, htmx: bool
) -> None:
    chat_id, text = teller.start(), "x" * length
    before = stored(app)
    answer = teller.ask(chat_id, text, htmx=htmx)
    assert answer.status_code == 422
    assert "Use at most 4,000 characters. Your text is kept" in answer.text
    assert text in answer.text
    assert stored(app) == before


NOTHING = [
    "",
    " ",
    "\t\n ",
    "\u200b",
    "\u200b\u200c\u200d\ufeff",
    "\u00ad\u2060",
    "\u3164",
    "\u2800 \u00a0",
    "\ufe0f",
    "\u202e\u202c",
    "\u034f",
]


@ON_SQLITE
@pytest.mark.parametrize("text", NOTHING, ids=ascii)
def test_what_nobody_could_see_is_no_message_no_title_and_no_opening(app: Flask, teller: Visitor, text: str) -> None:
    chat_id = teller.start()
    before, title = stored(app), chat_row(app, chat_id).title
    answer = teller.ask(chat_id, text)
    assert answer.status_code == 422
    assert "Type a question first." in answer.text
    assert teller.post(f"/sessions/{chat_id}/title", title=text).status_code == 422
    assert "Give the session a title." in teller.page.get_text()
    assert (stored(app), chat_row(app, chat_id).title) == (before, title)
    teller.start(opening=text)
    assert count(app, Message) == 0


def test_line_breaks_count_once_however_the_browser_spells_them(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start()
    typed = "line\n" * 800
    assert teller.ask(chat_id, typed.replace("\n", "\r\n"), htmx=False).status_code == 303
    assert questions(app, chat_id) == [typed]
    teller.post(f"/chat/{chat_id}/draft", text="two\r\nlines")
    assert list(all_of(app, select(Draft.text))) == ["two\nlines"]


def test_the_same_text_with_other_line_breaks_is_the_same_message(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start()
    assert teller.ask(chat_id, "two\nlines", request_id="r" * 20).status_code == 200
    assert teller.ask(chat_id, "two\r\nlines", request_id="r" * 20, htmx=False).status_code == 303
    assert questions(app, chat_id) == ["two\nlines"]


@pytest.mark.parametrize(
    "request_id", ["", "short", "x" * 65, "has blanks in it....", "semi;colon;semi;colon", "r" * 19 + "\n"]
)
def test_a_request_id_that_is_none_is_refused_and_a_fresh_one_given(
    app: Flask, teller: Visitor, request_id: str
) -> None:
    chat_id = teller.start()
    answer = teller.post("/chat/messages", htmx=True, chat_id=chat_id, request_id=request_id, text="A question")
    assert answer.status_code == 422
    assert "Your text is kept. Send it again." in answer.text
    assert count(app, Message) == 0
    fresh = teller.field("request_id", "#composer")
    assert teller.field("text", "#composer").strip() == "A question"
    assert teller.ask(chat_id, "A question", request_id=fresh).status_code == 200


# Titles, drafts, the rest


@pytest.mark.parametrize(("length", "status"), [(80, 303), (81, 422), (5000, 422)])
def test_a_title_has_80_characters_at_most(app: Flask, teller: Visitor, length: int, status: int) -> None:
    chat_id = teller.start()
    assert teller.post(f"/sessions/{chat_id}/title", title="ß" * length).status_code == status
    assert chat_row(app, chat_id).title == ("ß" * length if status == 303 else "New session")


@ON_SQLITE
def test_every_field_has_a_limit_that_is_said_in_words(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start()
    before = stored(app)
    long_opening = teller.post("/sessions", request_id="r" * 20, opening="x" * 4001)
    assert (long_opening.status_code, "at most 4,000 characters" in long_opening.text) == (422, True)
    assert "x" * 4001 in long_opening.text
    long_customer = teller.post("/sessions", request_id="r" * 20, customer="x" * 81)
    assert (long_customer.status_code, "at most 80 characters" in long_customer.text) == (422, True)
    long_summary = teller.post(f"/sessions/{chat_id}/end", reason="solved", summary="x" * 2001)
    assert (long_summary.status_code, "at most 2,000 characters" in long_summary.text) == (422, True)
    long_draft = teller.post(f"/chat/{chat_id}/draft", text="x" * 8001)
    assert (long_draft.status_code, "at most 4,000 characters" in long_draft.text) == (400, True)
    long_search = teller.get(f"/sessions/{chat_id}/customer?q=" + "x" * 81)
    assert (long_search.status_code, "at most 80 characters" in long_search.text) == (422, True)
    assert stored(app) == before


@pytest.mark.parametrize("status", ["", "nonsense", "ACTIVE", "Active", "active ", "0", "None", "x" * 500])
def test_an_unknown_status_is_refused(app: Flask, teller: Visitor, status: str) -> None:
    chat_id = teller.start()
    answer = teller.post(f"/sessions/{chat_id}/status", status=status)
    assert answer.status_code == 400
    assert "There is no such status." in answer.text
    assert chat_row(app, chat_id).status == "active"


@ON_SQLITE
@pytest.mark.parametrize("reason", ["", "nonsense", "Solved", "x" * 500])
def test_a_session_ends_for_a_reason_from_the_list(app: Flask, teller: Visitor, reason: str) -> None:
    chat_id = teller.start()
    answer = teller.post(f"/sessions/{chat_id}/end", reason=reason, summary="What happened so far")
    assert answer.status_code == 422
    assert teller.page.select_one("#reason-error") is not None
    assert "What happened so far" in answer.text
    assert chat_row(app, chat_id).status == "active"


# Fields nobody asked for


def test_fields_nobody_asked_for_are_not_read(app: Flask, teller: Visitor) -> None:
    forged = {
        "id": "7", "seq": "99", "role": "assistant", "author_name": "The Bank", "staff_id": "1", "owner": "1",
        "created_at": "2001-01-01", "createdAt": "2001-01-01", "confirmed": "true", "tool_calls": "[]",
        "legalHold": "1", "status": "ended", "branch": "Lindenau", "customer_number": "10-2041",
        "thread_id": "thread_1", "agent": "cards",
    }  # fmt: skip
    teller.get("/")
    request_id = teller.field("request_id")
    assert teller.post("/sessions", request_id=request_id, opening="", customer="", **forged).status_code == 303
    [chat] = all_of(app, select(ChatSession))
    assert (chat.status, chat.branch, chat.customer_number, chat.staff.username) == (
        "active",
        "Nordhafen",
        None,
        "teller",
    )
    assert chat.created_at.year > 2001
    answer = teller.post("/chat/messages", chat_id=chat.id, request_id="r" * 20, text="Mine", **forged)
    assert answer.status_code == 303
    [question] = all_of(app, select(Question))
    assert (question.seq, question.role, question.author_name) == (1, "staff", "Tom Reuter")
    assert question.created_at.year > 2001
    assert teller.post(f"/sessions/{chat.id}/title", title="Renamed", **forged).status_code == 303
    assert chat_row(app, chat.id).status == "active"


@ON_SQLITE
def test_a_field_sent_twice_is_read_once(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start()
    teller.get(f"/chat/{chat_id}")
    fields = {
        "csrf_token": teller.token,
        "chat_id": chat_id,
        "request_id": ["a" * 20, "b" * 20],
        "text": ["one", "two"],
    }
    assert teller.client.post("/chat/messages", data=fields).status_code == 303
    assert questions(app, chat_id) == ["one"]


# Bodies of other kinds


def body_of(kind: str, fields: dict[str, str]) -> tuple[bytes, str]:
    """The same fields as another kind of body."""
    if kind == "application/json":
        return json.dumps(fields).encode(), kind
    if kind == "text/plain":
        return "\r\n".join(f"{name}={value}" for name, value in fields.items()).encode(), kind
    if kind == "multipart/form-data":
        parts = "".join(
            f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
        )
        return f"{parts}--B--\r\n".encode(), f"{kind}; boundary=B"
    return b"\x80\x04\x95", kind


@ON_SQLITE
@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "multipart/form-data", "application/octet-stream", "application/xml"]
)
def test_only_forms_are_taken(app: Flask, manager: Visitor, kind: str) -> None:
    chat_id = manager.start()
    before = stored(app)
    fields = {"csrf_token": manager.token, "chat_id": chat_id, "request_id": "r" * 20, "text": "x", "title": "y"}
    body, content_type = body_of(kind, fields)
    header = {"X-CSRFToken": manager.token}
    for door in private(app, chat_id):
        takes_files = door.endpoint == "handbook.upload" and kind == "multipart/form-data"
        if not door.is_safe and not takes_files:
            answer = manager.client.post(door.path, data=body, content_type=content_type, headers=header)
            assert answer.status_code == 415, door
    assert stored(app) == before
    assert manager.get("/").status_code == 200


@ON_SQLITE
def test_twenty_megabytes_are_refused_before_they_are_read(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start()
    before = stored(app)

    class Body(io.BytesIO):
        taken = 0

        def read(self, size: int | None = -1) -> bytes:
            Body.taken += 1
            return super().read(size)

    begin = time.monotonic()
    for content_type in (FORM, "multipart/form-data; boundary=B"):
        body = Body(b"text=" + b"x" * 20_000_000)
        answer = teller.client.post(
            "/chat/messages", input_stream=body, content_type=content_type, headers={"X-CSRFToken": teller.token}
        )
        assert answer.status_code in (413, 415)
    assert answer.headers["Cache-Control"] == "no-store"
    assert Body.taken == 0
    assert time.monotonic() - begin < 5
    assert (stored(app), questions(app, chat_id)) == (before, [])


@ON_SQLITE
def test_a_form_above_the_limit_is_said_to_be_too_much(teller: Visitor) -> None:
    chat_id = teller.start()
    answer = teller.ask(chat_id, "x" * 300_000)
    assert answer.status_code == 413
    assert "more than can be sent at once" in answer.text
    assert answer.headers["HX-Retarget"] == "#notices"


def chunked(visitor: Visitor, body: bytes) -> TestResponse:
    """A body without a length, as `Transfer-Encoding: chunked` arrives here."""
    environ = {"wsgi.input_terminated": True, "CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}
    return visitor.client.post(
        "/chat/messages", input_stream=io.BytesIO(body), content_type=FORM, environ_overrides=environ
    )


@pytest.mark.parametrize("text", [b"a%00b", b"%ff", b"%ed%a0%80"])
def test_a_body_without_a_length_is_checked_all_the_same(app: Flask, teller: Visitor, text: bytes) -> None:
    chat_id = teller.start()
    teller.get(f"/chat/{chat_id}")
    start = f"csrf_token={teller.token}&chat_id={chat_id}&request_id={'r' * 20}&text=".encode()
    assert chunked(teller, start + text).status_code == 400
    assert count(app, Message) == 0
    assert chunked(teller, start + b"fine").status_code == 303
    assert questions(app, chat_id) == ["fine"]


@ON_SQLITE
def test_half_a_form_stores_nothing(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start()
    teller.get(f"/chat/{chat_id}")
    body = f"csrf_token={teller.token}&chat_id={chat_id}&request_id={'r' * 20}&text=half a quest".encode()
    environ = {"CONTENT_LENGTH": str(len(body) + 4)}
    answer = teller.client.post(
        "/chat/messages", input_stream=io.BytesIO(body), content_type=FORM, environ_overrides=environ
    )
    assert answer.status_code == 400
    assert count(app, Message) == 0


# Numbers and cursors


@pytest.mark.parametrize(
    "number", ["0", "-1", "1.5", "one", str(TOO_LARGE), str(2**63), str(10**40), "0x1", "\u0663", "1e3", " 1"]
)
def test_numbers_no_row_can_have_are_not_found_and_break_nothing(app: Flask, teller: Visitor, number: str) -> None:
    chat_id = teller.start()
    for path in (f"/chat/{chat_id}/replies/{number}", f"/chat/{chat_id}/sources/{number}"):
        assert teller.client.get(path, headers=HTMX).status_code == 404
    for path in (f"/chat/{chat_id}/replies/{number}/retry", f"/sign-ins/{number}/end"):
        answer = teller.post(path)
        assert answer.status_code in ((303, 404) if path.startswith("/sign-ins") else (404,))
    for name in ("before", "find"):
        assert teller.client.get(f"/chat/{chat_id}", query_string={name: number}).status_code in (200, 400)
    after = teller.client.get(f"/chat/{chat_id}/messages", query_string={"after": number}, headers=HTMX)
    assert after.status_code in (200, 400)
    assert teller.post(f"/chat/{chat_id}/seen", seq=number).status_code in (204, 400)
    assert teller.client.get("/", query_string={"person": number}).status_code in (200, 400)


def spelled(value: object) -> str:
    """A cursor made of anything."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


CURSORS = [
    "x", "====", "not base64!", spelled([]), spelled({}), spelled(None), spelled(5), spelled("ab"), spelled([1, 2]),
    spelled(["2026-01-01T00:00:00", "sess_0"]), spelled(["2026-01-01T00:00:00+00:00", None]),
    spelled(["2026-01-01T00:00:00+00:00", "\ud800"]), spelled(["2026-01-01T00:00:00+00:00", "\0"]),
    spelled(["0001-01-01T00:00:00+14:00", "sess_0"]), spelled(["9999-12-31T23:59:59-14:00", "sess_0"]),
    spelled(["99999-01-01T00:00:00+00:00", "sess_0"]), spelled(["2026-01-01T00:00:00+00:00", "x" * 100]),
    spelled(["2026-01-01T00:00:00+00:00", "' OR 1=1 --"]), "W" * 200, spelled([[[[[]]]]]),
]  # fmt: skip


@pytest.mark.parametrize("cursor", CURSORS, ids=range(len(CURSORS)))
def test_a_cursor_that_is_none_is_refused(teller: Visitor, cursor: str) -> None:
    answer = teller.get("/", query_string={"cursor": cursor})
    assert answer.status_code == 400
    assert "Start at the top of the list." in answer.text


@ON_SQLITE
@pytest.mark.parametrize(
    "change", [str.upper, str.title, lambda text: text[:-1], lambda text: text + "0", lambda text: text[5:]]
)
def test_an_id_spelled_in_another_way_is_no_session(teller: Visitor, change: Callable[[str], str]) -> None:
    chat_id = teller.start()
    assert teller.client.get(f"/chat/{change(chat_id)}").status_code == 404
    assert teller.ask(change(chat_id), "Hello", request_id="r" * 20).status_code == 404


@ON_SQLITE
def test_more_than_thirty_messages_a_minute_have_to_wait(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start()
    for number in range(30):
        assert teller.ask(chat_id, "Hello", request_id=f"request-id-number-{number}").status_code == 200
    answer = teller.ask(chat_id, "One more", request_id="request-id-number-31")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["HX-Retarget"] == "#notices", "the composer keeps its text"
    assert len(questions(app, chat_id)) == 30
    assert Visitor(app).sign_in("specialist").start()
