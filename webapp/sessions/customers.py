"""Whom a session is about: find a customer and attach them."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.http.access import staff
from webapp.http.fragments import wants_fragment
from webapp.http.panels import FindCustomerForm, customer_panel
from webapp.http.settings import core_banking, tell
from webapp.services import caller_checks, chats
from webapp.sessions.forms import AttachCustomerForm
from webapp.sessions.views import bp


@bp.get("/sessions/<chat:chat_id>/customer")
def find_customer(chat_id: str) -> ResponseReturnValue:
    """The customer panel with what a search found."""
    chat = chats.chat_of(staff(), chat_id)
    form = FindCustomerForm(request.args)
    valid = form.validate()
    searched = (form.q.data or "").strip() if valid else ""
    context = customer_panel(chat, searched)
    context["find_form"] = form
    template = "sessions/_customer.html" if wants_fragment() else "sessions/customer.html"
    return render_template(template, chat=chat, **context), 200 if valid else 422


@bp.post("/sessions/<chat:chat_id>/customer")
def attach_customer(chat_id: str) -> ResponseReturnValue:
    """Say whom the session is about, and go back to it."""
    form = AttachCustomerForm()
    if form.validate():
        customer = core_banking().customer(str(form.number.data))  # asked before a transaction is open
        chats.attach_customer(staff(), chats.chat_of(staff(), chat_id), customer)
        tell(chat_id, "session")
    return redirect(url_for("chat.show", chat_id=chat_id), 303)


@bp.post("/sessions/<chat:chat_id>/caller")
def note_caller_check(chat_id: str) -> ResponseReturnValue:
    """Note how well the caller was checked, and go back to the session."""
    chat = chats.chat_of(staff(), chat_id)
    caller_checks.note(staff(), chat, request.form.get("level", "")[:8])
    tell(chat.id, "changed")
    return redirect(url_for("chat.show", chat_id=chat.id, _anchor="customer"), 303)
