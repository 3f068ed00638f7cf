"""Health tells strangers a word and operators the reasons, and really tries what the app depends on."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import update

from tests.conftest import Place
from tests.faults.disks import read_only
from tests.server import free_port
from tests.services.steps import ask, open_chat
from tests.web.operating import TOKEN, get, operated, url_of
from tests.web.rows import ON_SQLITE, changing
from webapp.extensions import db
from webapp.models import ChatSession
from webapp.services import doctor_surroundings


@pytest.fixture
def watched(place: Place, tmp_path: Path) -> Iterator[Flask]:
    """An app on the place's database whose operators have a token."""
    with operated(tmp_path, url_of(place)) as app:
        yield app


def checks(app: Flask) -> dict[str, Any]:
    """What operators are told, by the name of the check."""
    return {check["name"]: check for check in get(app, "/health/ready").json["checks"]}


@contextmanager
def only_read(place: Place, folder: Path) -> Iterator[str]:
    """The address under which the place's database can be read and not written."""
    url = url_of(place)
    if place.kind == "sqlite":
        with place.app.app_context(), db.engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")  # while it is open it consists of three files
            with read_only(folder, list(Path(str(db.engine.url.database)).parent.glob("bankside.db*"))) as copied:
                yield f"sqlite:///{copied / 'bankside.db'}"
        return
    address, _, name = url.replace("postgresql+psycopg", "postgresql").rpartition("/")
    with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        try:
            yield url
        finally:
            connection.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
def test_a_stranger_is_told_one_word(app: Flask, path: str) -> None:
    answer = get(app, path, token=None)
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


@ON_SQLITE
@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN[:-1], TOKEN + "x", "\xe9" * 40])
def test_details_need_the_whole_token(watched: Flask, token: str | None) -> None:
    assert get(watched, "/health/ready", token=token).json == {"status": "ok"}


@ON_SQLITE
def test_an_app_without_a_token_has_no_details_for_an_empty_one(app: Flask) -> None:
    assert get(app, "/health/ready", token="").json == {"status": "ok"}


def test_an_operator_is_told_every_check(watched: Flask) -> None:
    answer = get(watched, "/health/ready?rows=1").json
    assert answer["status"] == "ok"
    assert {"database_read", "database_write", "migrations", "queue", "clock", "disk", "feed"} <= {
        check["name"] for check in answer["checks"]
    }
    assert answer["rows"]["status"] == "ok"
    assert {"seq_gaps", "questions_without_reply", "cookies_leading_nowhere"} <= {
        check["name"] for check in answer["rows"]["checks"]
    }


def test_an_operator_is_told_of_rows_that_disagree_and_strangers_are_served_on(watched: Flask, place: Place) -> None:
    with place.app.app_context():
        chat_id = open_chat()
        ask(chat_id)
    with changing(place.app) as session:
        session.execute(update(ChatSession).where(ChatSession.id == chat_id).values(last_seq=7))
    rows = get(watched, "/health/ready?rows=1").json["rows"]
    assert rows["status"] == "problem"
    wrong = next(check for check in rows["checks"] if check["name"] == "wrong_last_seq")
    assert wrong["examples"] == [chat_id]
    assert get(watched, "/health/ready?rows=1", token=None).json == {"status": "ok"}
    assert "rows" not in get(watched, "/health/ready").json, "only when asked for: it reads a lot"


def test_a_read_only_database_is_degraded_and_still_read(place: Place, tmp_path: Path) -> None:
    with only_read(place, tmp_path / "read-only") as url, operated(tmp_path, url) as app:
        answer = get(app, "/health/ready")
        assert (answer.status_code, answer.json["status"]) == (200, "degraded")
        assert checks(app)["database_read"]["level"] == "ok"
        assert checks(app)["database_write"]["level"] == "degraded"
        assert get(app, "/sign-in").status_code == 200


def test_a_database_that_is_gone_is_unavailable(place: Place, tmp_path: Path) -> None:
    url = f"postgresql://bankside@127.0.0.1:{free_port()}/none"
    if place.kind == "sqlite":
        url = f"sqlite:///{tmp_path / 'no such folder' / 'bankside.db'}"
    with operated(tmp_path, url) as app:
        assert get(app, "/health/live").status_code == 200
        answer = get(app, "/health/ready", token=None)
        assert (answer.status_code, answer.json) == (503, {"status": "unavailable"})


@ON_SQLITE
def test_a_database_locked_by_somebody_else_is_degraded_within_two_seconds(watched: Flask, place: Place) -> None:
    path = url_of(place).removeprefix("sqlite:///")
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        answer = get(watched, "/health/ready", token=None)
        assert time.monotonic() - started < 2.5
        connection.execute("ROLLBACK")
    assert (answer.status_code, answer.json) == (200, {"status": "degraded"})
    time.sleep(1.1)
    assert get(watched, "/health/ready", token=None).json == {"status": "ok"}


@ON_SQLITE
def test_a_disk_that_is_almost_full_is_degraded(watched: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_surroundings, "DISK_LOW", 2**62)
    assert checks(watched)["disk"]["level"] == "degraded"
    assert checks(watched)["disk"]["figures"]["free_mb"] > 0


@ON_SQLITE
def test_a_feed_that_is_gone_is_degraded_and_its_password_is_not_told(place: Place, tmp_path: Path) -> None:
    url = f"redis://:velvet-password@127.0.0.1:{free_port()}/0"
    with operated(tmp_path, url_of(place), feed_url=url) as app:
        answer = get(app, "/health/ready")
        assert (answer.status_code, answer.json["status"]) == (200, "degraded")
        assert checks(app)["feed"]["level"] == "degraded"
        assert "velvet" not in answer.text


def test_a_redis_that_is_gone_is_told_without_its_password() -> None:
    found = doctor_surroundings.redis_answers("redis", f"redis://:velvet-password@127.0.0.1:{free_port()}/0")
    assert found.level == "degraded"
    assert "velvet" not in found.sentence


@ON_SQLITE
def test_a_schema_of_another_version_is_degraded(watched: Flask, place: Place) -> None:
    with sqlite3.connect(url_of(place).removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    found = checks(watched)["migrations"]
    assert found["level"] == "degraded"
    assert "flask migrate-safely" in found["sentence"]


@ON_SQLITE
def test_asking_often_looks_once_a_second(watched: Flask) -> None:
    started = time.monotonic()
    for _ in range(50):
        assert get(watched, "/health/ready", token=None).status_code == 200
    assert time.monotonic() - started < 2
    remembered = watched.extensions["bankside.health"]["readiness"]
    first, _age = remembered.findings()
    second, _age = remembered.findings()
    assert first is second
