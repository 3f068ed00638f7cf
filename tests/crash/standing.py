"""What is killed and stands up again: a server, one of its processes, a Celery worker."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TypeAlias

import httpx

from tests.server import Server
from tests.work.celery_workers import Worker
from tests.work.speaker import wait_until

Note: TypeAlias = Callable[[float], None]
SECONDS = 60  # to be there again, on a machine that is busy with other things


@dataclass(frozen=True, slots=True)
class Kill:
    """What was killed, when (seconds since the run began), and how long it took until it was ready again."""

    what: str
    at: float
    seconds: float


class Standing:
    """Something that is started, killed, and started again, in a thread of its own while everything else goes on."""

    def __init__(self, name: str, start: Callable[[], AbstractContextManager[Server | Worker]]) -> None:
        self.name = name
        self.ready = threading.Event()
        self.problem: BaseException | None = None
        self._start = start
        self._life = ExitStack()
        self._running: Server | Worker | None = None
        self._thread = threading.Thread()
        self._meanwhile(self._stand_up)

    def wait(self) -> None:
        """Wait until it is ready; raises what kept it from that."""
        self._thread.join()
        if self.problem is not None:
            raise self.problem

    def kill(self, note: Note) -> None:
        """Kill it with all its processes; `note` is told the seconds until it was ready again."""
        began = time.monotonic()
        assert self._running is not None
        self._running.kill()
        self._meanwhile(self._stand_up, began, note)

    def close(self) -> None:
        """Kill it for good."""
        self._thread.join()
        self._life.close()

    def _stand_up(self) -> None:
        self._life.close()
        self._running = self._life.enter_context(self._start())

    def _meanwhile(self, act: Callable[[], None], began: float = 0.0, note: Note | None = None) -> None:
        """Do something, and then be ready."""

        def act_and_tell() -> None:
            try:
                act()
            except BaseException as problem:  # raised again by who waits
                self.problem = problem
                return
            if note is not None:
                note(time.monotonic() - began)
            self.ready.set()

        self.ready.clear()
        self._thread = threading.Thread(target=act_and_tell, name=f"up-{self.name}")
        self._thread.start()


class StandingServer(Standing):
    """A server, of which one process can be killed, too: gunicorn's master starts another in its place."""

    def __init__(self, name: str, start: Callable[[], AbstractContextManager[Server]], processes: int) -> None:
        super().__init__(name, start)
        self._processes = processes

    @property
    def server(self) -> Server:
        """The server that runs now."""
        assert isinstance(self._running, Server)
        return self._running

    def kill_one_process(self, random: Random, note: Note) -> None:
        """Kill one of the processes that answer requests; `note` as for `kill`."""
        began = time.monotonic()
        killed = random.choice(children_of(self.server.process.pid))
        os.kill(killed, signal.SIGKILL)
        self._meanwhile(lambda: wait_until(lambda: self._is_whole_without(killed), SECONDS), began, note)

    def _is_whole_without(self, killed: int) -> bool:
        there = children_of(self.server.process.pid)
        if killed in there or len(there) != self._processes:
            return False
        try:
            return httpx.get(f"{self.server.url}/health/ready", timeout=5, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False


def children_of(pid: int) -> list[int]:
    """The processes a process has started and that still live."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def steady_port() -> int:
    """A free port that stays free while nobody listens.

    Not one of those the system gives to outgoing connections: those may take it while a killed server is away, and a
    client that tries again and again to reach it there would in the end be connected to itself.
    """
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    below = min(lowest, 32768)
    for port in Random().sample(range(below // 2, below), 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")
