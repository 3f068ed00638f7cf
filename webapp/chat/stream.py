"""One event stream per open page: steps and text of the reply being made, and a nudge whenever the session has changed.

Events carry no stored messages: the page asks for those after the last number it has, through the same door as always.
So a lost or repeated event changes nothing, and access is checked where the text is handed out.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

from flask import Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp import figures
from webapp.chat.forms import MessageForm
from webapp.chat.views import bp, usual_questions
from webapp.feed import Event, Feed, Missed, without_superseded
from webapp.http.access import current_sign_in, passive, staff
from webapp.http.fragments import wants_fragment
from webapp.http.panels import customer_panel, status_context
from webapp.http.settings import feed
from webapp.http.unit_of_work import abandon
from webapp.models import ChatSession
from webapp.services import chats, watching
from webapp.services.errors import ChatNotFound
from webapp.work.streams import Streams, Ticket, streams_of

CLOSED_AFTER = 300.0  # seconds; the page connects again
KEEP_ALIVE = 15.0
UNREAD_SECONDS = 20.0  # a page that takes nothing for so long is cut off: it may not hold a thread
ASK_AGAIN_SECONDS = "5"
HEADERS = {"X-Accel-Buffering": "no", "Cache-Control": "no-store, no-transform"}


@bp.get("/chat/<chat:chat_id>/events")
@passive
def events(chat_id: str) -> ResponseReturnValue:
    """Follow a session from the event the page was drawn at, or the last one it got.

    Refused with a bare 429 (too many streams) or 503 (this process hears nothing): the page asks every few seconds.
    """
    chat = chats.readable_chat(staff(), chat_id)
    if "text/event-stream" not in request.headers.get("Accept", ""):
        return redirect(url_for("chat.show", chat_id=chat.id))
    after = request.headers.get("Last-Event-ID") or request.args.get("after", "")
    seq = max(0, request.args.get("seq", default=0, type=int))
    ticket = Ticket(chat.id, staff().id, current_sign_in().id, connection=_connection())
    state = watching.states_of([chat.id]).get(chat.id)
    abandon()  # no connection is held while the stream waits
    if not feed().is_live():
        return _ask_instead(503)
    streams = streams_of(current_app)
    if not streams.admit(ticket, state):
        return _ask_instead(429)
    if "Last-Event-ID" in request.headers:
        figures.page_reconnected()
    if ticket.connection is not None:
        ticket.connection.settimeout(UNREAD_SECONDS)
    response = Response(_follow(feed(), streams, ticket, after[:64], seq), mimetype="text/event-stream")
    response.call_on_close(lambda: streams.release(ticket))
    response.headers.update(HEADERS)
    return response


def _ask_instead(status: int) -> Response:
    return Response(status=status, headers={"Retry-After": ASK_AGAIN_SECONDS, "Cache-Control": "no-store"})


def _connection() -> socket.socket | None:
    """The client's connection, where the server shows it."""
    connection = request.environ.get("gunicorn.socket")
    return connection if isinstance(connection, socket.socket) else None


def _follow(source: Feed, streams: Streams, ticket: Ticket, after: str, seq: int) -> Iterator[str]:
    closes = time.monotonic() + CLOSED_AFTER
    yield "retry: 1000\n\n"
    while True:
        try:
            fresh = without_superseded(source.read(ticket.chat_id, after, KEEP_ALIVE))
        except Missed:
            fresh = [Event(source.latest(ticket.chat_id), "reload", {"after": seq})]
        if ticket.ended.is_set():
            return  # before anything else is said: the right to hear it is gone
        for event in fresh:
            after = event.id
            yield spelled(event)
        if streams.draining.is_set() or time.monotonic() >= closes or any(event.kind == "gone" for event in fresh):
            return
        if not source.is_live() or not after:
            return
        if not fresh:
            yield ": still here\nevent: alive\n\n"


def spelled(event: Event) -> str:
    """The event on the wire. JSON has no line breaks, so that no text can begin a field or an event of its own."""
    return f"id: {event.id}\nevent: {event.kind}\ndata: {json.dumps(event.data)}\n\n"


@bp.get("/chat/<chat:chat_id>/state")
@passive
def state(chat_id: str) -> ResponseReturnValue:
    """A session's head and place to write as they are now, for a page where they may be old.

    The page says what it shows (`writing`: open, closed, carry or gone), whether something is typed, and whose records
    it shows, so that nothing is replaced without need. A session that is gone answers with a place to take the text
    along from, the same for every id that does not exist or is not this person's.
    """
    if not wants_fragment():
        return redirect(url_for("chat.show", chat_id=chats.readable_chat(staff(), chat_id).id))
    writing, typed = request.args.get("writing", ""), bool(request.args.get("typed"))
    try:
        chat = chats.readable_chat(staff(), chat_id)
    except ChatNotFound:
        gone = ChatSession(id=chat_id)
        return render_template("chat/_gone.html", chat=gone, form=MessageForm.fresh(chat_id), typed=typed)
    may_write = chat.staff_id == staff().id and staff().may("sessions.use")
    shown_customer = request.args.get("customer", "") == (chat.customer_number or "")
    return render_template(
        "chat/_state.html",
        chat=chat,
        form=MessageForm.fresh(chat.id),
        suggestions=usual_questions(),
        read_only_reason=None,
        writing=writing,
        carry=typed and may_write and writing in ("open", "closed") and not chat.is_open,
        panel=None if shown_customer else customer_panel(chat),
        **{**status_context(chat), "may_write": may_write},
    )
