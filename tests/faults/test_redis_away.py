"""Redis gone, silent and back: people sign in, ask and are answered, limits hold, pages ask by themselves meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from flask import Flask

from tests.conftest import Place
from tests.feed.redis_server import RedisServer
from tests.visitor import HTMX, Visitor
from tests.web.operating import get, operated, url_of
from tests.web.rows import ON_SQLITE, questions
from tests.web.streams import STREAM, Stream
from tests.work.speaker import wait_until
from webapp.extensions import limiter

pytestmark = ON_SQLITE
LONGEST_WAIT = 15.0  # seconds, on a machine busy with other tests; without time-outs it would be for ever


@dataclass
class Site:
    """A process of an installation with Redis."""

    app: Flask
    redis: RedisServer

    def kept(self) -> list[str]:
        """What is kept there."""
        with redis.Redis(port=self.redis.port, decode_responses=True) as client:
            return [str(key) for key in client.scan_iter()]

    def is_live(self) -> bool:
        """Whether events come through it."""
        return bool(self.app.extensions["bankside.feed"].is_live())


@pytest.fixture
def site(place: Place, tmp_path: Path) -> Iterator[Site]:
    """The app as one of several processes; what the limiter learned of this Redis is forgotten afterwards."""
    server = RedisServer(tmp_path)
    server.start()
    before = dict(vars(limiter))
    limits = {"messages_per_minute": 3, "sign_in_failures_per_name": 3}
    try:
        with operated(tmp_path / "instance", url_of(place), redis_url=server.url, **limits) as app:
            app.config["PROPAGATE_EXCEPTIONS"] = False
            yield Site(app, server)
    finally:
        server.stop()
        vars(limiter).update(before)


def test_whoever_signs_in_as_the_first_after_redis_went_gets_in_and_guessing_stays_slow(site: Site) -> None:
    assert Visitor(site.app).sign_in("teller").get("/").status_code == 200
    site.redis.stop()
    assert Visitor(site.app).sign_in("teller").get("/").status_code == 200
    tries = [Visitor(site.app).sign_in("manager", "wrong").response for _ in range(4)]
    assert [one.status_code for one in tries if one] == [401, 401, 401, 429]
    assert tries[-1]
    assert int(tries[-1].headers["Retry-After"]) > 0
    site.redis.start()
    assert Visitor(site.app).sign_in("admin", "wrong").response
    wait_until(lambda: any("sign-in" in key for key in site.kept()), seconds=5)


def test_questions_are_stored_and_answered_and_the_limit_holds(site: Site) -> None:
    teller = Visitor(site.app).sign_in("teller")
    chat_id = teller.start()
    site.redis.stop()
    texts = ["Opening hours", "Which fees are there?", "And for loans?"]
    for text in texts:
        assert teller.ask(chat_id, text).status_code == 200
    refused = teller.ask(chat_id, "One too many")
    assert (refused.status_code, refused.headers["HX-Retarget"]) == (429, "#notices")
    assert int(refused.headers["Retry-After"]) > 0
    assert "is-done" in teller.answer(chat_id)["class"]
    assert questions(site.app, chat_id) == texts
    health = get(site.app, "/health/ready")
    assert (health.status_code, health.json["status"]) == (200, "degraded")  # type: ignore[index]


def test_pages_ask_by_themselves_until_their_streams_are_back(site: Site) -> None:
    teller = Visitor(site.app).sign_in("teller")
    chat_id = teller.start()
    wait_until(site.is_live)
    with Stream(teller, chat_id, site.app.extensions["bankside.feed"].latest(chat_id)) as stream:
        site.redis.stop()
        assert stream.ended.wait(5), "the page is told by the end of its stream"
    refused = teller.client.get(f"/chat/{chat_id}/events", headers=STREAM)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert teller.ask(chat_id, "Opening hours").status_code == 200
    teller.answer(chat_id)
    assert "Opening hours" in teller.get(f"/chat/{chat_id}/messages?after=0", headers=HTMX).text
    site.redis.start()
    wait_until(site.is_live)
    with Stream(teller, chat_id, site.app.extensions["bankside.feed"].latest(chat_id)) as again:
        assert teller.ask(chat_id, "Which fees are there?").status_code == 200
        again.next("changed")
        site.redis.stop()
        assert again.ended.wait(5)


def test_a_redis_that_holds_its_connections_and_never_answers_holds_up_nobody_for_long(site: Site) -> None:
    teller = Visitor(site.app).sign_in("teller")
    chat_id = teller.start()
    assert teller.ask(chat_id, "Opening hours").status_code == 200
    answers: list[int] = []

    def ask_and_sign_in() -> None:
        answers.append(teller.ask(chat_id, "Which fees are there?").status_code)
        answers.append(Visitor(site.app).sign_in("manager").get("/").status_code)

    site.redis.freeze()
    waiting = threading.Thread(target=ask_and_sign_in, daemon=True)
    waiting.start()
    waiting.join(LONGEST_WAIT)
    assert answers == [200, 200]
    assert questions(site.app, chat_id) == ["Opening hours", "Which fees are there?"]
