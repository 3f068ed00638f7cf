"""One event stream per open page: steps of the reply being made, and a nudge whenever the session has changed.

Events carry no messages: the page asks for those after the last number it has, through the same door as always. So a
lost or repeated event changes nothing, and access is checked where the text is handed out.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from flask import Response, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from webapp.chat.views import bp
from webapp.feed import Event, Feed, Missed
from webapp.http.access import current_sign_in, passive, staff
from webapp.http.settings import feed
from webapp.http.unit_of_work import abandon
from webapp.services import chats
from webapp.work.streams import Streams, Ticket, streams_of

CLOSED_AFTER = 300.0  # seconds; the page connects again
KEEP_ALIVE = 15.0
TICK = 2.0  # how soon an ended sign-in ends its streams
HEADERS = {"X-Accel-Buffering": "no", "Cache-Control": "no-store, no-transform"}


@bp.get("/chat/<chat:chat_id>/events")
@passive
def events(chat_id: str) -> ResponseReturnValue:
    """Follow a session from the event the page was drawn at, or the last one it got."""
    chat = chats.readable_chat(staff(), chat_id)
    if "text/event-stream" not in request.headers.get("Accept", ""):
        return redirect(url_for("chat.show", chat_id=chat.id))
    after = request.headers.get("Last-Event-ID") or request.args.get("after", "")
    ticket = Ticket(chat_id=chat.id, staff_id=staff().id, sign_in_id=current_sign_in().id)
    streams = streams_of(current_app)
    streams.admit(ticket)
    abandon()  # no connection is held while the stream waits
    response = Response(_follow(feed(), streams, ticket, after[:64]), mimetype="text/event-stream")
    response.call_on_close(lambda: streams.release(ticket))
    response.headers.update(HEADERS)
    return response


def _follow(source: Feed, streams: Streams, ticket: Ticket, after: str) -> Iterator[str]:
    opened = spoke = time.monotonic()
    yield "retry: 1000\n\n"
    while not (ticket.ended.is_set() or streams.draining.is_set()) and time.monotonic() - opened < CLOSED_AFTER:
        try:
            fresh = source.read(ticket.chat_id, after, TICK)
        except Missed:
            after = source.latest(ticket.chat_id)
            fresh = [Event(after, "changed", {})]
        for event in fresh:
            after = event.id
            spoke = time.monotonic()
            yield spelled(event)
        if time.monotonic() - spoke > KEEP_ALIVE:
            spoke = time.monotonic()
            yield ": still here\n\n"


def spelled(event: Event) -> str:
    """The event on the wire. JSON has no line breaks, so that no text can begin a field or an event of its own."""
    return f"id: {event.id}\nevent: {event.kind}\ndata: {json.dumps(event.data)}\n\n"
