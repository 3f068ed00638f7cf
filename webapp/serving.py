"""Start the server: migrate under a lock, look whether the port is free, hand over to gunicorn."""

from __future__ import annotations

import fcntl
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import click
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from flask_migrate import upgrade
from gunicorn.app.wsgiapp import WSGIApplication  # type: ignore[import-untyped]
from sqlalchemy import Engine, text

from webapp import figures
from webapp.agents.models.rules.teaching import Schoolroom
from webapp.config import Config
from webapp.extensions import db
from webapp.http.settings import config
from webapp.models.sqlite import intending_to_write
from webapp.services.staff import DEMO_PASSWORD, DEMO_STAFF, ROLES, demo_staff_exist

MIGRATION_LOCK = 7_206_117  # any number, the same for every process of this installation
KEEP_ALIVE = 15  # seconds; a browser's next form seldom meets a connection that is being closed
LEAVING_SECONDS = 5  # to give back what was not finished gracefully


def migrate_safely(app: Flask) -> None:
    """Bring the database to this version's schema. One process does it, others wait; a newer schema stops the start."""
    with one_at_a_time():
        migrate(app)


def migrate(app: Flask) -> None:
    """The same for a caller that has `one_at_a_time` around it; raises `click.ClickException` for a newer schema."""
    folder = ScriptDirectory(f"{app.root_path}/migrations")
    with db.engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    if present is not None and present not in {script.revision for script in folder.walk_revisions()}:
        raise click.ClickException(
            f"The database has schema {present}, which this version does not know: it was made by a newer version. "
            "Start that version, or restore the backup from before the upgrade."
        )
    if present != folder.get_current_head():
        with intending_to_write(True):
            upgrade(directory=f"{app.root_path}/migrations")


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let one process of this installation prepare the database while others wait."""
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect() as connection:
            connection.execute(text("SET LOCAL lock_timeout = 0"))  # however long the others' migration takes
            connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": MIGRATION_LOCK})
            try:
                yield
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": MIGRATION_LOCK})
    else:
        with open(config().instance_path / "migration.lock", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def get_ready(settings: Config) -> None:
    """Look whether serving can begin, in an app's context, and say where; raises `click.ClickException` if not."""
    if settings.app_env == "production" and demo_staff_exist():
        raise click.ClickException(
            "The database holds demo staff, whose password is published. Lock them (flask staff lock NAME) is not "
            "enough in production: use a database of its own."
        )
    _need_free_port(settings)
    if settings.metrics_folder is not None:
        figures.forget_dead(settings.metrics_folder)
    if not Schoolroom(settings.instance_path).has_words_of_today:
        click.echo("Teaching the assistant the words of the desk: once, for some seconds ...")
        current_app.extensions["bankside.model"].warm_up()
    _greet(settings)
    # No worker may inherit a connection.
    db.session.remove()
    db.engine.dispose()
    cast(Engine, current_app.extensions["bankside.guests_engine"]).dispose()


def serve(settings: Config, *, development: bool = False) -> None:
    """Be gunicorn from here on, outside of any context; or let Flask's reloading server take this process.

    The workers inherit what this process has imported, which is most of what a start takes; each makes its own app.
    """
    sys.stdout.flush()
    if development:
        arguments = [sys.executable, "-m", *_development_server(settings)]
        os.execv(sys.executable, arguments)  # noqa: S606  # our own interpreter, no shell
    sys.argv = _gunicorn(settings)
    WSGIApplication().run()


def _development_server(settings: Config) -> list[str]:
    return ["flask", "--app", "wsgi:app", "run", "--debug", "--host", settings.host, "--port", str(settings.port)]


def _gunicorn(settings: Config) -> list[str]:
    options = {
        "--bind": f"{settings.host}:{settings.port}",
        "--worker-class": "webapp.gunicorn_hooks.Worker",
        "--workers": settings.web_processes,
        "--threads": settings.web_threads,
        "--worker-connections": max(1000, 2 * settings.web_threads),  # open pages and what waits for a thread
        "--keep-alive": KEEP_ALIVE,
        "--graceful-timeout": int(settings.graceful_seconds) + LEAVING_SECONDS,
        "--timeout": 60,
        "--limit-request-line": 4094,
        "--config": "python:webapp.gunicorn_hooks",
        "--log-level": "warning",
    }
    given = [word for option, value in options.items() for word in (option, str(value))]
    return ["gunicorn", *given, "--no-control-socket", "wsgi:app"]


def _need_free_port(settings: Config) -> None:
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise click.ClickException(
                f"Port {settings.port} on {settings.host} cannot be used ({error.strerror}). "
                f"Choose another: make run PORT={settings.port + 1 if settings.port < 65535 else 3006}"
            ) from None


def _greet(settings: Config) -> None:
    click.echo(f"\n  Bankside is at http://{settings.host}:{settings.port}\n")
    if settings.demo:
        click.echo(f"  Demo sign-ins, all with the password {DEMO_PASSWORD}:")
        for username, name, role, _branch, locked in DEMO_STAFF:
            click.echo(f"    {username:<12}{name}, {ROLES[role][0]}{' (locked)' if locked else ''}")
        click.echo("")
    click.echo("  Ctrl+C stops it.\n")
