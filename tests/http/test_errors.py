"""When something goes wrong inside: an answer with a request id and nothing else of ours; then on it goes."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import jinja2
import pytest
from flask import Flask

from tests.visitor import HTMX, Visitor
from tests.web.rows import ON_SQLITE, questions, stored
from webapp.extensions import db
from webapp.http.errors import STATUS
from webapp.models import ChatSession, StaffUser
from webapp.services.errors import DomainError

pytestmark = ON_SQLITE
SECRET = "the password in the exception"


def events(written: io.StringIO) -> list[dict[str, Any]]:
    """The log so far."""
    return [json.loads(line) for line in written.getvalue().splitlines()]


def breaks(*_arguments: object, **_fields: object) -> str:
    """A view with a bug in it."""
    raise RuntimeError(SECRET)


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
def test_an_unexpected_error_shows_a_request_id_that_is_in_the_log_and_nothing_else(
    app: Flask, teller: Visitor, written: io.StringIO, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    monkeypatch.setitem(app.view_functions, "auth.my_sign_ins", breaks)
    answer = teller.client.get("/sign-ins", headers=headers)
    assert answer.status_code == 500
    for telling in (SECRET, "Traceback", "RuntimeError", "webapp", "site-packages"):
        assert telling not in answer.text
    request_id = answer.headers["X-Request-ID"]
    assert request_id in answer.text
    [event] = [event for event in events(written) if event["event"] == "unexpected"]
    assert (event["request_id"], event["kind"], event["level"]) == (request_id, "RuntimeError", "error")
    assert "Traceback" in event["exception"]
    assert teller.get("/").status_code == 200


def test_an_error_after_writing_keeps_nothing(app: Flask, teller: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    chat_id = teller.start()
    before = stored(app)

    def writes_then_breaks(chat_id: str) -> str:
        db.session.get_one(ChatSession, chat_id).title = "Half done"
        db.session.flush()
        raise RuntimeError(SECRET)

    monkeypatch.setitem(app.view_functions, "sessions.rename", writes_then_breaks)
    assert teller.post(f"/sessions/{chat_id}/title", title="x").status_code == 500
    assert stored(app) == before
    assert "Half done" not in teller.get(f"/chat/{chat_id}").text


def test_an_error_answer_of_a_view_keeps_nothing_either(
    app: Flask, teller: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat_id = teller.start()

    def writes_then_refuses(chat_id: str) -> tuple[str, int]:
        db.session.get_one(ChatSession, chat_id).title = "Half done"
        db.session.flush()
        return "no", 422

    monkeypatch.setitem(app.view_functions, "sessions.rename", writes_then_refuses)
    assert teller.post(f"/sessions/{chat_id}/title", title="x").status_code == 422
    assert "Half done" not in teller.get(f"/chat/{chat_id}").text


def test_a_page_that_is_looked_at_keeps_nothing(app: Flask, teller: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def writes(**_parts: object) -> str:
        for person in db.session.query(StaffUser):
            person.display_name = "Changed by looking"
        db.session.flush()
        return "looked"

    monkeypatch.setitem(app.view_functions, "auth.my_sign_ins", writes)
    teller.get("/sign-ins")
    assert "Changed by looking" not in teller.get("/").text


class Breaking(jinja2.BaseLoader):
    """Gives broken templates for these names, the real ones otherwise."""

    def __init__(self, real: jinja2.BaseLoader, *names: str) -> None:
        self._real = real
        self._names = names

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str | None, Any]:
        if template in self._names:
            return "{{ nothing.of.that.name }}", None, lambda: False
        return self._real.get_source(environment, template)


@pytest.mark.parametrize(
    ("broken", "headers"),
    [
        (["auth/sign_ins.html"], {}),
        (["auth/sign_ins.html", "errors/page.html"], {}),
        (["auth/sign_ins.html", "errors/_notice.html"], HTMX),
        (["base.html"], {}),
    ],
)
def test_an_error_in_a_template_even_in_the_error_pages_own_is_answered(
    app: Flask, teller: Visitor, monkeypatch: pytest.MonkeyPatch, broken: list[str], headers: dict[str, str]
) -> None:
    real = app.jinja_env.loader
    assert real is not None
    with monkeypatch.context() as patch:
        patch.setattr(app.jinja_env, "loader", Breaking(real, *broken))
        patch.setattr(app.jinja_env, "cache", {})
        answer = teller.client.get("/sign-ins", headers=headers)
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "nothing.of.that.name" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Content-Security-Policy" in answer.headers
    assert teller.get("/sign-ins").status_code == 200


def test_an_error_page_is_a_page_and_a_notice_leaves_the_form_alone(teller: Visitor) -> None:
    page = teller.get("/nothing-here")
    assert page.status_code == 404
    assert teller.page.select_one("main h1") is not None
    notice = teller.client.get("/nothing-here", headers=HTMX)
    assert notice.status_code == 404
    assert notice.headers["HX-Retarget"] == "#notices"
    assert "<html" not in notice.text
    restored = teller.client.get("/nothing-here", headers={**HTMX, "HX-History-Restore-Request": "true"})
    assert "<html" in restored.text


def test_the_text_of_a_form_that_ends_in_an_error_page_is_on_that_page(
    app: Flask, teller: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a script there is no composer left to keep it."""
    chat_id = teller.start()
    fields = {"chat_id": chat_id, "request_id": "r" * 20, "text": "Two long\nsentences."}
    stale = teller.post("/chat/messages", csrf_token="x", **fields)
    assert stale.status_code == 400
    typed = teller.page.select_one("#typed")
    assert typed is not None
    assert typed.get_text().strip() == "Two long\nsentences."
    monkeypatch.setitem(app.view_functions, "chat.create_message", breaks)
    teller.get("/")
    assert teller.post("/chat/messages", **fields).status_code == 500
    assert teller.page.select_one("#typed") is not None
    foreign = teller.client.post("/chat/messages", data=fields, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
    assert "sentences." not in foreign.text, "another site's words are not shown here"


def test_a_stale_token_comes_back_fresh_and_the_same_form_then_works(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start()
    fields = {"chat_id": chat_id, "request_id": "r" * 20, "text": "Still here"}
    stale = teller.client.post("/chat/messages", data={**fields, "csrf_token": "stale"}, headers=HTMX)
    assert stale.status_code == 400
    assert "The page was out of date. Your text is kept." in stale.text
    assert questions(app, chat_id) == []
    fresh = stale.headers["X-CSRF-Token"]
    again = teller.client.post("/chat/messages", data=fields, headers={**HTMX, "X-CSRFToken": fresh})
    assert again.status_code == 200
    assert questions(app, chat_id) == ["Still here"]


def test_every_domain_error_has_a_status_and_a_next_step(app: Flask) -> None:
    def kinds(kind: type[DomainError]) -> list[type[DomainError]]:
        return [sub for direct in kind.__subclasses__() for sub in (direct, *kinds(direct))]

    assert {kind.__name__ for kind in kinds(DomainError)} == {kind.__name__ for kind in STATUS}
    for kind in STATUS:
        assert re.search(r"[.?]$", kind.next_step), f"{kind.__name__} says what to do next, in a sentence"


@pytest.mark.parametrize("path", ["/%00", "/chat/%00", "/%ff", "/" + "a" * 4000, "/?" + "a=1&" * 900, "/\u202e", "/%"])
def test_strange_addresses_are_answered(teller: Visitor, path: str) -> None:
    assert teller.client.get(path).status_code in (200, 400, 404)


def test_the_browsers_reports_are_counted_and_never_stored(app: Flask, visitor: Visitor, written: io.StringIO) -> None:
    before = stored(app)
    report = {"csp-report": {"effective-directive": "script-src", "blocked-uri": "http://evil.example/" + "x" * 500}}
    for body in (json.dumps(report), "not json", "[]", '{"csp-report": 5}', "", "\x00\x01", "{" * 5000):
        answer = visitor.client.post("/reports/csp", data=body, content_type="application/csp-report")
        assert answer.status_code == 204
    violations = [event for event in events(written) if event["event"] == "csp.violation"]
    assert violations[0]["directive"] == "script-src"
    assert "evil.example" not in written.getvalue()
    assert stored(app) == before
    statuses = [visitor.client.post("/reports/csp", data="{}").status_code for _ in range(20)]
    assert statuses[-1] == 429
