"""What open pages need to know, asked for all of them at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select

from webapp.extensions import db
from webapp.models import ChatSession, SignIn, StaffUser
from webapp.models.base import now


class ChatState(NamedTuple):
    """What changes when something happens in a session."""

    last_seq: int
    status: str
    title: str
    customer_number: str | None
    last_activity_at: datetime


def alive_sign_ins(ids: set[int], idle: timedelta, absolute: timedelta) -> set[int]:
    """Which of these sign-ins are alive."""
    moment = now()
    return set(
        db.session.scalars(
            select(SignIn.id)
            .join(StaffUser)
            .where(
                SignIn.id.in_(ids),
                SignIn.ended_at.is_(None),
                SignIn.last_seen_at > moment - idle,
                SignIn.created_at > moment - absolute,
                ~StaffUser.locked,
            )
        )
    )


def states_of(ids: set[str]) -> dict[str, ChatState]:
    """The state of each session that exists."""
    rows = db.session.execute(
        select(
            ChatSession.id,
            ChatSession.last_seq,
            ChatSession.status,
            ChatSession.title,
            ChatSession.customer_number,
            ChatSession.last_activity_at,
        ).where(ChatSession.id.in_(ids))
    )
    return {row.id: ChatState(*row[1:]) for row in rows}
