"""Metrics are there for whoever has the token, count what happens, and cannot be blown up from outside."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import delete

from tests.conftest import Place
from tests.visitor import Visitor
from tests.web.operating import TOKEN, get, operated, url_of
from tests.web.rows import ON_SQLITE, changing
from webapp import figures
from webapp.models import ChatSession
from webapp.services.request_ids import new_request_id

SAMPLE = re.compile(r"^([a-z_]+)(?:\{(.*)\})? ([0-9.e+-]+|\+Inf|NaN)$")


@pytest.fixture
def watched(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An app on the place's database that counts. What was begun once is counted until the process ends."""
    with operated(tmp_path_factory.mktemp("watched"), url_of(place), messages_per_minute=10_000) as app:
        yield app


def series(app: Flask) -> dict[str, float]:
    """Every series with its value, as Prometheus reads them."""
    answer = get(app, "/metrics")
    assert answer.status_code == 200, answer.text
    found: dict[str, float] = {}
    for line in answer.text.splitlines():
        if line and not line.startswith("#"):
            assert SAMPLE.match(line), line
            name, _, value = line.rpartition(" ")
            found[name] = float(value)
    return found


def added(before: dict[str, float], after: dict[str, float], name: str) -> float:
    """By how much the series that begin with this have grown together."""
    return sum(value - before.get(key, 0) for key, value in after.items() if key.startswith(name))


@ON_SQLITE
def test_without_token_there_is_no_such_page(app: Flask, watched: Flask) -> None:
    assert get(app, "/metrics").status_code == 404
    assert get(app, "/metrics", token="").status_code == 404
    for token in (None, "", "wrong", TOKEN[:-1]):
        assert get(watched, "/metrics", token=token).status_code == 404
    assert get(watched, "/metrics").mimetype == "text/plain"


@ON_SQLITE
def test_a_port_of_its_own_cannot_be_claimed_by_a_header(watched: Flask) -> None:
    headers = {"bankside.own_port": "True", "Bankside-Own-Port": "1", "X-Forwarded-Port": "1"}
    assert watched.test_client().get("/metrics", headers=headers).status_code == 404


def test_a_question_and_its_reply_are_counted(watched: Flask) -> None:
    teller = Visitor(watched).sign_in("teller")
    before = series(watched)
    chat_id = teller.start()
    teller.ask(chat_id, "what are the opening hours")
    teller.answer(chat_id, seconds=40)
    after = series(watched)
    assert added(before, after, 'bankside_replies_total{agent="handbook",state="done"}') == 1
    assert added(before, after, "bankside_reply_done_seconds_count") == 1
    assert added(before, after, "bankside_reply_first_text_seconds_count") == 1
    assert added(before, after, "bankside_reply_attempts_count") == 1
    assert added(before, after, 'bankside_reply_claims_total{attempt="first"}') == 1
    asked = 'bankside_requests_total{endpoint="chat.create_message",method="POST",status="2xx"}'
    assert added(before, after, asked) == 1
    assert after["bankside_queue_depth"] == after["bankside_queue_running"] == 0
    assert after["bankside_queue_oldest_seconds"] == 0


def test_a_post_that_is_refused_is_counted_by_reason(watched: Flask) -> None:
    teller = Visitor(watched).sign_in("teller")
    chat_id = teller.start()
    before = series(watched)
    teller.ask(chat_id, "   ")
    teller.post("/chat/messages", csrf_token="stale", chat_id=chat_id, text="Hello", request_id=new_request_id())
    teller.post("/chat/messages", chat_id="sess_nobody", text="Hello", request_id=new_request_id())
    after = series(watched)
    for kind in ("invalid", "unreadable", "not_found"):
        assert added(before, after, f'bankside_posts_rejected_total{{kind="{kind}"}}') == 1, kind


def test_a_cookie_that_names_a_deleted_session_is_counted(watched: Flask) -> None:
    teller = Visitor(watched).sign_in("teller")
    chat_id = teller.start()
    with changing(watched) as session:
        session.execute(delete(ChatSession).where(ChatSession.id == chat_id))
    before = series(watched)
    assert teller.post("/chat/messages", text="Hello", request_id=new_request_id()).status_code == 404
    assert teller.get(f"/chat/{chat_id}").status_code == 404
    assert teller.get("/chat/sess_" + "0" * 36).status_code == 404, "not the cookie's: somebody mistyped"
    after = series(watched)
    assert added(before, after, "bankside_cookies_leading_nowhere_total") == 2
    assert figures.total("bankside_cookies_leading_nowhere_total") == after["bankside_cookies_leading_nowhere_total"]


@ON_SQLITE
def test_a_thousand_odd_requests_make_no_series_of_their_own(watched: Flask) -> None:
    visitor = Visitor(watched)
    client = watched.test_client()
    visitor.get("/sign-in")

    def ask_oddly(numbers: range) -> None:
        for number in numbers:
            client.get(f"/odd-{number}/'{number}'?name={number}", headers={"User-Agent": f"odd {number}"})
            client.open(f"/chat/sess_{number:036d}", method=f"BREW{number}")
            client.post(f"/chat/sess_{number:036d}/draft", data={f"field-{number}": number})
            client.get("/health/live", headers={"X-Request-ID": f"odd-{number}", "Host": f"odd{number}.example"})

    ask_oddly(range(5))
    visitor.post("/sign-in", username="odd-0", password="wrong")
    series(watched)  # asking for them is counted, too
    before = set(series(watched))
    ask_oddly(range(5, 255))
    for number in range(4):
        visitor.post("/sign-in", username=f"odd-{number}", password="wrong")
    after = set(series(watched))
    assert after - before == set()
    assert len(after) < 4000, "with all that earlier tests of this process were counted under"
    assert not any("odd" in name or "BREW" in name for name in after)


@ON_SQLITE
def test_odd_states_and_agents_become_other(watched: Flask) -> None:
    for number in range(100):
        figures.reply_ended(f"state-{number}", f"agent-{number}")
        figures.post_rejected(1000 + number)
    kinds = {name for name in series(watched) if name.startswith(("bankside_replies_total", "bankside_posts_rejected"))}
    assert 'bankside_replies_total{agent="other",state="other"}' in kinds
    assert not any("-1" in name for name in kinds)


@ON_SQLITE
def test_every_series_is_one_of_ours_and_is_known_by_name(watched: Flask) -> None:
    known = figures.names()
    assert {name.partition("{")[0] for name in series(watched)} <= known
    assert all(name.startswith("bankside_") for name in known)
