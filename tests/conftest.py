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
from sqlalchemy import Connection, text

from tests import postgresql, seeded
from tests.visitor import Visitor
from webapp import create_app
from webapp.config import Config
from webapp.extensions import db, limiter
from webapp.seeding import seed_everything
from webapp.serving import migrate_safely

settings.register_profile("suite", deadline=None, max_examples=60, derandomize=bool(os.environ.get("CI")))
settings.load_profile("suite")

# Passwords are hashed cheaply in tests, or each sign-in would take a fifth of a second. Loudly: this is not production.
# Comparing by meaning has tests of its own; without it an app need not compute the handbook's vectors first.
CHEAP = {"argon2_time_cost": 1, "argon2_memory_kib": 64, "meaning": "off"}

_shared = pytest.StashKey[ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    """Make what the test processes share, in the one that starts them."""
    if not hasattr(config, "workerinput"):
        config.stash[_shared] = seeded.prepare(len(config.getoption("tx", None) or ()))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take it away again."""
    if _shared in config.stash:
        config.stash[_shared].close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together, in one process, tests that share what is costly to start: servers, a bank's years of records."""
    for item in items:
        folder = item.path.parent.name
        if folder in ("bank", "feed", "ops") and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.stem if folder == "ops" else folder))


def _and_what_refers_to_them(*names: str) -> list[str]:
    """The tables and all that refer to them, these first, so that rows can be deleted in this order."""
    wanted = set(names)
    for table in db.metadata.sorted_tables:
        if any(key.column.table.name in wanted for key in table.foreign_keys):
            wanted.add(table.name)
    return [table.name for table in reversed(db.metadata.sorted_tables) if table.name in wanted]


# A TRUNCATE of so many tables takes ten times as long as deleting the few rows of a test.
EMPTIED = _and_what_refers_to_them(
    "chat_session", "sign_in", "access_token", "webhook", "handbook_gap", "taught_sentence", "regression_case"
)
EMPTY = ";".join(
    [
        *(f"DELETE FROM {name}" for name in EMPTIED),
        "TRUNCATE audit_entry",  # its rows refuse to be deleted
        "UPDATE staff_user SET locked = (username = 'locked')",
    ]
)


def _edition(connection: Connection) -> str:
    return str(connection.exec_driver_sql("SELECT token FROM handbook_edition").scalar_one())


@dataclass
class Place:
    """A seeded database with its app."""

    kind: str
    app: Flask
    pristine: Path | None  # SQLite: a copy of the file as seeded
    handbook: str  # which edition was seeded
    last_article: int  # the highest row of the handbook as seeded

    def reset(self) -> None:
        """As if just seeded: no sessions, no sign-ins, no audit entries; limits forgotten."""
        self.app.extensions["bankside.runner"].stop()
        for thread in threading.enumerate():
            if thread.name == "webhooks":  # it may still be storing how an earlier test's delivery went
                thread.join(timeout=10)
        with self.app.app_context():
            db.session.remove()
            if self.pristine:
                self._put_file_back(self.pristine)
            else:
                with db.engine.begin() as connection:
                    connection.exec_driver_sql(EMPTY)
                    if _edition(connection) != self.handbook:
                        self._put_handbook_back(connection)
            limiter.reset()

    def _put_handbook_back(self, connection: Connection) -> None:
        """The articles as they were seeded."""
        connection.execute(
            text("DELETE FROM handbook_article WHERE author_name IS NOT NULL OR id > :last"),
            {"last": self.last_article},
        )
        connection.execute(text("UPDATE handbook_article SET state = 'published', effective_until = NULL"))
        connection.execute(text("UPDATE handbook_edition SET token = :token"), {"token": self.handbook})

    def _put_file_back(self, pristine: Path) -> None:
        """Whatever a test has changed, by whichever way: tests on SQLite may do anything to their database."""
        db.engine.dispose()
        self.app.extensions["bankside.guests_engine"].dispose()
        for leftover in ("-wal", "-shm"):
            Path(f"{db.engine.url.database}{leftover}").unlink(missing_ok=True)
        fresh = pristine.with_suffix(".fresh")
        shutil.copy(pristine, fresh)
        fresh.replace(str(db.engine.url.database))  # what still has the old file open keeps the old file


def seeded_place(kind: str, request: pytest.FixtureRequest, folder: Path) -> Place:
    """A place on a copy of what was seeded once for all processes."""
    if kind == "postgresql":
        server = request.getfixturevalue("postgresql_url")
        copy = seeded.postgresql_database(server, lambda url: _seed("postgresql", url, folder / "seeding"))
        return make_place(kind, request.session.stack.enter_context(copy), folder)  # type: ignore[attr-defined]
    shutil.copy(seeded.sqlite_file(lambda made: _seed("sqlite", "", made)), folder / "bankside.db")
    return make_place(kind, "", folder)


def _seed(kind: str, database_url: str, folder: Path) -> None:
    place = make_place(kind, database_url, folder)
    with place.app.app_context():
        db.engine.dispose()
        place.app.extensions["bankside.guests_engine"].dispose()


def make_place(kind: str, database_url: str, folder: Path, **settings: object) -> Place:
    """Migrate and seed a database."""
    seeded.give_model(folder)
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
        with db.engine.connect() as connection:
            last = connection.exec_driver_sql("SELECT max(id) FROM handbook_article").scalar_one()
            return Place(kind, app, pristine, _edition(connection), last)


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
    seeded.put_model_in_place()
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
        places[kind] = seeded_place(kind, request, tmp_path_factory.mktemp(kind))
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
