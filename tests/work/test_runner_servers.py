"""The threads of real server processes: told to end, killed, or put to sleep in the middle of a reply."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Place
from tests.server import Server, running
from tests.work.caller import Caller
from tests.work.conftest import column, url_of
from tests.work.speaker import threads_of, wait_until
from webapp.extensions import db
from webapp.http.unit_of_work import unit_of_work
from webapp.models.base import now
from webapp.services.replies import SILENT_AFTER, reply_table

SLOW = {"CORE_BANKING": "tests.work.slow_bank:connect", "SLOW_BANK_SECONDS": 60}
TWO = {"WEB_PROCESSES": 2}


@pytest.fixture
def served(place: Place, tmp_path: Path) -> Iterator[Path]:
    """A folder for servers on the place's database; makers of this process are stopped afterwards."""
    yield tmp_path
    threads_of(place.app).stop(seconds=5)


def ask_about_a_customer(server: Server) -> str:
    with Caller(server.url).sign_in() as caller:
        chat_id = caller.open_session(customer="10-2041")
        assert caller.ask(chat_id, "Which cards does she have?").status_code == 200
        return chat_id


def states(place: Place) -> list[object]:
    return column(place, "SELECT state FROM reply ORDER BY id")


def test_a_server_told_to_end_gives_its_replies_back_and_one_that_is_killed_loses_none(
    place: Place, served: Path
) -> None:
    url = url_of(place)
    with running(served, url, **SLOW, **TWO, GRACEFUL_SECONDS=1) as ending:
        ask_about_a_customer(ending)
        wait_until(lambda: states(place) == ["running"], seconds=20)
        began = time.monotonic()
        ending.terminate()
        ending.process.wait(timeout=20)
        assert time.monotonic() - began > 0.9, "it had a second to be finished"
        assert states(place) == ["pending"], ending.output
        assert column(place, "SELECT attempts FROM reply") == [0], "that was no attempt"
    with running(served, url, **SLOW, **TWO) as killed:
        wait_until(lambda: states(place) == ["running"], seconds=20)
        killed.kill()
    with running(served, url, **TWO):
        wait_until(lambda: states(place) == ["done"], seconds=10)
    assert column(place, "SELECT attempts FROM reply") == [2]
    assert column(place, "SELECT role FROM message ORDER BY seq") == ["staff", "assistant"]


def test_a_maker_that_slept_while_another_made_its_reply_changes_nothing_when_it_wakes(
    place: Place, served: Path
) -> None:
    with running(served, url_of(place), **{**SLOW, "SLOW_BANK_SECONDS": 2}) as sleeping:
        ask_about_a_customer(sleeping)
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
