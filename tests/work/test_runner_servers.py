"""The threads of real server processes: one killed, told to end, or put to sleep in the middle of a reply."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import Place
from tests.server import running
from tests.work.caller import Caller
from tests.work.conftest import POSTGRESQL, SQLITE, column, url_of
from tests.work.speaker import threads_of, wait_until
from webapp.extensions import db
from webapp.http.unit_of_work import unit_of_work
from webapp.models.base import now
from webapp.services import replies
from webapp.services.replies import SILENT_AFTER, reply_table

SLOW = {"CORE_BANKING": "tests.work.slow_bank:connect"}
TWO = {"WEB_PROCESSES": 2}


@pytest.fixture
def served(place: Place, tmp_path: Path) -> Iterator[Path]:
    """A folder for servers on the place's database; makers of this process are stopped afterwards."""
    yield tmp_path
    threads_of(place.app).stop(seconds=5)


def ask_about(customer: object, caller: Caller) -> None:
    chat_id = caller.open_session(customer=str(customer))
    assert caller.ask(chat_id, "Which cards does she have?").status_code == 200


def states(place: Place) -> list[object]:
    return column(place, "SELECT state FROM reply ORDER BY id")


def maker_of_the_first(place: Place) -> int:
    """The number of the process that makes the first reply."""
    claimed_by = str(column(place, "SELECT claimed_by FROM reply ORDER BY id")[0])
    return int(claimed_by.split("/")[-2])


@pytest.mark.parametrize("place", [SQLITE], indirect=True)
def test_a_process_that_is_killed_loses_no_reply_and_a_server_told_to_end_finishes_or_gives_back(
    place: Place, served: Path
) -> None:
    endless, short, other = column(place, "SELECT number FROM bank_customers ORDER BY number LIMIT 3")
    slow = {**SLOW, "SLOW_BANK_SECONDS": f"{endless}=60 {short}=1.5"}
    with running(served, url_of(place), **slow, **TWO, GRACEFUL_SECONDS=2.5) as server:
        with Caller(server.url).sign_in() as caller:
            ask_about(endless, caller)
            wait_until(lambda: states(place) == ["running"], seconds=20)
            os.kill(maker_of_the_first(place), signal.SIGKILL)
            wait_until(lambda: column(place, "SELECT state || attempts FROM reply") == ["running2"], seconds=20)
        with Caller(server.url).sign_in() as caller:
            ask_about(short, caller)
            wait_until(lambda: states(place) == ["running"] * 2, seconds=20)
            ask_about(other, caller)  # one person's third at the same time: it waits
        began = time.monotonic()
        server.terminate()
        assert server.process.wait(timeout=20) == 0, server.output
        assert time.monotonic() - began > 2.4, "it had two and a half seconds to be finished"
    after = column(place, "SELECT state || attempts FROM reply ORDER BY id")
    assert after == ["pending1", "done1", "pending0"], "given back as if not begun, finished, left for the next start"
    with running(served, url_of(place), **TWO):
        wait_until(lambda: states(place) == ["done"] * 3, seconds=10)
    assert column(place, "SELECT attempts FROM reply ORDER BY id") == [2, 1, 1]
    assert column(place, "SELECT role FROM message ORDER BY id") == ["staff", "assistant"] * 3


@pytest.mark.parametrize("place", [POSTGRESQL], indirect=True)
def test_a_maker_that_slept_while_another_made_its_reply_changes_nothing_when_it_wakes(
    place: Place, served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replies, "PAUSES", (timedelta(0),))
    with running(served, url_of(place), **SLOW, SLOW_BANK_SECONDS=1) as sleeping:
        with Caller(sleeping.url).sign_in() as caller:
            ask_about("10-2041", caller)
        wait_until(lambda: states(place) == ["running"], seconds=20)
        os.killpg(sleeping.process.pid, signal.SIGSTOP)
        try:
            with place.app.app_context(), unit_of_work():
                db.session.execute(reply_table.update().values(heartbeat_at=now() - 2 * SILENT_AFTER))
            threads_of(place.app).start()
            wait_until(lambda: states(place) == ["done"], seconds=20)
            before = column(place, "SELECT text FROM message ORDER BY seq")
        finally:
            os.killpg(sleeping.process.pid, signal.SIGCONT)
        wait_until(lambda: '"reply.dropped"' in sleeping.output or '"reply.let_go"' in sleeping.output, seconds=20)
        assert '"reply.done"' not in sleeping.output
    assert states(place) == ["done"]
    assert column(place, "SELECT attempts FROM reply") == [2]
    assert column(place, "SELECT text FROM message ORDER BY seq") == before
    assert column(place, "SELECT count(*) FROM tool_call") == column(
        place, "SELECT count(DISTINCT position) FROM tool_call"
    )
