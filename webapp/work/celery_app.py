"""What a Celery worker runs: `celery -A webapp.work.celery_app worker --beat`. It makes the replies of all.

A worker has a pool of threads (REPLY_THREADS). Told to end, it finishes what it is making for GRACEFUL_SECONDS and
gives the rest back; killed, it loses nothing: its claims are seen to be dead, on this machine at once, elsewhere after
30 s.
"""

from __future__ import annotations

import threading
from typing import Any, cast

from celery import current_task, signals
from flask import Flask
from werkzeug.utils import import_string

from webapp.config import Config, ConfigError
from webapp.http.events import log
from webapp.http.metrics import own_port
from webapp.services.workers import tell_alive
from webapp.traces import remember
from webapp.work.answering import make_reply
from webapp.work.broker import MAKE_REPLY, SWEEP, make_celery
from webapp.work.identity import own_identity
from webapp.work.makers import makers_here
from webapp.work.preparing import prepare_behind
from webapp.work.runner import runner_of

FACTORY = "webapp:create_app"  # by name, as gunicorn finds `wsgi:app`: importing it here would be an import upwards

config = Config.from_env()
if config.runner != "celery":
    raise ConfigError("RUNNER: set it to celery for the workers and for the web processes")

celery = make_celery(config)
_lock = threading.Lock()
_apps: list[Flask] = []


def flask_app() -> Flask:
    """The app of this process, made when it is first needed."""
    with _lock:
        if not _apps:
            _apps.append(cast(Flask, import_string(FACTORY)(config)))
        return _apps[0]


def _make_reply(reply_id: int) -> None:
    app = flask_app()
    remember(reply_id, getattr(current_task.request, "bankside", None) or {})
    following: int | None = reply_id
    while following is not None:
        following = make_reply(app, following)
        if following is not None and runner_of(app).submit(following):
            return  # to whichever worker is free; with the broker gone, this one goes on by itself


def _sweep() -> None:
    runner_of(flask_app()).sweep()


celery.task(name=MAKE_REPLY)(_make_reply)
celery.task(name=SWEEP)(_sweep)


@signals.worker_process_init.connect  # type: ignore[untyped-decorator]  # Celery carries no types
def _get_ready(**_kwargs: Any) -> None:
    """A child of the prefork pool, should somebody choose that one."""
    _apps.clear()
    flask_app()


@signals.worker_ready.connect  # type: ignore[untyped-decorator]
def _take_up(**_kwargs: Any) -> None:
    """What an earlier worker left unfinished is taken up now, not at the next sweep."""
    own_port(flask_app())
    prepare_behind(flask_app())
    try:
        _sweep()
    except Exception as error:
        log.error("sweep.failed", kind=type(error).__name__)


@signals.heartbeat_sent.connect  # type: ignore[untyped-decorator]
def _live_on(**_kwargs: Any) -> None:
    """Say that this worker is there, for /health/ready."""
    tell_alive(config.workers_url, own_identity())


@signals.worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _wind_up(**_kwargs: Any) -> None:
    """Begin no more; a thread of its own waits for what is being made, because this is called from a signal handler."""
    for app in _apps:
        makers_here(app).closed = True
        threading.Thread(target=makers_here(app).wind_up, args=(app, config.graceful_seconds), daemon=True).start()
