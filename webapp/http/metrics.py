"""Prometheus metrics: at /metrics for whoever shows METRICS_TOKEN, and on METRICS_PORT, on loopback only."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from flask import Blueprint, Flask, Response, abort, g, request, session
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from webapp import figures
from webapp.extensions import db, limiter
from webapp.figures import Queue
from webapp.http.access import public
from webapp.http.current_chat import KEY
from webapp.http.events import log
from webapp.http.operators import OWN_PORT, may_see_details
from webapp.http.unit_of_work import SAFE_METHODS, reading
from webapp.models import ChatSession
from webapp.models.sqlite import DatabaseBusy
from webapp.services import doctor_surroundings

bp = Blueprint("metrics", __name__)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
TAKE_OVER_SECONDS = 3.0  # how soon another process serves the port when the one that did has ended
OPEN_ON_OWN_PORT = ("/metrics", "/health/live", "/health/ready", "/health")


@bp.get("/metrics")
@public
@limiter.exempt
def scrape() -> ResponseReturnValue:
    """All metrics of this host's processes. Without the token there is no such page."""
    if not figures.are_kept() or not may_see_details():
        abort(404)
    return Response(figures.exposition(_queue), content_type=CONTENT_TYPE)


def _queue() -> Queue | None:
    try:
        with reading():
            return doctor_surroundings.queue_now()
    except (SQLAlchemyError, DatabaseBusy):
        return None  # a database that is gone is seen at /health/ready; the other figures are wanted all the more


def _count(response: Response) -> Response:
    """Count the answer. Only names that the app itself gives become labels."""
    if not figures.are_kept():
        return response
    endpoint = request.endpoint or "none"
    figures.request_answered(endpoint, request.method, response.status_code, time.perf_counter() - g.started)
    if request.method not in SAFE_METHODS and response.status_code >= 400:
        figures.post_rejected(response.status_code)
    if response.status_code == 404 and endpoint != "none" and _cookie_leads_nowhere():
        figures.cookie_led_nowhere()
    return response


def _cookie_leads_nowhere() -> bool:
    """Whether this request failed because the session its cookie names is gone."""
    named = str(session.get(KEY, ""))
    asked = (request.view_args or {}).get("chat_id") or request.form.get("chat_id") or named
    if not named or asked != named:
        return False
    try:
        return db.session.scalar(select(ChatSession.id).where(ChatSession.id == named)) is None
    except (SQLAlchemyError, DatabaseBusy):
        return False


class _Quiet(WSGIRequestHandler):
    """Logs nothing: a scrape every few seconds is no event."""

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


class _OwnServer(ThreadingMixIn, WSGIServer):
    """A thread for each request: a scrape does not wait for somebody who looks at all rows."""

    daemon_threads = True

    allow_reuse_address = True
    address_family = socket.AF_INET

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Somebody hung up."""
        log.info("metrics_port.request_failed")


def own_port(app: Flask) -> None:
    """Serve metrics and health on METRICS_PORT from a thread of this process, whenever no other process does."""
    port = app.extensions["bankside.config"].metrics_port
    if port:
        threading.Thread(target=_serve_when_free, args=(app, port), name="metrics-port", daemon=True).start()


def _serve_when_free(app: Flask, port: int) -> None:
    def only_ours(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("PATH_INFO") not in OPEN_ON_OWN_PORT:
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"Only /metrics and /health are here.\n"]
        environ[OWN_PORT] = True
        return app(environ, start_response)

    while True:
        try:
            with _OwnServer(("127.0.0.1", port), _Quiet) as server:
                server.set_app(only_ours)
                log.info("metrics_port.serving", port=port, pid=os.getpid())
                server.serve_forever()
        except OSError:  # another process of this host has it
            time.sleep(TAKE_OVER_SECONDS)


def init_app(app: Flask) -> None:
    """Count every answer."""
    app.after_request(_count)
