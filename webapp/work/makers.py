"""The replies this process is making now: found to be stopped, and given back when the process ends."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import cast

from flask import Flask

from webapp.agents.transcript import Answer
from webapp.feed import Feed
from webapp.http.events import log
from webapp.http.unit_of_work import unit_of_work
from webapp.services import replies
from webapp.services.replies import Work


@dataclass(eq=False)
class Making:
    """One reply in the making: what the thread that thinks tells the thread that sees to it."""

    work: Work
    woken: threading.Event = field(default_factory=threading.Event)  # thought out, or let go
    let_go: threading.Event = field(default_factory=threading.Event)  # stopped, given up, or somebody else's by now
    answer: Answer | None = None
    problem: BaseException | None = None
    partial: str = ""
    thought: bool = False

    def release(self) -> None:
        """Nobody waits for this any more: thinking ends at its next step, and nothing of it is stored."""
        self.let_go.set()
        self.woken.set()


class Makers:
    """What is being made. `closed`: the process is ending and begins no more; a plain flag, set in a signal handler."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._makings: dict[str, Making] = {}
        self._lingering: set[Making] = set()
        self.closed = False

    @property
    def tokens(self) -> set[str]:
        """The claims held now."""
        with self._lock:
            return set(self._makings)

    def add(self, work: Work) -> Making:
        """Begin."""
        making = Making(work)
        with self._lock:
            self._makings[work.token] = making
        return making

    def discard(self, making: Making) -> None:
        """It is over."""
        with self._lock:
            self._makings.pop(making.work.token, None)

    @property
    def lingering(self) -> int:
        """How many threads still think about what nobody waits for."""
        return len(self._lingering)

    def leave_thinking(self, making: Making) -> None:
        """Its thread cannot be ended; it is counted until it ends by itself."""
        with self._lock:
            if not making.thought:
                self._lingering.add(making)

    def has_thought(self, making: Making) -> None:
        """Its thread has come to an end."""
        with self._lock:
            making.thought = True
            self._lingering.discard(making)

    def stop(self, reply_id: int) -> None:
        """Let go of a reply that a person has stopped, if it is made here; another process learns it from its claim."""
        for making in self._all():
            if making.work.reply_id == reply_id:
                making.release()

    def wind_up(self, app: Flask, seconds: float) -> int:
        """Wait until everything is finished, at most so long; what is not is given back; returns how many were."""
        give_up = time.monotonic() + seconds
        while self._all() and time.monotonic() < give_up:
            time.sleep(0.02)
        given_back = 0
        for making in self._all():
            try:
                with app.app_context(), unit_of_work():
                    returned = replies.give_back(making.work)
            except Exception as error:  # a database that is gone: the others notice that this process has died
                log.error("reply.not_given_back", reply=making.work.reply_id, kind=type(error).__name__)
                returned = False
            making.release()
            if returned:
                given_back += 1
                log.info("reply.given_back", reply=making.work.reply_id, chat=making.work.chat_id)
                cast(Feed, app.extensions["bankside.feed"]).publish(making.work.chat_id, "changed")
        return given_back

    def _all(self) -> list[Making]:
        with self._lock:
            return list(self._makings.values())


def makers_here(app: Flask) -> Makers:
    """The makers of this app in this process."""
    return cast(Makers, app.extensions["bankside.makers"])
