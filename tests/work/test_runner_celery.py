"""The same replies, made by Celery workers: the broker gone at first, a worker killed, a worker told to end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import Place
from tests.server import free_port
from tests.visitor import Visitor
from tests.work.celery_workers import MISSING, Worker, redis_program, running_redis, running_worker
from tests.work.conftest import POSTGRESQL, SQLITE, column, url_of
from tests.work.speaker import wait_until
from webapp import create_app
from webapp.config import Config, ConfigError
from webapp.extensions import db
from webapp.services import replies
from webapp.work import broker as broker_module
from webapp.work.answering import make_reply, next_in_line
from webapp.work.makers import makers_here
from webapp.work.runner import runner_of

pytestmark = pytest.mark.skipif(redis_program() is None, reason=MISSING)
SECONDS = 40  # a worker starts in two, and in twenty on a machine that is busy with other tests


@pytest.fixture
def broker_port() -> int:
    """A port where nobody listens yet."""
    return free_port()


@pytest.fixture
def web(place: Place, broker_port: int) -> Iterator[Flask]:
    """A web process of an installation whose replies are made by workers."""
    config = place.app.extensions["bankside.config"]
    app = create_app(
        config.model_copy(
            update={
                "runner": "celery",
                "broker_url": f"redis://127.0.0.1:{broker_port}/0",
                "database_url": url_of(place),
            }
        )
    )
    app.testing = True
    yield app
    with app.app_context():
        db.engine.dispose()
        app.extensions["bankside.guests_engine"].dispose()


@pytest.fixture
def instance(place: Place) -> Path:
    """Where the installation keeps its files."""
    folder: Path = place.app.extensions["bankside.config"].instance_path
    return folder


def states(place: Place) -> list[object]:
    return column(place, "SELECT state FROM reply ORDER BY id")


def until(place: Place, wanted: list[str], worker: Worker, seconds: float = SECONDS) -> None:
    give_up = time.monotonic() + seconds
    while states(place) != wanted:
        assert time.monotonic() < give_up, f"{states(place)}\n{worker.output}"
        time.sleep(0.02)


@pytest.mark.parametrize("place", [SQLITE], indirect=True)
def test_a_question_asked_while_the_broker_is_gone_is_stored_and_answered_when_it_is_back(
    place: Place, web: Flask, instance: Path, broker_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker_module, "LEFT_ALONE_SECONDS", 1.0)
    visitor = Visitor(web).sign_in("teller")
    chat_id = visitor.start()
    began = time.monotonic()
    assert visitor.ask(chat_id, "Opening hours").status_code == 200
    assert visitor.ask(chat_id, "Card fees").status_code == 200
    assert time.monotonic() - began < 5, "the post waited for a broker that is gone"
    assert states(place) == ["pending", "pending"]
    with running_redis(broker_port) as broker, running_worker(instance, url_of(place), broker) as worker:
        until(place, ["done", "done"], worker)
        assert makers_here(web).tokens == set()
        wait_until(lambda: runner_of(web).submit(0))  # the web process leaves the broker alone for a while
        began = time.monotonic()
        assert visitor.ask(chat_id, "Opening hours on Saturday").status_code == 200
        until(place, ["done"] * 3, worker)
        assert time.monotonic() - began < 2, "it was found by the sweeper and not handed over"
        assert "Saturday" in visitor.answer(chat_id).get_text()
        assert worker.end(SECONDS) == 0, worker.output
    assert column(place, "SELECT max(attempts) FROM reply") == [1]


@pytest.mark.parametrize("place", [POSTGRESQL], indirect=True)
def test_what_a_worker_did_not_finish_is_given_back_and_what_a_killed_one_held_is_taken_back(
    place: Place, web: Flask, instance: Path, broker_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replies, "PAUSES", (timedelta(0),))
    visitor = Visitor(web).sign_in("teller")
    slow = {"CORE_BANKING": "tests.work.slow_bank:connect", "SLOW_BANK_SECONDS": 60, "GRACEFUL_SECONDS": 1}
    with running_redis(broker_port) as broker:
        chat_id = visitor.start("", "10-2041")
        assert visitor.ask(chat_id, "Which cards does she have?").status_code == 200
        with running_worker(instance, url_of(place), broker, **slow) as ended:
            until(place, ["running"], ended)
            began = time.monotonic()
            assert ended.end(SECONDS) == 0, ended.output
            assert 0.9 < time.monotonic() - began < 20
        assert states(place) == ["pending"]
        assert column(place, "SELECT attempts FROM reply") == [0]
        with running_worker(instance, url_of(place), broker, **slow) as killed:
            until(place, ["running"], killed)
            killed.kill()
        sweeper = runner_of(web)
        give_up = time.monotonic() + SECONDS  # the system may take a moment to bury the worker's children
        while not sweeper.sweep() and states(place) != ["pending"]:
            assert time.monotonic() < give_up, "a sweeper on this machine sees that the worker is dead"
            time.sleep(0.05)
        assert next_in_line(web) is not None
        make_reply(web, 0)
        assert states(place) == ["done"]
        assert column(place, "SELECT attempts FROM reply") == [2]
        assert column(place, "SELECT count(*) FROM message") == [2]
        assert visitor.answer(chat_id).get_text()


def test_celery_without_a_broker_stops_the_start_with_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"RUNNER=celery needs BROKER_URL"):
        Config.from_env(_env_file=None, instance_path=tmp_path, runner="celery")
    with pytest.raises(ConfigError, match=r"RUNNER=celery needs BROKER_URL"):
        Config.from_env(_env_file=None, instance_path=tmp_path, runner="celery", broker_url="http://queue")
