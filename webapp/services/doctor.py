"""Look whether what is stored agrees with itself: counted in the database, a few examples named, nothing changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, Select, String, cast, exists, func, literal, or_, select

from webapp.extensions import db
from webapp.models import ChatSession, Message, Reply
from webapp.models.base import now
from webapp.models.message import ReplyState
from webapp.services.conversation import one_line, plain
from webapp.services.replies import SILENT_AFTER

Level: TypeAlias = Literal["ok", "degraded", "unavailable", "problem"]
Figure: TypeAlias = int | float | str | bool | None
NAMED = 10  # examples listed of what may be millions
LOOKED_AT = 2000  # sessions whose last line is compared; reading Markdown is the one check the database cannot do
TOLERANCE = 5.0  # seconds between two clocks readings of one transaction

chat_table: Any = ChatSession.__table__
message_table: Any = Message.__table__
reply_table: Any = Reply.__table__


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check says: how serious, in a sentence, with figures and a few ids to look at."""

    name: str
    level: Level
    sentence: str
    figures: dict[str, Figure] = field(default_factory=dict)
    examples: tuple[str, ...] = ()

    @property
    def is_well(self) -> bool:
        """Whether nothing needs to be done."""
        return self.level == "ok"


def examine_rows() -> Iterator[Finding]:
    """Every check of the stored rows. One statement each, so that work going on meanwhile is no finding."""
    yield _counted(
        "seq_gaps", gaps(), "sessions whose messages are not numbered 1, 2, 3 ...; reported, never renumbered"
    )
    yield _counted("questions_without_reply", unanswered(), "questions that have no reply row")
    yield _counted("silent_replies", silent(), "replies running without a heartbeat")
    yield _counted("wrong_last_seq", wrong_last_seq(), "sessions whose counter disagrees with their messages")
    yield _counted("wrong_last_activity", wrong_last_activity(), "sessions whose last activity is not their messages'")
    lines = wrong_last_lines()
    yield Finding(
        "wrong_last_line",
        "problem" if lines else "ok",
        f"{len(lines)} of the {LOOKED_AT} sessions used last show a last line that nobody said",
        {"count": len(lines)},
        tuple(lines[:NAMED]),
    )


def _counted(name: str, statement: Select[Any], sentence: str) -> Finding:
    found = statement.subquery()
    count = db.session.scalar(select(func.count()).select_from(found)) or 0
    examples: tuple[str, ...] = ()
    if count:
        examples = tuple(str(row[0]) for row in db.session.execute(select(cast(found.c[0], String)).limit(NAMED)))
    return Finding(name, "problem" if count else "ok", f"{count} {sentence}", {"count": count}, examples)


def gaps() -> Select[Any]:
    """Sessions whose numbers have holes or do not begin at 1. Answered from the index on (chat_id, seq)."""
    said = message_table.c
    return (
        select(said.chat_id)
        .group_by(said.chat_id)
        .having(or_(func.count() != func.max(said.seq), func.min(said.seq) != 1))
    )


def unanswered() -> Select[Any]:
    """Questions nobody can ever answer, because their reply was not stored with them."""
    said = message_table.c
    return select(said.id).where(said.role == "staff", ~exists().where(reply_table.c.question_id == said.id))


def silent() -> Select[Any]:
    """Replies whose maker has not been heard of for too long."""
    heard = reply_table.c.heartbeat_at
    return select(reply_table.c.id).where(
        reply_table.c.state == ReplyState.RUNNING,
        or_(heard.is_(None), heard < now() - SILENT_AFTER, heard > now() + SILENT_AFTER),
    )


def wrong_last_seq() -> Select[Any]:
    """Sessions whose `last_seq` is not the number of their last message."""
    top = (
        select(message_table.c.chat_id, func.max(message_table.c.seq).label("seq"))
        .group_by(message_table.c.chat_id)
        .subquery()
    )
    return (
        select(chat_table.c.id)
        .outerjoin(top, top.c.chat_id == chat_table.c.id)
        .where(chat_table.c.last_seq != func.coalesce(top.c.seq, 0))
    )


def wrong_last_activity() -> Select[Any]:
    """Sessions older than their last message or finished reply, or active in the future."""
    said, chat = message_table.c, chat_table.c
    return (
        select(chat.id)
        .outerjoin(message_table, (said.chat_id == chat.id) & (said.seq == chat.last_seq))
        .outerjoin(reply_table, reply_table.c.id == said.id)
        .where(
            or_(
                chat.last_activity_at > now() + timedelta(seconds=60),
                _later(said.created_at, chat.last_activity_at),
                (reply_table.c.state == ReplyState.DONE) & _later(reply_table.c.finished_at, chat.last_activity_at),
            )
        )
    )


def _later(this: ColumnElement[Any], that: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether one stored moment is clearly after another."""
    if db.session.get_bind().dialect.name == "postgresql":
        return func.extract("epoch", this - that) > TOLERANCE
    return (func.julianday(this) - func.julianday(that)) * literal(86400.0) > TOLERANCE


def wrong_last_lines() -> list[str]:
    """Of the sessions used last, those whose `last_line` is not the beginning of one of their last messages."""
    said, chat = message_table.c, chat_table.c
    newest = select(chat.id).order_by(chat.last_activity_at.desc(), chat.id.desc()).limit(LOOKED_AT).subquery()
    rows = db.session.execute(
        select(chat.id, chat.last_line, said.role, said.text)
        .join(newest, newest.c.id == chat.id)
        .outerjoin(message_table, (said.chat_id == chat.id) & (said.seq > chat.last_seq - 2))
        .order_by(chat.id)
    )
    shown: dict[str, str] = {}
    possible: dict[str, set[str]] = {}
    for chat_id, line, role, text in rows:
        shown[chat_id] = line
        possible.setdefault(chat_id, set())
        if text:  # a reply still to be made says nothing yet
            possible[chat_id].add(last_line_of(role, text))
    return [chat_id for chat_id, line in shown.items() if line not in (possible[chat_id] or {""})]


def last_line_of(role: str, text: str) -> str:
    """What lists show of a message."""
    return one_line(text if role == "staff" else plain(text))
