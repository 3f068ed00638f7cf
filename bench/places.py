"""Where it is measured: this machine, an empty database, this version of the product."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from flask import Flask

from tests import postgresql
from tests.server import ROOT, SETTINGS
from webapp import create_app
from webapp.config import Config
from webapp.http.unit_of_work import unit_of_work
from webapp.seeding import seed_everything
from webapp.services import sign_ins
from webapp.serving import migrate_safely


@contextmanager
def database(folder: Path, on_postgresql: bool) -> Iterator[str]:
    """The address of an empty database: a SQLite file in this folder, or one of a PostgreSQL server of its own."""
    if not on_postgresql:
        yield f"sqlite:///{folder}/bankside.db"
    elif not postgresql.available():
        raise SystemExit(postgresql.MISSING)
    else:
        with postgresql.server() as server, postgresql.fresh_database(server) as url:
            yield url


def furnished(folder: Path, url: str) -> Flask:
    """The product's parts in this process, on this database: migrated, seeded, and somebody signed in. Makes no
    replies, so that nobody answers what the bare side asks."""
    folder.mkdir(parents=True, exist_ok=True)
    cheap = {name.lower(): value for name, value in SETTINGS.items()}
    app = create_app(Config.from_env(**{**cheap, "instance_path": folder, "database_url": url}))
    with app.app_context():
        migrate_safely(app)
        seed_everything(app)
        with unit_of_work():
            teller = sign_ins.staff_named("teller")
            assert teller is not None
            sign_ins.begin(teller, "bench", "127.0.0.1", "Europe/Berlin")
    return app


def title_line() -> str:
    """Which version is measured on what, with a + after the version if files have changed since."""
    told = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    commit = subprocess.run(told, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    parts = [f"{os.cpu_count()} cores", platform.system(), f"Python {platform.python_version()}"]
    parts += [f"SQLite {sqlite3.sqlite_version}", f"psycopg {psycopg.__version__}"]
    return f"Bankside {commit or '(no commit)'} on {', '.join(parts)}"
