"""Webhooks: stored with what they tell of, signed, sent until they arrive, and never to where nobody may reach."""

from __future__ import annotations

import hashlib
import hmac
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.api.program import Program
from tests.api.receiver import Receiver, receiving
from tests.visitor import Visitor
from tests.web.rows import ON_SQLITE, all_of, audited, changing, count
from webapp.http.unit_of_work import unit_of_work
from webapp.models import ChatSession, Delivery, StaffUser, Webhook
from webapp.models.base import now
from webapp.services import chats, webhooks
from webapp.services.request_ids import new_request_id
from webapp.work import posting
from webapp.work.deliveries import send_one

ALL = ["session.created", "message.created", "reply.done", "session.escalated", "session.ended"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who listens."""
    with receiving() as made:
        yield made


@pytest.fixture
def loopback(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The configuration lets webhooks reach this machine; nothing is sent but by the test."""
    allowed = app.extensions["bankside.config"].model_copy(update={"webhook_networks": "127.0.0.0/8"})
    monkeypatch.setitem(app.extensions, "bankside.config", allowed)
    monkeypatch.setattr("webapp.work.runner.look_into_outbox", lambda _app: None)


def register(program: Program, url: str, events: list[str] = ALL) -> dict[str, Any]:
    """Register; returns what was answered."""
    answer = program.post("/api/webhooks", url=url, events=events)
    assert answer.status_code == 201, answer.text
    return dict(answer.json)


def send_all(app: Flask) -> int:
    """Send whatever is due; returns how many attempts there were."""
    attempts = 0
    while send_one(app):
        attempts += 1
    return attempts


def let_pauses_end(app: Flask) -> None:
    """As if every pause between attempts were over."""
    with changing(app) as session:
        session.execute(update(Delivery).values(next_attempt_at=now()))


@pytest.mark.usefixtures("loopback")
def test_every_kind_of_event_arrives_signed_and_says_nothing_that_was_said(
    app: Flask, managers: Program, receiver: Receiver
) -> None:
    secret = register(managers, receiver.url)["secret"]
    chat_id = managers.open_session()
    turn = managers.say(chat_id, "opening hours on Thursday").json
    managers.ask("PATCH", f"/api/sessions/{chat_id}/status?status=escalated")
    managers.ask("PATCH", f"/api/sessions/{chat_id}/status?status=ended")
    assert send_all(app) == 5
    assert [event["type"] for event in receiver.events] == ALL
    assert {event["data"]["session_id"] for event in receiver.events} == {chat_id}
    assert receiver.events[2]["data"]["message_id"] == int(turn["response"]["id"])
    assert len({event["id"] for event in receiver.events}) == 5
    for headers, body in receiver.got:
        assert "Thursday" not in body
        moment, signed = (part.split("=")[1] for part in headers["Bankside-Signature"].split(","))
        expected = hmac.new(secret.encode(), f"{moment}.{body}".encode(), hashlib.sha256).hexdigest()
        assert hmac.compare_digest(signed, expected)
        assert abs(int(moment) - time.time()) < 60
    assert audited(app, "webhook.registered")[0].actor == "manager"


@pytest.mark.usefixtures("loopback")
def test_what_happens_on_a_page_is_told_too(app: Flask, program: Program, teller: Visitor, receiver: Receiver) -> None:
    register(program, receiver.url, ["session.created", "message.created"])
    teller.answer(teller.start(opening="Opening hours?"))
    send_all(app)
    assert [event["type"] for event in receiver.events] == ["session.created", "message.created"]


@pytest.mark.usefixtures("loopback")
def test_nobody_hears_of_sessions_they_may_not_read(app: Flask, receiver: Receiver) -> None:
    people = {name: Program(app).sign_in(name) for name in ("teller", "specialist", "manager", "admin")}
    for name, who in people.items():
        register(who, f"{receiver.url}?{name}", ["session.created"])
    people["teller"].open_session()
    told = all_of(app, select(Webhook.url).join(Delivery, Delivery.webhook_id == Webhook.id))
    assert sorted(url.split("?")[1] for url in told) == ["manager", "teller"]


@pytest.mark.usefixtures("loopback")
def test_what_is_rolled_back_is_never_told(app: Flask, program: Program, receiver: Receiver) -> None:
    register(program, receiver.url)
    with pytest.raises(RuntimeError), app.app_context(), unit_of_work():  # noqa: PT012
        from webapp.extensions import db

        teller = db.session.scalars(select(StaffUser).where(StaffUser.username == "teller")).one()
        chats.create(teller, new_request_id())
        db.session.flush()
        raise RuntimeError
    assert (count(app, ChatSession), count(app, Delivery)) == (0, 0)


@pytest.mark.usefixtures("loopback")
def test_a_delivery_that_fails_is_tried_again_later_and_logged(
    app: Flask, program: Program, receiver: Receiver
) -> None:
    hook = register(program, receiver.url, ["session.created"])
    receiver.statuses = [500, 302, 404]
    receiver.location = receiver.url + "/elsewhere"
    program.open_session()
    address = f"/api/webhooks/{hook['id']}/deliveries"
    for attempt, status in enumerate((500, 302, 404), start=1):
        assert send_all(app) == 1, "once, and not again before its pause is over"
        [row] = program.get(address).json["deliveries"]
        assert (row["state"], row["attempts"], row["last_status"]) == ("pending", attempt, status)
        let_pauses_end(app)
    assert send_all(app) == 1
    [row] = program.get(address).json["deliveries"]
    assert (row["state"], row["attempts"], row["last_status"]) == ("delivered", 4, 200)
    assert row["next_attempt_at"] is None
    assert len(receiver.got) == 4, "no redirect was followed"
    assert len({body for _headers, body in receiver.got}) == 1


@pytest.mark.usefixtures("loopback")
def test_after_eight_attempts_it_has_failed(app: Flask, program: Program, receiver: Receiver) -> None:
    hook = register(program, receiver.url, ["session.created"])
    receiver.statuses = [503] * 20
    program.open_session()
    for _ in range(12):
        send_all(app)
        let_pauses_end(app)
    [row] = program.get(f"/api/webhooks/{hook['id']}/deliveries").json["deliveries"]
    assert (row["state"], row["attempts"]) == ("failed", webhooks.MOST_ATTEMPTS)
    assert len(receiver.got) == webhooks.MOST_ATTEMPTS


@ON_SQLITE
@pytest.mark.usefixtures("loopback")
def test_a_receiver_that_answers_byte_by_byte_is_given_up(
    app: Flask, program: Program, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "ALL_SECONDS", 0.5)
    register(program, receiver.url, ["session.created"])
    receiver.drip = True
    program.open_session()
    began = time.monotonic()
    assert send_one(app)
    assert time.monotonic() - began < 3
    [row] = all_of(app, select(Delivery))
    assert (row.state, row.last_status, row.last_problem) == ("pending", None, "No answer (ReadTimeout)")


@ON_SQLITE
@pytest.mark.usefixtures("loopback")
def test_a_locked_owner_hears_nothing_more(app: Flask, program: Program, receiver: Receiver) -> None:
    register(program, receiver.url, ["session.created"])
    program.open_session()
    with changing(app) as session:
        session.execute(update(StaffUser).where(StaffUser.username == "teller").values(locked=True))
    send_all(app)
    with changing(app) as session:
        session.execute(update(StaffUser).where(StaffUser.username == "teller").values(locked=False))
    assert receiver.got == []


PRIVATE = [
    "http://127.0.0.1/x", "https://127.0.0.1/x", "https://localhost/x", "https://10.1.2.3/", "https://192.168.0.1/",
    "https://172.16.0.1/", "https://169.254.169.254/latest/meta-data", "https://[::1]/", "https://[fe80::1]/",
    "https://[::ffff:127.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://2130706433/",
    "https://0.0.0.0/", "https://100.64.0.1/", "https://224.0.0.1/", "https://[fc00::1]/", "https://127.1/",
    "http://example.com/", "https://user:secret@example.com/", "https://example.com:0/", "https://example.com/#x",
    "https://[::1", "https://0x7f000001/", "ftp://example.com/xx", "https:///nohost",
]  # fmt: skip


@ON_SQLITE
@pytest.mark.parametrize("url", PRIVATE)
def test_an_address_nobody_should_reach_through_us_is_not_registered(app: Flask, program: Program, url: str) -> None:
    answer = program.post("/api/webhooks", url=url, events=["session.ended"])
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "url")
    assert count(app, Webhook) == 0


@ON_SQLITE
@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::ffff:10.0.0.1"], []])
def test_a_name_that_leads_inside_is_never_connected_to(
    app: Flask, program: Program, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    monkeypatch.setattr("webapp.work.runner.look_into_outbox", lambda _app: None)
    port = int(receiver.url.split(":")[2].split("/")[0])
    register(program, f"https://rebinding.example.com:{port}/hook", ["session.created"])
    program.open_session()
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]
    monkeypatch.setattr(posting.socket, "getaddrinfo", lambda *_a, **_k: found)
    assert send_one(app)
    [row] = all_of(app, select(Delivery))
    assert (row.state, row.last_problem) == ("pending", "The address is not a public address")
    assert receiver.got == []


def test_the_address_that_was_looked_at_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    connected: list[str] = []
    answers = iter(["93.184.216.34", "127.0.0.1"])

    def resolve(*_arguments: object, **_options: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), 443))]

    def connect(_self: object, host: str, *_rest: object, **_options: object) -> object:
        connected.append(host)
        raise OSError("nothing leaves this test")

    monkeypatch.setattr(posting.socket, "getaddrinfo", resolve)
    monkeypatch.setattr("httpcore.SyncBackend.connect_tcp", connect)
    parcel = webhooks.Parcel(1, 1, "https://rebinding.example.com/x", "s", "reply.done", "evt", "{}")
    assert posting.post(parcel, ())[1] == "No answer (OSError)"
    assert connected == ["93.184.216.34"]


def test_a_webhook_is_its_owners_alone(app: Flask, program: Program, managers: Program) -> None:
    hook = program.post("/api/webhooks", url="https://crm.example.com/x", events=["reply.done", "reply.done"]).json
    assert (hook["events"], len(hook["secret"])) == (["reply.done"], 64)
    assert "secret" not in program.get(f"/api/webhooks/{hook['id']}").json
    assert program.get("/api/webhooks").json["count"] == 1
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/deliveries")):
        assert managers.ask(method, f"/api/webhooks/{hook['id']}{path}").status_code == 404
    assert managers.get("/api/webhooks").json["count"] == 0
    assert program.ask("DELETE", f"/api/webhooks/{hook['id']}").status_code == 204
    assert count(app, Webhook) == 0
    assert audited(app, "webhook.removed")


@ON_SQLITE
def test_ten_webhooks_are_enough_for_one_person(program: Program) -> None:
    for number in range(10):
        program.post("/api/webhooks", url=f"https://crm.example.com/{number}", events=["reply.done"])
    answer = program.post("/api/webhooks", url="https://crm.example.com/x", events=["reply.done"])
    assert (answer.status_code, "Remove one" in answer.json["detail"]) == (400, True)
