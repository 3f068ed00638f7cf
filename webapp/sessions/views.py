"""The list of sessions, and opening one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from webapp.bank.errors import BankError
from webapp.bank.values import Customer
from webapp.http.access import staff
from webapp.http.current_chat import remember_once_stored
from webapp.http.fragments import wants_fragment
from webapp.http.input import says_something
from webapp.http.moments import viewer_zone
from webapp.http.settings import core_banking
from webapp.http.unit_of_work import after_commit
from webapp.services import chats, conversation, listing
from webapp.sessions.forms import StartForm
from webapp.work.runner import submit

bp = Blueprint("sessions", __name__)

STATUSES = [(str(value), label) for value, label in chats.STATUS_LABELS.items()]


def filters_from(arguments: MultiDict[str, str]) -> listing.Filters:
    """The list's filters as the address says them, cut to what can be meant."""
    return listing.Filters(
        q=arguments.get("q", "").strip()[:80],
        status=arguments.get("status", "")[:16],
        person=arguments.get("person", "")[:16],
        mine="1" if arguments.get("mine") else "",
    )


@bp.get("/")
def index() -> ResponseReturnValue:
    """The person's sessions, newest activity first; for htmx only the list, or only its next page."""
    filters, cursor = filters_from(request.args), request.args.get("cursor", "")[:200]
    page = listing.chats_for(staff(), filters, cursor)
    context: dict[str, Any] = {
        "page": page,
        "filters": asdict(filters),
        "compact": bool(request.args.get("compact")),
        "current_chat_id": request.args.get("current", "")[:48] or None,
    }
    if wants_fragment():
        return render_template("sessions/_more.html" if cursor else "sessions/_list.html", **context)
    return _index(StartForm.fresh(), context)


def _index(form: StartForm, context: dict[str, Any] | None = None) -> str:
    context = context or {"page": listing.chats_for(staff(), listing.Filters()), "filters": asdict(listing.Filters())}
    return render_template(
        "sessions/index.html",
        **{
            **context,
            "compact": False,
            "current_chat_id": None,
            "people": listing.people_for(staff()),
            "statuses": STATUSES,
            "unfinished": chats.unfinished(staff()),
            "start_form": form,
            "may_start": staff().may("sessions.use"),
        },
    )


@bp.post("/sessions")
def create() -> ResponseReturnValue:
    """Open a session in one transaction with its first audit entry, and its first question if one was typed.

    Only when that is committed does the id go into the cookie. The same form sent again opens nothing new.
    """
    form = StartForm()
    if not form.validate():
        if not form.request_id.data or form.request_id.errors:
            form.request_id.data = StartForm.fresh().request_id.data
        return _index(form), 422
    wanted = (form.customer.data or "").strip()
    customer, unclear = _customer_called(wanted)
    chat = chats.create(staff(), str(form.request_id.data), customer)
    opening = (form.opening.data or "").strip()
    if says_something(opening) and chat.is_open:
        turn = conversation.ask(chat, staff(), opening, str(form.request_id.data), viewer_zone())
        after_commit(submit, turn.reply.id)
    remember_once_stored(chat.id)
    return redirect(url_for("chat.show", chat_id=chat.id, find=wanted if unclear else None), 303)


def _customer_called(wanted: str) -> tuple[Customer | None, bool]:
    """The one customer these words mean; (None, True) if it could be several, nobody, or the bank does not answer."""
    if not wanted:
        return None, False
    bank = core_banking()
    try:
        matches = bank.search_customers(wanted, limit=2)
        if len(matches) == 1:
            return bank.customer(matches[0].number), False
    except BankError:
        pass  # the session opens all the same; its customer panel tries again and says what is wrong
    return None, True
