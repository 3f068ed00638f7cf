"""The real server in a process of its own; tests can kill it as a crash would."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests import seeded
from tests.starting import Started, started

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60  # two Python processes one after the other, on a machine that is busy with other tests
# Passwords are hashed cheaply here, and limits are out of the way: these servers are asked a lot in a short time.
SETTINGS = {
    "ARGON2_TIME_COST": "1",
    "ARGON2_MEMORY_KIB": "64",
    "MESSAGES_PER_MINUTE": "1000000",
    "SIGN_IN_FAILURES_PER_NAME": "1000",
    "WEB_THREADS": "16",
    "MEANING": "off",  # or each server would compute the vectors of a new handbook
}


@dataclass
class Server:
    """A server that answers. `folder` is its working directory, `output` what it printed so far."""

    process: Started | subprocess.Popen[bytes]
    url: str
    folder: Path

    @property
    def output(self) -> str:
        """Everything the server has said on standard output and standard error."""
        return (self.folder / "output.txt").read_text()

    def kill(self) -> None:
        """End all its processes at once, giving them no chance to do anything."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=10)

    def terminate(self) -> None:
        """Ask it to end, as a supervisor or Ctrl+C does; returns at once."""
        self.process.terminate()


def free_port() -> int:
    """A port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(instance: Path, database_url: str, port: int, **settings: object) -> dict[str, str]:
    """The environment of a server; nothing of the developer's own settings but what Python needs. None: not set.

    Its instance folder is as after a first start, unless a setting says that it is another one.
    """
    if "INSTANCE_PATH" not in settings:
        seeded.give_model(instance)
        if not database_url and settings.get("APP_ENV") != "production":
            seeded.give_database(instance)
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    python_path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    named = {"INSTANCE_PATH": instance, "DATABASE_URL": database_url, "PORT": port, "PYTHONPATH": python_path}
    wanted = {**kept, **SETTINGS, **named, **settings}
    return {name: str(value) for name, value in wanted.items() if value is not None}


@contextmanager
def running(
    folder: Path, database_url: str = "", *, wsgi: str = "", port: int = 0, by_command: bool = False, **settings: object
) -> Iterator[Server]:
    """A server whose instance folder is `folder`, ready to answer; killed at the end if it is still there.

    `wsgi` names a module of the tests whose `app` is served instead of the product's own, for failures that cannot be
    caused from outside. `port` is for a server that comes back where one was. `by_command` runs what is in the folder,
    as `make run` does; other servers come from a process that has imported the product. Keyword settings are
    environment variables.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if wsgi:  # the working directory comes first when gunicorn looks for `wsgi:app`
        (folder / "wsgi.py").write_text(f"from {wsgi} import app\n\n__all__ = ['app']\n")
    port = port or free_port()
    variables = environment(folder, database_url, port, **settings)
    if by_command:
        process: Started | subprocess.Popen[bytes] = _by_command(folder, variables)
    else:
        process = started("webapp.start", [], folder, variables, folder / "output.txt")
    server = Server(process, f"http://127.0.0.1:{port}", folder)
    try:
        _wait_until_ready(server)
        yield server
    finally:
        if process.poll() is None:
            server.kill()


def _by_command(folder: Path, variables: dict[str, str]) -> subprocess.Popen[bytes]:
    with (folder / "output.txt").open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "webapp.start"],
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait_until_ready(server: Server) -> None:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up:
        if server.process.poll() is not None:
            raise AssertionError(f"the server ended with status {server.process.returncode}:\n{server.output}")
        try:
            if httpx.get(f"{server.url}/health/ready", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"the server was not ready in {START_SECONDS} s:\n{server.output}")
