"""A real Chromium, and one real server per test process. Each test has staff of its own, who see nobody else's."""

from __future__ import annotations

import itertools
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from sqlalchemy import create_engine

from tests import chromium
from tests.browser.desk import ARGUMENTS, Desk
from tests.conftest import Place, seeded_place
from tests.server import Server, running
from webapp.bank.core_banking import CoreBanking
from webapp.bank.sandbox.bank import connect

expect.set_options(timeout=10_000)
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; skipped with the advice where there is none, never in CI."""
    path = chromium.installed()
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(chromium.ADVICE)
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=path, args=ARGUMENTS) as browser:
        yield browser


@pytest.fixture(scope="session")
def server(
    places: dict[str, Place], tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Server]:
    """The demo as `make run` serves it, on a copy of the database this process has seeded for its other tests."""
    if "sqlite" not in places:
        places["sqlite"] = seeded_place("sqlite", request, tmp_path_factory.mktemp("sqlite"))
    pristine = places["sqlite"].pristine
    assert pristine is not None
    folder = tmp_path_factory.mktemp("desk")
    shutil.copy(pristine, folder / "bankside.db")
    with running(folder) as server:
        yield server


class Records:
    """The server's database, read and changed behind its back."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def change(self, statement: str, *values: object) -> None:
        """Do something nobody can do by the pages."""
        with closing(sqlite3.connect(self.path, timeout=10)) as connection, connection:
            connection.execute(statement, values)

    def rows(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """What is stored."""
        with closing(sqlite3.connect(self.path, timeout=10)) as connection:
            return connection.execute(statement, values).fetchall()

    def add_person(self, role: str = "teller", branch: str = "Nordhafen") -> str:
        """Somebody new with the demo password; returns the user name."""
        username = f"{role}-{os.getpid()}-{next(_numbers)}"
        self.change(
            "INSERT INTO staff_user"
            " (username, display_name, password_hash, role_name, branch, locked, is_demo, created_at)"
            " SELECT ?, ?, password_hash, ?, ?, 0, 1, created_at FROM staff_user WHERE username = 'teller'",
            username, f"{role.title()} Number {username.rsplit('-', 1)[1]}", role, branch,
        )  # fmt: skip
        return username

    def end_sign_ins(self, username: str) -> None:
        """As if the sign-ins of this person had run out."""
        self.change(
            "UPDATE sign_in SET ended_at = created_at"
            " WHERE ended_at IS NULL AND staff_id = (SELECT id FROM staff_user WHERE username = ?)",
            username,
        )


@pytest.fixture(scope="session")
def records(server: Server) -> Records:
    """What the server has stored."""
    return Records(server.folder / "bankside.db")


@pytest.fixture(scope="session")
def bank(server: Server) -> Iterator[CoreBanking]:
    """The records the answers must agree with, read from the database without the app."""
    engine = create_engine(f"sqlite:///{server.folder / 'bankside.db'}")
    yield connect(engine)
    engine.dispose()


@pytest.fixture
def open_desk(browser: Browser, server: Server) -> Iterator[Callable[..., Desk]]:
    """Opens browsers; afterwards none of them may have complained about anything that was not expected."""
    opened: list[Desk] = []

    def open_one(username: str | None = None, url: str = server.url, **options: object) -> Desk:
        desk = Desk.open(browser, url, **options)
        opened.append(desk)
        return desk.sign_in(username) if username else desk

    yield open_one
    for desk in opened:
        desk.page.context.close()
    complaints = [complaint for desk in opened for complaint in desk.complaints.unexpected]
    assert complaints == []


@pytest.fixture
def teller(records: Records) -> str:
    """The user name of a teller nobody has met before."""
    return records.add_person()


@pytest.fixture
def desk(open_desk: Callable[..., Desk], teller: str) -> Desk:
    """The teller's browser, signed in."""
    return open_desk(teller)
