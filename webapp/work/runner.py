"""Hand replies to makers: a bounded pool of threads in the server process, and a sweeper that finds stranded ones."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import cast

from flask import Flask, current_app

from webapp.http.events import log
from webapp.http.unit_of_work import unit_of_work
from webapp.services import replies
from webapp.work.answering import make_reply, makers_of

SWEEP_SECONDS = 5.0


class Runner:
    """Makes replies on a few threads. Started lazily, once per process, so that forks have threads of their own."""

    def __init__(self, app: Flask, threads: int, *, only_process: bool) -> None:
        self._app = app
        self._threads = threads
        self._only_process = only_process
        self._lock = threading.Lock()
        self._pid = 0
        self._pool: ThreadPoolExecutor | None = None
        self._sweeper: threading.Thread | None = None
        self._stopping = threading.Event()
        self._waiting: set[int] = set()  # ids in the pool's queue: the sweeper need not queue them again

    def start(self) -> None:
        """Start the pool and the sweeper in this process; further calls do nothing."""
        with self._lock:
            if self._pool is not None and self._pid == os.getpid():
                return
            left_behind = self._left_behind() if self._only_process else []
            self._pid = os.getpid()
            self._stopping = threading.Event()
            self._waiting = set()
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="reply")
            self._sweeper = threading.Thread(target=self._sweep_until_stopped, name="sweeper", daemon=True)
            self._sweeper.start()
        for reply_id in left_behind:
            self.submit(reply_id)

    def _left_behind(self) -> Sequence[int]:
        """Replies of a process that is no more. Asked before this one makes any: its own would look the same."""
        try:
            with self._app.app_context(), unit_of_work():
                return list(replies.hand_out_again(at_start=True))
        except Exception as error:  # the sweeper finds them later
            log.error("sweep.failed", kind=type(error).__name__)
            return []

    def stop(self) -> None:
        """Finish the replies being made, start no more; what is left is found after the next start."""
        with self._lock:
            self._stopping.set()
            pool, sweeper = self._pool, self._sweeper
            self._pool = self._sweeper = None
        if pool is not None and self._pid == os.getpid():
            pool.shutdown(wait=True, cancel_futures=True)
        if sweeper is not None and sweeper.is_alive():
            sweeper.join(timeout=SWEEP_SECONDS)

    def submit(self, reply_id: int) -> None:
        """Have a reply made soon. Never raises: a reply not taken here is found by the sweeper."""
        self.start()
        if reply_id in self._waiting:
            return
        pool = self._pool
        try:
            if pool is not None:
                self._waiting.add(reply_id)
                pool.submit(self._make, reply_id)
        except RuntimeError:  # shutting down
            log.info("reply.left_for_later", reply=reply_id)

    def _make(self, reply_id: int) -> None:
        self._waiting.discard(reply_id)
        following: int | None = reply_id
        while following is not None and not self._stopping.is_set():
            try:
                following = make_reply(self._app, following)
            except Exception as error:  # a database that is busy or gone: the sweeper hands the reply out again
                log.error("reply.interrupted", reply=following, kind=type(error).__name__)
                return

    def _sweep_until_stopped(self) -> None:
        while not self._stopping.is_set():
            try:
                self.sweep()
            except Exception as error:
                log.error("sweep.failed", kind=type(error).__name__)
            self._stopping.wait(SWEEP_SECONDS)

    def sweep(self) -> int:
        """Say which makers are alive, hand stranded replies out again; returns how many were handed out."""
        with self._app.app_context():
            with unit_of_work():
                replies.beat(list(makers_of(self._app)))
                stranded = list(replies.hand_out_again())
            for reply_id in stranded:
                self.submit(reply_id)
            if stranded:
                log.info("sweep", handed_out=len(stranded))
        return len(stranded)


def submit(reply_id: int) -> None:
    """Have a reply of this app made soon."""
    cast(Runner, current_app.extensions["bankside.runner"]).submit(reply_id)
