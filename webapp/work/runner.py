"""Hand replies to makers: a few threads in the server process, and a sweeper that finds stranded ones."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, cast

from flask import Flask, current_app

from webapp.config import Config
from webapp.http.events import log
from webapp.http.unit_of_work import reading
from webapp.services import queue
from webapp.traces import remember
from webapp.work.answering import limits_of, make_reply, next_in_line
from webapp.work.carrying import take_up
from webapp.work.deliveries import look_into_outbox
from webapp.work.makers import makers_here
from webapp.work.sweeping import take_back

SWEEP_SECONDS = 2.0
LEAVING_SECONDS = 2.0  # for threads whose replies were given back


class Hand(Protocol):
    """Where replies are handed to be made: this process's threads, or a broker's workers."""

    def start(self) -> None:
        """Be ready, in this process."""
        ...

    def submit(self, reply_id: int) -> bool:
        """Have a reply made soon. Never raises; False: not handed over, a sweeper will find it."""
        ...

    def drain(self) -> None:
        """The process was told to end: begin no more. Safe inside a signal handler."""
        ...

    def stop(self, seconds: float | None = None) -> None:
        """Finish what is being made here; give the rest back."""
        ...

    def sweep(self) -> int:
        """Hand out what is stranded; returns how many were."""
        ...


@dataclass(eq=False)
class _Shift:
    """The threads between a start and a stop."""

    pid: int
    stopping: threading.Event = field(default_factory=threading.Event)
    sweeper: threading.Thread | None = None
    makers: int = 0
    nudges: int = 0  # how often somebody said that there is work: a thread that found none looks again


class Runner:
    """Makes replies on a few threads. Started lazily, once per process, so that forks have threads of their own."""

    def __init__(self, app: Flask, threads: int) -> None:
        self._app = app
        self._threads = threads
        self._lock = threading.Lock()
        self._shift: _Shift | None = None
        self._drained_at: float | None = None

    def start(self) -> None:
        """Start the sweeper in this process, once; it finds what an earlier process left without delay."""
        with self._lock:
            if self._shift is not None and self._shift.pid == os.getpid():
                return
            self._shift = shift = _Shift(os.getpid())
            sweeping = threading.Thread(target=self._sweep_until_stopped, args=(shift,), name="sweeper", daemon=True)
            shift.sweeper = sweeping
            sweeping.start()

    def submit(self, reply_id: int) -> bool:
        """Have a reply made soon: by a thread of its own if there is room, else by the next that is free."""
        if self._drained_at is not None:
            log.info("reply.left_for_later", reply=reply_id)
            return False
        self.start()
        remember(reply_id)
        shift = self._shift
        return shift is not None and self._hand_out(shift, reply_id)

    def _hand_out(self, shift: _Shift, reply_id: int) -> bool:
        with self._lock:
            if shift.stopping.is_set():
                return False
            shift.nudges += 1
            if shift.makers >= self._threads:
                return True
            shift.makers += 1
        try:
            threading.Thread(target=self._make, args=(shift, reply_id), name="maker", daemon=True).start()
        except RuntimeError:  # no more threads: the sweeper tries again
            log.error("reply.left_for_later", reply=reply_id)
            self._leave(shift)
            return False
        return True

    def _make(self, shift: _Shift, reply_id: int) -> None:
        following: int | None = reply_id
        try:
            while True:
                seen = shift.nudges
                while following is not None and not shift.stopping.is_set():
                    following = make_reply(self._app, following)
                if self._may_leave(shift, seen):
                    return
                following = next_in_line(self._app)
        except Exception as error:  # a database that is busy or gone: the sweeper hands the reply out again
            log.error("reply.interrupted", kind=type(error).__name__, exc_info=error)
            self._leave(shift)

    def _may_leave(self, shift: _Shift, seen: int) -> bool:
        """Whether nobody has said that there is work since this thread looked for some; then it has left."""
        with self._lock:
            if shift.stopping.is_set() or shift.nudges == seen:
                shift.makers -= 1
                return True
            return False

    def _leave(self, shift: _Shift) -> None:
        with self._lock:
            shift.makers -= 1

    def _sweep_until_stopped(self, shift: _Shift) -> None:
        while not shift.stopping.is_set():
            try:
                self._sweep(partial(self._hand_out, shift))  # which never begins a new shift after a stop
            except Exception as error:
                log.error("sweep.failed", kind=type(error).__name__)
            shift.stopping.wait(SWEEP_SECONDS)

    def sweep(self) -> int:
        """Take replies back from lost makers, and have those made that nobody makes; returns how many."""
        return self._sweep(self.submit)

    def _sweep(self, hand_out: Callable[[int], bool]) -> int:
        take_back(self._app)
        take_up(self._app)
        look_into_outbox(self._app)
        with self._app.app_context(), reading():
            waiting = queue.in_line(limits_of(self._app), most=self._threads)
        for reply_id in waiting:
            hand_out(reply_id)
        return len(waiting)

    def drain(self) -> None:
        """Begin no more; a plain flag each, because a signal handler sets them."""
        makers_here(self._app).closed = True
        self._drained_at = time.monotonic()

    def stop(self, seconds: float | None = None) -> None:
        """Finish the replies being made, for so long (default: what is left of the time to end in), begin no more.

        What is not finished by then is pending again, for another process or the next start.
        """
        graceful = cast(Config, self._app.extensions["bankside.config"]).graceful_seconds
        if seconds is None:
            seconds = graceful if self._drained_at is None else self._drained_at + graceful - time.monotonic()
        with self._lock:
            shift, self._shift = self._shift, None
        if shift is None or shift.pid != os.getpid():
            return
        with self._lock:  # from here on nothing is handed out
            shift.stopping.set()
        _wait_for(shift, seconds)
        if shift.makers:
            makers_here(self._app).wind_up(self._app, 0)
            _wait_for(shift, LEAVING_SECONDS)
        if shift.sweeper is not None and shift.sweeper is not threading.current_thread():
            shift.sweeper.join(LEAVING_SECONDS)


def _wait_for(shift: _Shift, seconds: float) -> None:
    give_up = time.monotonic() + seconds
    while shift.makers and time.monotonic() < give_up:
        time.sleep(0.01)


def runner_of(app: Flask) -> Hand:
    """Where this app hands its replies."""
    return cast(Hand, app.extensions["bankside.runner"])


def submit(reply_id: int) -> None:
    """Have a reply of this app made soon."""
    runner_of(current_app).submit(reply_id)


def stop_making(reply_id: int) -> None:
    """A person has stopped this reply: if it is made in this process, let go of it now."""
    makers_here(current_app).stop(reply_id)
