"""Asking: a question and its pending reply are stored in one go, once per request id, numbered without gaps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import load_only

from webapp.extensions import db
from webapp.models import ChatSession, CitedPassage, Draft, Message, Question, Reading, Reply, StaffUser
from webapp.models.base import now
from webapp.models.chat import ChatStatus
from webapp.models.message import ReplyState
from webapp.services import chats, outbox
from webapp.services.errors import ChatEnded, MessageNotFound, TextDiffers
from webapp.services.masking import mask_card_secrets

ASSISTANT = "Assistant"
PAGE = 100  # messages shown at once


@dataclass(frozen=True, slots=True)
class Turn:
    """A question with its reply. `repeated`: both had been stored before, by the same request id."""

    question: Question
    reply: Reply
    repeated: bool = False
    masked: bool = False


def ask(
    chat: ChatSession,
    staff: StaffUser,
    text: str,
    request_id: str,
    time_zone: str,
    noted: dict[str, Any] | None = None,
    *,
    asked_of: str | None = None,
    again_of: int | None = None,
) -> Turn:
    """Store a question and its pending reply. The chat must come from `chats.chat_of`, which makes writers take turns.

    `asked_of` names the agent that is to answer, `again_of` the question this one repeats. Raises `ChatEnded`;
    `TextDiffers` if the request id was used for another text. Card numbers are masked first.
    """
    kept = mask_card_secrets(text)
    earlier = _asked_with(chat, request_id)
    if earlier is not None:
        if earlier.text != kept:
            raise TextDiffers
        return Turn(earlier, _reply_to(earlier), repeated=True)
    if not chat.is_open:
        raise ChatEnded
    if chat.status == ChatStatus.RESOLVED:
        chats.change_status(staff, chat, ChatStatus.ACTIVE)
    question = Question(
        chat_id=chat.id,
        seq=chat.last_seq + 1,
        text=kept,
        author_name=staff.display_name,
        staff_id=staff.id,
        request_id=request_id,
        time_zone=time_zone,
        noted=noted,
        asked_of=asked_of,
        again_of=again_of,
    )
    db.session.add(question)
    db.session.flush()
    reply = Reply(
        chat_id=chat.id,
        seq=chat.last_seq + 2,
        author_name=ASSISTANT,
        question_id=question.id,
        state=ReplyState.PENDING,
        calls=[],
        citations=[],
        attempts_before=[],
        suggestions=[],
    )
    db.session.add(reply)
    chat.last_seq += 2
    chat.last_activity_at = now()
    chat.last_line = one_line(kept)
    chats.title_from(chat, kept)
    if asked_of is None:  # a question asked again leaves what is being typed alone
        save_draft(chat, staff, "")
    mark_read(chat, staff, question.seq)
    db.session.flush()
    outbox.tell("message.created", chat, message_id=question.id, seq=question.seq, reply_id=reply.id)
    return Turn(question, reply, masked=kept != text)


CITATION_MARK = re.compile(r" ?\[\d{1,2}\]")
_reader = MarkdownIt("commonmark", {"html": False}).enable(["table"])


def plain(markdown: str) -> str:
    """What a Markdown text says, without its marks; a table's header row is left out."""
    words: list[str] = []
    in_head = False
    for token in _reader.parse(markdown):
        in_head = (in_head or token.type == "thead_open") and token.type != "thead_close"
        if token.type == "inline" and not in_head:
            words += [part.content if part.content else " " for part in token.children or []] + [" "]
    return CITATION_MARK.sub("", "".join(words))


def one_line(text: str) -> str:
    """The beginning of a text, for lists."""
    line = " ".join(text.split())
    return line if len(line) <= 140 else line[:139] + "\u2026"


def _asked_with(chat: ChatSession, request_id: str) -> Question | None:
    return db.session.scalar(select(Question).where(Question.chat_id == chat.id, Question.request_id == request_id))


def _reply_to(question: Question) -> Reply:
    return db.session.scalars(select(Reply).where(Reply.question_id == question.id)).one()


def turn_of(chat: ChatSession, question_id: int) -> Turn:
    """A question of this session with its reply as they stand now; raises `MessageNotFound`."""
    question = db.session.scalar(select(Question).where(Question.id == question_id, Question.chat_id == chat.id))
    if question is None:
        raise MessageNotFound
    return Turn(question, _reply_to(question), repeated=True)


def question_of(message: Message) -> Message | None:
    """The question a reply answers; None for what is no reply."""
    return db.session.get(Message, message.question_id) if isinstance(message, Reply) else None


def messages(chat: ChatSession, before: int | None = None, after: int | None = None) -> Sequence[Message]:
    """Up to `PAGE` messages, oldest first: the latest, those before a seq, or the first ones after a seq."""
    statement = select(Message).where(Message.chat_id == chat.id)
    if after is not None:
        statement = statement.where(Message.seq > after).order_by(Message.seq).limit(PAGE)
        return db.session.scalars(statement).all()
    if before is not None:
        statement = statement.where(Message.seq < before)
    latest = db.session.scalars(statement.order_by(Message.seq.desc()).limit(PAGE)).all()
    return list(reversed(latest))


def reply_in(chat: ChatSession, reply_id: int) -> Reply:
    """One reply of this session; raises `MessageNotFound`."""
    reply = db.session.scalar(select(Reply).where(Reply.id == reply_id, Reply.chat_id == chat.id))
    if reply is None:
        raise MessageNotFound
    return reply


def replies_in(chat: ChatSession, ids: Sequence[int]) -> Sequence[Reply]:
    """Those of these replies that are of this session, in the order they were given."""
    if not ids:
        return []
    return db.session.scalars(
        select(Reply).where(Reply.id.in_(ids), Reply.chat_id == chat.id).order_by(Reply.seq)
    ).all()


def citation_in(chat: ChatSession, citation_id: int) -> CitedPassage:
    """One passage cited in this session; raises `MessageNotFound`."""
    citation = db.session.scalar(
        select(CitedPassage)
        .join(Reply, Reply.id == CitedPassage.reply_id)
        .where(CitedPassage.id == citation_id, Reply.chat_id == chat.id)
    )
    if citation is None:
        raise MessageNotFound("This passage is not cited here.", "Go back to the session.")
    return citation


def latest_citation(chat: ChatSession) -> CitedPassage | None:
    """The first passage of the latest reply that cites one, if any."""
    return db.session.scalar(
        select(CitedPassage)
        .join(Reply, Reply.id == CitedPassage.reply_id)
        .where(Reply.chat_id == chat.id)
        .order_by(Reply.seq.desc(), CitedPassage.number)
        .limit(1)
    )


def save_draft(chat: ChatSession, staff: StaffUser, text: str) -> None:
    """Keep what somebody has typed; an empty text forgets it. Card numbers are masked here as well."""
    draft = db.session.get(Draft, (chat.id, staff.id))
    kept = mask_card_secrets(text)
    if not kept.strip():
        if draft is not None:
            db.session.delete(draft)
        return
    if draft is None:
        db.session.add(Draft(chat_id=chat.id, staff_id=staff.id, text=kept))
    else:
        draft.text = kept


def draft_of(chat: ChatSession, staff: StaffUser) -> str:
    """What the person had typed here and not sent."""
    draft = db.session.get(Draft, (chat.id, staff.id), options=[load_only(Draft.text)])
    return draft.text if draft else ""


def mark_read(chat: ChatSession, staff: StaffUser, seq: int) -> None:
    """Remember how far the person has read; never goes back, never beyond the last message."""
    seq = max(0, min(seq, chat.last_seq))
    dialect = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(Reading).values(chat_id=chat.id, staff_id=staff.id, seq=seq)
    higher = func.greatest if dialect is postgresql else func.max
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=[Reading.chat_id, Reading.staff_id],
            set_={"seq": higher(Reading.seq, statement.excluded.seq)},
        )
    )
