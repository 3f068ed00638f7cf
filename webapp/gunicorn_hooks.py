"""What gunicorn does at the ends of a worker's life."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any

from webapp import figures
from webapp.http.metrics import own_port
from webapp.work.makers import makers_here
from webapp.work.preparing import prepare_behind
from webapp.work.runner import runner_of

AT_ONCE = 1.0  # seconds


def post_worker_init(worker: Any) -> None:
    """End the event streams as soon as the worker is told to stop; gunicorn alone would wait for each to time out."""
    streams = worker.wsgi.extensions["bankside.streams"]
    runner = runner_of(worker.wsgi)
    previous = signal.getsignal(signal.SIGTERM)

    def stop(number: int, frame: FrameType | None) -> None:
        streams.draining.set()  # a plain flag: the streams look at it, nothing is locked inside a signal
        runner.drain()
        if callable(previous):
            previous(number, frame)

    signal.signal(signal.SIGTERM, stop)
    own_port(worker.wsgi)
    prepare_behind(worker.wsgi)


def worker_exit(_server: Any, worker: Any) -> None:
    """Finish the replies being made, for GRACEFUL_SECONDS since the worker was told to stop (Ctrl+C: one second), and
    give back the rest; those not begun are found by other processes or after the next start."""
    app = getattr(worker, "wsgi", None)
    if app is not None:
        runner = runner_of(app)
        runner.stop(None if makers_here(app).closed else AT_ONCE)


def child_exit(_server: Any, worker: Any) -> None:
    """What a worker that ended, or was killed, held open counts no more."""
    figures.worker_died(worker.pid)
