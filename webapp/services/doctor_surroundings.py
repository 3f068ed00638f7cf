"""Look whether what the app stands on is there: the database to read and to write, schema, queue, disk, clock, feed."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import redis
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from webapp.extensions import db
from webapp.feed import Feed, Missed
from webapp.figures import Queue
from webapp.models import ReplyAttempt
from webapp.models.base import now
from webapp.models.message import ReplyState
from webapp.services.doctor import Figure, Finding, Level, message_table, reply_table

MEGABYTE = 1024 * 1024
DISK_LOW = 500 * MEGABYTE  # below this, somebody should act today
DISK_FULL = 50 * MEGABYTE  # below this, the next message may not be stored
QUEUE_OLD = 60.0  # seconds a reply may wait for a maker before somebody should look
LAG_LONG = 0.5  # seconds from telling to hearing
SKEW_LARGE = 2.0  # seconds
BUSY_MILLISECONDS = 1000  # how long the writing check waits for other writers
REDIS_SECONDS = 1.0


def reading() -> Finding:
    """Whether the database answers."""
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        db.session.close()
        return Finding("database_read", "unavailable", f"the database does not answer ({type(error).__name__})")
    return Finding("database_read", "ok", "the database answers")


def writing() -> Finding:
    """Whether a write transaction can begin; it is given up at once. Waits a second at most for other writers."""
    name = "database_write"
    try:
        if db.engine.dialect.name == "sqlite":
            _begin_on_sqlite()
        elif db.session.scalar(text("SHOW transaction_read_only")) == "on":
            return Finding(name, "degraded", "the database is read-only; reading works, nothing can be stored")
    except Exception as error:  # the driver's own errors here, not SQLAlchemy's
        why = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        return Finding(name, "degraded", f"nothing can be stored now: {why}")
    return Finding(name, "ok", "a write transaction can begin")


def _begin_on_sqlite() -> None:
    """On a connection of its own, past the pool and the gate: a health check must not queue behind the writers."""
    dialect = db.engine.dialect
    arguments, options = dialect.create_connect_args(db.engine.url)
    connection: Any = dialect.connect(*arguments, **options)
    try:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
        connection.execute("BEGIN IMMEDIATE")
        # On a read-only file SQLite begins a reading transaction instead and says nothing, until somebody writes.
        connection.execute("UPDATE alembic_version SET version_num = version_num WHERE 0")
        connection.execute("ROLLBACK")
    finally:
        connection.close()


@lru_cache(maxsize=4)
def _newest_revision(folder: str) -> str | None:
    return ScriptDirectory(folder).get_current_head()


def schema(folder: str) -> Finding:
    """Whether the database has this version's schema."""
    present = MigrationContext.configure(db.session.connection()).get_current_revision()
    newest = _newest_revision(folder)
    figures: dict[str, Figure] = {"present": present, "newest": newest}
    if present == newest:
        return Finding("migrations", "ok", "the schema is this version's", figures)
    sentence = f"the schema is {present or 'missing'}, this version's is {newest}: run flask migrate-safely"
    return Finding("migrations", "degraded", sentence, figures)


def queue_now() -> Queue:
    """How many replies wait and are being made, and how long the oldest has waited."""
    rows = db.session.execute(
        select(reply_table.c.state, func.count())
        .where(reply_table.c.state.in_((ReplyState.PENDING, ReplyState.RUNNING)))
        .group_by(reply_table.c.state)
    )
    counts = {str(state): int(count) for state, count in rows}
    again = select(func.max(ReplyAttempt.ended_at)).where(ReplyAttempt.reply_id == reply_table.c.id).scalar_subquery()
    oldest = db.session.scalar(  # one that is made again waits since its last attempt ended
        select(func.min(func.coalesce(again, message_table.c.created_at)))
        .join(reply_table, reply_table.c.id == message_table.c.id)
        .where(reply_table.c.state == ReplyState.PENDING)
    )
    waited = max(0.0, (now() - oldest).total_seconds()) if oldest else 0.0
    return Queue(counts.get(ReplyState.PENDING, 0), counts.get(ReplyState.RUNNING, 0), waited)


def queue() -> Finding:
    """Whether replies are being made as fast as they are asked for."""
    length = queue_now()
    figures: dict[str, Figure] = {
        "pending": length.pending,
        "running": length.running,
        "oldest_seconds": round(length.oldest_pending_seconds, 1),
    }
    level: Level = "degraded" if length.oldest_pending_seconds > QUEUE_OLD else "ok"
    sentence = (
        f"{length.pending} replies wait, the oldest for {figures['oldest_seconds']} s; {length.running} being made"
    )
    return Finding("queue", level, sentence, figures)


def disk(folders: Sequence[Path]) -> Finding:
    """Whether there is room where the database and the instance folder are."""
    free = min(shutil.disk_usage(folder).free for folder in folders if folder.exists())
    level: Level = "degraded" if free < DISK_LOW else "ok"
    urgent = "; the next message may not be stored" if free < DISK_FULL else ""
    return Finding("disk", level, f"{free // MEGABYTE} MB free{urgent}", {"free_mb": free // MEGABYTE})


def places(instance: Path) -> list[Path]:
    """The folders whose disk matters on this host."""
    url = db.engine.url
    stored = [Path(url.database).parent] if url.get_backend_name() == "sqlite" and url.database else []
    return [instance, *stored]


def clock() -> Finding:
    """Whether this host and the database agree about the time. SQLite has no clock of its own."""
    if db.engine.dialect.name == "sqlite":
        return Finding("clock", "ok", "one clock: the database is a file on this host", {"skew_seconds": 0.0})
    before = datetime.now(UTC)
    there = db.session.scalar(select(func.clock_timestamp()))
    after = datetime.now(UTC)
    skew = 0.0 if there is None else round((there - (before + (after - before) / 2)).total_seconds(), 3)
    level: Level = "degraded" if abs(skew) > SKEW_LARGE else "ok"
    return Finding("clock", level, f"the database's clock is {skew:+.3f} s from this host's", {"skew_seconds": skew})


def feed_lag(feed: Feed) -> Finding:
    """How long it takes from telling an open page something to its hearing it."""
    chat_id = "doctor"  # always the same: feeds keep something for every session they have heard of
    after = feed.latest(chat_id)
    started = time.perf_counter()
    feed.publish(chat_id, "changed")
    try:
        heard = feed.read(chat_id, after, 2.0)
    except Missed:
        heard = []
    seconds = round(time.perf_counter() - started, 4)
    if not heard:
        sentence = "events are not heard; open pages ask every few seconds instead"
        return Finding("feed", "degraded", sentence, {"lag_seconds": None})
    level: Level = "degraded" if seconds > LAG_LONG else "ok"
    return Finding("feed", level, f"events are heard after {seconds * 1000:.1f} ms", {"lag_seconds": seconds})


def redis_answers(name: str, url: str) -> Finding:
    """Whether a Redis answers; the address stays out of the sentence, it may hold a password."""
    if not url:
        return Finding(name, "ok", "not configured")
    try:
        with redis.Redis.from_url(
            url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS, retry=None
        ) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        return Finding(name, "degraded", f"does not answer ({type(error).__name__})")
    return Finding(name, "ok", "answers")
