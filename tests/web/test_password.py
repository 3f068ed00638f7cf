"""Changing one's password: what is taken, what is refused, and what happens to the other sign-ins."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.visitor import PASSWORD, Visitor
from tests.web.rows import ON_SQLITE, audited, living_sign_ins, person

pytestmark = ON_SQLITE  # on PostgreSQL the people outlive a test

LONG = "thirty seven grey herons över the quay at low tide, counting 1 2"
assert len(LONG) == 64


def change(visitor: Visitor, new: str, current: str = PASSWORD, repeat: str | None = None, **fields: str) -> int:
    """Send the form; returns the status."""
    visitor.get("/password")
    repeated = new if repeat is None else repeat
    sent = {"current_password": current, "new_password": new, "repeat_password": repeated, **fields}
    return visitor.post("/password", **sent).status_code


def signs_in_with(app: Flask, password: str) -> bool:
    """Whether the teller gets in with this password."""
    visitor = Visitor(app).sign_in("teller", password)
    return visitor.response is not None and visitor.response.status_code == 200


def test_a_long_passphrase_with_blanks_and_umlauts_works_in_full(app: Flask, teller: Visitor) -> None:
    assert change(teller, LONG) == 303
    assert signs_in_with(app, LONG)
    assert not signs_in_with(app, LONG[:-1] + "3"), "nothing is cut off"
    assert not signs_in_with(app, LONG.upper()), "letter case matters"
    assert not signs_in_with(app, PASSWORD)


def test_fifteen_characters_are_enough_and_fourteen_are_not(app: Flask, teller: Visitor) -> None:
    before = person(app, "teller").password_hash
    assert change(teller, "vel7Grk.qeb mo") == 422
    assert "at least 15 characters" in teller.page.get_text()
    assert person(app, "teller").password_hash == before
    assert change(teller, "vel7Grk.qeb mos") == 303
    assert signs_in_with(app, "vel7Grk.qeb mos")


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("Password123!Password123!", "easy to guess"),
        ("password1234567", "easy to guess"),
        ("aaaaaaaaaaaaaaaaaaaa", "easy to guess"),
        ("123456789012345678", "easy to guess"),
        ("qwertyuiopasdfghjkl", "easy to guess"),
        ("tellertellerteller", "easy to guess"),
        ("seven77", "at least 15 characters"),
        ("x1 Yq" * 26, "at most 128 characters"),
        ("x" * 1025, "too long"),
        ("", "Enter a new password."),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(app: Flask, teller: Visitor, new: str, reason: str) -> None:
    before = person(app, "teller").password_hash
    assert change(teller, new) == 422
    field = teller.page.select_one("#new_password-error")
    assert field is not None
    assert reason in field.get_text()
    assert person(app, "teller").password_hash == before


@pytest.mark.parametrize("current", ["", "wrong", "password123!", PASSWORD + " "])
def test_without_the_current_password_nothing_changes(app: Flask, teller: Visitor, current: str) -> None:
    before = person(app, "teller").password_hash
    assert change(teller, LONG, current=current) == 422
    field = teller.page.select_one("#current_password-error")
    assert field is not None
    assert field.get_text().strip()
    assert person(app, "teller").password_hash == before


def test_two_different_new_passwords_are_refused(app: Flask, teller: Visitor) -> None:
    assert change(teller, LONG, repeat=LONG + "!") == 422
    assert "not the same" in teller.page.get_text()
    assert not signs_in_with(app, LONG)


def test_the_page_never_repeats_a_password(teller: Visitor) -> None:
    change(teller, "my new secret words here", current="my guess")
    assert teller.response is not None
    assert "my new secret" not in teller.response.text
    assert "my guess" not in teller.response.text
    fields = {str(field["name"]): field for field in teller.page.select("input[type=password]")}
    assert fields["current_password"]["autocomplete"] == "current-password"
    assert fields["new_password"]["autocomplete"] == "new-password"


def test_other_sign_ins_end_when_asked_to(app: Flask, teller: Visitor) -> None:
    elsewhere = Visitor(app).sign_in("teller")
    assert change(teller, LONG, end_others="y") == 303
    assert elsewhere.get("/").status_code == 302
    assert teller.get("/").status_code == 200
    assert len(living_sign_ins(app, "teller")) == 1


def test_other_sign_ins_stay_when_not(app: Flask, teller: Visitor) -> None:
    elsewhere = Visitor(app).sign_in("teller")
    assert change(teller, LONG) == 303
    assert elsewhere.get("/").status_code == 200


def test_a_change_is_recorded_and_says_nothing_of_the_password(app: Flask, teller: Visitor) -> None:
    change(teller, LONG)
    [entry] = audited(app, "password.changed")
    assert (entry.actor, entry.details) == ("teller", {})


def test_a_change_touches_nobody_else(app: Flask, teller: Visitor) -> None:
    change(teller, LONG)
    assert Visitor(app).sign_in("manager").get("/").status_code == 200


def test_guessing_the_current_password_of_an_open_sign_in_is_throttled(app: Flask, teller: Visitor) -> None:
    statuses = [change(teller, LONG, current=f"guess {number}") for number in range(6)]
    assert statuses == [422] * 5 + [429]
    assert change(teller, LONG) == 429, "even with the right one, until the wait is over"
    assert int(teller.response.headers["Retry-After"]) > 0  # type: ignore[union-attr]
