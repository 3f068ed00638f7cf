"""What was said in a session, in pieces for programs, and one message found by its number alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from webapp.extensions import db
from webapp.models import ChatSession, Message, Reply, StaffUser
from webapp.models.message import ReplyState
from webapp.services import chats
from webapp.services.errors import ChatNotFound, MessageNotFound

PREVIOUS_INTENTS = 10


@dataclass(frozen=True, slots=True)
class Said:
    """Some messages, oldest first, and how many there are in all."""

    messages: Sequence[Message]
    total: int


def page(chat: ChatSession, limit: int, offset: int = 0, after: int | None = None) -> Said:
    """Messages from the beginning, leaving out `offset`, or from the first after a seq."""
    statement = select(Message).where(Message.chat_id == chat.id)
    if after is not None:
        statement = statement.where(Message.seq > after)
    rows = db.session.scalars(statement.order_by(Message.seq).offset(offset).limit(limit)).all()
    return Said(rows, chat.last_seq)


def latest(chat: ChatSession, limit: int) -> Said:
    """The last messages, oldest first."""
    statement = select(Message).where(Message.chat_id == chat.id).order_by(Message.seq.desc()).limit(limit)
    return Said(list(reversed(db.session.scalars(statement).all())), chat.last_seq)


def message_for(staff: StaffUser, message_id: int, *, to_write: bool = False) -> tuple[ChatSession, Message]:
    """A message with its session, which the person may read, or, `to_write`, which is theirs.

    Raises `MessageNotFound` for any other, existing or not; `NotAllowed` as `chats.chat_of` does.
    """
    chat_id = db.session.scalar(select(Message.chat_id).where(Message.id == message_id))
    if chat_id is None:
        raise MessageNotFound
    try:
        chat = chats.chat_of(staff, chat_id) if to_write else chats.readable_chat(staff, chat_id)
    except ChatNotFound:
        raise MessageNotFound from None
    return chat, db.session.scalars(select(Message).where(Message.id == message_id)).one()


def reply_state(reply_id: int) -> str | None:
    """How far a reply has come; None if it is gone."""
    return db.session.scalar(select(Reply.state).where(Reply.id == reply_id))


def intents(found: Sequence[ChatSession]) -> dict[str, list[str]]:
    """What the last questions of each session were about, newest first."""
    ids = [chat.id for chat in found if chat.last_seq]
    told: dict[str, list[str]] = {chat.id: [] for chat in found}
    if ids:
        statement = (
            select(Reply.chat_id, Reply.intent)
            .join(ChatSession, ChatSession.id == Message.chat_id)
            .where(Message.chat_id.in_(ids), Message.seq > ChatSession.last_seq - 2 * PREVIOUS_INTENTS)
            .where(Reply.state == ReplyState.DONE, Reply.intent.is_not(None))
            .order_by(Message.seq.desc())
        )
        for row in db.session.execute(statement):
            told[row.chat_id].append(row.intent)
    return told


@dataclass(frozen=True, slots=True)
class Counted:
    """What an agent has done so far."""

    replies: int
    mean_confidence: float | None


def counted() -> dict[str, Counted]:
    """What each agent has done, by its key, over everything that is stored."""
    rows = db.session.execute(
        select(Reply.agent, func.count().label("replies"), func.avg(Reply.confidence).label("confidence"))
        .where(Reply.state == ReplyState.DONE)
        .group_by(Reply.agent)
    )
    return {row.agent: Counted(row.replies, row.confidence) for row in rows if row.agent}
