"""Mend what can be mended: counters, stranded replies, missing reply rows. Gaps in the numbering are never touched.

Each function mends at most `most` rows in the caller's unit of work and says how many; call it until it says 0, so
that no transaction is long. Everything is looked at again under the session's lock before it is changed.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, insert, select, update

from webapp.extensions import db
from webapp.models import ChatSession, Question
from webapp.models.base import now
from webapp.models.message import ReplyState
from webapp.services import audit, replies
from webapp.services.conversation import ASSISTANT
from webapp.services.doctor import (
    chat_table,
    last_line_of,
    message_table,
    reply_table,
    silent,
    unanswered,
    wrong_last_activity,
    wrong_last_lines,
    wrong_last_seq,
)

MOST = 200


def add_missing_replies(most: int = MOST) -> int:
    """Give questions without a reply row a pending one, in the free number after them, else at the session's end."""
    found = db.session.scalars(unanswered().limit(most)).all()
    for question_id in found:
        question = db.session.get_one(Question, question_id)
        _lock(question.chat_id)
        chat = db.session.get_one(ChatSession, question.chat_id, populate_existing=True)
        reply_id = _half_stored(question) or _new_message(question, chat)
        db.session.execute(insert(reply_table).values(id=reply_id, question_id=question.id, state=ReplyState.PENDING))
        audit.record(None, "doctor.reply_added", chat.id, reply=reply_id)
    return len(found)


def _half_stored(question: Question) -> int | None:
    """The message after the question, if it is an assistant's whose reply row is missing."""
    found: int | None = db.session.scalar(
        select(message_table.c.id)
        .outerjoin(reply_table, reply_table.c.id == message_table.c.id)
        .where(
            message_table.c.chat_id == question.chat_id,
            message_table.c.seq == question.seq + 1,
            message_table.c.role == "assistant",
            reply_table.c.id.is_(None),
        )
    )
    return found


def _new_message(question: Question, chat: ChatSession) -> int:
    numbers = message_table.c
    top = db.session.scalar(select(func.max(numbers.seq)).where(numbers.chat_id == chat.id)) or 0
    taken = db.session.scalar(select(numbers.id).where(numbers.chat_id == chat.id, numbers.seq == question.seq + 1))
    seq = question.seq + 1 if taken is None else top + 1
    chat.last_seq = max(top, seq)
    stored = db.session.execute(
        insert(message_table).values(
            chat_id=chat.id, seq=seq, role="assistant", text="", author_name=ASSISTANT, created_at=now()
        )
    )
    key: Any = stored.inserted_primary_key  # type: ignore[attr-defined]
    return int(key[0])


def hand_out_stranded() -> int:
    """Put one reply that lost its maker back into the queue; the running server takes it within seconds."""
    strands = set(db.session.scalars(silent()))
    return next((1 for lost in replies.claims() if lost.reply_id in strands and replies.hand_out_again(lost)), 0)


def recompute_counters(most: int = MOST) -> int:
    """Set the counter, last activity and last line of sessions from their messages."""
    wrong: list[str] = list(db.session.scalars(wrong_last_seq().limit(most)))
    wrong += db.session.scalars(wrong_last_activity().limit(most)).all()
    if len(wrong) < most:
        wrong += wrong_last_lines()
    chosen = list(dict.fromkeys(wrong))[:most]
    mended = [chat_id for chat_id in chosen if _recompute(chat_id)]
    for chat_id in mended:
        audit.record(None, "doctor.counters_recomputed", chat_id)
    return len(mended)


def _lock(chat_id: str) -> None:
    """Take the session as whoever asks in it does, so that numbers are given out one after the other."""
    db.session.execute(select(chat_table.c.id).where(chat_table.c.id == chat_id).with_for_update())


def _recompute(chat_id: str) -> bool:
    _lock(chat_id)
    rows = db.session.execute(
        select(message_table.c.seq, message_table.c.role, message_table.c.text, message_table.c.created_at)
        .add_columns(reply_table.c.state, reply_table.c.finished_at)
        .outerjoin(reply_table, reply_table.c.id == message_table.c.id)
        .where(message_table.c.chat_id == chat_id)
        .order_by(message_table.c.seq.desc())
        .limit(4)
    ).all()
    chat = db.session.execute(
        select(
            chat_table.c.created_at, chat_table.c.last_activity_at, chat_table.c.last_seq, chat_table.c.last_line
        ).where(chat_table.c.id == chat_id)
    ).one()
    moments = [row.created_at for row in rows] + [row.finished_at for row in rows if row.finished_at is not None]
    newest, active = max([chat.created_at, *moments]), chat.last_activity_at
    right = (
        rows[0].seq if rows else 0,
        next((last_line_of(row.role, row.text) for row in rows if row.text), ""),
        newest if active > now() or active < newest else active,
    )
    if right == (chat.last_seq, chat.last_line, active):
        return False
    seq, line, moment = right
    db.session.execute(
        update(chat_table)
        .where(chat_table.c.id == chat_id)
        .values(last_seq=seq, last_line=line, last_activity_at=moment)
    )
    return True
