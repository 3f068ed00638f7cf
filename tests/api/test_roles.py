"""Every address x every role x the teller's object, one that is gone, and nobody: as one table says."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask

from tests.api.program import Program
from tests.api.roles import CHAT, ROLES, TABLE, Row
from tests.web.rows import audited
from webapp.models.base import new_id

SECRET = "Mrs Exemplary wants to move house"


class Objects:
    """What a request may be about: the ids that stand in the table's addresses."""

    def __init__(self, owner: Program) -> None:
        self.chat = owner.open_session(metadata={"secret": SECRET})
        self.reply = owner.say(self.chat, SECRET).json["response"]["id"]
        hook = owner.post("/api/webhooks", url="https://crm.example.com/x", events=["session.ended"])
        self.hook = hook.json["id"]


def send(program: Program, row: Row, names: dict[str, str]) -> Any:
    """A row's request with these ids in it."""
    path = row.path
    for name, value in names.items():
        path = path.replace("{" + name + "}", value)
    body = {name: names["chat"] if value == CHAT else value for name, value in row.body.items()}
    options: dict[str, Any] = {"json": body} if body else {}
    answer = program.ask(row.method, path, **options, buffered=False)
    if answer.mimetype == "text/event-stream":
        answer.close()  # it would go on
    return answer


def test_the_table_names_every_address_and_method(app: Flask) -> None:
    there = {
        (method, re.sub(r"<(?:\w+:)?\w+>", "*", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    listed = {
        (row.method, re.sub(r"\{\w+\}", "*", row.path.split("?")[0]).replace("/users/teller/", "/users/*/"))
        for row in TABLE
    }
    assert listed == there


def test_every_role_gets_what_the_table_says(app: Flask) -> None:
    wrong = []
    owner = Program(app).sign_in("teller")
    for place, role in enumerate(ROLES):
        objects = Objects(owner)
        who = Program(app).sign_in(role) if role != "nobody" else Program(app)
        for row in TABLE:
            answer = send(who, row, vars(objects))
            if answer.status_code != row.statuses[place]:
                wrong.append((role, row.method, row.path, answer.status_code, row.statuses[place]))
            if answer.status_code >= 400:
                assert answer.content_type == "application/problem+json", row
                assert SECRET not in answer.text, row
                assert "Set-Cookie" not in answer.headers
    assert wrong == []


def test_what_is_gone_looks_like_what_never_was(app: Flask) -> None:
    owner, remover = Program(app).sign_in("teller"), Program(app).sign_in("manager")
    objects = Objects(owner)
    owner.ask("DELETE", f"/api/webhooks/{objects.hook}")
    assert remover.ask("DELETE", f"/api/sessions/{objects.chat}").status_code == 200
    never = {"chat": new_id("sess"), "reply": "2000000000", "hook": new_id("hook")}
    for row in (row for row in TABLE if row.gone):
        was, never_was = send(owner, row, vars(objects)), send(owner, row, never)
        assert (was.status_code, never_was.status_code) == (row.gone, row.gone), row
        assert was.json["detail"] == never_was.json["detail"]
    assert remover.ask("DELETE", f"/api/sessions/{objects.chat}").status_code == 404


def test_reading_anothers_session_is_recorded_once_in_a_while(app: Flask) -> None:
    chat_id = Program(app).sign_in("teller").open_session()
    reader = Program(app).sign_in("auditor")
    for path in (f"/api/sessions/{chat_id}", f"/api/sessions/{chat_id}/history"):
        assert reader.get(path).status_code == 200
    assert [(entry.actor, entry.object_id) for entry in audited(app, "session.read")] == [("auditor", chat_id)]
