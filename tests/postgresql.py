"""A PostgreSQL server of our own for the tests: started on loopback in a temporary folder, gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

MISSING = (
    "no PostgreSQL: install Debian's `postgresql` package (or set TEST_POSTGRESQL_URL to a server where "
    "databases may be created), so that these tests run"
)


def _programs() -> Path | None:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def available() -> bool:
    """Whether a server can be had."""
    return bool(os.environ.get("TEST_POSTGRESQL_URL")) or _programs() is not None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server() -> Iterator[str]:
    """The URL of a running server, without a database name at its end."""
    given = os.environ.get("TEST_POSTGRESQL_URL")
    if given:
        yield given.rstrip("/")
        return
    programs = _programs()
    assert programs is not None, MISSING
    # PostgreSQL refuses to run as root: then its own user runs it, in a folder that user may enter.
    as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="bankside-pg-"))
    try:
        if as_user:
            shutil.chown(folder, "postgres")
        cluster, port = folder / "cluster", _free_port()
        run = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder}
        initdb = [str(programs / "initdb"), "-D", str(cluster), "-U", "bankside", "-A", "trust", "-E", "UTF8"]
        subprocess.run([*as_user, *initdb, "--locale=C.UTF-8", "--no-sync"], **run)
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=400"
        options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"  # it lives as long as the tests
        pg_ctl = [*as_user, str(programs / "pg_ctl"), "-D", str(cluster), "-l", str(folder / "log")]
        subprocess.run([*pg_ctl, "-w", "-o", options, "start"], **run)
        try:
            yield f"postgresql://bankside@127.0.0.1:{port}"
        finally:
            subprocess.run([*pg_ctl, "-m", "immediate", "stop"], **run)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """The URL of an empty database on the server, dropped afterwards."""
    name = new_name()
    create(server_url, name)
    try:
        yield f"{server_url}/{name}"
    finally:
        drop(server_url, name)


def new_name() -> str:
    """A name no database has."""
    return f"test_{uuid.uuid4().hex[:16]}"


def create(server_url: str, name: str, template: str = "template1") -> None:
    """Make a database, a copy of another one."""
    with psycopg.connect(f"{server_url}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")  # type: ignore[arg-type]


def drop(server_url: str, name: str) -> None:
    """Remove a database, whoever is connected to it. A server that was stopped first took it with it."""
    with suppress(psycopg.OperationalError), psycopg.connect(f"{server_url}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # type: ignore[arg-type]
