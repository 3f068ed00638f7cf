"""Figures of several processes add up, and stay right when one of them is killed."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.ops.conftest import answers, wait_until
from tests.server import Server, free_port, running
from tests.work.caller import Caller
from webapp import figures


@pytest.fixture(scope="module")
def port() -> int:
    """Where operators look."""
    return free_port()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Server]:
    """A server with two processes and a port for operators."""
    folder = tmp_path_factory.mktemp("two processes")
    with running(folder, WEB_PROCESSES=2, METRICS_PORT=port) as server:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/metrics"), what="the operators' port")
        yield server


def value(port: int, name: str) -> float:
    """One series' value; 0 if there is none yet."""
    page = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=10, trust_env=False).text
    return next((float(line.rpartition(" ")[2]) for line in page.splitlines() if line.startswith(f"{name} ")), 0.0)


def workers(server: Server) -> list[int]:
    """The process ids of the server's workers."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(server.process.pid)], capture_output=True, text=True)
    return [int(word) for word in found.stdout.split()]


LIVE = 'bankside_requests_total{endpoint="health.live",method="GET",status="2xx"}'


def test_requests_answered_by_two_processes_add_up(served: Server, port: int) -> None:
    before = value(port, LIVE)
    for _ in range(60):  # a connection each, so that both processes get some
        assert httpx.get(f"{served.url}/health/live", trust_env=False).status_code == 200
    assert value(port, LIVE) - before == 60
    assert len(list((served.folder / "metrics").glob("counter_*.db"))) >= 2


def test_the_operators_port_shows_details_without_a_token_and_nothing_else(served: Server, port: int) -> None:
    ready = httpx.get(f"http://127.0.0.1:{port}/health/ready", trust_env=False).json()
    assert ready["status"] == "ok"
    assert ready["checks"]
    assert httpx.get(f"http://127.0.0.1:{port}/sign-in", trust_env=False).status_code == 404
    assert httpx.get(f"{served.url}/metrics", trust_env=False).status_code == 404, "not on the staff's port"


def test_a_killed_process_leaves_no_open_streams_behind_and_another_serves_the_port(served: Server, port: int) -> None:
    assert httpx.get(f"{served.url}/health/live", trust_env=False).status_code == 200
    with Caller(served.url).sign_in() as caller:
        chat_id = caller.open_session()
        headers = {"Accept": "text/event-stream"}
        with caller.http.stream("GET", f"/chat/{chat_id}/events", headers=headers) as stream:
            assert stream.status_code == 200
            wait_until(lambda: value(port, "bankside_open_streams") == 1, what="an open stream")
            counted = value(port, LIVE)
            for pid in workers(served):
                os.kill(pid, signal.SIGKILL)
    wait_until(lambda: answers(f"http://127.0.0.1:{port}/metrics"), what="the port taken over")
    wait_until(lambda: value(port, "bankside_open_streams") == 0, what="the stream forgotten")
    assert value(port, LIVE) >= counted > 0, "counters of the dead go on counting"


def test_the_first_start_forgets_processes_that_are_gone_and_a_later_one_only_what_they_held_open(
    tmp_path: Path,
) -> None:
    gone = [tmp_path / "counter_4194303.db", tmp_path / "gauge_livesum_4194303.db"]  # no process id is so high
    others = [tmp_path / "counter_1.db", tmp_path / "notes.txt"]
    for path in [*gone, *others]:
        path.write_bytes(b"")
    assert figures.forget_dead(tmp_path) == 1
    assert [path.exists() for path in gone] == [True, False], "process 1 still counts: sums must not fall"
    others[0].rename(tmp_path / f"counter_{os.getpid()}.db")
    assert figures.forget_dead(tmp_path) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"counter_{os.getpid()}.db", "notes.txt"]
