"""Structured events: JSON lines on standard output, with a request id; never message text, secrets or customer data."""

from __future__ import annotations

import logging
import re
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import structlog
from flask import Flask, Response, g, request
from flask_login import current_user

from webapp import traces

log = structlog.get_logger("bankside")

SAFE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class _Lines(structlog.PrintLogger):
    """Lines on standard output. One that cannot be written, on a full disk, is lost; the request it is about is not."""

    def msg(self, message: str) -> None:
        """Write a line if that is possible."""
        with suppress(OSError):
            super().msg(message)

    log = debug = info = warn = warning = msg
    fatal = failure = err = error = critical = exception = msg


def configure(level: str = "INFO") -> None:
    """Set up structlog once per process. Values are JSON strings, so a line break in one cannot start a new line."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=lambda *_: _Lines(sys.stdout),  # wherever standard output is at that moment
        cache_logger_on_first_use=False,
    )


def _begin() -> None:
    structlog.contextvars.clear_contextvars()
    g.request_id = secrets.token_hex(8)
    g.started = time.perf_counter()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    endpoint = request.endpoint or "none"
    if endpoint == "static.file":
        return response
    log.info(
        "request",
        method=request.method,
        endpoint=endpoint,
        chat=(request.view_args or {}).get("chat_id", ""),
        status=response.status_code,
        milliseconds=round((time.perf_counter() - g.started) * 1000, 1),
        address=request.remote_addr,
        actor=actor(),
    )
    return response


def actor() -> str:
    """The signed-in person's user name for an event, "" if nobody's or not known without asking the database."""
    return current_user.username if "_login_user" in g and current_user.is_authenticated else ""


@contextmanager
def about_reply(reply_id: int, chat_id: str = "") -> Iterator[None]:
    """Every log line and span inside names this reply, and its session where it is known."""
    known: dict[str, str | int] = {"reply": reply_id, **({"chat": chat_id} if chat_id else {})}
    with traces.resumed(reply_id), structlog.contextvars.bound_contextvars(**known), traces.span("reply", about=known):
        yield


def init_app(app: Flask) -> None:
    """Give every request an id and one event."""
    app.before_request(_begin)
    app.after_request(_end)
