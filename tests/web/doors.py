"""Every route of the app with an address filled in, so that tests that walk them forget none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask

PUBLIC = {
    "auth.sign_in_page",
    "auth.sign_in",
    "health.live",
    "health.ready",
    "metrics.scrape",
    "reports.csp",
    "static.file",
}
NO_CHAT = "sess_" + "0" * 36


@dataclass(frozen=True)
class Door:
    """A method and an address."""

    method: str
    path: str
    endpoint: str

    @property
    def is_safe(self) -> bool:
        """Whether it must change nothing."""
        return self.method == "GET"


# What each form needs to get past its validators, so that a refusal is not owed to an empty form.
FIELDS: dict[str, dict[str, str]] = {
    "chat.create_message": {"request_id": "door-request-0001", "text": "Opening hours?"},
    "chat.save_draft": {"text": "half a thought"},
    "chat.seen": {"seq": "1"},
    "handbook.save": {
        "base": "",
        "id": "door-article",
        "title": "A door",
        "audience": "staff",
        "topics": "doors",
        "questions": "who opens it",
        "body": "## Who\n\nNobody.",
    },
    "handbook.publish": {"base": "4.1", "effective_on": "2026-12-01"},
    "sessions.create": {"request_id": "door-request-0002", "opening": "", "customer": ""},
    "sessions.rename": {"title": "Another title"},
    "sessions.change_status": {"status": "waiting"},
    "sessions.end": {"reason": "solved", "summary": "All done."},
    "sessions.attach_customer": {"number": "10-2041"},
    "auth.change_password": {
        "current_password": "Password123!",
        "new_password": "seven grey herons at low tide",
        "repeat_password": "seven grey herons at low tide",
    },
    "auth.sign_in": {"username": "teller", "password": "Password123!"},
}


def doors(app: Flask, chat_id: str = NO_CHAT, number: int = 1) -> Iterator[Door]:
    """Every method of every page's route, with these filled in for its parts."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api"):
            continue  # the programs' door: tests/api walks it
        path = re.sub(r"<chat:\w+>", chat_id, rule.rule)
        path = re.sub(r"<article:\w+>", "cards-limits", path)
        path = re.sub(r"<(row|int):\w+>", str(number), path)
        path = re.sub(r"<string\(length=12\):\w+>", "0" * 12, path)
        path = re.sub(r"<path:\w+>", "css/base.css", path)
        assert "<" not in path, path
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Door(method, path, rule.endpoint)


def private(app: Flask, chat_id: str = NO_CHAT, number: int = 1) -> list[Door]:
    """Every door that needs a sign-in."""
    return [door for door in doors(app, chat_id, number) if door.endpoint not in PUBLIC]
