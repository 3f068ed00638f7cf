"""The baseline: the statements the product sends for the same work, through the database's driver and nothing else.

`tests/work/test_bench.py` compares them with what the product really sends, so that the two stay the same.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import psycopg

from webapp.models.base import new_id
from webapp.services.request_ids import new_request_id

SIGN_IN = """SELECT * FROM sign_in JOIN staff_user ON staff_user.id = sign_in.staff_id
    JOIN role ON role.name = staff_user.role_name WHERE sign_in.token_hash = ?"""
CHAT = """SELECT * FROM chat_session JOIN staff_user ON staff_user.id = chat_session.staff_id
    JOIN role ON role.name = staff_user.role_name WHERE """
WEBHOOKS = """SELECT * FROM webhook JOIN staff_user ON staff_user.id = webhook.staff_id
    JOIN role ON role.name = staff_user.role_name"""
TRANSCRIPT = """SELECT * FROM message LEFT JOIN reply ON reply.id = message.id
    WHERE message.chat_id = ? AND message.seq <= ? ORDER BY message.seq DESC LIMIT 40"""
WAITING = """SELECT message.staff_id, count(*), min(reply.id), count(*) FILTER (WHERE reply.id < ?)
    FROM message JOIN reply ON reply.question_id = message.id WHERE reply.state = 'pending' GROUP BY message.staff_id"""
BEING_MADE = """SELECT count(*) FROM reply JOIN message ON message.id = reply.id
    WHERE reply.state = 'running' AND message.chat_id = ? AND reply.id < ?"""
IN_LINE = """SELECT ready.id, ready.staff_id FROM (SELECT reply.id, question.staff_id,
    row_number() OVER (PARTITION BY question.staff_id ORDER BY reply.id) AS place
    FROM reply JOIN message AS question ON question.id = reply.question_id
    WHERE reply.state = 'pending' AND reply.id IN (SELECT min(reply.id) FROM reply JOIN message
    ON message.id = reply.id WHERE reply.state IN ('pending', 'running') GROUP BY message.chat_id)
    AND (reply.next_attempt_at IS NULL OR reply.next_attempt_at <= ? OR reply.next_attempt_at > ?)) AS ready
    ORDER BY ready.place, ready.id LIMIT ?"""
RUNNING = """SELECT message.staff_id, count(*) FROM message JOIN reply ON reply.question_id = message.id
    WHERE reply.state = 'running' GROUP BY message.staff_id"""
SERVED = """SELECT message.staff_id, max(reply.claimed_at) FROM message JOIN reply ON reply.question_id = message.id
    WHERE reply.claimed_at > ? GROUP BY message.staff_id"""
CLAIM = """UPDATE reply SET state = 'running', attempts = reply.attempts + 1, claim_token = ?, claimed_at = ?,
    claimed_by = 'bench:1:1', heartbeat_at = ?, next_attempt_at = NULL, started_at = coalesce(reply.started_at, ?)
    WHERE reply.id = (SELECT reply.id FROM reply WHERE reply.id = ? AND reply.state = 'pending'{skip_locked})
    AND reply.state = 'pending' AND NOT EXISTS (
    SELECT other.id FROM reply AS other JOIN message AS earlier ON earlier.id = other.id
    JOIN message AS this ON this.chat_id = earlier.chat_id AND this.seq > earlier.seq
    WHERE this.id = ? AND other.state IN ('pending', 'running'))"""
FINISH = """UPDATE reply SET state = 'done', agent = ?, agent_title = ?, reason = ?, intent = ?, confidence = 1.0,
    model = 'rules', suggestions = ?, memory = '{}', needs_person = ?, failure = NULL, finished_at = ?
    WHERE reply.id = ? AND reply.claim_token = ? AND reply.state = 'running'"""
CITE = """INSERT INTO cited_passage (reply_id, number, passage, article_id, version, title, section, effective_on)
    VALUES """
CITED = "(?, ?, ?, 'service-opening-hours', 2, 'Opening hours', 'Branches', '2026-01-01')"
TURNS = 7_206_199  # any number: claimants take turns at it, as the product's do at theirs
ANSWER = "Branches are open from 9:00 to 13:00 and from 14:00 to 17:00, on Thursday until 18:30. " * 5


class Connection(Protocol):
    """What both drivers offer."""

    postgresql: bool

    def begin(self, writing: bool = True) -> None:
        """Begin a transaction."""

    def run(self, statement: str, *values: Any) -> list[Any]:
        """Send a statement with `?` for values; its rows, if it returns any."""

    def end(self) -> None:
        """Commit."""


def _as_kept(value: Any) -> Any:
    """SQLite has no moments: they are kept as text, UTC."""
    return value.replace(tzinfo=None).isoformat(" ") if isinstance(value, datetime) else value


class SqliteConnection:
    """sqlite3 with the product's settings. Writers queue at a lock, as the product's do."""

    postgresql = False
    _turns = threading.Lock()

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("busy_timeout=5000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._writing = False

    def begin(self, writing: bool = True) -> None:
        """Begin; a writer waits for its turn."""
        if writing:
            self._turns.acquire()
        self._writing = writing
        self._connection.execute("BEGIN IMMEDIATE" if writing else "BEGIN")

    def run(self, statement: str, *values: Any) -> list[Any]:
        """Send a statement."""
        return self._connection.execute(statement, [_as_kept(value) for value in values]).fetchall()

    def end(self) -> None:
        """Commit, and let the next writer go on."""
        self._connection.execute("COMMIT")
        if self._writing:
            self._turns.release()

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


class PostgresqlConnection:
    """psycopg; the server's own durability settings hold for both sides."""

    postgresql = True

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)

    def begin(self, writing: bool = True) -> None:
        """Begin."""
        self._connection.execute("BEGIN")

    def run(self, statement: str, *values: Any) -> list[Any]:
        """Send a statement."""
        cursor = self._connection.execute(statement.replace("?", "%s"), values)
        return cursor.fetchall() if cursor.description else []

    def end(self) -> None:
        """Commit."""
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


class BareClient:
    """Does what one browser's requests make the product do, without the product."""

    def __init__(self, connection: Connection, staff_id: int, token_hash: str) -> None:
        self._connection = connection
        self._staff_id = staff_id
        self._token_hash = token_hash
        self._lock_row = " FOR UPDATE OF chat_session" if connection.postgresql else ""
        self._claim = CLAIM.format(skip_locked=" FOR UPDATE SKIP LOCKED" if connection.postgresql else "")
        self.chat_id = self.create_session()

    def _look_who_asks(self) -> None:
        self._connection.begin(writing=False)
        self._connection.run(SIGN_IN, self._token_hash)
        self._connection.end()

    def create_session(self) -> str:
        """Open a session; returns its id."""
        self._look_who_asks()
        run, chat_id, request_id, now = self._connection.run, new_id("sess"), new_request_id(), datetime.now(UTC)
        self._connection.begin()
        run(f"{CHAT} chat_session.staff_id = ? AND chat_session.request_id = ?", self._staff_id, request_id)
        run(
            "SELECT accent FROM chat_session WHERE staff_id = ? ORDER BY last_activity_at DESC, id DESC LIMIT 1",
            self._staff_id,
        )
        run("SAVEPOINT opening")
        run(
            "INSERT INTO chat_session (id, thread_id, staff_id, branch, request_id, title, titled_by_hand, status, "
            "accent, search_text, last_seq, last_line, created_at, last_activity_at) "
            "VALUES (?, ?, ?, 'Nordhafen', ?, 'New session', ?, 'active', 1, 'new session', 0, '', ?, ?)",
            chat_id, new_id("thread"), self._staff_id, request_id, False, now, now,
        )  # fmt: skip
        run("RELEASE SAVEPOINT opening")
        run(
            "INSERT INTO audit_entry (at, actor, role, action, object_id, request_id, details) "
            "VALUES (?, 'teller', 'teller', 'session.created', ?, ?, '{}')",
            now, chat_id, secrets.token_hex(8),
        )  # fmt: skip
        run(WEBHOOKS)
        self._connection.end()
        return chat_id

    def post_message(self) -> float:
        """Store a question with its pending reply, then the reply; returns how long the first took, milliseconds."""
        started = time.perf_counter()
        self._look_who_asks()
        reply_id, question_id, seq = self._ask()
        latency = (time.perf_counter() - started) * 1000
        self._answer(reply_id, question_id, seq)
        return latency

    def post_and_answer(self, think: Callable[[], None]) -> None:
        """Store a question, let it be thought about with no transaction open, store the reply."""
        self._look_who_asks()
        asked = self._ask()
        think()
        self._answer(*asked)

    def _ask(self) -> tuple[int, int, int]:
        run, request_id, now = self._connection.run, new_request_id(), datetime.now(UTC)
        self._connection.begin()
        owned = f"{CHAT} chat_session.id = ? AND chat_session.staff_id = ?{self._lock_row}"
        ((last_seq, *_rest),) = run(owned.replace("*", "chat_session.last_seq, *", 1), self.chat_id, self._staff_id)
        run("SELECT * FROM message WHERE chat_id = ? AND request_id = ? AND role = 'staff'", self.chat_id, request_id)
        ((question_id,),) = run(
            "INSERT INTO message (chat_id, seq, role, text, author_name, request_id, created_at, staff_id, time_zone) "
            "VALUES (?, ?, 'staff', 'Opening hours', 'Tom Reuter', ?, ?, ?, 'Europe/Berlin') RETURNING id",
            self.chat_id, last_seq + 1, request_id, now, self._staff_id,
        )  # fmt: skip
        ((reply_id,),) = run(
            "INSERT INTO message (chat_id, seq, role, text, author_name, created_at) "
            "VALUES (?, ?, 'assistant', '', 'Assistant', ?) RETURNING id",
            self.chat_id, last_seq + 2, now,
        )  # fmt: skip
        run(
            "INSERT INTO reply (id, question_id, state, suggestions, memory, needs_person, attempts) "
            "VALUES (?, ?, 'pending', '[]', '{}', ?, 0)",
            reply_id, question_id, False,
        )  # fmt: skip
        run(
            "UPDATE chat_session SET last_seq = ?, last_line = 'Opening hours', last_activity_at = ? WHERE id = ?",
            last_seq + 2, now, self.chat_id,
        )  # fmt: skip
        run("SELECT * FROM draft WHERE chat_id = ? AND staff_id = ?", self.chat_id, self._staff_id)
        higher = "greatest" if self._connection.postgresql else "max"
        run(
            "INSERT INTO reading (chat_id, staff_id, seq) VALUES (?, ?, ?) ON CONFLICT (chat_id, staff_id) "
            f"DO UPDATE SET seq = {higher}(reading.seq, excluded.seq)",
            self.chat_id, self._staff_id, last_seq + 1,
        )  # fmt: skip
        run(WEBHOOKS)
        run(WAITING, reply_id)
        run("SELECT staff_id FROM message WHERE id = ?", question_id)
        run(BEING_MADE, self.chat_id, reply_id)
        self._connection.end()
        return reply_id, question_id, last_seq + 1

    def _answer(self, reply_id: int, question_id: int, seq: int) -> None:
        run, token, now = self._connection.run, secrets.token_hex(16), datetime.now(UTC)
        self._connection.begin()
        if self._connection.postgresql:
            run("SELECT pg_advisory_xact_lock(?)", TURNS)
        run(IN_LINE, now, now + timedelta(minutes=1), 150)
        run(RUNNING)
        run(SERVED, now - timedelta(minutes=1))
        run(self._claim, token, now, now, now, reply_id, reply_id)
        run("SELECT * FROM message JOIN reply ON reply.id = message.id WHERE message.id = ?", reply_id)
        run("SELECT * FROM tool_call WHERE reply_id = ? ORDER BY position", reply_id)
        run("SELECT * FROM proposal WHERE reply_id = ? ORDER BY position", reply_id)
        run("SELECT * FROM cited_passage WHERE reply_id = ? ORDER BY number", reply_id)
        run("SELECT * FROM reply_attempt WHERE reply_id = ? ORDER BY number", reply_id)
        run("SELECT * FROM model_use WHERE reply_id = ?", reply_id)
        run("SELECT * FROM message WHERE id = ? AND role = 'staff'", question_id)
        run(f"{CHAT} chat_session.id = ?", self.chat_id)
        run(TRANSCRIPT, self.chat_id, seq)
        run("SELECT title, rights FROM role ORDER BY title")
        self._connection.end()
        self._connection.begin()
        run(f"SELECT id FROM chat_session WHERE id = ?{self._lock_row}", self.chat_id)
        said = ("handbook", "Handbook", "the question is about opening hours", "opening_hours")
        run(FINISH, *said, json.dumps(["On Saturday?"]), False, datetime.now(UTC), reply_id, token)
        run("UPDATE message SET text = ? WHERE id = ?", ANSWER, reply_id)
        run(CITE + CITED, reply_id, 1, ANSWER)
        run(
            "INSERT INTO tool_call (reply_id, position, tool, label, arguments, outcome, milliseconds) "
            "VALUES (?, 1, 'handbook', 'handbook', ?, 'ok', 1.5)",
            reply_id, json.dumps({"question": "Opening hours"}),
        )  # fmt: skip
        run(
            "UPDATE chat_session SET last_line = ?, last_activity_at = ? WHERE id = ?",
            ANSWER[:140], datetime.now(UTC), self.chat_id,
        )  # fmt: skip
        run("SELECT id FROM webhook LIMIT 1")
        self._connection.end()
        self._connection.begin(writing=False)
        run(IN_LINE, now, now + timedelta(minutes=1), 50)
        self._connection.end()


def connect(url: str) -> SqliteConnection | PostgresqlConnection:
    """A connection to the database with this address."""
    if url.startswith("sqlite:///"):
        return SqliteConnection(url.removeprefix("sqlite:///"))
    return PostgresqlConnection(url.replace("postgresql+psycopg://", "postgresql://"))


def signed_in(connection: Connection) -> Sequence[Any]:
    """Somebody who is signed in: staff id and the hash of their token."""
    rows = connection.run("SELECT staff_id, token_hash FROM sign_in WHERE ended_at IS NULL LIMIT 1")
    if not rows:
        raise RuntimeError("nobody is signed in: measure the server first")
    return tuple(rows[0])
