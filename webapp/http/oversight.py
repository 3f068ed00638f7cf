"""Reading somebody else's session is recorded, through whichever door it is read."""

from __future__ import annotations

from datetime import timedelta

from webapp.http.access import staff
from webapp.http.events import log
from webapp.http.unit_of_work import unit_of_work
from webapp.models import ChatSession
from webapp.services import audit

READING_COUNTS_FOR = timedelta(minutes=5)


def record_reading(chat: ChatSession) -> None:
    """Say in the log and the audit trail that the person reads a session that is not theirs."""
    reader = staff()
    log.info("session.read_by_other", chat=chat.id, actor=reader.username)
    with unit_of_work():
        audit.record(reader, "session.read", chat.id, owner=chat.staff.username)


def record_following(chat: ChatSession) -> None:
    """The same for what is asked for piece by piece: once in a while, because pages and programs ask every second."""
    reader = staff()
    if chat.staff_id != reader.id and not audit.has_noted(reader, "session.read", chat.id, within=READING_COUNTS_FOR):
        record_reading(chat)
