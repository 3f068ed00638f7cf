"""The log: one JSON line for each event, with who, what and whence; never what was said, and never a secret."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from tests.visitor import HTMX, PASSWORD, Visitor
from tests.web.guests import FailingBank
from tests.web.rows import ON_SQLITE, all_of, changing, let_time_pass
from webapp.extensions import db
from webapp.models import AuditEntry

pytestmark = ON_SQLITE

CARD = "4111 1111 1111 1111"
WORDS = "Mrs Exemplary of Lindenau wants to close everything"


def events(written: io.StringIO) -> list[dict[str, Any]]:
    """The log so far; fails if a line is not JSON."""
    return [json.loads(line) for line in written.getvalue().splitlines()]


def names(written: io.StringIO) -> list[str]:
    """What happened, in order, apart from requests as such."""
    return [event["event"] for event in events(written) if event["event"] != "request"]


def journey(app: Flask) -> tuple[Visitor, list[str]]:
    """A working day with everything that can be typed; returns the browser and what must never be written down."""
    visitor = Visitor(app)
    visitor.get("/sign-in")
    visitor.post("/sign-in", username="teller", password="a wrong guess")
    visitor.sign_in("teller")
    with visitor.client.session_transaction() as cookie:
        secrets = [str(cookie["_user_id"]), str(cookie["csrf_token"])]
    chat_id = visitor.start(opening=WORDS)
    visitor.answer(chat_id)
    visitor.ask(chat_id, f"Her card is {CARD} and the PIN is 4711")
    visitor.answer(chat_id)
    visitor.post(f"/chat/{chat_id}/draft", text="a draft about Mrs Exemplary")
    visitor.post(f"/sessions/{chat_id}/title", title="Title of Mrs Exemplary")
    visitor.get("/?q=Exemplary")
    visitor.get(f"/sessions/{chat_id}/customer?q=Exemplary")
    visitor.post("/password", current_password="another wrong guess", new_password="seven grey herons at low tide",
                 repeat_password="seven grey herons at low tide")  # fmt: skip
    visitor.post("/chat/messages", csrf_token="stale", chat_id=chat_id, text="Exemplary again")
    visitor.get(f"/chat/{chat_id}")
    visitor.post(f"/sessions/{chat_id}/end", reason="solved", summary="Summary: Exemplary")
    cookie_value = visitor.client.get_cookie("bankside")
    assert cookie_value
    secrets += [cookie_value.value, visitor.token]
    visitor.get("/")
    visitor.post("/sign-out")
    return visitor, secrets


def test_after_a_whole_day_the_log_holds_no_words_secrets_or_card_numbers(app: Flask, written: io.StringIO) -> None:
    _, secrets = journey(app)
    log = written.getvalue()
    assert len(events(written)) > 20
    for secret in (*secrets, PASSWORD, "wrong guess", "grey herons", "argon2"):
        assert secret not in log
    for said in ("Exemplary", "Lindenau wants", "close everything", "4711", "411111", "1111 1111"):
        assert said not in log
    assert not re.search(r"\d{13,19}(?!\.)", re.sub(r'"chat": "[^"]*"', "", log))


def test_neither_does_the_audit_trail(app: Flask) -> None:
    _, secrets = journey(app)
    with app.app_context():
        trail = " ".join(str(row) for row in db.session.execute(text("SELECT * FROM audit_entry")))
    assert "session.created" in trail
    for kept in (*secrets, PASSWORD, "guess", "herons", "Exemplary", "4711", "1111"):
        assert kept not in trail


def test_every_line_says_when_who_what_and_whence(app: Flask, written: io.StringIO) -> None:
    journey(app)
    found = events(written)
    for event in found:
        moment = datetime.fromisoformat(event["timestamp"])
        assert moment.utcoffset() == timedelta(0)
        assert abs(datetime.now(UTC) - moment) < timedelta(minutes=5)
        assert event["level"] in ("info", "warning", "error")
    requests = [event for event in found if event["event"] == "request"]
    for event in requests:
        assert {"method", "endpoint", "status", "milliseconds", "address", "actor", "request_id"} <= set(event)
        assert re.fullmatch(r"[0-9a-f]{16}", event["request_id"])
    assert len({event["request_id"] for event in requests}) == len(requests)
    assert {event["actor"] for event in requests if event["endpoint"] == "chat.create_message"} == {"teller"}
    assert "unexpected" not in [event["event"] for event in found]


def test_what_matters_for_security_is_an_event_each(
    app: Flask, written: io.StringIO, failing_bank: FailingBank
) -> None:
    visitor = Visitor(app)
    visitor.sign_in("teller", "wrong")
    visitor.sign_in("nobody", "wrong")
    visitor.sign_in("locked")
    visitor.sign_in("teller")
    chat_id = visitor.start(opening="Hello")
    visitor.answer(chat_id)
    visitor.post(f"/chat/{chat_id}/draft", csrf_token="x", text="x")
    visitor.client.post("/sessions", headers={"Sec-Fetch-Site": "cross-site"})
    visitor.get(f"/sessions/{chat_id}/delete")
    visitor.get("/?status=nonsense")
    manager = Visitor(app).sign_in("manager")
    manager.get(f"/chat/{chat_id}")
    failing_bank.problem = RuntimeError("core down")
    visitor.get("/")
    visitor.post(f"/sessions/{chat_id}/customer", number="10-2041")
    failing_bank.problem = None
    for _ in range(6):
        Visitor(app).sign_in("specialist", "wrong")
    visitor.get("/")
    visitor.post("/password", current_password="wrong", new_password="n" * 20, repeat_password="n" * 20)
    let_time_pass(app, idle=timedelta(minutes=16))
    visitor.get("/")
    manager.get("/sign-in")
    again = Visitor(app).sign_in("teller")
    again.post("/sign-out")

    found = events(written)
    happened = names(written)
    assert set(happened) >= {
        "sign_in.begun", "sign_in.failed", "sign_in.ended", "sign_in.expired", "sign_in.throttled", "password.wrong",
        "csrf.refused", "cross_site.refused", "refused", "session.read_by_other", "reply.done", "unexpected",
    }  # fmt: skip
    reasons = [event["reason"] for event in found if event["event"] == "sign_in.failed"]
    assert reasons[:3] == ["password", "unknown", "locked"]
    kinds = {event.get("kind") for event in found if event["event"] == "refused"}
    assert {"NotAllowed", "BadInput"} <= kinds


LINE_BREAKS = ["\r\n", "\n", "\r", "\u2028", "\x85", "%0d%0a", "\\n"]


@pytest.mark.parametrize("line_break", LINE_BREAKS, ids=ascii)
def test_nothing_typed_can_begin_a_line_of_its_own(app: Flask, written: io.StringIO, line_break: str) -> None:
    forged = f'x{line_break}{{"event": "forged", "level": "info"}}'
    visitor = Visitor(app)
    visitor.client.environ_base["HTTP_USER_AGENT"] = (
        forged.replace("\r", "").replace("\n", "").encode().decode("latin-1")
    )
    visitor.sign_in(forged)
    visitor.sign_in("teller", next=forged, time_zone=forged)
    chat_id = visitor.start(opening=forged, customer=forged[:80])
    visitor.ask(chat_id, forged)
    visitor.answer(chat_id)
    visitor.post(f"/sessions/{chat_id}/title", title=forged)
    visitor.get(f"/nothing/{forged}")
    visitor.client.get("/", query_string={"status": forged, "cursor": forged})
    visitor.client.post("/reports/csp", json={"csp-report": {"effective-directive": forged}})
    found = events(written)
    assert "forged" not in [event["event"] for event in found]
    assert len(written.getvalue().splitlines()) == written.getvalue().count("\n")


def test_an_error_of_the_database_is_logged_without_what_was_typed(
    app: Flask, teller: Visitor, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat_id = teller.start()
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    with changing(app) as session:
        session.execute(text("CREATE TRIGGER refuse BEFORE INSERT ON draft BEGIN SELECT RAISE(ABORT, 'refused'); END"))
    answer = teller.client.post(
        f"/chat/{chat_id}/draft", data={"text": WORDS, "csrf_token": teller.token}, headers=HTMX
    )
    assert answer.status_code == 500
    assert "unexpected" in names(written)
    assert "refused" in written.getvalue()
    assert "Exemplary" not in written.getvalue()


def test_each_audit_entry_names_the_request_it_was_made_in(app: Flask, written: io.StringIO, teller: Visitor) -> None:
    chat_id = teller.start()
    teller.post(f"/sessions/{chat_id}/status", status="waiting")
    logged = {event["request_id"] for event in events(written) if event["event"] == "request"}
    trail = all_of(app, select(AuditEntry).where(AuditEntry.object_id == chat_id).order_by(AuditEntry.id))
    assert [entry.action for entry in trail] == ["session.created", "session.status_changed"]
    assert {entry.request_id for entry in trail} <= logged
    assert {(entry.actor, entry.role) for entry in trail} == {("teller", "teller")}
