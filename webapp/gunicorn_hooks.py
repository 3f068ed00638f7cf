"""What gunicorn does at the ends of a worker's life."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any


def post_worker_init(worker: Any) -> None:
    """End the event streams as soon as the worker is told to stop; gunicorn alone would wait for each to time out."""
    streams = worker.wsgi.extensions["bankside.streams"]
    previous = signal.getsignal(signal.SIGTERM)

    def stop(number: int, frame: FrameType | None) -> None:
        streams.draining.set()  # a plain flag: the streams look at it, nothing is locked inside a signal
        if callable(previous):
            previous(number, frame)

    signal.signal(signal.SIGTERM, stop)


def worker_exit(_server: Any, worker: Any) -> None:
    """Finish the replies being made; those not begun are found after the next start."""
    app = getattr(worker, "wsgi", None)
    if app is not None:
        app.extensions["bankside.runner"].stop()
