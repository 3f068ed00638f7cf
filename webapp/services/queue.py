"""Which reply is made next, and how many come before one: people take turns, whoever asked how much."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Table, func, or_, select, text
from sqlalchemy.orm import aliased

from webapp.extensions import db
from webapp.models import Message, Reply
from webapp.models.base import now
from webapp.models.message import UNFINISHED_REPLY, ReplyState
from webapp.services import replies
from webapp.services.replies import Work, reply_table

CLAIM_LOCK = 7_206_118  # any number, the same for every process of this installation
REMEMBERED = timedelta(minutes=1)  # whose turn it was is forgotten after so long
LONGEST_PAUSE = timedelta(minutes=1)  # a later "not before" was written by a clock that has been put back since
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

message_table: Table = Message.__table__  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Limits:
    """How many replies are made at the same time."""

    per_person: int
    in_all: int = 0  # 0: as many as there are makers


@dataclass(frozen=True, slots=True)
class _Turns:
    """How many replies each person has in the making, and when one of theirs was begun last."""

    running: Counter[int | None]
    served: dict[int | None, datetime]


def claim_next(limits: Limits, maker: str = "") -> Work | None:
    """Take the reply whose turn it is; None if none may be made now. Makers choose one after the other."""
    if db.session.get_bind().dialect.name == "postgresql":  # on SQLite, writers take turns anyway
        db.session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": CLAIM_LOCK})
    for reply_id in in_line(limits, most=3):  # the first may be being stopped at this moment
        work = replies.claim(reply_id, maker)
        if work is not None:
            return work
    return None


def in_line(limits: Limits, most: int = 1) -> list[int]:
    """The replies that may be begun now, in the order of their turns.

    Next is the oldest of the person with the fewest in the making; between equals, of whoever waited longest for a
    turn. A session's replies are made one after the other; one that was interrupted waits for its pause to be over.
    """
    waiting: defaultdict[int | None, deque[int]] = defaultdict(deque)
    for reply_id, staff_id in _begun_by_nobody(most * 50):
        waiting[staff_id].append(reply_id)
    if not waiting:
        return []
    turns = _turns()
    running, served, moment = turns.running, turns.served, now()
    order: list[int] = []
    while len(order) < most and not (limits.in_all and running.total() >= limits.in_all):
        may = [staff_id for staff_id, own in waiting.items() if own and running[staff_id] < limits.per_person]
        if not may:
            break
        following = min(may, key=lambda one: (running[one], served.get(one, LONG_AGO), waiting[one][0]))
        order.append(waiting[following].popleft())
        running[following] += 1
        served[following] = moment
    return order


def _begun_by_nobody(most: int) -> Iterable[tuple[int, int | None]]:
    """Pending replies that are the first unfinished ones of their sessions, with who asked; a few of each person."""
    first = (
        select(func.min(reply_table.c.id))
        .join(message_table, message_table.c.id == reply_table.c.id)
        .where(reply_table.c.state.in_(UNFINISHED_REPLY))
        .group_by(message_table.c.chat_id)
    )
    question = aliased(message_table)
    place = func.row_number().over(partition_by=question.c.staff_id, order_by=reply_table.c.id).label("place")
    ready = (
        select(reply_table.c.id, question.c.staff_id, place)
        .join(question, question.c.id == reply_table.c.question_id)
        .where(reply_table.c.state == ReplyState.PENDING, reply_table.c.id.in_(first), _pause_is_over())
        .subquery()
    )
    rows = db.session.execute(
        select(ready.c.id, ready.c.staff_id).order_by(ready.c.place, ready.c.id).limit(most)
    ).all()
    return sorted((row.id, row.staff_id) for row in rows)


def _pause_is_over() -> ColumnElement[bool]:
    not_before = reply_table.c.next_attempt_at
    return or_(not_before.is_(None), not_before <= now(), not_before > now() + LONGEST_PAUSE)


def _turns() -> _Turns:
    asked_by = message_table.c.staff_id
    of_person = select(asked_by).join(reply_table, reply_table.c.question_id == message_table.c.id).group_by(asked_by)
    running = db.session.execute(of_person.add_columns(func.count()).where(reply_table.c.state == ReplyState.RUNNING))
    served = db.session.execute(
        of_person.add_columns(func.max(reply_table.c.claimed_at)).where(reply_table.c.claimed_at > now() - REMEMBERED)
    )
    return _Turns(
        running=Counter({row[0]: row[1] for row in running}),
        served={row[0]: row[1] for row in served},
    )


def overlooked(limits: Limits, most: int, seconds: float) -> list[int]:
    """Replies that may be begun now, asked for at least so many seconds ago: whoever should have made them did not."""
    found = in_line(limits, most)
    horizon = now() - timedelta(seconds=seconds)
    recent = set(db.session.scalars(select(Message.id).where(Message.id.in_(found), Message.created_at > horizon)))
    return [reply_id for reply_id in found if reply_id not in recent]


def tell_places(messages: Iterable[Message]) -> None:
    """Fill in, for the page, how many replies come before each of these that waits."""
    for message in messages:
        if isinstance(message, Reply) and message.state == ReplyState.PENDING:
            message.ahead = ahead_of(message)


def ahead_of(reply: Reply) -> int:
    """How many replies come before a pending one: those whose turn is earlier, and one being made in its session."""
    asked_by = message_table.c.staff_id
    rows = db.session.execute(
        select(
            asked_by,
            func.count().label("waiting"),
            func.min(reply_table.c.id).label("oldest"),
            func.count().filter(reply_table.c.id < reply.id).label("older"),
        )
        .join(reply_table, reply_table.c.question_id == message_table.c.id)
        .where(reply_table.c.state == ReplyState.PENDING)
        .group_by(asked_by)
    ).all()
    own = db.session.scalar(select(asked_by).where(message_table.c.id == reply.question_id))
    mine = next((row for row in rows if row.staff_id == own), None)
    if mine is None:  # it is not waiting any more
        return 0
    if len(rows) == 1:
        return int(mine.older) + _being_made_in(reply.chat_id, reply.id)
    turns = _turns()
    # People are served by the number of replies they have in the making. This one's turn comes at that level; until
    # then everybody else has had a turn at each lower one, and at this one too if they are before us between equals.
    level = turns.running[own] + mine.older
    rank = (turns.served.get(own, LONG_AGO), mine.oldest)
    ahead = int(mine.older)
    for row in rows:
        if row.staff_id != own:
            is_before = (turns.served.get(row.staff_id, LONG_AGO), row.oldest) < rank
            ahead += min(row.waiting, max(0, level - turns.running[row.staff_id] + is_before))
    return ahead + _being_made_in(reply.chat_id, reply.id)


def _being_made_in(chat_id: str, before: int) -> int:
    statement = (
        select(func.count())
        .select_from(reply_table)
        .join(message_table, message_table.c.id == reply_table.c.id)
        .where(reply_table.c.state == ReplyState.RUNNING, message_table.c.chat_id == chat_id, reply_table.c.id < before)
    )
    return db.session.scalar(statement) or 0
