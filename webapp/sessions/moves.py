"""What can be done with a session: rename, change status, end, reopen, delete."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.http.access import for_right, staff
from webapp.http.current_chat import forget
from webapp.http.fragments import on_to, wants_fragment
from webapp.http.kept import came_back, typed_on
from webapp.http.panels import status_context
from webapp.http.settings import tell
from webapp.http.unit_of_work import after_commit
from webapp.models import ChatSession
from webapp.services import chats, kept_forms
from webapp.sessions.forms import DeleteForm, EndForm, TitleForm
from webapp.sessions.views import bp


@bp.get("/sessions/<chat:chat_id>/title")
def rename_form(chat_id: str) -> ResponseReturnValue:
    """The title as a form, in place or as a page."""
    chat = chats.chat_of(staff(), chat_id)
    form = TitleForm(formdata=None, data={"title": chat.title})
    template = "sessions/_title.html" if wants_fragment() else "sessions/rename.html"
    return render_template(template, chat=chat, form=form, editing=True, may_write=True)


@bp.post("/sessions/<chat:chat_id>/title")
def rename(chat_id: str) -> ResponseReturnValue:
    """Store a title; answer with it in place."""
    chat = chats.chat_of(staff(), chat_id)
    form = TitleForm()
    if not form.validate():
        template = "sessions/_title.html" if wants_fragment() else "sessions/rename.html"
        return render_template(template, chat=chat, form=form, editing=True, may_write=True), 422
    chats.rename(staff(), chat, str(form.title.data))
    tell(chat.id, "session")
    if wants_fragment():
        return render_template("sessions/_title.html", chat=chat, form=None, editing=False, may_write=True)
    return redirect(url_for("chat.show", chat_id=chat.id), 303)


@bp.post("/sessions/<chat:chat_id>/status")
def change_status(chat_id: str) -> ResponseReturnValue:
    """Move a session on; answer with its status menu."""
    chat = chats.chat_of(staff(), chat_id)
    chats.change_status(staff(), chat, request.form.get("status", "")[:16])
    tell(chat.id, "session")
    if wants_fragment():
        return render_template("sessions/_status.html", chat=chat, **status_context(chat))
    return redirect(url_for("chat.show", chat_id=chat.id), 303)


@bp.get("/sessions/<chat:chat_id>/end")
def end_form(chat_id: str) -> ResponseReturnValue:
    """Ask why the session ends."""
    kept = came_back(end_page(chat_id))
    return _end_page(chats.chat_of(staff(), chat_id), EndForm(formdata=kept), kept=kept is not None)


def end_page(chat_id: str) -> str:
    """Where a summary is typed: it is kept under this address while it is not stored."""
    return url_for("sessions.end_form", chat_id=chat_id)


def _end_page(chat: ChatSession, form: EndForm, *, kept: bool = False) -> str:
    template = "sessions/_end.html" if wants_fragment() else "sessions/end.html"
    typed = request.method == "POST"
    return render_template(template, chat=chat, form=form, page=end_page(chat.id), kept=kept, typed=typed)


@bp.post("/sessions/<chat:chat_id>/end")
@typed_on(end_page)
def end(chat_id: str) -> ResponseReturnValue:
    """End a session with a reason and a summary."""
    chat = chats.chat_of(staff(), chat_id)
    form = EndForm()
    if not form.validate():
        return _end_page(chat, form), 422
    chats.end(staff(), chat, str(form.reason.data), form.summary.data or "")
    tell(chat.id, "session")
    kept_forms.forget(staff(), end_page(chat_id))
    flash("The session has ended. It stays in your list and can be reopened.", "ok")
    return on_to(url_for("sessions.index"))


@bp.post("/sessions/<chat:chat_id>/reopen")
def reopen(chat_id: str) -> ResponseReturnValue:
    """Take a session up again."""
    chat = chats.chat_of(staff(), chat_id)
    chats.reopen(staff(), chat)
    tell(chat.id, "session")
    return redirect(url_for("chat.show", chat_id=chat.id), 303)


@bp.get("/sessions/<chat:chat_id>/delete")
@for_right("sessions.delete")
def delete_form(chat_id: str) -> ResponseReturnValue:
    """Say what would go, and ask."""
    chat = chats.readable_chat(staff(), chat_id)
    return render_template("sessions/delete.html", chat=chat, form=DeleteForm(formdata=None))


@bp.post("/sessions/<chat:chat_id>/delete")
@for_right("sessions.delete")
def delete(chat_id: str) -> ResponseReturnValue:
    """Delete a session and everything said in it."""
    chats.remove(staff(), chat_id)
    after_commit(forget, chat_id)
    tell(chat_id, "gone")
    flash("The session is deleted.", "ok")
    return redirect(url_for("sessions.index"), 303)
