"""Empty the outbox: on a few threads of their own, so that a slow receiver holds up no reply."""

from __future__ import annotations

import threading
import time
from typing import cast

from flask import Flask

from webapp.config import Config
from webapp.http.events import log
from webapp.http.unit_of_work import reading, unit_of_work
from webapp.services import webhooks
from webapp.work.posting import post

THREADS = 4  # deliveries sent at the same time by a process
FORGET_SECONDS = 3600.0  # how often the log is cut
SENDING = "bankside.sending"


class Sending:
    """The threads of a process that send, while there is something to send."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._places = threading.BoundedSemaphore(THREADS)
        self._forgotten_at = 0.0

    def look(self) -> None:
        """Start sending what is due, if anything is; returns at once."""
        with self._app.app_context(), reading():
            due = webhooks.are_due()
        if due:
            self._begin()
        if time.monotonic() - self._forgotten_at > FORGET_SECONDS:
            self._forgotten_at = time.monotonic()
            with self._app.app_context(), unit_of_work():
                webhooks.forget_old()

    def _begin(self) -> None:
        while self._places.acquire(blocking=False):
            threading.Thread(target=self._send_all, name="webhooks", daemon=True).start()

    def _send_all(self) -> None:
        try:
            while send_one(self._app):
                pass
        except Exception as error:  # a database that is busy or gone: the next look goes on
            log.error("webhook.interrupted", kind=type(error).__name__)
        finally:
            self._places.release()


def send_one(app: Flask) -> bool:
    """Send the delivery that is due longest; False if none is. No transaction is open while it is sent."""
    networks = cast(Config, app.extensions["bankside.config"]).allowed_networks
    with app.app_context():
        with unit_of_work():
            parcel = webhooks.claim()
        if parcel is None:
            return False
        status, problem = post(parcel, networks)
        with unit_of_work():
            delivered = webhooks.settle(parcel, status, problem)
        log.info(
            "webhook.delivered" if delivered else "webhook.not_delivered",
            delivery=parcel.event_id,
            kind=parcel.event,
            status=status,
            attempt=parcel.attempt,
        )
        return True


def look_into_outbox(app: Flask) -> None:
    """What a sweep does about webhooks."""
    sending: Sending = app.extensions.setdefault(SENDING, Sending(app))
    sending.look()
