"""What open pages need to know, asked for all of them at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select

from webapp.extensions import db
from webapp.models import ChatSession, Message, Reply, SignIn, StaffUser
from webapp.models.base import now
from webapp.models.message import UNFINISHED_REPLY
from webapp.services.chats import readable_by


class ChatState(NamedTuple):
    """What changes when something happens in a session: how its page's head looks, and what was said."""

    owner_id: int
    head: tuple[str, str, str | None]  # status, title, customer number
    said: tuple[int, datetime, tuple[tuple[int, str, int], ...]]  # last seq, last activity, unfinished replies


def alive_sign_ins(ids: Collection[int], idle: timedelta, absolute: timedelta) -> set[int]:
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


def states_of(ids: Collection[str]) -> dict[str, ChatState]:
    """The state of each session that exists."""
    unfinished: defaultdict[str, list[tuple[int, str, int]]] = defaultdict(list)
    for row in db.session.execute(
        select(Reply.chat_id, Reply.id, Reply.state, Reply.attempts)
        .where(Reply.state.in_(UNFINISHED_REPLY), Message.chat_id.in_(ids))
        .order_by(Reply.id)
    ):
        unfinished[row.chat_id].append((row.id, row.state, row.attempts))
    columns = (
        ChatSession.id,
        ChatSession.staff_id,
        ChatSession.status,
        ChatSession.title,
        ChatSession.customer_number,
        ChatSession.last_seq,
        ChatSession.last_activity_at,
    )
    return {
        row.id: ChatState(
            row.staff_id,
            (row.status, row.title, row.customer_number),
            (row.last_seq, row.last_activity_at, tuple(unfinished[row.id])),
        )
        for row in db.session.execute(select(*columns).where(ChatSession.id.in_(ids)))
    }


def still_readable(staff_id: int, chat_ids: Collection[str]) -> set[str]:
    """Which of these sessions a person may read now: roles and branches change while pages are open."""
    staff = db.session.get(StaffUser, staff_id)
    if staff is None:
        return set()
    return set(db.session.scalars(select(ChatSession.id).where(ChatSession.id.in_(chat_ids), readable_by(staff))))
