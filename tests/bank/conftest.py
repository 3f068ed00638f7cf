"""Sandbox banks on SQLite files: each day's is written once, and copied for tests that change it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event

from webapp.bank.sandbox.bank import SandboxBank, connect
from webapp.bank.sandbox.seeding import roll_forward, seed
from webapp.bank.sandbox.tables import METADATA

TODAY = date(2026, 3, 18)  # a Wednesday, with a year's end not long ago
MUCH_LATER = date(2027, 1, 6)
MakeBank = Callable[[date], Engine]


def new_engine(path: Path) -> Engine:
    """A SQLite file with the bank's empty tables; foreign keys are kept, the disk is not waited for."""
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def _settings(connection: Any, _entry: Any) -> None:
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA synchronous=OFF")

    METADATA.create_all(engine)
    return engine


@pytest.fixture(scope="session")
def make_lasting_bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeBank]:
    """Gives a bank of its own as of a day; for several tests."""
    engines: list[Engine] = []
    pristine: dict[date, Path] = {}

    def make(today: date) -> Engine:
        if today not in pristine:
            path = tmp_path_factory.mktemp("pristine") / "bank.db"
            written = new_engine(path)
            seed(written, today)
            written.dispose()
            pristine[today] = path
        copy = tmp_path_factory.mktemp("bank") / "bank.db"
        shutil.copy(pristine[today], copy)
        engines.append(new_engine(copy))
        return engines[-1]

    yield make
    for engine in engines:
        engine.dispose()


@pytest.fixture
def make_bank(make_lasting_bank: MakeBank) -> Iterator[MakeBank]:
    """Gives a bank of its own as of a day; for one test, which may change it."""
    engines: list[Engine] = []

    def make(today: date) -> Engine:
        engines.append(make_lasting_bank(today))
        return engines[-1]

    yield make
    for engine in engines:
        engine.dispose()
        shutil.rmtree(Path(str(engine.url.database)).parent)  # thirty megabytes each, perhaps in memory


@pytest.fixture(scope="session")
def engine(make_lasting_bank: MakeBank) -> Engine:
    """The bank as of TODAY; not to be changed."""
    return make_lasting_bank(TODAY)


@pytest.fixture(scope="session")
def rested(make_lasting_bank: MakeBank) -> Engine:
    """A bank as of TODAY that nobody looked after until MUCH_LATER; not to be changed."""
    engine = make_lasting_bank(TODAY)
    assert roll_forward(engine, MUCH_LATER) is True
    return engine


@pytest.fixture(scope="session")
def bank(engine: Engine) -> SandboxBank:
    """The bank behind its port."""
    return connect(engine)
