"""Killed at any moment, the server forgets nothing it acknowledged, and answers every question exactly once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from tests.conftest import Place
from tests.server import Server, running
from tests.work.caller import Caller, at_once, chat_id_in
from tests.work.conftest import column, url_of
from webapp.extensions import db
from webapp.services.replies import SILENT_AFTER

SLOW = {"CORE_BANKING": "tests.work.slow_bank:connect"}
ASKERS = 8

pytestmark = pytest.mark.parametrize(
    "place",
    [
        pytest.param(kind, marks=pytest.mark.xdist_group(f"servers-{kind}"))
        for kind in ("sqlite", "postgresql")
    ],
    indirect=True,
)  # fmt: skip


def server_on(place: Place, folder: Path, **settings: object) -> AbstractContextManager[Server]:
    """A server on the place's database."""
    return running(folder, url_of(place), **settings)


def customer_of(place: Place) -> str:
    """Some customer: the slow bank is slow about customers."""
    return str(column(place, "SELECT min(number) FROM bank_customers")[0])


def test_every_acknowledged_question_survives_a_kill_and_is_answered_exactly_once(place: Place, tmp_path: Path) -> None:
    number = customer_of(place)
    acknowledged: list[str] = []
    with server_on(place, tmp_path, **SLOW, SLOW_BANK_SECONDS=60, REPLY_THREADS=4) as server:
        with Caller(server.url).sign_in() as caller:
            chat_ids = [caller.open_session(customer=number) for _ in range(ASKERS)]
            with caller.twins(ASKERS) as twins:

                def ask_twice(asker: int) -> list[str]:
                    texts = [f"Card status, please ({asker}.{turn})" for turn in range(2)]
                    answers = [twins[asker].ask(chat_ids[asker], line) for line in texts]
                    return [line for line, answer in zip(texts, answers, strict=True) if answer.status_code == 200]

                for texts in at_once(ASKERS, ask_twice):
                    acknowledged += texts
        wait_for(lambda: column(place, "SELECT count(*) FROM reply WHERE state = 'running'") == [4])
        server.kill()
    assert len(acknowledged) == 2 * ASKERS
    assert sorted(map(str, column(place, "SELECT text FROM message WHERE role = 'staff'"))) == sorted(acknowledged)
    assert column(place, "SELECT count(*) FROM reply WHERE state = 'done'") == [0]
    if place.kind == "postgresql":  # another process might be alive and making them: it is waited for
        as_if_time_had_passed(place)
    with server_on(place, tmp_path, **SLOW, SLOW_BANK_SECONDS=0) as server:
        wait_for(lambda: column(place, "SELECT DISTINCT state FROM reply") == ["done"], server)
    assert sorted(map(str, column(place, "SELECT text FROM message WHERE role = 'staff'"))) == sorted(acknowledged)
    for chat_id in chat_ids:
        said = column(place, "SELECT seq || role FROM message WHERE chat_id = :chat ORDER BY seq", chat=chat_id)
        assert said == ["1staff", "2assistant", "3staff", "4assistant"]
    assert column(place, "SELECT count(DISTINCT question_id) FROM reply") == [2 * ASKERS]
    assert column(place, "SELECT count(*) FROM message WHERE role = 'assistant' AND text = ''") == [0]


def as_if_time_had_passed(place: Place) -> None:
    """Let the dead makers' last signs of life be as old as they must be before their replies are given to others."""
    with place.app.app_context(), db.engine.begin() as connection:
        seconds = int(SILENT_AFTER.total_seconds()) + 1
        connection.execute(text(f"UPDATE reply SET heartbeat_at = heartbeat_at - interval '{seconds} seconds'"))
        connection.execute(text(f"UPDATE message SET created_at = created_at - interval '{seconds} seconds'"))


def wait_for(done: object, server: Server | None = None, seconds: float = 40) -> None:
    give_up = time.monotonic() + seconds
    while not done():  # type: ignore[operator]
        assert time.monotonic() < give_up, server.output if server else "it did not happen in time"
        time.sleep(0.05)


def test_a_session_cut_off_by_a_kill_is_there_with_its_audit_entry_or_not_at_all(place: Place, tmp_path: Path) -> None:
    acknowledged: list[str] = []
    stopped: list[Exception] = []
    with server_on(place, tmp_path) as server, Caller(server.url).sign_in() as caller, caller.twins(6) as twins:

        def create_until_cut_off(twin: Caller) -> None:
            try:
                while True:
                    answer = twin.create(opening="Opening hours")
                    assert answer.status_code == 303, answer.text
                    acknowledged.append(chat_id_in(answer))
            except httpx.TransportError as error:
                stopped.append(error)

        threads = [threading.Thread(target=create_until_cut_off, args=(twin,)) for twin in twins]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(acknowledged) > 40, server)
        server.kill()
        for thread in threads:
            thread.join(timeout=20)
    assert len(stopped) == len(twins)
    stored = set(column(place, "SELECT id FROM chat_session"))
    assert stored >= set(acknowledged), "an acknowledged session is gone"
    assert len(stored) <= len(acknowledged) + len(twins)
    told = column(place, "SELECT object_id FROM audit_entry WHERE action = 'session.created'")
    assert len(told) == len(stored)
    assert set(told) == stored
    assert column(place, "SELECT count(*) FROM message") == [2 * len(stored)], "no question without its reply's place"
    assert column(place, "SELECT count(*) FROM chat_session WHERE last_seq <> 2") == [0]
    if place.kind == "sqlite":
        assert column(place, "PRAGMA integrity_check") == ["ok"]


def test_a_server_asked_to_end_finishes_the_reply_it_is_making(place: Place, tmp_path: Path) -> None:
    number = customer_of(place)
    with server_on(place, tmp_path, **SLOW, SLOW_BANK_SECONDS=2, REPLY_THREADS=1) as server:
        with Caller(server.url).sign_in() as caller:
            first, second = (caller.open_session(customer=number) for _ in range(2))
            assert caller.ask(first, "Card status").status_code == 200
            wait_for(lambda: column(place, "SELECT count(*) FROM reply WHERE state = 'running'") == [1])
            assert caller.ask(second, "Card status").status_code == 200
        server.terminate()
        assert server.process.wait(timeout=15) == 0, server.output
    states = column(place, "SELECT state FROM reply ORDER BY id")
    assert states == ["done", "pending"], "the one being made is finished, the one not begun is left for the next start"


@pytest.fixture(autouse=True)
def _nobody_else_makes_replies(place: Place) -> Iterator[None]:
    """Only the servers make replies here, not the app that looks at the database."""
    place.app.extensions["bankside.runner"].stop()
    yield
    place.app.extensions["bankside.runner"].stop()
