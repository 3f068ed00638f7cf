"""The event stream of a session for programs: steps of a reply being made, and a nudge whenever something changed."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

from flask import Response, current_app, request
from flask.typing import ResponseReturnValue

from webapp.api.contract import asked_headers, says
from webapp.api.room import bp
from webapp.api.schemas import asked
from webapp.api.sessions import readable
from webapp.feed import Event, Feed, Missed, without_superseded
from webapp.http.access import staff
from webapp.http.programs import current_token
from webapp.http.settings import feed
from webapp.http.unit_of_work import abandon
from webapp.services import watching
from webapp.services.errors import TooManyStreams
from webapp.work.streams import Streams, Ticket, streams_of

CLOSED_AFTER = 300.0  # seconds; the program connects again
KEEP_ALIVE = 15.0
UNREAD_SECONDS = 20.0
HEADERS = {"X-Accel-Buffering": "no", "Cache-Control": "no-store, no-transform"}


@bp.get("/chat/sessions/<chat:chat_id>/events")
@says(headers=asked.Following, ok=None, tag="Messages")
def events(chat_id: str) -> ResponseReturnValue:
    """Follow a session, from the last event received or from now; `data` is JSON with the session's id.

    `changed` and `reload` say that messages were added or have changed: ask for those `after` the last `seq`.
    `step` and `partial` tell of a reply being made, `session` of its status or title, `gone` that it was deleted.
    """
    chat = readable(chat_id)
    after = asked_headers().last_event_id or feed().latest(chat.id)
    ticket = Ticket(chat.id, staff().id, 0, connection=_connection(), token_id=current_token().id)
    state = watching.states_of([chat.id]).get(chat.id)
    abandon()  # no connection is held while the stream waits
    streams = streams_of(current_app)
    if not feed().is_live() or not streams.admit(ticket, state):
        raise TooManyStreams("Too many streams are open.", "Ask for messages `after` the last `seq` instead.")
    if ticket.connection is not None:
        ticket.connection.settimeout(UNREAD_SECONDS)
    response = Response(_follow(feed(), streams, ticket, after), mimetype="text/event-stream")
    response.call_on_close(lambda: streams.release(ticket))
    response.headers.update(HEADERS)
    return response


def _connection() -> socket.socket | None:
    connection = request.environ.get("gunicorn.socket")
    return connection if isinstance(connection, socket.socket) else None


def _follow(source: Feed, streams: Streams, ticket: Ticket, after: str) -> Iterator[str]:
    closes = time.monotonic() + CLOSED_AFTER
    yield "retry: 1000\n\n"
    while True:
        try:
            fresh = without_superseded(source.read(ticket.chat_id, after, KEEP_ALIVE))
        except Missed:
            fresh = [Event(source.latest(ticket.chat_id), "reload", {})]
        if ticket.ended.is_set():
            return  # before anything else is said: the right to hear it is gone
        for event in fresh:
            after = event.id
            yield spelled(event, ticket.chat_id)
        gone = any(event.kind == "gone" for event in fresh)
        if gone or streams.draining.is_set() or time.monotonic() >= closes or not source.is_live() or not after:
            return
        if not fresh:
            yield ": still here\n\n"


def spelled(event: Event, chat_id: str) -> str:
    """The event on the wire. JSON has no line breaks, so that no text can begin a field or an event of its own."""
    said = {"type": event.kind, "sessionId": chat_id, "session_id": chat_id, **event.data}
    return f"id: {event.id}\nevent: {event.kind}\ndata: {json.dumps(said)}\n\n"
