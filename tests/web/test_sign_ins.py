"""Sign-ins live on the server: they end there, idle out, grow too old, and a copied cookie dies with them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from tests.visitor import HTMX, Visitor
from tests.web.rows import (
    ON_SQLITE,
    as_role,
    audited,
    changing,
    count,
    let_time_pass,
    living_sign_ins,
    rights_of,
    stored,
)
from webapp.models import ChatSession, SignIn
from webapp.services import sign_ins, staff

LIMITS = [("idle", timedelta(minutes=15)), ("since_sign_in", timedelta(hours=12))]


def copy_of(visitor: Visitor) -> Visitor:
    """Another browser with a copy of this one's cookie."""
    cookie = visitor.client.get_cookie("bankside")
    assert cookie
    thief = Visitor(visitor.app)
    thief.client.set_cookie("bankside", cookie.value)
    thief.token = visitor.token
    return thief


def test_a_cookie_copied_before_signing_out_is_dead_afterwards(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start()
    assert copy_of(teller).get("/").status_code == 200
    reader, thief = copy_of(teller), copy_of(teller)
    answer = teller.post("/sign-out")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert '"storage"' in answer.headers["Clear-Site-Data"]

    before = stored(app)
    assert reader.get(f"/chat/{chat_id}").status_code == 302
    sent = {"csrf_token": thief.token, "chat_id": chat_id, "request_id": "x" * 20, "text": "Hello"}
    assert thief.client.post("/chat/messages", data=sent).status_code == 401
    assert stored(app) == before
    assert audited(app, "sign_in.ended")[-1].actor == "teller"


def test_signing_out_ends_this_sign_in_only(app: Flask, teller: Visitor) -> None:
    elsewhere = Visitor(app).sign_in("teller")
    teller.post("/sign-out")
    assert elsewhere.get("/").status_code == 200
    assert teller.get("/").status_code == 302


def test_after_signing_out_the_next_person_in_the_browser_finds_nothing(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start(opening="About Mrs Example's mortgage")
    teller.post("/sign-out")
    with teller.client.session_transaction() as cookie:
        assert "chat_id" not in cookie
        assert "_user_id" not in cookie
    teller.sign_in("specialist")
    assert "mortgage" not in teller.get("/").text
    assert chat_id not in teller.get("/").text
    request_id = teller.field("request_id")
    answer = teller.post("/chat/messages", request_id=request_id, text="Hello")
    assert answer.status_code == 404, "the cookie names no session of theirs"


# Limits


@pytest.mark.parametrize(("clock", "limit"), LIMITS)
def test_a_sign_in_ends_at_its_limit(app: Flask, teller: Visitor, clock: str, limit: timedelta) -> None:
    let_time_pass(app, **{clock: limit - timedelta(seconds=20)})
    assert teller.client.get("/sign-ins").status_code == 200
    let_time_pass(app, **{clock: limit + timedelta(seconds=1)})
    page = copy_of(teller).client.get("/sign-ins?from=here")
    assert (page.status_code, page.headers["Location"]) == (302, "/sign-in?next=/sign-ins?from%3Dhere")
    fragment = copy_of(teller).client.get("/", headers=HTMX)
    assert fragment.status_code == 401
    assert fragment.headers["HX-Redirect"].startswith("/sign-in")
    assert fragment.text == ""
    form = copy_of(teller).client.post("/sign-ins/stay", data={"csrf_token": teller.token})
    assert form.status_code == 401


def test_a_sign_in_that_has_ended_does_not_come_back(app: Flask, teller: Visitor) -> None:
    """A request after the limit must not itself count as activity."""
    let_time_pass(app, idle=timedelta(minutes=16))
    thief = copy_of(teller)
    assert teller.get("/").status_code == 302
    assert thief.get("/").status_code == 302
    [sign_in] = [*living_sign_ins(app, "teller")]
    assert sign_in.last_seen_at < sign_in.created_at - timedelta(minutes=15)


def test_being_there_keeps_a_sign_in_alive_until_its_absolute_limit(app: Flask, teller: Visitor) -> None:
    for _ in range(4):
        let_time_pass(app, idle=timedelta(minutes=14))
        assert teller.get("/").status_code == 200
    let_time_pass(app, since_sign_in=timedelta(hours=12, seconds=1))
    assert teller.get("/").status_code == 302


def test_staying_signed_in_is_one_request(app: Flask, teller: Visitor) -> None:
    let_time_pass(app, idle=timedelta(minutes=14))
    assert teller.post("/sign-ins/stay").status_code == 204
    [sign_in] = living_sign_ins(app, "teller")
    assert sign_in.last_seen_at >= sign_in.created_at


def test_what_the_page_asks_by_itself_does_not_keep_a_sign_in_alive(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start(opening="What is the fee for an express card?")
    reply = teller.answer(chat_id)
    let_time_pass(app, idle=timedelta(minutes=10))
    before = living_sign_ins(app, "teller")[0].last_seen_at
    reply_id = str(reply["id"]).removeprefix("message-")
    assert teller.client.get(f"/chat/{chat_id}/replies/{reply_id}", headers=HTMX).status_code == 200
    assert teller.client.get(f"/chat/{chat_id}/messages?after=0", headers=HTMX).status_code == 200
    assert teller.post(f"/chat/{chat_id}/seen", seq=2).status_code == 204
    assert living_sign_ins(app, "teller")[0].last_seen_at == before
    teller.get(f"/chat/{chat_id}")
    assert living_sign_ins(app, "teller")[0].last_seen_at > before


def test_polling_with_an_ended_sign_in_is_sent_to_the_sign_in_page(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start()
    let_time_pass(app, idle=timedelta(minutes=16))
    answer = teller.client.get(
        f"/chat/{chat_id}/messages?after=0", headers={**HTMX, "HX-Current-URL": f"http://localhost/chat/{chat_id}"}
    )
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, f"/sign-in?next=/chat/{chat_id}")


def test_a_clock_that_was_set_back_signs_nobody_out(app: Flask, teller: Visitor) -> None:
    let_time_pass(app, idle=-timedelta(hours=1), since_sign_in=-timedelta(hours=1))
    assert teller.get("/sign-ins").status_code == 200
    assert "-" not in [time.get_text() for time in teller.page.select("time")]


# My sign-ins


def test_my_sign_ins_shows_each_device_and_ends_it(app: Flask, teller: Visitor) -> None:
    elsewhere = Visitor(app)
    elsewhere.client.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (iPhone) Safari/605"
    elsewhere.sign_in("teller")
    Visitor(app).sign_in("manager")
    teller.get("/sign-ins")
    cards = teller.page.select(".sign-in-card")
    assert len(cards) == 2
    [other] = [card for card in cards if "this one" not in card.get_text()]
    assert "Safari on iPhone" in other.get_text()
    form = other.select_one("form")
    assert form is not None
    assert teller.post(str(form["action"])).status_code == 303
    assert elsewhere.get("/").status_code == 302
    assert teller.get("/").status_code == 200
    assert len(living_sign_ins(app, "teller")) == 1


def test_signing_out_everywhere_else_leaves_this_one(app: Flask, teller: Visitor) -> None:
    others = [Visitor(app).sign_in("teller") for _ in range(2)]
    manager = Visitor(app).sign_in("manager")
    teller.get("/sign-ins")
    assert teller.post("/sign-ins/end-others").status_code == 303
    assert "Signed out in 2 other places." in teller.get("/sign-ins").text
    assert [other.get("/").status_code for other in others] == [302, 302]
    assert (teller.get("/").status_code, manager.get("/").status_code) == (200, 200)


def test_nobody_ends_another_persons_sign_in(app: Flask, teller: Visitor, manager: Visitor) -> None:
    [theirs] = living_sign_ins(app, "manager")
    teller.get("/sign-ins")
    teller.post(f"/sign-ins/{theirs.id}/end")
    unknown = teller.post("/sign-ins/2000000000/end")
    assert unknown.status_code == 303
    assert manager.get("/").status_code == 200
    assert len(living_sign_ins(app, "manager")) == 1


def test_a_sign_in_that_idled_out_is_not_listed(app: Flask, teller: Visitor) -> None:
    Visitor(app).sign_in("teller")
    with changing(app) as session:
        newest = living_sign_ins(app, "teller")[-1].id
        past = living_sign_ins(app, "teller")[-1].created_at - timedelta(minutes=20)
        session.execute(update(SignIn).where(SignIn.id == newest).values(last_seen_at=past))
    teller.get("/sign-ins")
    assert len(teller.page.select(".sign-in-card")) == 1


# Locking and roles


def test_locking_somebody_ends_every_sign_in_at_once(app: Flask, teller: Visitor) -> None:
    elsewhere = Visitor(app).sign_in("teller")
    result = app.test_cli_runner().invoke(args=["staff", "lock", "teller"])
    assert result.exit_code == 0
    before = count(app, ChatSession)
    assert teller.client.get("/").status_code == 302
    assert elsewhere.client.post("/sessions", data={"csrf_token": elsewhere.token}).status_code == 401
    assert living_sign_ins(app, "teller") == []
    assert count(app, ChatSession) == before
    assert Visitor(app).sign_in("teller").response.status_code == 401  # type: ignore[union-attr]
    app.test_cli_runner().invoke(args=["staff", "unlock", "teller"])
    assert teller.get("/").status_code == 302, "unlocking brings no sign-in back"
    assert Visitor(app).sign_in("teller").get("/").status_code == 200


def test_being_locked_counts_even_while_a_sign_in_is_still_open(app: Flask, teller: Visitor) -> None:
    with changing(app):
        person = sign_ins.staff_named("teller")
        assert person is not None
        person.locked = True
    assert teller.get("/").status_code == 302


def test_a_new_role_counts_at_the_next_request(app: Flask, teller: Visitor) -> None:
    teller.start()
    with as_role(app, "teller", "auditor"):
        teller.get("/")
        assert teller.page.select_one("#start") is None
        assert teller.post("/sessions", request_id="y" * 20).status_code == 403
    assert teller.get("/").status_code == 200
    assert teller.page.select_one("#start") is not None


def test_a_right_taken_from_a_role_is_gone_at_the_next_request(app: Flask, manager: Visitor) -> None:
    chat_id = manager.start()
    rest = [right for right in staff.ROLES["manager"][1] if right != "sessions.delete"]
    assert manager.get(f"/sessions/{chat_id}/delete").status_code == 200
    with rights_of(app, "manager", rest):
        assert manager.get(f"/sessions/{chat_id}/delete").status_code == 403
        assert manager.post(f"/sessions/{chat_id}/delete").status_code == 403
    assert count(app, ChatSession) == 1


# The cookie itself


@ON_SQLITE
@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "x",
        "eyJfdXNlcl9pZCI6IjEifQ",
        "e30.x.y",
        "a" * 5000,
        "\u00e9",
        "..",
        ".eJwrSS0uUbJSKkktLlHSUQIAJhQEXg",
        "null",
    ],
)
def test_a_cookie_that_is_none_of_ours_leads_to_the_sign_in_page(app: Flask, cookie: str) -> None:
    visitor = Visitor(app)
    answer = visitor.client.get("/", headers={"Cookie": f"bankside={cookie}"})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in")


@ON_SQLITE
def test_a_cookie_with_one_character_changed_is_dead(app: Flask, teller: Visitor) -> None:
    cookie = teller.client.get_cookie("bankside")
    assert cookie
    for place in range(0, len(cookie.value), 7):
        sign = "A" if cookie.value[place] != "A" else "B"
        changed = cookie.value[:place] + sign + cookie.value[place + 1 :]
        assert Visitor(app).client.get("/", headers={"Cookie": f"bankside={changed}"}).status_code == 302


@ON_SQLITE
def test_a_csrf_token_is_no_cookie_and_a_staff_id_is_no_sign_in(app: Flask, teller: Visitor) -> None:
    assert Visitor(app).client.get("/", headers={"Cookie": f"bankside={teller.token}"}).status_code == 302
    forger = Visitor(app)
    for token in ("1", "2", str(living_sign_ins(app, "teller")[0].id), living_sign_ins(app, "teller")[0].token_hash):
        with forger.client.session_transaction() as cookie:  # as if the secret key had leaked
            cookie["_user_id"] = token
            cookie["_fresh"] = True
        assert forger.client.get("/").status_code == 302


@ON_SQLITE
def test_a_remember_cookie_opens_nothing(app: Flask, teller: Visitor) -> None:
    with teller.client.session_transaction() as cookie:
        token = cookie["_user_id"]
    stranger = Visitor(app)
    stranger.client.set_cookie("remember_token", f"{token}|{'0' * 128}")
    assert stranger.get("/").status_code == 302
