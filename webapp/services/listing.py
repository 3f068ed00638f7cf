"""Lists of sessions: newest activity first, in keyset pages that cost the same at any depth."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Select, func, literal, select, tuple_

from webapp.extensions import db
from webapp.models import ChatSession, Reading, StaffUser
from webapp.models.base import UtcDateTime
from webapp.models.chat import ChatStatus
from webapp.services.errors import BadInput
from webapp.services.search_text import folded, like_pattern

PAGE = 30


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; empty means anything. `person`: a staff id; `mine`: only the reader's own."""

    q: str = ""
    status: str = ""
    person: str = ""
    mine: str = ""


@dataclass(frozen=True, slots=True)
class ChatPage:
    """Some sessions, and where to go on."""

    items: Sequence[ChatSession]
    next_cursor: str | None


def chats_for(
    staff: StaffUser,
    filters: Filters,
    cursor: str = "",
    size: int = PAGE,
    offset: int = 0,
    statuses: Collection[str] | None = None,
) -> ChatPage:
    """The sessions a person may read, newest activity first; raises `BadInput` for a filter or cursor that is none."""
    statement = page_statement(staff, filters, cursor).offset(offset).limit(size + 1)
    if statuses is not None:
        statement = statement.where(ChatSession.status.in_(statuses))
    rows = list(db.session.scalars(statement).all())
    more = len(rows) > size
    rows = rows[:size]
    _mark_unread(staff, rows)
    return ChatPage(rows, _cursor(rows[-1]) if more else None)


def count(staff: StaffUser, filters: Filters) -> int:
    """How many sessions the filters leave, on all pages together."""
    found = page_statement(staff, filters, "").order_by(None).with_only_columns(ChatSession.id).subquery()
    return db.session.scalar(select(func.count()).select_from(found)) or 0


def page_statement(staff: StaffUser, filters: Filters, cursor: str) -> Select[ChatSession]:
    """The query behind a page, without its limit; every shape of it walks one of the table's indexes."""
    statement = select(ChatSession).order_by(ChatSession.last_activity_at.desc(), ChatSession.id.desc())
    statement = _in_scope(statement, staff, filters)
    if filters.status:
        if filters.status not in set(ChatStatus):
            raise BadInput("There is no such status.", "Choose one from the list.")
        statement = statement.where(ChatSession.status == filters.status)
    for word in folded(filters.q).split()[:8]:
        statement = statement.where(ChatSession.search_text.like(like_pattern(word), escape="\\"))
    if cursor:
        moment, chat_id = _read_cursor(cursor)
        # A row value, not an OR: the OR form scans everything before the cursor.
        statement = statement.where(
            tuple_(ChatSession.last_activity_at, ChatSession.id)
            < tuple_(literal(moment, UtcDateTime), literal(chat_id, ChatSession.id.type))
        )
    return statement


def _in_scope(statement: Select[ChatSession], staff: StaffUser, filters: Filters) -> Select[ChatSession]:
    everybody = staff.may("sessions.read_all")
    branch = staff.may("sessions.read_branch")
    if filters.mine or not (everybody or branch):
        return statement.where(ChatSession.staff_id == staff.id)
    person = filters.person
    if person:
        if not person.isdecimal() or len(person) > 9:
            raise BadInput("There is no such person.", "Choose one from the list.")
        statement = statement.where(ChatSession.staff_id == int(person))
    # One's own sessions are opened in one's own branch; those from before a move are found under "mine".
    return statement if everybody else statement.where(ChatSession.branch == staff.branch)


def people_for(staff: StaffUser) -> list[tuple[str, str]]:
    """Whose sessions the list can be narrowed to: (id, name), by name; [] for those who see only their own."""
    if not (staff.may("sessions.read_all") or staff.may("sessions.read_branch")):
        return []
    statement = select(StaffUser).order_by(StaffUser.display_name)
    if not staff.may("sessions.read_all"):
        statement = statement.where(StaffUser.branch == staff.branch)
    return [(str(person.id), person.display_name) for person in db.session.scalars(statement.limit(500))]


def _mark_unread(staff: StaffUser, chats: Sequence[ChatSession]) -> None:
    own = [chat.id for chat in chats if chat.staff_id == staff.id]
    if not own:
        return
    read = select(Reading.chat_id, Reading.seq).where(Reading.staff_id == staff.id, Reading.chat_id.in_(own))
    seen = {row.chat_id: row.seq for row in db.session.execute(read)}
    for chat in chats:
        chat.unread = chat.staff_id == staff.id and chat.last_seq > seen.get(chat.id, 0)


def _cursor(chat: ChatSession) -> str:
    spelled = json.dumps([chat.last_activity_at.isoformat(), chat.id], separators=(",", ":"))
    return base64.urlsafe_b64encode(spelled.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        spelled = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        moment, chat_id = json.loads(spelled)
        when = datetime.fromisoformat(moment)
        if when.tzinfo is None or not re.fullmatch(r"[0-9A-Za-z_]{1,48}", chat_id):
            raise ValueError
        when.astimezone(UTC)  # years at the edge of the calendar cannot be converted
    except (ValueError, TypeError, binascii.Error, OverflowError, RecursionError):
        raise BadInput("That page of the list cannot be found.", "Start at the top of the list.") from None
    return when, chat_id
