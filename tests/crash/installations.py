"""The installations that are killed: one server on SQLite; web processes and workers on PostgreSQL and Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import redis

from tests.conftest import Place
from tests.crash.standing import SECONDS, Standing, StandingServer, steady_port
from tests.server import running
from tests.work.celery_workers import Worker, running_redis, running_worker
from tests.work.conftest import url_of
from tests.work.speaker import wait_until
from webapp.services.workers import PREFIX

SETTINGS: dict[str, Any] = {"SIGN_IN_FAILURES_PER_ADDRESS": 100_000}
WEB, WEB_PROCESS, WORKER = "web server", "one web process", "worker"


@dataclass
class Installation:
    """What runs on a database. `kinds` are the ways to hurt it, each as often as it is named."""

    name: str
    place: Place
    server: StandingServer
    workers: list[Standing]
    kinds: tuple[str, ...]

    @property
    def parts(self) -> list[Standing]:
        """Everything that can be killed."""
        return [self.server, *self.workers]

    def ways(self, random: Random) -> Iterator[str]:
        """The ways to hurt it in a random order, in which each soon has its turn."""
        while True:
            yield from random.sample(self.kinds, len(self.kinds))

    def kill(self, kind: str, random: Random, note: Callable[[str, float], None]) -> bool:
        """Kill something of that kind that is ready; `note` is told what, and the seconds until it was ready again.

        False if nothing of the kind is ready at the moment.
        """
        parts = self.workers if kind == WORKER else [self.server]
        ready = [part for part in parts if part.ready.is_set()]
        if not ready:
            return False
        if kind == WEB_PROCESS:
            self.server.kill_one_process(random, partial(note, kind))
        else:
            random.choice(ready).kill(partial(note, kind))
        return True

    @property
    def url(self) -> str:
        """Where it is, before a kill and after; waits until it is there at all."""
        self.server.wait()
        return self.server.server.url

    def stand(self) -> None:
        """Wait until everything is ready; raises what kept something from that."""
        for part in self.parts:
            part.wait()

    def raise_problems(self) -> None:
        """Raise what keeps something from coming back, if anything does."""
        for part in self.parts:
            if part.problem is not None:
                raise part.problem


@contextmanager
def sqlite_installation(place: Place, folder: Path) -> Iterator[Installation]:
    """One server with threads that make replies, on SQLite: the two-command installation."""
    with ExitStack() as stack:
        start = partial(running, folder, url_of(place), port=steady_port(), **SETTINGS)
        server = StandingServer("web", start, processes=1)
        stack.callback(server.close)
        yield Installation("SQLite, threads", place, server, [], (WEB, WEB, WEB_PROCESS))


@contextmanager
def servers_installation(place: Place, folder: Path) -> Iterator[Installation]:
    """Two web processes and two Celery workers, on PostgreSQL and Redis."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        redis_url = stack.enter_context(running_redis(steady_port()))
        shared = {**SETTINGS, "REDIS_URL": redis_url}
        web = {**shared, "RUNNER": "celery", "WEB_PROCESSES": 2}
        server = StandingServer("web", partial(running, folder, url_of(place), port=steady_port(), **web), processes=2)
        stack.callback(server.close)
        workers = []
        for name, beat in (("worker-1", True), ("worker-2", False)):
            start = partial(ready_worker, folder, url_of(place), redis_url, beat=beat, REDIS_URL=redis_url)
            worker = Standing(name, start)
            stack.callback(worker.close)
            workers.append(worker)
        name = "PostgreSQL, Redis, 2 web processes, 2 Celery workers"
        yield Installation(name, place, server, workers, (WEB, WEB_PROCESS, WORKER))


@contextmanager
def ready_worker(folder: Path, database_url: str, redis_url: str, **settings: Any) -> Iterator[Worker]:
    """A worker that has said that it is there."""
    with (
        running_worker(folder, database_url, redis_url, **settings) as worker,
        redis.Redis.from_url(redis_url, decode_responses=True) as client,
    ):
        pattern = f"{PREFIX}*/{worker.process.pid}/*"
        wait_until(lambda: _is_found(client, pattern) or worker.process.poll() is not None, SECONDS)
        assert worker.process.poll() is None, worker.output
        yield worker


def _is_found(client: redis.Redis, pattern: str) -> bool:
    return any(client.scan_iter(match=pattern, count=500))
