"""What can be done with a session: change its status, resume, resolve, delete, clean up."""

from __future__ import annotations

from datetime import datetime

from flask.typing import ResponseReturnValue

from webapp.api import answers
from webapp.api.contract import asked_body, asked_query, says
from webapp.api.room import answer, bp
from webapp.api.schemas import asked, told
from webapp.http.access import for_right, staff
from webapp.http.programs import for_scope
from webapp.http.settings import tell
from webapp.models.chat import ChatStatus
from webapp.models.programs import Scope
from webapp.services import chats, history
from webapp.services.errors import BadInput, WrongFields

STATUSES = "active, waiting, escalated, resolved, ended"
SHOWN = 50


@bp.patch("/sessions/<chat:chat_id>/status")
@says(query=asked.StatusInAddress, body=asked.StatusAsked, ok=told.Session, tag="Sessions", also=(409,))
def change_status(chat_id: str) -> ResponseReturnValue:
    """Move a session on; a move that is not allowed is a 409 that says which are."""
    named = {one.status for one in (asked_query(), asked_body()) if one.status is not None}
    if not named:
        raise WrongFields([{"field": "status", "message": f"one of: {STATUSES}"}])
    if len(named) > 1:
        raise BadInput("Address and body name two different statuses.", "Name one.")
    chat = chats.chat_of(staff(), chat_id)
    chats.change_status(staff(), chat, named.pop())
    tell(chat.id, "session")
    return answer(answers.session(chat))


@bp.post("/sessions/<chat:chat_id>/resume")
@says(ok=told.Resumed, tag="Sessions", also=(409,))
def resume(chat_id: str) -> ResponseReturnValue:
    """Take a session up again, whatever its status; answers with the end of its conversation."""
    chat = chats.chat_of(staff(), chat_id)
    chats.change_status(staff(), chat, ChatStatus.ACTIVE)
    tell(chat.id, "session")
    return answer(
        told.Resumed(
            session_id=chat.id,
            session=answers.managed(chat),
            history=answers.messages(history.latest(chat, SHOWN).messages),
            message="The session is active again.",
        )
    )


@bp.post("/sessions/<chat:chat_id>/resolve")
@says(body=asked.Notes, ok=told.Session, tag="Sessions", also=(409,))
def resolve(chat_id: str) -> ResponseReturnValue:
    """Say that the case is solved; `notes` become the session's summary."""
    wanted: asked.Notes = asked_body()
    chat = chats.chat_of(staff(), chat_id)
    chats.resolve(staff(), chat, wanted.notes or "")
    tell(chat.id, "session")
    return answer(answers.session(chat))


@bp.delete("/sessions/<chat:chat_id>")
@for_scope(Scope.MANAGE)
@for_right("sessions.delete")
@says(ok=told.Deleted, tag="Sessions", also=(409,))
def delete(chat_id: str) -> ResponseReturnValue:
    """Delete a session with everything said in it; managers of its branch may."""
    chats.remove(staff(), chat_id)
    tell(chat_id, "gone")
    return answer(told.Deleted(message="The session is deleted.", session_id=chat_id))


@bp.post("/sessions/cleanup")
@for_scope(Scope.MANAGE)
@for_right("sessions.clean_up")
@says(query=asked.Days, ok=told.CleanedUp, tag="Sessions")
def clean_up() -> ResponseReturnValue:
    """Delete the branch's sessions without activity for that many days that are not active."""
    wanted: asked.Days = asked_query()
    done = chats.clean_up(staff(), wanted.days)
    return answer(
        told.CleanedUp(
            message=f"{done['deleted']} sessions deleted.",
            sessions_deleted=done["deleted"],
            sessions_kept=done["kept_active"],
            cutoff_date=datetime.fromisoformat(done["cutoff"]),
        )
    )
