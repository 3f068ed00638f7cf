"""Replies through RabbitMQ instead of Redis: the other broker that can be configured."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.server import running
from tests.work.caller import Caller
from tests.work.celery_workers import running_worker
from tests.work.rabbitmq import MISSING, rabbitmq_program, running_rabbitmq


@pytest.mark.skipif(rabbitmq_program() is None, reason=MISSING)
def test_questions_asked_before_and_after_a_worker_started_are_answered_over_amqp(tmp_path: Path) -> None:
    with (
        running_rabbitmq() as broker,
        running(tmp_path / "desk", RUNNER="celery", BROKER_URL=broker) as server,
        Caller(server.url).sign_in() as caller,
        closing(sqlite3.connect(server.folder / "bankside.db")) as records,
    ):

        def states() -> list[str]:
            return [row[0] for row in records.execute("SELECT state FROM reply ORDER BY id")]

        first = caller.open_session()
        assert caller.ask(first, "Opening hours").status_code == 200
        assert states() == ["pending"], "the web process makes no replies"
        with running_worker(server.folder, "", broker) as worker:
            until(lambda: states() == ["done"], 40, lambda: worker.output)
            assert caller.ask(first, "Card fees").status_code == 200
            began = time.monotonic()
            until(lambda: states() == ["done", "done"], 10, lambda: worker.output)
            assert time.monotonic() - began < 2, "it was found by the sweeper and not handed over"
            assert worker.end(40) == 0, worker.output


def until(done: Callable[[], bool], seconds: float, told: Callable[[], str]) -> None:
    """Wait until something holds; `told` is what to show if it never does."""
    give_up = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < give_up, told()
        time.sleep(0.02)
