"""What staff say about an answer: a thumb and why, and "ask somebody else instead"."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.chat.views import asking, bp
from webapp.http.access import staff
from webapp.http.fragments import wants_fragment
from webapp.http.input import plain_breaks
from webapp.http.kept import typed_on
from webapp.http.moments import viewer_zone
from webapp.http.settings import tell
from webapp.http.unit_of_work import after_commit
from webapp.models import Reply
from webapp.services import chats, conversation, kept_forms, queue, ratings, rerouting
from webapp.services.errors import BadInput
from webapp.work.runner import submit


def page_of(chat_id: str, reply_id: int) -> str:
    """Where a note about an answer is typed: it is kept under this address while it is not stored."""
    return url_for("chat.show", chat_id=chat_id, _anchor=f"rating-{reply_id}")


def _page_of_note(chat_id: str, reply_id: int) -> str:
    return page_of(chat_id, reply_id) if request.form.get("note") else ""


@bp.app_template_global("kept_note")
def kept_note(reply: Reply) -> dict[str, str]:
    """What the person was saying about a reply when their sign-in ended."""
    if request.method != "GET":
        return {}
    return kept_forms.of(staff(), page_of(reply.chat_id, reply.id)) or {}


@bp.post("/chat/<chat:chat_id>/replies/<row:reply_id>/rating")
@typed_on(_page_of_note)
def rate(chat_id: str, reply_id: int) -> ResponseReturnValue:
    """Keep what the person thinks of a reply, or forget it; the same click again changes nothing."""
    chat = chats.readable_chat(staff(), chat_id)
    found = conversation.reply_in(chat, reply_id)
    match request.form.get("thumb", ""):
        case "none":
            ratings.take_back(staff(), found)
        case "up" | "down" as thumb:
            note = plain_breaks(request.form.get("note")) or ""
            ratings.rate(staff(), found, thumb == "up", request.form.get("reason", ""), note)
            kept_forms.forget(staff(), page_of(chat_id, reply_id))
        case _:
            raise BadInput
    if not wants_fragment():
        return redirect(url_for("chat.show", chat_id=chat.id, _anchor=f"rating-{found.id}"), 303)
    return render_template("chat/_rating.html", message=found)


@bp.post("/chat/<chat:chat_id>/replies/<row:reply_id>/instead")
@asking
def ask_instead(chat_id: str, reply_id: int) -> ResponseReturnValue:
    """Ask a reply's question again, of the specialist the person names; a second click changes nothing."""
    chat = chats.chat_of(staff(), chat_id)
    found = conversation.reply_in(chat, reply_id)
    turn = rerouting.ask_instead(chat, staff(), found, request.form.get("agent", ""), viewer_zone())
    queue.tell_places([turn.reply])
    if not turn.repeated:
        after_commit(submit, turn.reply.id)
        tell(chat.id, "changed")
    if not wants_fragment():
        return redirect(url_for("chat.show", chat_id=chat.id), 303)
    return render_template("chat/_asked_instead.html", chat=chat, turn=turn, message=found, may_write=True)
