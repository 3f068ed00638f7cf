"""The only module that commits. A request that may change something and succeeds is kept; all else is undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import Flask, Response, g, request

from webapp.extensions import db
from webapp.models.sqlite import intending_to_write, set_write_intent

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def after_commit(act: Callable[..., object], *arguments: object) -> None:
    """Do this once the request's work is safely stored, and not at all if it is not: cookies, starting replies."""
    if "after_commit" not in g:
        g.after_commit = []
    g.after_commit.append((act, arguments))


def declare_intent() -> None:
    """Before a request's first query: say whether its transaction will write (SQLite then locks at once)."""
    set_write_intent(request.method not in SAFE_METHODS)


def finish(response: Response) -> Response:
    """Keep the request's work if it succeeded and was allowed to change anything; a failing commit is a 500."""
    if request.method not in SAFE_METHODS and response.status_code < 400:
        db.session.commit()
        db.session.close()  # the connection, and on SQLite the write gate, are free before anything else happens
        for act, arguments in g.pop("after_commit", []):
            act(*arguments)
    else:
        abandon()
    return response


def abandon() -> None:
    """Forget the request's work. An error page rolls back before it reads the database."""
    g.pop("after_commit", None)
    db.session.close()


@contextmanager
def unit_of_work() -> Iterator[None]:
    """Commit what is done inside, or roll it back on an exception: for commands, workers, and what must be remembered
    although the request fails. Work of a surrounding request that is not committed yet is rolled back first, because
    one connection serves one unit of work.
    """
    db.session.close()  # rolls back; what was loaded keeps its values
    with intending_to_write(True):
        try:
            yield
            db.session.commit()
        finally:
            db.session.close()


@contextmanager
def reading() -> Iterator[None]:
    """Read in a transaction of its own that takes no lock and is over afterwards, even inside a POST: before slow work
    such as verifying a password."""
    db.session.close()
    with intending_to_write(False):
        try:
            yield
        finally:
            db.session.close()


def init_app(app: Flask) -> None:
    """Make the request the owner of its transaction. Must be the first to register, so that it finishes last."""
    app.before_request(declare_intent)
    app.after_request(finish)
    app.teardown_request(lambda _error: set_write_intent(False))  # the thread goes on to other things
