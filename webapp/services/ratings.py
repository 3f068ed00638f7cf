"""What somebody thinks of an answer: a thumb, and why. One of each person for each reply; changed and taken back."""

from __future__ import annotations

from sqlalchemy import select

from webapp.extensions import db
from webapp.models import ChatSession, Message, Rating, Reply, StaffUser
from webapp.models.base import now
from webapp.models.feedback import Reason
from webapp.models.message import ReplyState
from webapp.services import audit, reviews
from webapp.services.errors import BadInput, ChatNotFound, MoveNotAllowed
from webapp.services.masking import mask_card_secrets

LONGEST_NOTE = 500
REASONS = {
    Reason.WRONG: "Wrong",
    Reason.NOT_OURS: "Not from our handbook",
    Reason.INCOMPLETE: "Incomplete",
    Reason.WRONG_SPECIALIST: "Wrong specialist",
    Reason.UNCLEAR: "Unclear",
    Reason.OTHER: "Something else",
}


def rate(staff: StaffUser, reply: Reply, helpful: bool, reason: str = "", note: str = "") -> bool:
    """Keep what somebody thinks; False if they have said exactly that before.

    The reply must come from a session this person may read. A thumb up forgets reason and note. Raises `BadInput` for a
    reason there is not or a note too long, `MoveNotAllowed` for a reply that is not finished, `ChatNotFound` when the
    session is deleted at this moment.
    """
    if reason and reason not in set(Reason):
        raise BadInput("There is no such reason.", "Choose one from the list.")
    if len(note) > LONGEST_NOTE:
        raise BadInput("The note is too long.", f"Use at most {LONGEST_NOTE} characters.")
    if reply.state != ReplyState.DONE:
        raise MoveNotAllowed("This answer is not finished.", "Wait until it is, then say what you think of it.")
    _take_turn(reply.chat_id)
    why = ("", "") if helpful else (reason, mask_card_secrets(note.strip()))
    wanted = (helpful, why[0] or None, why[1] or None)
    row = of(staff, reply)
    if row is not None and (row.helpful, row.reason, row.note) == wanted:
        return False
    newly_wanting = not helpful and (row is None or row.helpful)
    if row is None:
        row = Rating(reply_id=reply.id, staff_id=staff.id)
        db.session.add(row)
    row.helpful, row.reason, row.note = wanted
    row.at = now()
    db.session.flush()
    audit.record(
        staff, "answer.rated", reply.id, chat=reply.chat_id, thumb="up" if helpful else "down", reason=row.reason or ""
    )
    reviews.follow(staff, reply, newly_wanting=newly_wanting)
    return True


def take_back(staff: StaffUser, reply: Reply) -> bool:
    """Forget what somebody thought; False if there was nothing."""
    _take_turn(reply.chat_id)
    row = of(staff, reply)
    if row is None:
        return False
    db.session.delete(row)
    db.session.flush()
    audit.record(staff, "answer.rating_taken_back", reply.id, chat=reply.chat_id)
    reviews.follow(staff, reply)
    return True


def of(staff: StaffUser, reply: Reply) -> Rating | None:
    """What this person thinks of a reply, if they have said."""
    return db.session.scalar(select(Rating).where(Rating.reply_id == reply.id, Rating.staff_id == staff.id))


def own_in(staff: StaffUser, chat_id: str) -> dict[int, Rating]:
    """What this person thinks of a session's replies, by the reply."""
    rows = db.session.scalars(
        select(Rating)
        .join(Message, Message.id == Rating.reply_id)
        .where(Message.chat_id == chat_id, Rating.staff_id == staff.id)
    )
    return {row.reply_id: row for row in rows}


def _take_turn(chat_id: str) -> None:
    """Lock the session's row (PostgreSQL): two clicks at once take turns, and a deletion comes before or after them."""
    if db.session.scalar(select(ChatSession.id).where(ChatSession.id == chat_id).with_for_update()) is None:
        raise ChatNotFound
