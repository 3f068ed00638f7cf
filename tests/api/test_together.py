"""Programs and pages beside each other: open pages hear of what programs do, streams end with their token, and
webhooks leave through either kind of runner."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from tests.api.program import Program
from tests.api.receiver import receiving
from tests.web.rows import ON_SQLITE, all_of
from webapp.models import AccessToken
from webapp.work.broker import CeleryRunner
from webapp.work.runner import runner_of
from webapp.work.streams import Ticket, streams_of

pytestmark = ON_SQLITE


def heard(app: Flask, chat_id: str, act: Callable[[], object]) -> list[str]:
    """What an open page of this session is told while something is done."""
    feed = app.extensions["bankside.feed"]
    after = feed.latest(chat_id)
    act()
    return [event.kind for event in feed.read(chat_id, after, 5)]


def test_open_pages_hear_of_what_a_program_does(app: Flask, managers: Program) -> None:
    chat_id = managers.open_session()
    assert "changed" in heard(app, chat_id, lambda: managers.say(chat_id, "opening hours"))
    moved = heard(app, chat_id, lambda: managers.ask("PATCH", f"/api/sessions/{chat_id}/status?status=waiting"))
    assert moved == ["session"]
    assert heard(app, chat_id, lambda: managers.post(f"/api/sessions/{chat_id}/resolve")) == ["session"]
    assert heard(app, chat_id, lambda: managers.ask("POST", f"/api/sessions/{chat_id}/resume")) == ["session"]
    assert heard(app, chat_id, lambda: managers.ask("DELETE", f"/api/sessions/{chat_id}")) == ["gone"]


def test_a_stream_ends_with_its_token(app: Flask, program: Program) -> None:
    chat_id = program.open_session()
    [row] = all_of(app, select(AccessToken))
    ticket = Ticket(chat_id, row.staff_id, 0, token_id=row.id)
    streams = streams_of(app)
    assert streams.admit(ticket, None)
    try:
        streams.look()
        assert not ticket.ended.is_set()
        program.ask("POST", "/api/auth/logout")
        streams.look()
        assert ticket.ended.is_set()
    finally:
        streams.release(ticket)


@pytest.mark.parametrize("kind", ["threads", "celery"])
def test_a_sweep_of_either_runner_empties_the_outbox(
    app: Flask, program: Program, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    config = app.extensions["bankside.config"].model_copy(
        update={"webhook_networks": "127.0.0.0/8", "broker_url": "redis://127.0.0.1:1/0"}
    )
    monkeypatch.setitem(app.extensions, "bankside.config", config)
    runner = CeleryRunner(app, config) if kind == "celery" else runner_of(app)
    with receiving() as receiver:
        program.post("/api/webhooks", url=receiver.url, events=["session.created"])
        program.open_session()
        runner.sweep()
        give_up = time.monotonic() + 10
        while time.monotonic() < give_up and not receiver.got:
            time.sleep(0.02)
        assert [event["type"] for event in receiver.events] == ["session.created"]
