"""What gunicorn does at the ends of a worker's life."""

from __future__ import annotations

from typing import Any


def worker_exit(_server: Any, worker: Any) -> None:
    """Finish the replies being made; those not begun are found after the next start."""
    app = getattr(worker, "wsgi", None)
    if app is not None:
        app.extensions["bankside.runner"].stop()
