"""Killed while sessions are being opened, the server has stored each whole or not at all."""

from __future__ import annotations

import threading
from pathlib import Path

import httpx
import pytest

from tests.conftest import Place
from tests.server import running
from tests.work.caller import Caller, chat_id_in
from tests.work.conftest import KINDS, column, url_of
from tests.work.speaker import wait_until


@pytest.mark.parametrize("place", KINDS, indirect=True)
def test_a_session_cut_off_by_a_kill_is_there_with_its_audit_entry_or_not_at_all(place: Place, tmp_path: Path) -> None:
    acknowledged: list[str] = []
    stopped: list[Exception] = []
    with (
        running(tmp_path, url_of(place)) as server,
        Caller(server.url).sign_in() as caller,
        caller.twins(6) as twins,
    ):

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
        wait_until(lambda: len(acknowledged) > 40, seconds=40)
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
