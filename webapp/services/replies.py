"""Replies: claimed by one maker, kept alive by its heartbeat, finished once. The claim's token guards every write.

Rows are locked in the order session, reply, message, as a deletion takes them: two orders would be a deadlock.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Table, exists, func, select, update
from sqlalchemy.orm import aliased

from webapp import figures
from webapp.agents.authority import Authority
from webapp.agents.roster import TEAM
from webapp.agents.transcript import Answer, Line
from webapp.extensions import db
from webapp.models import ChatSession, CitedPassage, Message, Question, Reply, ReplyAttempt, StaffUser, ToolCall
from webapp.models.base import now
from webapp.models.message import INTERRUPTED, UNFINISHED_REPLY, ReplyState
from webapp.services import audit, gaps, outbox, proposals, rerouting
from webapp.services.authority import authority_of
from webapp.services.conversation import one_line, plain
from webapp.services.errors import MoveNotAllowed

MOST_ATTEMPTS = 3
PAUSES = (timedelta(seconds=2), timedelta(seconds=10))  # after the first lost attempt, after the second
SILENT_AFTER = timedelta(seconds=30)  # a running reply whose maker was not heard of for so long is handed out again
TRANSCRIPT_LINES = 40

TRIED_OFTEN = "The answer could not be made; it was tried several times."

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
    staff_rights: frozenset[str]
    time_zone: str
    asked_at: datetime
    attempt: int
    staff_id: int | None = None
    question_id: int = 0
    asked_of: str | None = None  # the agent somebody chose
    authority: Authority | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A reply being made: by which claim, of which process, heard of when."""

    reply_id: int
    chat_id: str
    token: str
    claimed_by: str
    heartbeat_at: datetime | None

    @property
    def is_silent(self) -> bool:
        """Whether its maker has not been heard of for too long."""
        return self.silent_for(SILENT_AFTER)

    def silent_for(self, time: timedelta) -> bool:
        """Whether its maker has not been heard of for so long, or was at a moment that has not come yet: then a clock
        was put back, and waiting for that moment would take as long as it was put back by."""
        return self.heartbeat_at is None or abs(now() - self.heartbeat_at) > time


def claim(reply_id: int, maker: str = "") -> Work | None:
    """Take a pending reply; None if somebody else has it, or an earlier one of its session is not finished.

    `maker` names the process, so that others can see that it has died. Which reply comes next is `queue`'s to say.
    """
    token, moment = secrets.token_hex(16), now()
    free = (  # a row somebody is changing just now (SKIP LOCKED, where there is such a thing) is not waited for
        select(reply_table.c.id)
        .where(reply_table.c.id == reply_id, reply_table.c.state == ReplyState.PENDING)
        .with_for_update(skip_locked=True)
    )
    taken = db.session.execute(
        update(reply_table)
        .where(reply_table.c.id == free.scalar_subquery(), reply_table.c.state == ReplyState.PENDING)
        .where(~_earlier_unfinished(reply_id))
        .values(
            state=ReplyState.RUNNING,
            claim_token=token,
            claimed_at=moment,
            claimed_by=maker,
            attempts=reply_table.c.attempts + 1,
            heartbeat_at=moment,
            next_attempt_at=None,
            started_at=func.coalesce(reply_table.c.started_at, moment),
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
        lines=transcript(chat, question),
        staff_name=chat.staff.display_name,
        staff_role=chat.staff.role_name,
        customer_number=chat.customer_number,
        staff_rights=frozenset(chat.staff.role.rights),
        time_zone=question.time_zone or "UTC",
        asked_at=question.created_at,
        attempt=reply.attempts,
        staff_id=chat.staff_id,
        question_id=question.id,
        asked_of=question.asked_of,
        authority=authority_of(chat.staff, chat.branch),
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


def transcript(chat: ChatSession, question: Question) -> list[Line]:
    """What was said in a session up to a question, as it is given to whoever answers it.

    A question that was asked again is read where it was asked first.
    """
    until = question.seq
    if question.again_of is not None:
        until = db.session.scalar(select(Message.seq).where(Message.id == question.again_of)) or until
    said = db.session.scalars(
        select(Message)
        .where(Message.chat_id == chat.id, Message.seq <= until)
        .order_by(Message.seq.desc())
        .limit(TRANSCRIPT_LINES)
    ).all()
    lines: list[Line] = []
    for message in reversed(said):
        if isinstance(message, Question):
            lines.append(Line("staff", message.text))
        elif isinstance(message, Reply) and message.state == ReplyState.DONE:
            lines.append(Line("assistant", message.text, agent=message.agent, memory=message.memory or {}))
    if question.asked_of and lines:
        lines[-1] = Line("staff", question.text, agent=question.asked_of)
    return lines


def finish(work: Work, answer: Answer) -> bool:
    """Store a finished answer; False (and nothing stored) if the claim was lost or the session deleted meanwhile."""
    _take_turn(work.chat_id)
    stored = _write(
        work.reply_id,
        work.token,
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
    if not stored:
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
            audience=citation.audience or None,
        )
        for citation in answer.citations
    )
    gaps.record(work.chat_id, answer)
    if work.asked_of:
        rerouting.answered(work.question_id, answer.intent)
    proposals.withdraw_superseded(work.reply_id, answer)
    proposals.propose(work.reply_id, answer.proposals)
    db.session.execute(
        update(ChatSession)
        .where(ChatSession.id == work.chat_id)
        .values(last_line=one_line(plain(answer.text)), last_activity_at=now())
    )
    outbox.tell_of("reply.done", work.chat_id, message_id=work.reply_id)
    return True


def give_up(work: Work, sentence: str, said: str = "") -> bool:
    """Mark it as failed, with a sentence for the person; what it said so far stays. False if the claim was lost."""
    _take_turn(work.chat_id)
    if not _write(work.reply_id, work.token, state=ReplyState.FAILED, failure=sentence[:200], finished_at=now()):
        return False
    if said:
        db.session.execute(update(Message).where(Message.id == work.reply_id).values(text=said))
    _touch(work.chat_id)
    return True


def give_back(work: Work) -> bool:
    """Let somebody else make it, at once and as if it had not been begun: this process is ending."""
    _take_turn(work.chat_id)
    attempts = reply_table.c.attempts - 1
    if not _write(work.reply_id, work.token, state=ReplyState.PENDING, claim_token=None, attempts=attempts):
        return False
    _set_aside(work.reply_id, INTERRUPTED)
    _touch(work.chat_id)
    return True


def beat(tokens: Sequence[str]) -> set[str]:
    """Say that the makers holding these claims are alive; returns the claims that still hold."""
    if not tokens:
        return set()
    held = db.session.scalars(
        update(reply_table)
        .where(reply_table.c.claim_token.in_(tokens), reply_table.c.state == ReplyState.RUNNING)
        .values(heartbeat_at=now())
        .returning(reply_table.c.claim_token)
    )
    return {str(token) for token in held}


def keep_partial(work: Work, text: str) -> bool:
    """Store what an answer says so far, which is a sign of life too; False if the claim was lost."""
    _take_turn(work.chat_id, gently=True)
    if not _write(work.reply_id, work.token, heartbeat_at=now()):
        return False
    db.session.execute(update(Message).where(Message.id == work.reply_id).values(text=text))
    return True


def stop(staff: StaffUser, reply: Reply) -> bool:
    """Have no more of a reply made; what it says so far stays. False if it was finished already.

    The reply must come from a session of `chats.chat_of`. Its maker's later writes are refused.
    """
    stopped = db.session.execute(
        update(reply_table)
        .where(reply_table.c.id == reply.id, reply_table.c.state.in_(UNFINISHED_REPLY))
        .values(state=ReplyState.STOPPED, claim_token=None, next_attempt_at=None, finished_at=now())
    )
    db.session.refresh(reply)
    if stopped.rowcount != 1:  # type: ignore[attr-defined]
        return False
    _touch(reply.chat_id)
    audit.record(staff, "reply.stopped", reply.id)
    figures.reply_ended("stopped", reply.agent)
    return True


def retry(staff: StaffUser, reply: Reply) -> bool:
    """Have a failed or stopped reply made again; what it had said is kept as an earlier attempt.

    False if it is being made again already (a second click); raises `MoveNotAllowed` if it is finished. The reply
    must come from a session of `chats.chat_of`.
    """
    if reply.state in UNFINISHED_REPLY:
        return False
    if reply.state == ReplyState.DONE:
        raise MoveNotAllowed("This reply needs no retry.", "Reload the page to see it.")
    _set_aside(reply.id, reply.state, reply.failure)
    db.session.execute(
        update(reply_table)
        .where(reply_table.c.id == reply.id)
        .values(
            state=ReplyState.PENDING, attempts=0, failure=None, claim_token=None, next_attempt_at=None, finished_at=None
        )
    )
    db.session.refresh(reply)
    _touch(reply.chat_id)
    audit.record(staff, "reply.retried", reply.id)
    return True


def claims() -> list[Claim]:
    """The replies being made now, oldest first."""
    rows = db.session.execute(
        select(Reply.id, Reply.chat_id, Reply.claim_token, Reply.claimed_by, Reply.heartbeat_at)
        .where(Reply.state == ReplyState.RUNNING)
        .order_by(Reply.id)
    )
    return [
        Claim(reply_id, chat_id, token or "", claimed_by or "", heartbeat_at)
        for reply_id, chat_id, token, claimed_by, heartbeat_at in rows
    ]


def hand_out_again(lost: Claim) -> bool:
    """Take a reply from a maker that is lost, to be made again after a pause; after too many attempts it has failed.

    False if its maker finished it meanwhile, or somebody else has taken it away. One reply per unit of work.
    """
    _take_turn(lost.chat_id)
    attempts = db.session.scalar(select(reply_table.c.attempts).where(reply_table.c.id == lost.reply_id)) or 0
    if attempts >= MOST_ATTEMPTS:
        changed = _write(
            lost.reply_id,
            lost.token,
            since=lost.heartbeat_at,
            state=ReplyState.FAILED,
            failure=TRIED_OFTEN,
            claim_token=None,
            finished_at=now(),
        )
    else:
        pause = PAUSES[min(max(attempts, 1), len(PAUSES)) - 1]
        changed = _write(
            lost.reply_id,
            lost.token,
            since=lost.heartbeat_at,
            state=ReplyState.PENDING,
            claim_token=None,
            next_attempt_at=now() + pause,
        )
        if changed:
            _set_aside(lost.reply_id, INTERRUPTED)
    if changed:
        _touch(lost.chat_id)
    return changed


def _take_turn(chat_id: str, *, gently: bool = False) -> None:
    """Lock the session's row (PostgreSQL): its other writers wait, or, gently, only its deletion does."""
    statement = select(ChatSession.id).where(ChatSession.id == chat_id)
    db.session.execute(statement.with_for_update(read=gently, key_share=gently))


def _write(reply_id: int, token: str, *, since: datetime | None = None, **values: object) -> bool:
    """Change a reply that is being made under this claim, unless it was heard of `since`; False: it is no more."""
    ours = (
        update(reply_table)
        .where(reply_table.c.id == reply_id)
        .where(reply_table.c.claim_token == token, reply_table.c.state == ReplyState.RUNNING)
    )
    if since is not None:
        ours = ours.where(reply_table.c.heartbeat_at == since)
    return bool(db.session.execute(ours.values(**values)).rowcount == 1)  # type: ignore[attr-defined]


def _set_aside(reply_id: int, state: str, failure: str | None = None) -> None:
    """Keep what an attempt said and how it ended, and begin anew; one interrupted before it spoke leaves nothing."""
    said = db.session.scalar(select(Message.text).where(Message.id == reply_id)) or ""
    if state == INTERRUPTED and not said:
        return
    number = db.session.scalar(select(func.max(ReplyAttempt.number)).where(ReplyAttempt.reply_id == reply_id)) or 0
    db.session.add(
        ReplyAttempt(reply_id=reply_id, number=number + 1, state=str(state), text=said, failure=failure, ended_at=now())
    )
    db.session.execute(update(Message).where(Message.id == reply_id).values(text=""))
    db.session.flush()


def _touch(chat_id: str) -> None:
    """Something happened in the session: pages that follow it through another process see it by this."""
    db.session.execute(update(ChatSession).where(ChatSession.id == chat_id).values(last_activity_at=now()))
