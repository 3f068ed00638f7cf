"""The event streams this process holds open: counted, ended with their sign-in, told what other processes changed."""

from __future__ import annotations

import os
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

from flask import Flask

from webapp.config import Config
from webapp.feed import Feed
from webapp.http.events import log
from webapp.http.unit_of_work import reading
from webapp.services import watching
from webapp.services.errors import TooManyStreams

LOOK_SECONDS = 2.0
MOST_PER_PERSON = 6  # open pages of one person that are told at once; further ones ask every few seconds


@dataclass(eq=False)
class Ticket:
    """One open stream."""

    chat_id: str
    staff_id: int
    sign_in_id: int
    ended: threading.Event = field(default_factory=threading.Event)


class Streams:
    """Open streams, and the thread that looks after them while there are any."""

    def __init__(self, app: Flask, feed: Feed, config: Config) -> None:
        self._app = app
        self._feed = feed
        self._most = max(1, config.web_threads * 3 // 4)  # the other threads answer requests
        self._idle = timedelta(minutes=config.idle_minutes)
        self._absolute = timedelta(hours=config.absolute_hours)
        self._lock = threading.Lock()
        self._tickets: set[Ticket] = set()
        self._seen: dict[str, watching.ChatState] = {}
        self._watch_pid = 0
        self.draining = threading.Event()

    @property
    def open_now(self) -> int:
        """How many streams this process holds."""
        return len(self._tickets)

    def admit(self, ticket: Ticket) -> None:
        """Give a stream a place, to be released; raises `TooManyStreams` at the limit of a person or the process."""
        with self._lock:
            own = Counter(open_ticket.staff_id for open_ticket in self._tickets)[ticket.staff_id]
            if own >= MOST_PER_PERSON or len(self._tickets) >= self._most or self.draining.is_set():
                raise TooManyStreams
            self._tickets.add(ticket)
            self._watch()

    def release(self, ticket: Ticket) -> None:
        """The stream is over."""
        with self._lock:
            self._tickets.discard(ticket)

    def drain(self) -> None:
        """The process is stopping: let every stream end by itself."""
        self.draining.set()

    def _watch(self) -> None:
        if self._watch_pid != os.getpid():
            self._watch_pid = os.getpid()
            threading.Thread(target=self._look_until_drained, name="stream-watch", daemon=True).start()

    def _look_until_drained(self) -> None:
        while not self.draining.wait(LOOK_SECONDS):
            try:
                self.look()
            except Exception as error:  # a database that is gone: look again, streams go on meanwhile
                log.error("streams.look_failed", kind=type(error).__name__)

    def look(self) -> None:
        """End streams whose sign-in or right has ended; tell of changes that another process made."""
        with self._lock:
            tickets = list(self._tickets)
        if not tickets:
            self._seen.clear()
            return
        with self._app.app_context(), reading():
            alive = watching.alive_sign_ins({ticket.sign_in_id for ticket in tickets}, self._idle, self._absolute)
            states = watching.states_of({ticket.chat_id for ticket in tickets})
        for ticket in tickets:
            if ticket.sign_in_id not in alive:
                ticket.ended.set()
        for chat_id in {ticket.chat_id for ticket in tickets}:
            state, before = states.get(chat_id), self._seen.get(chat_id)
            if state is None:
                self._feed.publish(chat_id, "gone")
                self._seen.pop(chat_id, None)
            elif before is not None and state != before:
                self._feed.publish(chat_id, "changed")
            if state is not None:
                self._seen[chat_id] = state


def streams_of(app: Flask) -> Streams:
    """The streams of this app."""
    return cast(Streams, app.extensions["bankside.streams"])
