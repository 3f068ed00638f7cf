"""Tokens: the only way in, hashed at rest, scoped, ended by time, by their owner and with their owner."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from tests.api.program import Program
from tests.visitor import PASSWORD, Visitor
from tests.web.rows import ON_SQLITE, all_of, as_role, audited, changing, person
from webapp.http.unit_of_work import unit_of_work
from webapp.models import AccessToken
from webapp.models.base import now
from webapp.services import staff


def tokens(app: Flask) -> list[AccessToken]:
    """As stored."""
    from sqlalchemy import select

    return list(all_of(app, select(AccessToken).order_by(AccessToken.id)))


def test_a_program_signs_in_and_out(app: Flask) -> None:
    program = Program(app)
    answer = program.client.post("/api/auth/login", json={"username": "Teller", "password": PASSWORD})
    said = answer.json
    assert (answer.status_code, said["tokenType"]) == (200, "Bearer")
    assert said["user"] == {
        "userId": "teller", "user_id": "teller", "username": "teller", "role": "teller",
        "displayName": "Tom Reuter", "display_name": "Tom Reuter",
    }  # fmt: skip
    [row] = tokens(app)
    assert row.token_hash == hashlib.sha256(said["token"].encode()).hexdigest()
    assert timedelta(hours=11) < row.expires_at - now() <= timedelta(hours=12)
    assert audited(app, "token.created")[-1].actor == "teller"
    program.token = said["token"]
    assert program.get("/api/sessions").status_code == 200
    assert program.ask("POST", "/api/auth/logout").status_code == 204
    assert program.get("/api/sessions").status_code == 401
    assert audited(app, "token.revoked")[-1].object_id == str(row.id)


@ON_SQLITE
def test_a_wrong_pair_is_slowed_down_like_at_the_sign_in_page(app: Flask) -> None:
    client = app.test_client(use_cookies=False)
    wrong = {"username": "teller", "password": "not this one"}
    statuses = [client.post("/api/auth/login", json=wrong).status_code for _ in range(5)]
    assert statuses == [401] * 5
    answer = client.post("/api/auth/login", json={**wrong, "password": PASSWORD})
    assert (answer.status_code, answer.content_type) == (429, "application/problem+json")
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    assert Visitor(app).sign_in("teller").response.status_code == 429, "the page counts with it"  # type: ignore[union-attr]
    assert (
        client.post("/api/auth/login", json={**wrong, "username": "specialist", "password": PASSWORD}).status_code
        == 200
    )


@ON_SQLITE
def test_unknown_locked_and_wrong_look_the_same(app: Flask) -> None:
    client = app.test_client(use_cookies=False)

    def refused(username: str, password: str) -> tuple[int, str]:
        answer = client.post("/api/auth/login", json={"username": username, "password": password})
        return answer.status_code, answer.json["detail"]

    assert refused("nobody", PASSWORD) == refused("locked", PASSWORD) == refused("teller", "wrong")
    assert refused("nobody", PASSWORD)[0] == 401


@ON_SQLITE
@pytest.mark.parametrize(
    "shown",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic dGVsbGVyOng=",
        "Bearer bks_" + "x" * 43,
        "Bearer null",
        "bks_x",
        "Bearer " + "y" * 5000,
    ],
)
def test_without_a_good_token_nothing_opens(app: Flask, shown: str) -> None:
    answer = app.test_client().get("/api/sessions", headers={"Authorization": shown} if shown else {})
    assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]


def test_a_changed_cut_or_doubled_token_is_none(program: Program) -> None:
    good = program.token
    for token in (good[:-1], good + good, good.swapcase(), good[:-1] + ("A" if good[-1] != "A" else "B")):
        program.token = token
        assert program.get("/api/sessions").status_code == 401


@ON_SQLITE
def test_the_browsers_cookie_opens_nothing_here_and_none_is_set(app: Flask, teller: Visitor, program: Program) -> None:
    before = teller.client.get_cookie("bankside")
    for path in ("/api/sessions", "/api", "/api/docs", "/api/openapi.json", "/api/nope", "/api/health"):
        answer = teller.client.get(path)
        assert answer.status_code in (200, 401, 404), path
        assert "Set-Cookie" not in answer.headers, path
    assert teller.client.get("/api/sessions").status_code == 401
    assert teller.client.post("/api/sessions", json={}).status_code == 401
    assert teller.client.get_cookie("bankside") == before
    cookie = before.value if before else ""
    assert teller.client.get("/api/sessions", headers={"Authorization": f"Bearer {cookie}"}).status_code == 401
    assert "Set-Cookie" not in program.post("/api/sessions").headers
    assert "Tom Reuter" not in teller.client.get("/api/docs").text, "the page knows nobody"


@ON_SQLITE
def test_a_token_opens_no_page(app: Flask, program: Program) -> None:
    answer = program.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in?next=/")


@ON_SQLITE
@pytest.mark.parametrize("name", ["token", "access_token", "api_key"])
def test_a_token_in_an_address_is_refused(program: Program, name: str) -> None:
    answer = program.get(f"/api/sessions?{name}={program.token}")
    assert answer.status_code == 401
    assert program.token not in answer.text


def test_an_expired_token_is_dead(app: Flask, program: Program) -> None:
    with changing(app) as session:
        session.execute(update(AccessToken).values(expires_at=now() - timedelta(seconds=1)))
    assert program.get("/api/sessions").status_code == 401


def test_a_locked_person_has_no_living_token(app: Flask, program: Program) -> None:
    with app.app_context(), unit_of_work():
        staff.set_locked("teller", True)
    assert program.get("/api/sessions").status_code == 401
    with app.app_context(), unit_of_work():
        staff.set_locked("teller", False)
    assert program.get("/api/sessions").status_code == 401, "unlocking brings no token back"


def test_a_role_that_changes_counts_at_the_next_request(app: Flask, program: Program) -> None:
    with as_role(app, "teller", "auditor"):
        assert program.post("/api/sessions").status_code == 403
    assert program.post("/api/sessions").status_code == 201


def test_last_use_is_remembered_but_not_written_every_time(app: Flask, program: Program) -> None:
    program.get("/api/sessions")
    first = tokens(app)[0].last_used_at
    assert first is not None
    program.get("/api/sessions")
    assert tokens(app)[0].last_used_at == first
    with changing(app) as session:
        session.execute(update(AccessToken).values(last_used_at=now() - timedelta(minutes=2)))
    program.get("/api/sessions")
    assert (tokens(app)[0].last_used_at or first) >= first


def test_every_answer_says_how_many_requests_are_left(program: Program) -> None:
    first, second = program.get("/api/sessions"), program.get("/api/agents")
    assert first.headers["RateLimit-Limit"] == "600"
    assert int(first.headers["RateLimit-Remaining"]) - int(second.headers["RateLimit-Remaining"]) == 1
    assert 0 <= int(second.headers["RateLimit-Reset"]) <= 61


@ON_SQLITE
def test_a_token_that_asks_too_much_waits_and_others_do_not(
    app: Flask, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Program(app).sign_in("teller")
    few = app.extensions["bankside.config"].model_copy(update={"api_requests_per_minute": 2})
    monkeypatch.setitem(app.extensions, "bankside.config", few)
    assert [program.get("/api/sessions").status_code for _ in range(3)] == [200, 200, 429]
    answer = program.get("/api/sessions")
    assert (answer.content_type, answer.headers["RateLimit-Remaining"]) == ("application/problem+json", "0")
    assert 0 < int(answer.headers["Retry-After"]) <= 61
    assert other.get("/api/sessions").status_code == 200


# The page


def test_a_token_is_made_on_the_page_shown_once_used_and_revoked(app: Flask, teller: Visitor) -> None:
    teller.get("/tokens")
    answer = teller.post("/tokens", name="CRM bridge", scopes=["read"], days="7")
    assert answer.status_code == 201
    token = teller.field("new-token") if teller.page.select_one('[name="new-token"]') else ""
    shown = teller.page.select_one("#new-token")
    assert shown is not None
    token = str(shown["value"])
    [row] = tokens(app)
    assert (row.name, row.scopes, row.by_sign_in) == ("CRM bridge", ["read"], False)
    assert timedelta(days=6) < row.expires_at - now() < timedelta(days=7)
    assert token not in teller.get("/tokens").text
    assert "CRM bridge" in teller.get("/tokens").text
    program = Program(app)
    program.token = token
    assert program.get("/api/sessions").status_code == 200
    teller.get("/tokens")
    assert teller.post(f"/tokens/{row.id}/revoke").status_code == 303
    assert program.get("/api/sessions").status_code == 401
    assert audited(app, "token.revoked")[-1].actor == "teller"


def test_a_token_does_no_more_than_its_scopes(app: Flask, manager: Visitor) -> None:
    made: dict[str, Program] = {}
    for scope in ("read", "write", "manage"):
        manager.get("/tokens")
        manager.post("/tokens", name=scope, scopes=[scope], days="1")
        shown = manager.page.select_one("#new-token")
        assert shown is not None
        made[scope] = Program(app)
        made[scope].token = str(shown["value"])
    assert made["read"].get("/api/sessions").status_code == 200
    assert made["write"].get("/api/sessions").status_code == 403
    refused = made["read"].post("/api/sessions")
    assert (refused.status_code, "may not write" in refused.json["detail"]) == (403, True)
    chat_id = made["write"].open_session()
    assert made["write"].ask("DELETE", f"/api/sessions/{chat_id}").status_code == 403
    assert made["manage"].ask("DELETE", f"/api/sessions/{chat_id}").status_code == 200
    assert made["read"].post("/api/chat/search", query="cards").status_code == 200, "searching changes nothing"


@ON_SQLITE
@pytest.mark.parametrize("fields", [{"name": ""}, {"scopes": []}, {"days": "9999"}, {"scopes": ["everything"]}])
def test_a_token_needs_a_name_a_scope_and_an_end(app: Flask, teller: Visitor, fields: dict[str, object]) -> None:
    teller.get("/tokens")
    answer = teller.post("/tokens", **{"name": "x", "scopes": ["read"], "days": "7", **fields})
    assert answer.status_code == 422
    assert tokens(app) == []


@ON_SQLITE
def test_nobody_sees_or_revokes_anothers_tokens(app: Flask, teller: Visitor, manager: Visitor) -> None:
    teller.get("/tokens")
    teller.post("/tokens", name="The teller's own", scopes=["read"], days="7")
    [row] = tokens(app)
    assert "The teller" not in manager.get("/tokens").text
    manager.post(f"/tokens/{row.id}/revoke")
    assert tokens(app)[0].revoked_at is None


def test_signing_out_everywhere_else_ends_programs_that_signed_in_but_not_made_tokens(
    app: Flask, teller: Visitor, program: Program
) -> None:
    teller.get("/tokens")
    teller.post("/tokens", name="CRM bridge", scopes=["read"], days="7")
    teller.get("/sign-ins")
    teller.post("/sign-ins/end-others")
    assert program.get("/api/sessions").status_code == 401
    assert [row.revoked_at is None for row in tokens(app)] == [False, True]


def test_a_program_that_signs_in_too_often_ends_its_oldest_token(app: Flask) -> None:
    first = Program(app).sign_in("teller")
    for _ in range(50):
        last = Program(app).sign_in("teller")
    assert (first.get("/api/sessions").status_code, last.get("/api/sessions").status_code) == (401, 200)
    assert person(app, "teller")
