"""Who may go where: locked by default, another person's session does not exist, reading another's is recorded."""

from __future__ import annotations

import re
import statistics
import time

import pytest
from flask import Flask
from sqlalchemy import update

from tests.visitor import HTMX, Visitor
from tests.web.doors import FIELDS, NO_CHAT, Door, private
from tests.web.rows import ON_SQLITE, as_role, audited, changing, chat_row, count, questions, rights_of, stored
from webapp.models import ChatSession, Draft
from webapp.models.base import new_id
from webapp.services import staff

SECRET = "Mrs Exemplary wants to move house"


def opened(visitor: Visitor, door: Door, chat_id: str, headers: dict[str, str]) -> tuple[int, str]:
    """Go through a door with everything it asks for; returns status and what is said, without ids and times."""
    if door.is_safe:
        answer = visitor.client.get(door.path, headers=headers)
    else:
        fields = {**FIELDS.get(door.endpoint, {}), "chat_id": chat_id, "csrf_token": visitor.token}
        answer = visitor.client.post(door.path, data=fields, headers=headers)
    text = answer.text.replace(chat_id, "CHAT")
    for value in (
        r"[0-9a-f]{16}",
        r'(?<=nonce=")[^"]+',
        r'(?<=csrf-token" content=")[^"]+',
        r'(?<=csrf_token" value=")[^"]+',
    ):
        text = re.sub(value, "", text)
    text = re.sub(r'"X-CSRFToken": "[^"]+"|name="request_id" value="[^"]+"', "", text)
    return answer.status_code, text


def of_a_chat(app: Flask, chat_id: str) -> list[Door]:
    """The doors whose address names a session, and the one whose form does."""
    return [door for door in private(app, chat_id) if chat_id in door.path or door.endpoint == "chat.create_message"]


@pytest.fixture
def secret_chat(app: Flask, teller: Visitor) -> str:
    """A session of the teller's with something said in it."""
    chat_id = teller.start(opening=SECRET)
    teller.answer(chat_id)
    teller.post(f"/chat/{chat_id}/draft", text=f"draft: {SECRET}")
    return chat_id


def test_every_private_door_is_closed_to_strangers(app: Flask) -> None:
    before = stored(app)
    found = private(app)
    assert len(found) > 25
    for door in found:
        page = Visitor(app).client.open(door.path, method=door.method, data=FIELDS.get(door.endpoint, {}))
        assert page.status_code == (302 if door.is_safe else 401), door
        if door.is_safe:
            assert page.headers["Location"].startswith("/sign-in?next=/")
        fragment = Visitor(app).client.open(door.path, method=door.method, headers=HTMX)
        assert fragment.status_code == 401, door
        assert fragment.headers["HX-Redirect"].startswith("/sign-in")
    assert stored(app) == before


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
def test_another_persons_session_does_not_exist_on_any_route(
    app: Flask, secret_chat: str, specialist: Visitor, headers: dict[str, str]
) -> None:
    unknown = new_id("sess")
    before = (stored(app), chat_row(app, secret_chat).title, chat_row(app, secret_chat).status)
    doors = of_a_chat(app, secret_chat)
    assert len(doors) > 15
    for door in doors:
        theirs = opened(specialist, door, secret_chat, headers)
        twin = Door(door.method, door.path.replace(secret_chat, unknown), door.endpoint)
        assert theirs == opened(specialist, twin, unknown, headers), door
        assert theirs[0] == refusal(door, headers), door
        assert SECRET not in theirs[1]
    assert (stored(app), chat_row(app, secret_chat).title, chat_row(app, secret_chat).status) == before


def refusal(door: Door, headers: dict[str, str]) -> int:
    """How a door refuses a session that is not this person's."""
    if door.endpoint in ("sessions.delete", "sessions.delete_form"):
        return 403
    # A page that is still open asks this: it is told that the session is gone, with a place to take its text along.
    return 200 if door.endpoint == "chat.state" and headers else 404


@ON_SQLITE
def test_another_persons_session_takes_no_longer_to_refuse(app: Flask, secret_chat: str, specialist: Visitor) -> None:
    taken: dict[str, list[float]] = {secret_chat: [], NO_CHAT: []}
    for _ in range(9):
        for chat_id, times in taken.items():
            begin = time.perf_counter()
            specialist.client.get(f"/chat/{chat_id}")
            times.append(time.perf_counter() - begin)
    theirs, unknown = (statistics.median(times) for times in taken.values())
    assert abs(theirs - unknown) < 0.02


@ON_SQLITE
def test_a_session_cannot_be_had_through_query_header_or_cookie(
    app: Flask, secret_chat: str, specialist: Visitor
) -> None:
    own = specialist.start()
    for path in (f"/chat/{own}?chat_id={secret_chat}", f"/?current={secret_chat}", f"/chat/{own}?thread={secret_chat}"):
        answer = specialist.client.get(path, headers={"X-Session-ID": secret_chat, "X-Chat-ID": secret_chat})
        assert SECRET not in answer.text
    with specialist.client.session_transaction() as cookie:  # as if the secret key had leaked
        cookie["chat_id"] = secret_chat
    specialist.get("/")
    answer = specialist.post("/chat/messages", htmx=True, request_id="r" * 20, text="Hello")
    assert answer.status_code == 404
    assert questions(app, secret_chat) == [SECRET]


@ON_SQLITE
def test_two_session_ids_in_one_form_are_never_mixed(app: Flask, secret_chat: str, specialist: Visitor) -> None:
    own = specialist.start()
    specialist.get(f"/chat/{own}")
    fields = {"csrf_token": specialist.token, "chat_id": [own, secret_chat], "request_id": "r" * 20, "text": "Mine"}
    assert specialist.client.post("/chat/messages", data=fields).status_code == 303
    assert (questions(app, own), questions(app, secret_chat)) == (["Mine"], [SECRET])


@ON_SQLITE
def test_messages_of_one_session_are_not_found_in_another(app: Flask, secret_chat: str, teller: Visitor) -> None:
    other = teller.start(opening="Something else?")
    reply = teller.answer(other)
    number = str(reply["id"]).removeprefix("message-")
    assert teller.client.get(f"/chat/{other}/replies/{number}", headers=HTMX).status_code == 200
    assert teller.client.get(f"/chat/{secret_chat}/replies/{number}", headers=HTMX).status_code == 404
    assert teller.post(f"/chat/{secret_chat}/replies/{number}/retry").status_code == 404


# Readers


def test_an_auditor_reads_every_session_and_writes_in_none(app: Flask, secret_chat: str, auditor: Visitor) -> None:
    assert SECRET in auditor.get("/").text
    page = auditor.get(f"/chat/{secret_chat}")
    assert SECRET in page.text
    assert f"draft: {SECRET}" not in page.text
    assert auditor.page.select_one("#composer") is None
    assert auditor.page.select_one("#chat-status form") is None
    assert "This is recorded." in page.text
    before = (count(app, ChatSession), chat_row(app, secret_chat).status, questions(app, secret_chat))
    for door in of_a_chat(app, secret_chat):
        if not door.is_safe:
            assert opened(auditor, door, secret_chat, {})[0] in (403, 404), door
    assert (count(app, ChatSession), chat_row(app, secret_chat).status, questions(app, secret_chat)) == before


def test_an_auditor_opens_no_session(app: Flask, auditor: Visitor) -> None:
    auditor.get("/")
    assert auditor.page.select_one("#start") is None
    assert auditor.post("/sessions", request_id="r" * 20).status_code == 403
    assert count(app, ChatSession) == 0


def test_a_manager_reads_and_deletes_in_the_own_branch(app: Flask, secret_chat: str, manager: Visitor) -> None:
    assert SECRET in manager.get(f"/chat/{secret_chat}").text
    assert manager.post(f"/sessions/{secret_chat}/title", title="Mine now").status_code == 404
    assert manager.post(f"/sessions/{secret_chat}/delete").status_code == 303
    assert count(app, ChatSession) == 0


def test_a_session_of_another_branch_does_not_exist_for_a_manager(
    app: Flask, secret_chat: str, manager: Visitor
) -> None:
    with changing(app) as session:
        session.execute(update(ChatSession).values(branch="Lindenau"))
    assert SECRET not in manager.get("/").text
    for door in of_a_chat(app, secret_chat):
        if door.endpoint != "auth.end_sign_in":
            assert opened(manager, door, secret_chat, {})[0] == 404, door
    assert count(app, ChatSession) == 1


def test_a_manager_does_not_see_the_administrators_session_of_another_branch(
    app: Flask, admin: Visitor, manager: Visitor
) -> None:
    chat_id = admin.start(opening=SECRET)
    assert SECRET not in manager.get("/").text
    assert manager.get(f"/chat/{chat_id}").status_code == 404


# Each right refuses by itself


@pytest.mark.parametrize("role", [role for role in staff.ROLES if role != "manager"])
def test_only_managers_delete(app: Flask, role: str, teller: Visitor) -> None:
    with as_role(app, "teller", "teller" if role == "auditor" else role):
        chat_id = teller.start()
    with as_role(app, "teller", role):
        assert teller.get(f"/sessions/{chat_id}/delete").status_code == 403
        assert teller.post(f"/sessions/{chat_id}/delete").status_code == 403
    assert count(app, ChatSession) == 1


def test_the_right_to_delete_without_the_right_to_read_opens_nothing(app: Flask, secret_chat: str) -> None:
    specialist = Visitor(app).sign_in("specialist")
    with rights_of(app, "specialist", ["sessions.use", "sessions.delete"]):
        assert specialist.get(f"/sessions/{secret_chat}/delete").status_code == 404
        assert specialist.post(f"/sessions/{secret_chat}/delete").status_code == 404
    assert count(app, ChatSession) == 1


def test_the_right_to_read_everything_with_the_right_to_delete_keeps_to_the_branch(
    app: Flask, secret_chat: str, auditor: Visitor
) -> None:
    with rights_of(app, "auditor", ["sessions.read_all", "sessions.delete"]):
        auditor.get("/")
        assert auditor.post(f"/sessions/{secret_chat}/delete").status_code == 403
    assert count(app, ChatSession) == 1


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
def test_a_role_that_only_reads_writes_in_no_session_of_its_own_either(
    app: Flask, secret_chat: str, teller: Visitor, headers: dict[str, str]
) -> None:
    """Somebody whose role was changed still owns what they opened before."""
    before = (stored(app), chat_row(app, secret_chat).status, chat_row(app, secret_chat).title)
    with as_role(app, "teller", "auditor"):
        assert SECRET in teller.get(f"/chat/{secret_chat}").text
        assert teller.page.select("#composer, #chat-status form, #chat-title a, #customer form") == []
        for door in of_a_chat(app, secret_chat):
            if not door.is_safe:
                assert opened(teller, door, secret_chat, headers)[0] in (403, 404), door
    assert (stored(app), chat_row(app, secret_chat).status, chat_row(app, secret_chat).title) == before


# Reading another's is recorded


def test_reading_another_persons_session_is_recorded_each_time(
    app: Flask, secret_chat: str, manager: Visitor, auditor: Visitor
) -> None:
    manager.get(f"/chat/{secret_chat}")
    auditor.get(f"/chat/{secret_chat}")
    auditor.get(f"/chat/{secret_chat}")
    readings = audited(app, "session.read")
    assert [(entry.actor, entry.role, entry.object_id) for entry in readings] == [
        ("manager", "manager", secret_chat),
        ("auditor", "auditor", secret_chat),
        ("auditor", "auditor", secret_chat),
    ]
    assert {entry.details["owner"] for entry in readings} == {"teller"}


def test_reading_by_fragments_is_recorded_too(app: Flask, secret_chat: str, auditor: Visitor, teller: Visitor) -> None:
    reply = teller.answer(secret_chat)
    number = str(reply["id"]).removeprefix("message-")
    for path in (f"/chat/{secret_chat}/messages?after=0", f"/chat/{secret_chat}/replies/{number}"):
        with changing(app) as session:
            session.execute(update(ChatSession).values(accent=1))
        before = len(audited(app, "session.read"))
        answer = Visitor(app).sign_in("manager").client.get(path, headers=HTMX)
        assert answer.status_code == 200
        assert len(audited(app, "session.read")) >= max(before, 1)
    auditor.client.get(f"/chat/{secret_chat}/messages?after=0", headers=HTMX)
    for _ in range(3):  # a page that follows a reply asks every second
        auditor.client.get(f"/chat/{secret_chat}/replies/{number}", headers=HTMX)
    assert [entry.actor for entry in audited(app, "session.read")] == ["manager", "auditor"]


def test_reading_ones_own_is_not(app: Flask, secret_chat: str, teller: Visitor) -> None:
    teller.get(f"/chat/{secret_chat}")
    teller.client.get(f"/chat/{secret_chat}/messages?after=0", headers=HTMX)
    assert audited(app, "session.read") == []


def test_what_cannot_be_recorded_is_not_shown(
    app: Flask, secret_chat: str, manager: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from webapp.services import audit

    def fails(*_arguments: object, **_details: object) -> None:
        raise RuntimeError("no trail")

    monkeypatch.setattr(audit, "record", fails)
    answer = manager.get(f"/chat/{secret_chat}")
    assert answer.status_code == 500
    assert SECRET not in answer.text


def test_drafts_are_their_writers_alone(app: Flask, secret_chat: str, manager: Visitor) -> None:
    assert count(app, Draft) == 1
    assert "draft:" not in manager.get(f"/chat/{secret_chat}").text
