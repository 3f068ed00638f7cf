"""Replies: claimed by one maker, kept alive by its heartbeat, finished once. The claim's token guards every write."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Table, exists, func, select, update
from sqlalchemy.orm import aliased

from webapp.agents.roster import TEAM
from webapp.agents.transcript import Answer, Line
from webapp.extensions import db
from webapp.models import ChatSession, CitedPassage, Message, Question, Reply, StaffUser, ToolCall
from webapp.models.base import now
from webapp.models.message import UNFINISHED_REPLY, ReplyState
from webapp.services import audit
from webapp.services.conversation import one_line, plain
from webapp.services.errors import MoveNotAllowed

MOST_ATTEMPTS = 3
SILENT_AFTER = timedelta(
    seconds=30
)  # a running reply whose maker has not been heard of for so long is handed out again
OVERLOOKED_AFTER = timedelta(seconds=5)  # a pending reply nobody took
TRANSCRIPT_LINES = 40

reply_table: Table = Reply.__table__  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed reply: everything its maker needs, as plain values."""

    reply_id: int
    token: str
    chat_id: str
    lines: Sequence[Line]
    staff_name: str
    staff_role: str
    customer_number: str | None
    time_zone: str


def claim(reply_id: int) -> Work | None:
    """Take a pending reply; None if somebody else has it, or an earlier one of its session is not finished."""
    token = secrets.token_hex(16)
    taken = db.session.execute(
        update(reply_table)
        .where(reply_table.c.id == reply_id, reply_table.c.state == ReplyState.PENDING, ~_earlier_unfinished(reply_id))
        .values(
            state=ReplyState.RUNNING,
            claim_token=token,
            attempts=reply_table.c.attempts + 1,
            heartbeat_at=now(),
            started_at=func.coalesce(reply_table.c.started_at, now()),
        )
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        return None
    reply = db.session.get_one(Reply, reply_id, populate_existing=True)
    question = db.session.get_one(Question, reply.question_id)
    chat = db.session.get_one(ChatSession, reply.chat_id)
    return Work(
        reply_id=reply_id,
        token=token,
        chat_id=chat.id,
        lines=_transcript(chat, question),
        staff_name=chat.staff.display_name,
        staff_role=chat.staff.role_name,
        customer_number=chat.customer_number,
        time_zone=question.time_zone or "UTC",
    )


def _earlier_unfinished(reply_id: int) -> ColumnElement[bool]:
    this, earlier, earlier_reply = aliased(Message.__table__), aliased(Message.__table__), aliased(reply_table)
    return exists(
        select(earlier_reply.c.id)
        .select_from(earlier_reply)
        .join(earlier, earlier.c.id == earlier_reply.c.id)
        .join(this, (this.c.chat_id == earlier.c.chat_id) & (this.c.seq > earlier.c.seq))
        .where(this.c.id == reply_id, earlier_reply.c.state.in_(UNFINISHED_REPLY))
    )


def _transcript(chat: ChatSession, question: Question) -> list[Line]:
    said = db.session.scalars(
        select(Message)
        .where(Message.chat_id == chat.id, Message.seq <= question.seq)
        .order_by(Message.seq.desc())
        .limit(TRANSCRIPT_LINES)
    ).all()
    lines: list[Line] = []
    for message in reversed(said):
        if isinstance(message, Question):
            lines.append(Line("staff", message.text))
        elif isinstance(message, Reply) and message.state == ReplyState.DONE:
            lines.append(Line("assistant", message.text, agent=message.agent, memory=message.memory or {}))
    return lines


def finish(work: Work, answer: Answer) -> bool:
    """Store a finished answer; False (and nothing stored) if the claim was lost or the session deleted meanwhile."""
    # The session before its reply, the order in which a deletion takes them: two orders would be a deadlock.
    db.session.execute(select(ChatSession.id).where(ChatSession.id == work.chat_id).with_for_update())
    closed = db.session.execute(
        update(reply_table)
        .where(
            reply_table.c.id == work.reply_id,
            reply_table.c.claim_token == work.token,
            reply_table.c.state == ReplyState.RUNNING,
        )
        .values(
            state=ReplyState.DONE,
            agent=answer.agent,
            agent_title=TEAM.title(answer.agent),
            reason=answer.reason[:200],
            intent=answer.intent,
            confidence=answer.confidence,
            model=answer.model,
            suggestions=list(answer.suggestions),
            memory=dict(answer.memory),
            needs_person=answer.needs_person,
            failure=None,
            finished_at=now(),
        )
    )
    if closed.rowcount != 1:  # type: ignore[attr-defined]
        return False
    db.session.execute(update(Message).where(Message.id == work.reply_id).values(text=answer.text))
    db.session.add_all(
        ToolCall(
            reply_id=work.reply_id,
            position=position,
            tool=call.tool,
            label=call.label[:80],
            arguments=dict(call.arguments),
            outcome=call.outcome,
            milliseconds=call.milliseconds,
        )
        for position, call in enumerate(answer.calls, start=1)
    )
    db.session.add_all(
        CitedPassage(
            reply_id=work.reply_id,
            number=citation.number,
            article_id=citation.article_id,
            version=citation.version,
            title=citation.title,
            section=citation.section,
            passage=citation.passage,
            effective_on=citation.effective_on,
        )
        for citation in answer.citations
    )
    db.session.execute(
        update(ChatSession)
        .where(ChatSession.id == work.chat_id)
        .values(last_line=one_line(plain(answer.text)), last_activity_at=now())
    )
    return True


def give_up(work: Work, sentence: str) -> bool:
    """Mark a reply as failed, with a sentence for the person; False if the claim was lost."""
    closed = db.session.execute(
        update(reply_table)
        .where(
            reply_table.c.id == work.reply_id,
            reply_table.c.claim_token == work.token,
            reply_table.c.state == ReplyState.RUNNING,
        )
        .values(state=ReplyState.FAILED, failure=sentence[:200], finished_at=now())
    )
    return bool(closed.rowcount == 1)  # type: ignore[attr-defined]


def beat(tokens: Sequence[str]) -> None:
    """Say that the makers holding these claims are alive."""
    if tokens:
        db.session.execute(
            update(reply_table)
            .where(reply_table.c.claim_token.in_(tokens), reply_table.c.state == ReplyState.RUNNING)
            .values(heartbeat_at=now())
        )


def retry(staff: StaffUser, reply: Reply) -> None:
    """Have a failed or stopped reply made again; raises `MoveNotAllowed` for any other."""
    if reply.state not in (ReplyState.FAILED, ReplyState.STOPPED):
        raise MoveNotAllowed("This reply needs no retry.", "Reload the page to see it.")
    reply.state = ReplyState.PENDING
    reply.attempts = 0
    reply.failure = None
    reply.claim_token = None
    audit.record(staff, "reply.retried", reply.id)


def next_pending(chat_id: str) -> int | None:
    """The session's earliest pending reply, to be made when the one before it is finished."""
    return db.session.scalar(
        select(Reply.id).where(Reply.chat_id == chat_id, Reply.state == ReplyState.PENDING).order_by(Reply.seq).limit(1)
    )


def hand_out_again(*, at_start: bool = False, most: int = 100) -> Sequence[int]:
    """Find replies that lost their maker, and pending ones nobody took; returns ids to submit, oldest first.

    A reply that lost its maker too often is marked as failed. `at_start`: the only process of this installation has
    just started, so that every running reply has lost its maker, however fresh its heartbeat.
    """
    silent = reply_table.c.state == ReplyState.RUNNING
    if not at_start:
        silent &= reply_table.c.heartbeat_at < now() - SILENT_AFTER
    db.session.execute(
        update(reply_table)
        .where(silent, reply_table.c.attempts >= MOST_ATTEMPTS)
        .values(
            state=ReplyState.FAILED,
            failure="The answer could not be made; it was tried several times.",
            claim_token=None,
            finished_at=now(),
        )
    )
    db.session.execute(update(reply_table).where(silent).values(state=ReplyState.PENDING, claim_token=None))
    overlooked = now() if at_start else now() - OVERLOOKED_AFTER
    return db.session.scalars(
        select(Reply.id)
        .where(Reply.state == ReplyState.PENDING, Reply.created_at <= overlooked)
        .order_by(Reply.id)
        .limit(most)
    ).all()
