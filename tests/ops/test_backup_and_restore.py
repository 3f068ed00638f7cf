"""The documented commands, run as they are written: a backup while questions are being stored, restored, examined."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from tests import postgresql
from tests.conftest import Place, seeded_place
from tests.server import ROOT, environment
from tests.services.steps import ask, open_chat
from tests.work.conftest import url_of
from webapp.extensions import db

PAGE = ROOT / "docs" / "ops" / "backup-and-restore.md"


def documented(name: str) -> str:
    """The commands of one section of the page."""
    found = re.search(rf"<!-- tested: {name} -->\n```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None, name
    return found.group(1)


def run(name: str, instance: Path, database_url: str = "", **variables: object) -> str:
    """Run a section's commands as an operator would; what they printed. They must succeed."""
    programs = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    settings = environment(instance, database_url, 3006, **variables)
    settings["PATH"] = os.pathsep.join([*programs[:1], settings["PATH"]])
    commands = documented(name).replace(".venv/bin/", f"{shlex.quote(str(Path(sys.executable).parent))}/")
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands], cwd=ROOT, env=settings, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@contextmanager
def questions_being_stored(app: Flask) -> Iterator[list[int]]:
    """Somebody asks without pause meanwhile; the ids of the replies that were stored for sure."""
    stored: list[int] = []
    ended = threading.Event()

    def go_on_asking() -> None:
        with app.app_context():
            while not ended.is_set():
                stored.append(ask(open_chat()))
                ended.wait(0.005)  # more would only take the processor away from the commands

    thread = threading.Thread(target=go_on_asking)
    thread.start()
    try:
        while len(stored) < 5:
            thread.join(0.02)
        yield stored
    finally:
        ended.set()
        thread.join()


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """A fresh instance folder."""
    folder = tmp_path / "instance"
    folder.mkdir()
    return folder


def let_go(place: Place) -> None:
    """Close the app's connections."""
    with place.app.app_context():
        db.session.remove()
        db.engine.dispose()
    place.app.extensions["bankside.guests_engine"].dispose()


@pytest.mark.usefixtures("places")
def test_a_sqlite_backup_taken_while_writing_comes_back_whole(
    tmp_path: Path, instance: Path, request: pytest.FixtureRequest
) -> None:
    place, backup = seeded_place("sqlite", request, instance), tmp_path / "backup.db"
    with questions_being_stored(place.app) as stored:
        before = list(stored)
        run("sqlite-backup", instance, BACKUP=backup)
        assert len(stored) > len(before), "nobody had to wait for the backup"
    assert backup.stat().st_mode & 0o077 == 0
    with place.app.app_context():
        ask(open_chat())  # what came after the backup is not in it
    let_go(place)
    said = run("sqlite-restore", instance, BACKUP=backup)
    assert "seq_gaps: 0" in said
    with place.app.app_context(), db.engine.connect() as connection:
        there = {row[0] for row in connection.exec_driver_sql("SELECT id FROM reply")}
    let_go(place)
    assert set(before) <= there
    assert len(there) <= len(stored) + 1
    assert there == set(range(2, 2 * len(there) + 1, 2)), "a question and its reply, nothing torn apart"


@pytest.mark.usefixtures("places")
def test_a_postgresql_dump_taken_while_writing_comes_back_whole(
    tmp_path: Path, instance: Path, postgresql_url: str, request: pytest.FixtureRequest
) -> None:
    place, backup = seeded_place("postgresql", request, instance), tmp_path / "backup.dump"
    url = url_of(place)
    with postgresql.fresh_database(postgresql_url) as restored:
        with questions_being_stored(place.app) as stored:
            before = list(stored)
            run("postgresql-backup", instance, url, BACKUP=backup)
            assert len(stored) > len(before), "nobody had to wait for the backup"
        let_go(place)
        said = run("postgresql-restore", instance, url, BACKUP=backup, RESTORED_URL=restored)
        assert "questions_without_reply: 0" in said
        with psycopg.connect(restored) as connection:
            there = {row[0] for row in connection.execute("SELECT id FROM reply").fetchall()}
            customers = connection.execute("SELECT count(*) FROM handbook_article").fetchone()
        assert set(before) <= there
        assert customers is not None
        assert customers[0] > 50
