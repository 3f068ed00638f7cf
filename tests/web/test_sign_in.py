"""Signing in: who gets in, who does not, and what guessing costs."""

from __future__ import annotations

import re
import statistics
import time
from datetime import timedelta
from pathlib import Path

import argon2
import pytest
from flask import Flask
from sqlalchemy import update

from tests.conftest import make_place
from tests.visitor import PASSWORD, Visitor
from tests.web.rows import ON_SQLITE, audited, changing, count, living_sign_ins, person
from webapp.extensions import limiter
from webapp.models import SignIn, StaffUser
from webapp.services.passwords import Passwords

WRONG = "Name and password do not match."


def attempt(visitor: Visitor, username: str, password: str = "wrong", **headers: str) -> int:
    """One attempt with a form's token; returns the status."""
    if not visitor.token:
        visitor.get("/sign-in")
    answer = visitor.client.post(
        "/sign-in", data={"csrf_token": visitor.token, "username": username, "password": password}, headers=headers
    )
    visitor._keep(answer)
    return answer.status_code


def set_hash(app: Flask, username: str, password_hash: str) -> None:
    """Store a hash behind the pages' back."""
    with changing(app) as session:
        session.execute(update(StaffUser).where(StaffUser.username == username).values(password_hash=password_hash))


def test_the_right_password_lets_in_and_is_recorded(app: Flask, visitor: Visitor) -> None:
    visitor.get("/sign-in")
    answer = visitor.post("/sign-in", username="teller", password=PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "Tom Reuter" in visitor.get("/").text
    assert [entry.actor for entry in audited(app, "sign_in.begun")] == ["teller"]


def test_letter_case_and_blanks_around_a_user_name_do_not_matter(visitor: Visitor) -> None:
    assert attempt(visitor, "  TeLLer ", PASSWORD) == 303


@ON_SQLITE
@pytest.mark.parametrize("password", ["", "password123!", "Password123", "Password123! ", " Password123!", "x" * 2000])
def test_any_other_password_does_not(app: Flask, visitor: Visitor, password: str) -> None:
    assert attempt(visitor, "teller", password) == 401
    assert count(app, SignIn) == 0
    assert visitor.get("/").status_code == 302


@ON_SQLITE
@pytest.mark.parametrize("username", ["admin' OR '1'='1", "teller\u200b", "x" * 64, "x" * 5000, "\u202eretell", "1"])
def test_strange_user_names_are_nobody(app: Flask, visitor: Visitor, username: str) -> None:
    assert attempt(visitor, username, PASSWORD) == 401
    assert count(app, SignIn) == 0


def test_an_unknown_name_a_wrong_password_and_a_locked_person_look_the_same(app: Flask) -> None:
    pages = []
    for username, password in (("nobody", PASSWORD), ("teller", "wrong"), ("locked", PASSWORD), ("locked", "wrong")):
        visitor = Visitor(app)
        status = attempt(visitor, username, password)
        text = visitor.page.get_text(" ", strip=True)
        fields = visitor.page.select_one("#username")
        assert fields is not None
        assert fields["value"] == username
        pages.append((status, re.sub(r"\s+", " ", text)))
    assert {status for status, _ in pages} == {401}
    assert len({text for _, text in pages}) == 1
    assert WRONG in pages[0][1]


@ON_SQLITE
def test_an_unknown_name_takes_as_long_as_a_wrong_password(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a hash that takes a while, so that it would show if it were left out."""
    slow = Passwords(time_cost=4, memory_kib=16 * 1024)
    monkeypatch.setitem(app.extensions, "bankside.passwords", slow)
    set_hash(app, "teller", slow.hash(PASSWORD))
    taken: dict[str, list[float]] = {"teller": [], "nobody-at-all": []}
    visitor = Visitor(app)
    attempt(visitor, "somebody")
    for _ in range(5):
        for username, times in taken.items():
            limiter.reset()
            begin = time.thread_time()  # of processor: what other processes take meanwhile says nothing
            assert attempt(visitor, username) == 401
            times.append(time.thread_time() - begin)
    known, unknown = (statistics.median(times) for times in taken.values())
    assert abs(known - unknown) < 0.4 * max(known, unknown)


def test_the_password_is_never_sent_back(visitor: Visitor) -> None:
    attempt(visitor, "teller", "my secret attempt")
    assert visitor.response is not None
    assert "my secret attempt" not in visitor.response.text
    field = visitor.page.select_one("#password")
    assert field is not None
    assert (field["type"], field["autocomplete"]) == ("password", "current-password")
    assert not field.get("value")
    assert not field.has_attr("onpaste")


# Throttling


@ON_SQLITE
def test_the_sixth_attempt_on_a_name_waits_even_with_the_right_password(app: Flask, visitor: Visitor) -> None:
    assert [attempt(visitor, "teller") for _ in range(5)] == [401] * 5
    assert attempt(visitor, "teller", PASSWORD) == 429
    assert visitor.response is not None
    assert 0 < int(visitor.response.headers["Retry-After"]) <= 15 * 60
    assert "Too many attempts. Try again in" in visitor.page.get_text()
    assert count(app, SignIn) == 0


@ON_SQLITE
@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Client-IP", "True-Client-IP"])
def test_a_forged_address_does_not_help(visitor: Visitor, header: str) -> None:
    spelled = "for=10.0.0.{}" if header == "Forwarded" else "10.0.0.{}"
    statuses = [attempt(visitor, "teller", **{header: spelled.format(number)}) for number in range(6)]
    assert statuses == [401] * 5 + [429]


@ON_SQLITE
def test_spelling_the_name_in_another_way_does_not_help(visitor: Visitor) -> None:
    spellings = ["teller", "TELLER", " teller", "Teller ", "tELLER", "teLLer"]
    assert [attempt(visitor, spelling) for spelling in spellings] == [401] * 5 + [429]


@ON_SQLITE
def test_a_new_browser_does_not_help(app: Flask) -> None:
    assert [attempt(Visitor(app), "teller") for _ in range(6)] == [401] * 5 + [429]


@ON_SQLITE
def test_others_sign_in_while_one_name_waits(app: Flask, visitor: Visitor) -> None:
    for _ in range(6):
        attempt(visitor, "teller")
    assert attempt(Visitor(app), "manager", PASSWORD) == 303


@ON_SQLITE
def test_the_name_is_free_again_after_a_while(app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(6):
        attempt(visitor, "teller")
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 15 * 60 + 1)
    assert attempt(visitor, "teller", PASSWORD) == 303


@ON_SQLITE
def test_success_forgets_the_failures_before_it(app: Flask) -> None:
    for _ in range(3):
        visitor = Visitor(app)
        assert [attempt(visitor, "teller") for _ in range(4)] == [401] * 4
        assert attempt(visitor, "teller", PASSWORD) == 303


@ON_SQLITE
def test_an_address_waits_after_thirty_failures_on_any_names(app: Flask, visitor: Visitor) -> None:
    assert {attempt(visitor, f"somebody-{number}") for number in range(30)} == {401}
    assert attempt(visitor, "somebody-else") == 429
    visitor.client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    assert attempt(visitor, "somebody-else") == 401


@ON_SQLITE
def test_a_locked_person_cannot_find_out_that_the_password_is_right(app: Flask, visitor: Visitor) -> None:
    assert [attempt(visitor, "locked", PASSWORD) for _ in range(6)] == [401] * 5 + [429]
    assert living_sign_ins(app, "locked") == []


def test_every_failure_is_in_the_audit_trail_with_its_reason(app: Flask, visitor: Visitor) -> None:
    attempt(visitor, "teller")
    attempt(visitor, "locked", PASSWORD)
    failures = [(entry.actor, entry.details["reason"]) for entry in audited(app, "sign_in.failed")]
    assert failures == [("teller", "password"), ("locked", "locked")]


# Hashes


@ON_SQLITE
def test_a_hash_with_older_parameters_is_made_anew_at_sign_in(app: Flask, visitor: Visitor) -> None:
    older = argon2.PasswordHasher(time_cost=2, memory_cost=128, parallelism=1)
    set_hash(app, "teller", older.hash(PASSWORD))
    assert attempt(visitor, "teller", "wrong") == 401
    assert "t=2" in person(app, "teller").password_hash, "a wrong password changes nothing"
    assert attempt(visitor, "teller", PASSWORD) == 303
    assert person(app, "teller").password_hash.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert attempt(Visitor(app), "teller", PASSWORD) == 303


@ON_SQLITE
def test_a_hash_with_present_parameters_stays(app: Flask, visitor: Visitor) -> None:
    before = person(app, "teller").password_hash
    assert attempt(visitor, "teller", PASSWORD) == 303
    assert person(app, "teller").password_hash == before


@ON_SQLITE
def test_a_broken_hash_lets_nobody_in_and_breaks_nothing(app: Flask, visitor: Visitor) -> None:
    set_hash(app, "teller", "!")
    assert attempt(visitor, "teller", "!") == 401


# Signing in and cookies


def test_signing_in_changes_the_cookie_and_the_token_of_the_page(app: Flask, visitor: Visitor) -> None:
    visitor.get("/sign-in")
    before, token = visitor.client.get_cookie("bankside"), visitor.token
    visitor.post("/sign-in", username="teller", password=PASSWORD)
    after = visitor.client.get_cookie("bankside")
    assert before
    assert after
    assert before.value != after.value
    visitor.get("/")
    assert visitor.post("/sessions", csrf_token=token, request_id="x" * 20).status_code == 400
    stranger = Visitor(app)
    stranger.client.set_cookie("bankside", before.value)
    assert stranger.get("/").status_code == 302


def test_signing_in_again_in_the_same_browser_ends_the_sign_in_before(app: Flask, teller: Visitor) -> None:
    copied = teller.client.get_cookie("bankside")
    assert copied
    teller.get("/password")
    assert teller.post("/sign-in", username="manager", password=PASSWORD).status_code == 303
    assert "Miriam Okafor" in teller.get("/").text
    assert living_sign_ins(app, "teller") == []
    stranger = Visitor(app)
    stranger.client.set_cookie("bankside", copied.value)
    assert stranger.get("/").status_code == 302


def test_the_stored_token_is_a_hash_of_256_random_bits(app: Flask, teller: Visitor) -> None:
    with teller.client.session_transaction() as cookie:
        token = cookie["_user_id"]
    assert len(token) >= 43
    [sign_in] = living_sign_ins(app, "teller")
    assert token not in (sign_in.token_hash, str(sign_in.id))
    assert re.fullmatch(r"[0-9a-f]{64}", sign_in.token_hash)


@ON_SQLITE
def test_somebody_signed_in_who_opens_the_sign_in_page_goes_on(teller: Visitor) -> None:
    answer = teller.get("/sign-in?next=/password")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/password")


@ON_SQLITE
def test_the_demo_people_are_on_the_sign_in_page_of_a_demo(visitor: Visitor) -> None:
    visitor.get("/sign-in")
    assert {button["data-demo"] for button in visitor.page.select("[data-demo]")} == {
        "manager", "teller", "specialist", "auditor", "admin", "locked",
    }  # fmt: skip


def test_without_the_demo_nobody_has_a_published_password(tmp_path: Path) -> None:
    place = make_place(
        "sqlite", "", tmp_path, app_env="production", secret_key="k" * 40, secure_cookies=None, demo_staff=None
    )
    visitor = Visitor(place.app)
    page = visitor.get("/sign-in", base_url="https://localhost")
    assert PASSWORD not in page.text
    assert visitor.page.select("[data-demo]") == []
    for username, password in (("manager", PASSWORD), ("admin", PASSWORD), ("admin", "admin")):
        sent = {"csrf_token": visitor.token, "username": username, "password": password}
        headers = {"Referer": "https://localhost/sign-in"}
        answer = visitor.client.post("/sign-in", data=sent, base_url="https://localhost", headers=headers)
        assert answer.status_code == 401, answer.text
    assert count(place.app, StaffUser) == 0


def test_the_time_zone_of_the_browser_is_kept_if_it_is_one(app: Flask, visitor: Visitor) -> None:
    for given, kept in (("Asia/Tokyo", "Asia/Tokyo"), ("../../etc/passwd", None), ("x" * 400, None), ("", None)):
        visitor.get("/sign-in")
        Visitor(app).sign_in("teller", time_zone=given)
        assert living_sign_ins(app, "teller")[-1].time_zone == kept


def test_a_sign_in_knows_its_device_and_address(app: Flask, visitor: Visitor) -> None:
    visitor.client.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0"
    visitor.client.environ_base["REMOTE_ADDR"] = "192.0.2.44"
    visitor.sign_in("teller")
    [sign_in] = living_sign_ins(app, "teller")
    assert (sign_in.device, sign_in.address) == ("Firefox on Windows", "192.0.2.44")
    assert abs(sign_in.last_seen_at - sign_in.created_at) < timedelta(seconds=5)
