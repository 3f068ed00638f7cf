"""What all test processes of a run share: one PostgreSQL server, and databases that were seeded once and are copied.

The process that starts the others makes the folder (and, if there are others, the server) and removes both in the end;
the others find them in their environment. Seeding takes seconds, a copy a tenth of one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path

from tests import postgresql
from webapp.agents.models.rules.examples import intents
from webapp.agents.models.rules.routing import Router, put_in_place
from webapp.agents.models.rules.teaching import learnt

FOLDER = "BANKSIDE_TESTS_SEEDED"
SERVER = "TEST_POSTGRESQL_URL"


def prepare(processes: int) -> ExitStack:
    """Make what is shared; closing the stack takes it away again."""
    stack = ExitStack()
    folder = tempfile.mkdtemp(prefix="bankside-seeded-")
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    os.environ[FOLDER] = folder
    stack.callback(os.environ.pop, FOLDER)
    given = os.environ.get(SERVER)
    if given:
        stack.callback(postgresql.drop, given, _template())
    elif processes and postgresql.available():
        os.environ[SERVER] = stack.enter_context(postgresql.server())
        stack.callback(os.environ.pop, SERVER)
    return stack


def sqlite_file(write: Callable[[Path], None]) -> Path:
    """A seeded database file, written by whoever needs it first: `write` is given the folder for it."""
    shared = Path(os.environ[FOLDER])
    with _one_at_a_time(shared / "sqlite.lock"):
        finished = shared / "seeded.db"
        if not finished.exists():
            folder = shared / "sqlite"
            write(folder)
            (folder / "bankside.db").rename(finished)
    return finished


def model_folder() -> Path:
    """A folder like an instance's, with the intent model in it, trained by whoever needs it first."""
    shared = Path(os.environ[FOLDER])
    with _one_at_a_time(shared / "model.lock"):
        learnt(shared)
    return shared


def give_model(instance: Path) -> None:
    """Let a server begin with the model trained, as it does from its second start on.

    The folder is there at once and whole: of several that share it, the next one may begin at any moment.
    """
    if FOLDER in os.environ and not (instance / "assistant").exists():
        instance.mkdir(parents=True, exist_ok=True)
        copy = Path(tempfile.mkdtemp(dir=instance, prefix="assistant-")) / "copy"
        shutil.copytree(model_folder() / "assistant", copy)
        with suppress(OSError):  # another was quicker
            copy.rename(instance / "assistant")
        shutil.rmtree(copy.parent)


def give_database(instance: Path) -> None:
    """Let a server begin with the demo seeded, if a test of this run has made that."""
    finished = Path(os.environ.get(FOLDER, "")) / "seeded.db"
    if FOLDER in os.environ and finished.exists() and not (instance / "bankside.db").exists():
        instance.mkdir(parents=True, exist_ok=True)
        copy = Path(tempfile.mkdtemp(dir=instance, prefix="database-")) / "copy"
        shutil.copy(finished, copy)
        with suppress(FileExistsError):
            os.link(copy, instance / "bankside.db")
        shutil.rmtree(copy.parent)


@cache
def put_model_in_place() -> None:
    """Let this process read with the shared model."""
    put_in_place(Router(intents(), learnt(model_folder())))


@contextmanager
def postgresql_database(server_url: str, write: Callable[[str], None]) -> Iterator[str]:
    """The URL of a seeded database, dropped afterwards; `write` is given the URL of the one that is copied."""
    shared, template = Path(os.environ[FOLDER]), _template()
    with _one_at_a_time(shared / "postgresql.lock"):
        finished = shared / "postgresql.seeded"
        if not finished.exists():
            postgresql.create(server_url, template)
            write(f"{server_url}/{template}")
            finished.touch()
        # Copying takes turns, too: PostgreSQL copies a database only while nobody is connected to it.
        name = postgresql.new_name()
        postgresql.create(server_url, name, template)
    try:
        yield f"{server_url}/{name}"
    finally:
        postgresql.drop(server_url, name)


def _template() -> str:
    return Path(os.environ[FOLDER]).name.replace("-", "_").lower()


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
