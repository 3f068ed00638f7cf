"""When the database takes nothing: what is said, for how long, and what the audit trail tells of it afterwards."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import cast

from flask import Flask, Response, current_app, request
from sqlalchemy.exc import DBAPIError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from webapp.http.unit_of_work import SAFE_METHODS, after_commit
from webapp.models.base import now
from webapp.models.sqlite import DatabaseBusy, DatabaseClosed
from webapp.services import audit

# What drivers say. SQLite's own words, PostgreSQL's codes: lock_not_available, read_only_sql_transaction, disk_full.
BUSY = ("database is locked", "55P03")
TAKES_NOTHING = ("readonly database", "database or disk is full", "disk I/O error", "25006", "53100")

SENTENCES = {
    "busy": "Too many people are saving at this moment. Nothing was stored.",
    "closed": "Nothing can be saved at the moment; reading works. Nothing was stored.",
    "gone": "The database cannot be reached just now. Nothing was stored.",
}


def is_trouble(error: Exception) -> bool:
    """Whether the database is busy, takes nothing, or is gone; other errors of its are our mistakes."""
    if isinstance(error, InternalError):  # psycopg's class for a database that only reads
        return kind_of(error) == "closed"
    return isinstance(error, OperationalError | PoolTimeout | DatabaseBusy)


def kind_of(error: Exception) -> str:
    """`busy`: others are before us; `closed`: it can be read only; `gone`."""
    if isinstance(error, DatabaseClosed):
        return "closed"
    if isinstance(error, DatabaseBusy | PoolTimeout):
        return "busy"
    told = ""
    if isinstance(error, DBAPIError):
        told = getattr(error.orig, "sqlstate", None) or str(error.orig)
    kinds = {"busy": BUSY, "closed": TAKES_NOTHING}
    return next((kind for kind, words in kinds.items() if any(word in told for word in words)), "gone")


class Outage:
    """Since when, and how many, requests of this process could not be stored; until the audit trail knows of it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: datetime | None = None
        self._count = 0

    @property
    def refused(self) -> int:
        """How many were refused and are not told of yet."""
        return self._count

    def note(self) -> None:
        """One more was refused."""
        with self._lock:
            self._since = self._since or now()
            self._count += 1

    def tell(self) -> int:
        """Put it into the audit trail; returns how many are told of, to be forgotten once that is stored."""
        with self._lock:
            since, count = self._since, self._count
        if since is not None:
            audit.record(None, "storing.resumed", "database", since=since.isoformat(timespec="seconds"), refused=count)
        return count

    def forget(self, told: int) -> None:
        """It is over, unless more were refused meanwhile."""
        with self._lock:
            self._count = max(0, self._count - told)
            if not self._count:
                self._since = None


def outage() -> Outage:
    """This app's."""
    return cast(Outage, current_app.extensions["bankside.outage"])


def _resume(response: Response) -> Response:
    if outage().refused and request.method not in SAFE_METHODS and response.status_code < 400:
        after_commit(outage().forget, outage().tell())
    return response


def init_app(app: Flask) -> None:
    """Tell of an outage together with the first request that is stored after it."""
    app.extensions["bankside.outage"] = Outage()
    app.after_request(_resume)
