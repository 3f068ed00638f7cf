"""Real Celery workers and a real Redis, in processes of their own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from tests.server import environment
from tests.starting import Started, started

MISSING = "no Redis: install Debian's `redis-server` package, so that these tests run"


def redis_program() -> str | None:
    """Where the server is."""
    return shutil.which("redis-server") or shutil.which("redis-server", path="/usr/bin:/usr/local/bin")


@contextmanager
def running_redis(port: int) -> Iterator[str]:
    """A Redis that keeps nothing, on loopback; its URL."""
    program = redis_program()
    assert program is not None, MISSING
    process = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    )
    url = f"redis://127.0.0.1:{port}/0"
    try:
        give_up = time.monotonic() + 10
        with redis.Redis.from_url(url) as connection:
            while True:
                try:
                    connection.ping()
                    break
                except redis.ConnectionError:
                    assert time.monotonic() < give_up, "Redis did not start"
                    time.sleep(0.02)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)


@dataclass
class Worker:
    """A worker started as documented."""

    process: Started
    output_file: Path

    @property
    def output(self) -> str:
        """What it has printed."""
        return self.output_file.read_text()

    def kill(self) -> None:
        """At once, with all its children."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=10)

    def end(self, seconds: float) -> int:
        """Ask it to end; its status."""
        self.process.terminate()
        return self.process.wait(timeout=seconds)


@contextmanager
def running_worker(
    instance: Path, database_url: str, broker_url: str, *, beat: bool = True, **settings: object
) -> Iterator[Worker]:
    """A worker, with the one that sends the sweeper round in it unless there is one already."""
    output_file = instance / f"worker-{time.monotonic_ns()}.txt"
    variables = environment(instance, database_url, 3006, RUNNER="celery", BROKER_URL=broker_url, **settings)
    options = ["-A", "webapp.work.celery_app", "worker", *(["--beat"] if beat else [])]
    process = started("celery", options, instance, variables, output_file)
    worker = Worker(process, output_file)
    try:
        yield worker
    finally:
        if process.poll() is None:
            worker.kill()
