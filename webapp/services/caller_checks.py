"""How well a session's caller was checked: said by staff, about one customer, for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from webapp.extensions import db
from webapp.models import CallerCheck, ChatSession, StaffUser
from webapp.models.base import now
from webapp.models.proposal import Level
from webapp.services import audit
from webapp.services.errors import BadInput, ChatEnded


@dataclass(frozen=True, slots=True)
class Checked:
    """The level that holds now, and until when."""

    level: Level
    until: datetime | None = None
    by_name: str = ""
    has_run_out: bool = False  # there was a level, and its time is over


def checked(chat: ChatSession, valid_for: timedelta) -> Checked:
    """How well the caller is checked at this moment; a check of another customer is none."""
    row = db.session.get(CallerCheck, chat.id, populate_existing=True)
    if row is None or row.customer_number != chat.customer_number or row.level == Level.NONE:
        return Checked(Level.NONE)
    until = row.checked_at + valid_for
    if until <= now():
        return Checked(Level.NONE, until, row.checked_by_name, has_run_out=True)
    return Checked(Level(row.level), until, row.checked_by_name)


def note(staff: StaffUser, chat: ChatSession, level: str) -> None:
    """Note how well the caller was checked just now. The chat must come from `chats.chat_of`.

    Raises `BadInput` for an unknown level or a session without a customer, `ChatEnded`.
    """
    known = {one.word: one for one in Level}
    if level not in known:
        raise BadInput("There is no such verification level.", "Choose none, basic or full.")
    if not chat.is_open:
        raise ChatEnded
    if chat.customer_number is None:
        raise BadInput("No customer is attached to this session.", "Attach the customer first.")
    row = db.session.get(CallerCheck, chat.id)
    if row is None:
        row = CallerCheck(chat_id=chat.id)
        db.session.add(row)
    row.customer_number = chat.customer_number
    row.level = known[level]
    row.checked_by_name = staff.display_name
    row.checked_at = now()
    audit.record(staff, "caller.checked", chat.id, level=level, customer=chat.customer_number)
    db.session.flush()
