"""The app under one server or another, and what its processes cost. `python -m bench.servers gevent|granian` serves it
as `python -m webapp.start` does, but for the server."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.server import START_SECONDS, Server, environment, free_port, running
from webapp import create_app
from webapp.config import Config
from webapp.seeding import seed_everything
from webapp.serving import migrate, one_at_a_time

SERVERS = ("gthread", "gevent", "granian")
WSGI = "bench.speaking"
TICKS = os.sysconf("SC_CLK_TCK")


def is_installed(name: str) -> bool:
    """Whether this server can be measured here."""
    return name == "gthread" or importlib.util.find_spec(name) is not None


@contextmanager
def serving(name: str, folder: Path, url: str, threads: int) -> Iterator[Server]:
    """The app of `bench.speaking` with as many threads (or, where threads are not needed, streams)."""
    if name == "gthread":  # as the product starts it
        with running(folder, url, wsgi=WSGI, WEB_THREADS=threads) as server:
            yield server
        return
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    with (folder / "output.txt").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.servers", name],
            cwd=folder,
            env=environment(folder, url, port, WEB_THREADS=threads),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(process, f"http://127.0.0.1:{port}", folder)
    try:
        _wait_until_ready(server)
        yield server
    finally:
        if process.poll() is None:
            server.kill()


def _wait_until_ready(server: Server) -> None:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and server.process.poll() is None:
        try:
            if httpx.get(f"{server.url}/health/ready", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"the server did not become ready:\n{server.output}")


def main(name: str) -> None:
    """Prepare the database as the product's own start does, and become the server."""
    config = Config.from_env()
    app = create_app(config)
    with app.app_context(), one_at_a_time():
        migrate(app)
        seed_everything(app)
    os.execv(sys.executable, [sys.executable, "-m", *_command(name, config)])


def _command(name: str, config: Config) -> list[str]:
    place = f"{config.host}:{config.port}"
    if name == "gevent":
        hooks = ["--config", "python:webapp.gunicorn_hooks", "--no-control-socket", "--log-level", "warning"]
        many = ["--worker-connections", str(config.web_threads * 2), "--timeout", "60"]
        return ["gunicorn", "--bind", place, "--worker-class", "gevent", *many, *hooks, f"{WSGI}:app"]
    threads = ["--workers", "1", "--blocking-threads", str(config.web_threads)]
    many = ["--backpressure", str(config.web_threads), "--backlog", "2048", "--workers-kill-timeout", "5"]
    where = ["--interface", "wsgi", "--host", config.host, "--port", str(config.port)]
    return ["granian", *where, *threads, *many, "--log-level", "warning", f"{WSGI}:app"]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process has used so far: memory in MB (PSS shares what it shares with others), CPU in seconds."""

    resident: float
    proportional: float
    cpu: float
    threads: int

    @classmethod
    def of(cls, pid: int) -> Cost:
        """As it is now."""
        rolled = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in rolled if line.endswith(" kB")}
        after_name = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks = int(after_name[11]) + int(after_name[12])
        return cls(kilobytes["Rss"] / 1024, kilobytes["Pss"] / 1024, ticks / TICKS, int(after_name[17]))


def serving_process(server: Server) -> int:
    """The id of the one process that answers: the server's only child."""
    parent = server.process.pid
    told = Path(f"/proc/{parent}/task").iterdir()
    children = [int(number) for task in told for number in (task / "children").read_text().split()]
    if not children:
        raise RuntimeError(f"the server has no worker:\n{server.output}")
    return max(children, key=lambda pid: Cost.of(pid).resident)


if __name__ == "__main__":
    main(sys.argv[1])
