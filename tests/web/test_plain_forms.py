"""Every form works without a script: a page in, a redirect or a page out, nothing sent twice by going back."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask

from tests.visitor import HTMX, Visitor
from tests.web.doors import private
from tests.web.rows import ON_SQLITE, chat_row, count, questions
from webapp.models import ChatSession

pytestmark = ON_SQLITE


def send(visitor: Visitor, form: Tag, **typed: str) -> int:
    """Submit a form of the page as a browser without scripts does; returns the status."""
    fields: dict[str, str] = {}
    for field in form.select("input[name], textarea[name], select[name]"):
        if field.name == "select":
            option = field.select_one("option[selected]") or field.select_one("option")
            fields[str(field["name"])] = str(option["value"]) if option else ""
        elif field.get("type") not in ("checkbox", "radio") or field.has_attr("checked"):
            fields[str(field["name"])] = str(field.get("value") or field.get_text())
    fields.update(typed)
    if str(form.get("method", "get")).lower() == "get":
        return visitor.get(str(form["action"]), query_string=fields).status_code
    return visitor.post(str(form["action"]), **fields).status_code


def form_on(visitor: Visitor, selector: str) -> Tag:
    """A form of the page."""
    found = visitor.page.select_one(selector)
    assert found is not None, selector
    return found


def follow(visitor: Visitor) -> None:
    """Go where the last answer sends."""
    assert visitor.response is not None
    visitor.get(visitor.response.headers["Location"])


def test_a_whole_day_without_a_script(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.get("/")
    follow(visitor)
    assert send(visitor, form_on(visitor, "form.sign-in"), username="manager", password="Password123!") == 303
    follow(visitor)
    assert send(visitor, form_on(visitor, "form.start-form"), opening="What are the opening hours?") == 303
    follow(visitor)
    [chat] = [str(part["value"]) for part in visitor.page.select("#composer [name=chat_id]")]
    visitor.answer(chat)
    assert send(visitor, form_on(visitor, "#composer"), text="And what does a new card cost?") == 303
    follow(visitor)
    visitor.answer(chat)
    assert questions(app, chat) == ["What are the opening hours?", "And what does a new card cost?"]

    visitor.get(f"/sessions/{chat}/title")
    assert send(visitor, form_on(visitor, "form.rename"), title="Hours and cards") == 303
    follow(visitor)
    assert send(visitor, form_on(visitor, "form.find-customer"), q="10-2041") == 200
    assert send(visitor, form_on(visitor, ".matches form")) in (303, 409)
    visitor.get(f"/chat/{chat}")
    assert send(visitor, form_on(visitor, f'#chat-status form[action="/sessions/{chat}/status"]')) == 303
    assert chat_row(app, chat).status == "waiting"
    visitor.get(f"/sessions/{chat}/end")
    assert send(visitor, form_on(visitor, "main form.form"), summary="Told the hours.") == 303
    visitor.get(f"/chat/{chat}")
    assert send(visitor, form_on(visitor, ".closed form")) == 303
    assert chat_row(app, chat).status == "active"

    visitor.get("/")
    assert send(visitor, form_on(visitor, "form.filters"), q="cards") == 200
    assert "Hours and cards" in visitor.page.get_text()
    visitor.get(f"/sessions/{chat}/delete")
    assert send(visitor, form_on(visitor, "main form")) == 303
    follow(visitor)
    assert "The session is deleted." in visitor.page.get_text()
    assert count(app, ChatSession) == 0
    assert send(visitor, form_on(visitor, "form[data-sign-out]")) == 303
    assert visitor.get("/").status_code == 302


def test_every_form_names_its_method_and_address(app: Flask, manager: Visitor) -> None:
    chat_id = manager.start(opening="What are the opening hours?")
    manager.answer(chat_id)
    seen = 0
    for door in private(app, chat_id):
        if door.is_safe and manager.get(door.path).status_code == 200:
            for form in manager.page.select("form"):
                seen += 1
                assert form.get("method") in ("post", "get"), door
                assert str(form.get("action", "")).startswith("/"), door
                if form["method"] == "post":
                    assert form.select_one('[name="csrf_token"]') is not None, door
                    assert form.select_one("button[type=submit], button:not([type])") is not None, door
    assert seen > 20


def test_a_page_with_an_answer_to_come_loads_itself_again_without_a_script(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start()
    app.extensions["bankside.runner"].stop()
    slow = app.extensions["bankside.runner"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slow, "submit", lambda _reply_id: None)
        teller.ask(chat_id, "What are the opening hours?", htmx=False)
        teller.get(f"/chat/{chat_id}")
        refresh = teller.page.select_one("noscript meta[http-equiv=refresh]")
        assert refresh is not None
        assert "Being answered" in teller.page.get_text()
    slow.start()
    teller.answer(chat_id)
    assert teller.page.select_one("noscript meta[http-equiv=refresh]") is None


def test_an_invalid_form_is_a_whole_page_with_the_reason_and_what_was_typed(teller: Visitor) -> None:
    chat_id = teller.start()
    for path, typed, field in (
        ("/sessions", {"request_id": "r" * 20, "opening": "x" * 4001}, "opening"),
        (f"/sessions/{chat_id}/title", {"title": "y" * 81}, "title"),
        (f"/sessions/{chat_id}/end", {"reason": "none", "summary": "z" * 9}, "summary"),
        ("/chat/messages", {"chat_id": chat_id, "request_id": "r" * 20, "text": "x" * 4001}, "text"),
    ):
        answer = teller.post(path, **typed)
        assert answer.status_code == 422
        assert "<html" in answer.text
        assert teller.page.select_one(".field-error, .note-harm") is not None
        assert teller.field(field, "main").strip() == typed[field]


def test_fragments_opened_by_themselves_are_whole_pages(app: Flask, manager: Visitor) -> None:
    """Going back in history or sharing an address must not show a bare piece of a page."""
    chat_id = manager.start(opening="What does a replacement card cost?")
    reply = manager.answer(chat_id)
    number = int(str(reply["id"]).removeprefix("message-"))
    for door in private(app, chat_id, number):
        if not door.is_safe:
            continue
        for headers in ({}, {**HTMX, "HX-History-Restore-Request": "true"}):
            answer = manager.client.get(door.path, headers=headers, follow_redirects=True)
            page = BeautifulSoup(answer.text, "html.parser")
            assert page.html is not None, door
            assert len(page.select("main h1")) == 1, door


def test_after_every_form_a_browser_is_sent_on_by_303(app: Flask, manager: Visitor) -> None:
    chat_id = manager.start()
    sent = {
        "/sessions": {"request_id": "a" * 20},
        "/chat/messages": {"chat_id": chat_id, "request_id": "b" * 20, "text": "Hello"},
        f"/sessions/{chat_id}/title": {"title": "Named"},
        f"/sessions/{chat_id}/status": {"status": "waiting"},
        f"/sessions/{chat_id}/customer": {"number": ""},
        f"/sessions/{chat_id}/end": {"reason": "solved"},
        f"/sessions/{chat_id}/reopen": {},
        f"/sessions/{chat_id}/delete": {},
        "/sign-ins/end-others": {},
        "/sign-out": {},
    }
    for path, fields in sent.items():
        answer = manager.post(path, **fields)
        assert answer.status_code == 303, path
        assert answer.headers["Location"].startswith("/"), path
