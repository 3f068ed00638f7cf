"""Migrations make what the models say, can be undone and done again, by one process at a time; nothing goes back."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic import op
from click import ClickException
from flask import Flask
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from tests import postgresql
from tests.conftest import CHEAP
from tests.server import ROOT, environment
from tests.starting import Started, started
from webapp import create_app
from webapp.bank.sandbox.tables import METADATA as BANK_TABLES
from webapp.config import Config
from webapp.extensions import Base, db
from webapp.http.unit_of_work import unit_of_work
from webapp.models import AuditEntry
from webapp.services import audit
from webapp.serving import MIGRATION_LOCK, migrate_safely

HEAD = "SELECT version_num FROM alembic_version"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/bankside.db"
    else:
        with postgresql.fresh_database(request.getfixturevalue("postgresql_url")) as made:
            yield made


@pytest.fixture
def empty(url: str, tmp_path: Path) -> Iterator[Flask]:
    """An app on an empty database, in its context."""
    with ExitStack() as stack:
        yield stack.enter_context(app_on(url, tmp_path))


@contextmanager
def app_on(url: str, folder: Path) -> Iterator[Flask]:
    app = create_app(Config.from_env(_env_file=None, instance_path=folder, database_url=url, **CHEAP))
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()
            app.extensions["bankside.guests_engine"].dispose()


def objects() -> dict[str, Any]:
    """Tables with their columns and indexes, and triggers, as the database has them."""
    with db.engine.connect() as connection:
        seen = inspect(connection)
        tables = {
            table: (
                sorted((column["name"], str(column["type"]), column["nullable"]) for column in seen.get_columns(table)),
                sorted(str(index["name"]) for index in seen.get_indexes(table)),
                sorted(str(key["name"]) for key in seen.get_foreign_keys(table)),
            )
            for table in seen.get_table_names()
            if not table.startswith("handbook_index")  # a virtual table on SQLite: not for inspection
        }
        return {**tables, "triggers": triggers(connection)}


def triggers(connection: Connection) -> list[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if connection.dialect.name == "postgresql":
        query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    return sorted(connection.scalars(text(query)))


def test_models_and_migrations_agree(empty: Flask) -> None:
    upgrade()
    check()  # raises if a new migration would not be empty
    made = set(objects()) - {"triggers", "alembic_version"}
    assert made == {*Base.metadata.tables, *BANK_TABLES.tables}


def test_the_check_above_notices_a_difference(empty: Flask, caplog: pytest.LogCaptureFixture) -> None:
    upgrade()
    with db.engine.connect() as connection:
        connection.exec_driver_sql("DROP INDEX ix_chat_session_mine")
        connection.commit()
    with pytest.raises(SystemExit):
        check()
    assert "ix_chat_session_mine" in caplog.text


def test_upgrade_downgrade_upgrade_comes_to_the_same_and_to_nothing_in_between(empty: Flask) -> None:
    upgrade()
    first = objects()
    assert len(first) > 20
    assert len(first["triggers"]) in (1, 2)
    downgrade(revision="base")
    assert set(objects()) == {"alembic_version", "triggers"}
    assert objects()["triggers"] == []
    upgrade()
    assert objects() == first


def test_every_single_step_can_be_taken_back(empty: Flask) -> None:
    upgrade()
    with db.engine.connect() as connection:
        head = connection.scalar(text(HEAD))
    seen = []
    while True:
        with db.engine.connect() as connection:
            at = connection.scalar(text(HEAD))
        if at is None:
            break
        seen.append(at)
        downgrade(revision="-1")
        upgrade(revision="+1")
        downgrade(revision="-1")
    assert seen[0] == head
    assert len(seen) == int(str(head)), "revisions are numbered without gaps"


def test_migrating_an_up_to_date_database_does_nothing(empty: Flask) -> None:
    migrate_safely(empty)
    before = objects()
    migrate_safely(empty)
    assert objects() == before


def migrating(url: str, folder: Path, output: Path) -> Started:
    """Another process that migrates this database."""
    return started("flask", ["--app", "webapp", "migrate-safely"], ROOT, environment(folder, url, 3006), output)


@contextmanager
def migration_lock(url: str, folder: Path) -> Iterator[None]:
    """As held by a process that is migrating."""
    if url.startswith("sqlite"):
        with (folder / "migration.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
    else:
        with db.engine.connect() as connection:
            connection.execute(text(f"SELECT pg_advisory_lock({MIGRATION_LOCK})"))
            yield
            connection.execute(text(f"SELECT pg_advisory_unlock({MIGRATION_LOCK})"))


def test_of_two_processes_migrating_at_once_one_does_it_while_the_other_waits(
    empty: Flask, url: str, tmp_path: Path
) -> None:
    outputs = [tmp_path / "first.txt", tmp_path / "second.txt"]
    with migration_lock(url, tmp_path):
        processes = [migrating(url, tmp_path, output) for output in outputs]
        time.sleep(3)
        assert [process.poll() for process in processes] == [None, None], "they wait for whoever is migrating"
        assert set(objects()) <= {"triggers"}, "nothing was made meanwhile"
    assert [process.wait(60) for process in processes] == [0, 0], [output.read_text() for output in outputs]
    with db.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM alembic_version")) == 1
    check()


def test_a_database_of_a_newer_version_stops_the_start_with_one_line(empty: Flask, url: str, tmp_path: Path) -> None:
    upgrade()
    with db.engine.connect() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.commit()
    with pytest.raises(ClickException, match="newer version"):
        migrate_safely(empty)
    started = subprocess.run(
        [sys.executable, "-m", "webapp.start"],
        cwd=tmp_path,
        env=environment(tmp_path, url, 3006),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert started.returncode != 0
    (line,) = started.stderr.splitlines()
    assert "9999" in line
    assert "newer version" in line


@pytest.mark.parametrize(
    "change",
    ["UPDATE audit_entry SET actor = 'nobody'", "DELETE FROM audit_entry", "UPDATE audit_entry SET details = '{}'"],
)
def test_the_database_itself_refuses_to_change_or_remove_audit_entries(empty: Flask, change: str) -> None:
    upgrade()
    with unit_of_work():
        audit.record(None, "test.done", "object", count=1)
    with db.engine.connect() as connection, pytest.raises(DBAPIError, match="audit entries are never"):
        connection.exec_driver_sql(change)
    with unit_of_work():
        (entry,) = db.session.query(AuditEntry).all()
        assert (entry.actor, entry.details) == ("system", {"count": 1})


def test_a_migration_that_fails_halfway_leaves_nothing_behind(empty: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade(revision="0001")
    before = objects()
    real, made = op.create_table, []

    def failing_at_the_third(name: str, *columns: Any, **options: Any) -> Any:
        made.append(name)
        if len(made) == 3:
            raise OSError("the power went")
        return real(name, *columns, **options)

    with monkeypatch.context() as patch:
        patch.setattr(op, "create_table", failing_at_the_third)
        with pytest.raises(OSError, match="power"):
            upgrade()
    assert objects() == before
    upgrade()
    check()
