"""The event streams this process holds open: counted, ended with their sign-in, told what other processes changed."""

from __future__ import annotations

import os
import resource
import select
import socket
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

from flask import Flask

from webapp import figures
from webapp.config import Config
from webapp.feed import Feed
from webapp.http.events import log
from webapp.http.unit_of_work import reading
from webapp.services import access_tokens, watching
from webapp.services.watching import ChatState

LOOK_SECONDS = 2.0  # an ended sign-in ends its streams, and another process's change is told, within about this time
FILES_EACH = 4  # the process may have so many files open for each stream; connections and databases need theirs, too
MOST_PER_PERSON = 6  # open pages of one person that are told at once; further ones ask every few seconds


@dataclass(eq=False)
class Ticket:
    """One open stream."""

    chat_id: str
    staff_id: int
    sign_in_id: int
    connection: socket.socket | None = None  # the server's, where it lets us see it
    token_id: int | None = None  # of a program, which has no sign-in
    ended: threading.Event = field(default_factory=threading.Event)


class Streams:
    """Open streams, and the thread that looks after them while there are any."""

    def __init__(self, app: Flask, feed: Feed, config: Config) -> None:
        self._app = app
        self._feed = feed
        self._most = min(config.most_streams, _files_allowed() // FILES_EACH)
        self._idle = timedelta(minutes=config.idle_minutes)
        self._absolute = timedelta(hours=config.absolute_hours)
        self._lock = threading.Lock()
        self._tickets: set[Ticket] = set()
        self._seen: dict[str, ChatState] = {}
        self._watch_pid = 0
        self.draining = threading.Event()

    @property
    def open_now(self) -> int:
        """How many streams this process holds."""
        return len(self._tickets)

    def admit(self, ticket: Ticket, state: ChatState | None) -> bool:
        """Give a stream a place, to be released; False at the limit of the person or the process, and while stopping.

        `state` is the session's as the page that opens the stream can know it: what differs later is told.
        """
        with self._lock:
            own = Counter(open_ticket.staff_id for open_ticket in self._tickets)[ticket.staff_id]
            if own >= MOST_PER_PERSON or len(self._tickets) >= self._most or self.draining.is_set():
                return False
            self._tickets.add(ticket)
            figures.stream_opened()
            if state is not None:
                self._seen.setdefault(ticket.chat_id, state)
            self._watch()
            return True

    def release(self, ticket: Ticket) -> None:
        """The stream is over."""
        with self._lock:
            if ticket in self._tickets:
                self._tickets.discard(ticket)
                figures.stream_closed()
            if all(other.chat_id != ticket.chat_id for other in self._tickets):
                self._seen.pop(ticket.chat_id, None)

    def drain(self) -> None:
        """The process is stopping: every stream ends by itself. A plain flag: this is called inside a signal."""
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
        self._wake(self._open())

    def look(self) -> None:
        """End streams whose sign-in or right has ended; tell of changes that another process made."""
        tickets = self._open()
        if not tickets:
            return
        for ticket in _hung_up(tickets):
            ticket.ended.set()
        with self._app.app_context(), reading():
            alive = watching.alive_sign_ins({ticket.sign_in_id for ticket in tickets}, self._idle, self._absolute)
            tokens = access_tokens.still_alive({ticket.token_id for ticket in tickets if ticket.token_id})
            states = watching.states_of({ticket.chat_id for ticket in tickets})
            readable = _readable(tickets, states)
        for ticket in tickets:
            ended = ticket.token_id not in tokens if ticket.token_id else ticket.sign_in_id not in alive
            if ended or (ticket.chat_id in states and (ticket.staff_id, ticket.chat_id) not in readable):
                ticket.ended.set()
        self._tell_of_changes({ticket.chat_id for ticket in tickets}, states)
        self._wake([ticket for ticket in tickets if ticket.ended.is_set()])

    def _tell_of_changes(self, chat_ids: Collection[str], states: Mapping[str, ChatState]) -> None:
        for chat_id in chat_ids:
            state, before = states.get(chat_id), self._seen.get(chat_id)
            if state is None:
                self._feed.publish(chat_id, "gone")
                continue
            self._seen[chat_id] = state
            if before is None:
                continue
            if state.head != before.head:
                self._feed.publish(chat_id, "session")
            if state.said != before.said:
                self._feed.publish(chat_id, "changed")

    def _open(self) -> list[Ticket]:
        with self._lock:
            return list(self._tickets)

    def _wake(self, tickets: Collection[Ticket]) -> None:
        for chat_id in {ticket.chat_id for ticket in tickets}:
            self._feed.wake(chat_id)


def _readable(tickets: Collection[Ticket], states: Mapping[str, ChatState]) -> set[tuple[int, str]]:
    """Who may read what: one's own session always, another's as the role says now."""
    own = set()
    others: defaultdict[int, set[str]] = defaultdict(set)
    for ticket in tickets:
        state = states.get(ticket.chat_id)
        if state is not None and state.owner_id == ticket.staff_id:
            own.add((ticket.staff_id, ticket.chat_id))
        elif state is not None:
            others[ticket.staff_id].add(ticket.chat_id)
    return own | {
        (staff_id, chat_id)
        for staff_id, chat_ids in others.items()
        for chat_id in watching.still_readable(staff_id, chat_ids)
    }


def _files_allowed() -> int:
    """How many files this process may have open. At one too many the server's worker ends, with all its streams."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def _hung_up(tickets: Collection[Ticket]) -> list[Ticket]:
    """Streams whose page is gone. A server notices only when it writes, and until then they would hold their places."""
    watched: dict[int, Ticket] = {}
    poll = select.poll()
    for ticket in tickets:
        number = ticket.connection.fileno() if ticket.connection is not None else -1
        if number >= 0:
            watched[number] = ticket
            poll.register(number, getattr(select, "POLLRDHUP", select.POLLHUP))
    return [watched[number] for number, _event in poll.poll(0)]


def streams_of(app: Flask) -> Streams:
    """The streams of this app."""
    return cast(Streams, app.extensions["bankside.streams"])
