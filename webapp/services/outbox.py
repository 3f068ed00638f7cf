"""What programs are to hear of, written with what happened: it is told if, and only if, it is stored."""

from __future__ import annotations

import json

from sqlalchemy import select

from webapp.extensions import db
from webapp.models import ChatSession, Delivery, StaffUser, Webhook
from webapp.models.base import new_id, now

EVENTS = (
    "session.created", "message.created", "reply.done", "session.escalated", "session.ended", "proposal.created",
    "proposal.done", "proposal.failed",
)  # fmt: skip


def tell(event: str, chat: ChatSession, **facts: str | int) -> None:
    """Note an event for every webhook that asked for it and whose owner may read the session.

    What is sent names things and holds nothing that was said: whoever hears of it asks for it with a token.
    """
    hooks = [hook for hook in db.session.scalars(select(Webhook)) if event in hook.events and _may_hear(hook, chat)]
    if not hooks:
        return
    db.session.flush()  # a new session has its id and its moment now
    for hook in hooks:
        event_id = new_id("evt")
        about = {"session_id": chat.id, "status": str(chat.status), "user_id": chat.staff.username, **facts}
        said = {"id": event_id, "type": event, "created_at": now().isoformat(timespec="milliseconds"), "data": about}
        db.session.add(
            Delivery(
                webhook_id=hook.id,
                event_id=event_id,
                event=event,
                chat_id=chat.id,
                payload=json.dumps(said, separators=(",", ":")),
            )
        )


def tell_of(event: str, chat_id: str, **facts: str | int) -> None:
    """The same for whoever has only the session's id."""
    if db.session.scalar(select(Webhook.id).limit(1)) is None:
        return
    chat = db.session.get(ChatSession, chat_id)
    if chat is not None:
        tell(event, chat, **facts)


def _may_hear(hook: Webhook, chat: ChatSession) -> bool:
    """The rule of `chats.readable_by`, for one session that is at hand."""
    owner: StaffUser = hook.staff
    if owner.locked:
        return False
    in_branch = owner.may("sessions.read_branch") and owner.branch == chat.branch
    return chat.staff_id == owner.id or in_branch or owner.may("sessions.read_all")
