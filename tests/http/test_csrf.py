"""Forms from elsewhere: refused without this browser's token, or when another site sent them; nothing is changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.visitor import HTMX, PASSWORD, Visitor
from tests.web.doors import FIELDS, Door, doors, private
from tests.web.rows import ON_SQLITE, chat_row, count, living_sign_ins, person, stored
from webapp.models import ChatSession, SignIn

CHANGES: dict[str, Callable[[str], str | None]] = {
    "missing": lambda token: None,
    "empty": lambda token: "",
    "wrong": lambda token: "x" * len(token),
    "cut": lambda token: token[:-1],
    "doubled": lambda token: token * 2,
    "with a character changed": lambda token: token[:10] + ("A" if token[10] != "A" else "B") + token[11:],
    "the raw value": lambda token: token.split(".")[0],
}


def sent_by(visitor: Visitor, door: Door, token: str | None, chat_id: str = "", **headers: str) -> int:
    """Send the door's form with this token (None: without one); returns the status."""
    fields = {**FIELDS.get(door.endpoint, {}), "chat_id": chat_id}
    if token is not None:
        fields["csrf_token"] = token
    return visitor.client.post(door.path, data=fields, headers=headers).status_code


def unsafe(app: Flask, chat_id: str) -> list[Door]:
    """Every private door that may change something."""
    return [door for door in private(app, chat_id) if not door.is_safe]


@pytest.mark.parametrize("change", CHANGES)
def test_no_form_is_taken_without_the_pages_own_token(app: Flask, manager: Visitor, change: str) -> None:
    chat_id = manager.start()
    manager.get(f"/chat/{chat_id}")
    before = (stored(app), chat_row(app, chat_id).status, person(app, "manager").password_hash)
    token = CHANGES[change](manager.token)
    found = unsafe(app, chat_id)
    assert len(found) > 12
    assert {door.path: sent_by(manager, door, token, chat_id) for door in found} == {door.path: 400 for door in found}
    assert (stored(app), chat_row(app, chat_id).status, person(app, "manager").password_hash) == before
    assert manager.get("/").status_code == 200, "still signed in"
    assert len(living_sign_ins(app, "manager")) == 1


@ON_SQLITE
def test_another_persons_token_is_worth_nothing(app: Flask, manager: Visitor, teller: Visitor) -> None:
    chat_id = manager.start()
    before = stored(app)
    assert {sent_by(manager, door, teller.token, chat_id) for door in unsafe(app, chat_id)} == {400}
    assert stored(app) == before


@ON_SQLITE
def test_a_token_in_the_address_does_not_count(teller: Visitor) -> None:
    answer = teller.client.post(f"/sign-ins/stay?csrf_token={teller.token}")
    assert answer.status_code == 400


@ON_SQLITE
def test_the_token_may_come_in_the_header_as_htmx_sends_it(teller: Visitor) -> None:
    chat_id = teller.start()
    header = {"X-CSRFToken": teller.token, **HTMX}
    assert teller.client.post(f"/chat/{chat_id}/draft", data={"text": "a"}, headers=header).status_code == 204
    wrong = {"X-CSRFToken": "x", **HTMX}
    assert teller.client.post(f"/chat/{chat_id}/draft", data={"text": "a"}, headers=wrong).status_code == 400


@ON_SQLITE
@pytest.mark.parametrize("token", [None, "", "wrong"])
def test_the_sign_in_form_needs_its_token_too(app: Flask, visitor: Visitor, token: str | None) -> None:
    visitor.get("/sign-in")
    [door] = [door for door in doors(app) if door.endpoint == "auth.sign_in" and door.method == "POST"]
    assert sent_by(visitor, door, token) == 400
    assert count(app, SignIn) == 0


@ON_SQLITE
def test_a_strangers_sign_in_form_cannot_sign_this_browser_in(app: Flask) -> None:
    attacker, victim = Visitor(app), Visitor(app)
    attacker.get("/sign-in")
    victim.get("/sign-in")
    sent = {"csrf_token": attacker.token, "username": "teller", "password": PASSWORD}
    assert victim.client.post("/sign-in", data=sent).status_code == 400
    assert count(app, SignIn) == 0


# Where a form comes from


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "https://localhost.evil.example"},
    {"Origin": "http://localhost:8080"},
    {"Origin": "http://evil.example#localhost"},
    {"Origin": "http://[", "Referer": "x"},
    {"Origin": ""},
]


@ON_SQLITE
@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_form_sent_by_another_site_is_refused_even_with_the_right_token(
    app: Flask, manager: Visitor, headers: dict[str, str]
) -> None:
    chat_id = manager.start()
    before = stored(app)
    for door in unsafe(app, chat_id):
        assert sent_by(manager, door, manager.token, chat_id, **headers) == 403, door
    assert stored(app) == before


@ON_SQLITE
@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://localhost"}, {}],
    ids=str,
)
def test_our_own_forms_are_taken(teller: Visitor, headers: dict[str, str]) -> None:
    assert teller.client.post("/sign-ins/stay", data={"csrf_token": teller.token}, headers=headers).status_code == 204


# Safe methods


def test_looking_at_things_changes_nothing(app: Flask, manager: Visitor) -> None:
    chat_id = manager.start(opening="What are the opening hours?")
    manager.answer(chat_id)
    before = (stored(app), chat_row(app, chat_id).last_activity_at, count(app, SignIn))
    for method in ("GET", "HEAD", "OPTIONS"):
        for door in private(app, chat_id, number=2):
            manager.client.open(door.path, method=method, headers=HTMX)
            manager.client.open(door.path, method=method)
    assert (stored(app), chat_row(app, chat_id).last_activity_at, count(app, SignIn)) == before


@ON_SQLITE
@pytest.mark.parametrize("path", ["/sign-out", "/sessions", "/chat/messages", "/sign-ins/end-others", "/sign-ins/stay"])
def test_what_changes_something_is_never_done_by_a_link(app: Flask, teller: Visitor, path: str) -> None:
    assert teller.client.get(path).status_code == 405
    assert teller.client.get(path).headers["Allow"] == "OPTIONS, POST"
    assert count(app, ChatSession) == 0
    assert teller.get("/").status_code == 200


@ON_SQLITE
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "FOO"])
def test_methods_nobody_offers_are_405_with_those_that_are(app: Flask, teller: Visitor, method: str) -> None:
    chat_id = teller.start()
    for path in ("/", f"/chat/{chat_id}", "/sign-ins", "/password"):
        answer = teller.client.open(path, method=method, environ_overrides={"REQUEST_METHOD": method})
        assert answer.status_code == 405
        assert "GET" in answer.headers["Allow"]
    assert count(app, ChatSession) == 1


@ON_SQLITE
@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_header_does_not_change_the_method(app: Flask, manager: Visitor, header: str) -> None:
    chat_id = manager.start()
    manager.client.get(f"/sessions/{chat_id}/delete?_method=POST", headers={header: "POST"})
    manager.client.get(f"/sessions/{chat_id}/delete", headers={header: "DELETE"})
    assert count(app, ChatSession) == 1
