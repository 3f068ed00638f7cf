"""Databases made once per test process and put back to their first state before each test; an app on each of them."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import settings
from sqlalchemy import text

from tests import postgresql
from tests.visitor import Visitor
from webapp import create_app
from webapp.config import Config
from webapp.extensions import db, limiter
from webapp.seeding import seed_everything
from webapp.serving import migrate_safely

settings.register_profile("suite", deadline=None, max_examples=60, derandomize=bool(os.environ.get("CI")))
settings.load_profile("suite")

# Passwords are hashed cheaply in tests, or each sign-in would take a fifth of a second. Loudly: this is not production.
CHEAP = {"argon2_time_cost": 1, "argon2_memory_kib": 64}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together, in one process, tests that share what is costly to start: servers, a bank's years of records."""
    for item in items:
        folder = item.path.parent.name
        if folder in ("bank", "feed", "ops") and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.stem if folder == "ops" else folder))


@dataclass
class Place:
    """A seeded database with its app."""

    kind: str
    app: Flask
    pristine: Path | None  # SQLite: a copy of the file as seeded

    def reset(self) -> None:
        """As if just seeded: no sessions, no sign-ins, no audit entries; limits forgotten."""
        self.app.extensions["bankside.runner"].stop()
        for thread in threading.enumerate():
            if thread.name == "webhooks":  # it may still be storing how an earlier test's delivery went
                thread.join(timeout=10)
        with self.app.app_context():
            db.session.remove()
            if self.kind == "postgresql":
                with db.engine.begin() as connection:
                    connection.execute(
                        text(
                            "TRUNCATE chat_session, sign_in, access_token, webhook, audit_entry, "
                            "taught_sentence, regression_case CASCADE"
                        )
                    )
                    connection.execute(text("UPDATE staff_user SET locked = (username = 'locked')"))
            else:
                assert self.pristine
                db.engine.dispose()
                self.app.extensions["bankside.guests_engine"].dispose()
                for leftover in ("-wal", "-shm"):
                    Path(f"{db.engine.url.database}{leftover}").unlink(missing_ok=True)
                fresh = self.pristine.with_suffix(".fresh")
                shutil.copy(self.pristine, fresh)
                fresh.replace(str(db.engine.url.database))  # what still has the old file open keeps the old file
            limiter.reset()


def make_place(kind: str, database_url: str, folder: Path, **settings: object) -> Place:
    """Migrate and seed a database."""
    config = Config.from_env(_env_file=None, instance_path=folder, database_url=database_url, **{**CHEAP, **settings})
    app = create_app(config)
    app.testing = True
    with app.app_context():
        migrate_safely(app)
        seed_everything(app)
        pristine = None
        if kind == "sqlite":
            with db.engine.connect() as connection:
                connection.exec_driver_sql("COMMIT")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.exec_driver_sql("BEGIN")
            pristine = folder / "pristine.db"
            shutil.copy(folder / "bankside.db", pristine)
    return Place(kind, app, pristine)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A running PostgreSQL server; skipped with a reason where none can be had, never in CI."""
    if not postgresql.available():
        if os.environ.get("CI"):
            pytest.fail(postgresql.MISSING)
        pytest.skip(postgresql.MISSING)
    with postgresql.server() as url:
        yield url


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[dict[str, Place]]:
    """The places made so far, by kind."""
    with ExitStack() as stack:
        made: dict[str, Place] = {}
        request.session.stack = stack  # type: ignore[attr-defined]
        yield made
        for place in made.values():
            place.app.extensions["bankside.runner"].stop()
            with place.app.app_context():
                db.engine.dispose()
                place.app.extensions["bankside.guests_engine"].dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, places: dict[str, Place], tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A seeded database, fresh for this test: every test that uses it runs on SQLite and on PostgreSQL."""
    kind: str = request.param
    if kind not in places:
        folder, url = tmp_path_factory.mktemp(kind), ""
        if kind == "postgresql":
            server = request.getfixturevalue("postgresql_url")
            url = request.session.stack.enter_context(postgresql.fresh_database(server))  # type: ignore[attr-defined]
        places[kind] = make_place(kind, url, folder)
    places[kind].reset()
    return places[kind]


@pytest.fixture
def app(place: Place) -> Flask:
    """The app on a fresh database."""
    return place.app


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """Somebody with a browser who has not signed in."""
    return Visitor(app)


@pytest.fixture
def teller(app: Flask) -> Visitor:
    """The demo teller, signed in."""
    return Visitor(app).sign_in("teller")


@pytest.fixture
def manager(app: Flask) -> Visitor:
    """The demo manager, signed in."""
    return Visitor(app).sign_in("manager")
