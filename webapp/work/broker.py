"""Hand replies to Celery workers. A broker that is gone costs time only: replies are stored, a sweeper finds them."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from celery import Celery
from flask import Flask

from webapp.config import Config
from webapp.http.events import log
from webapp.http.unit_of_work import reading
from webapp.services import queue
from webapp.traces import carrier
from webapp.work.answering import limits_of
from webapp.work.deliveries import look_into_outbox
from webapp.work.sweeping import take_back

MAKE_REPLY = "bankside.make_reply"
SWEEP = "bankside.sweep"
QUEUE = "bankside.replies"
SWEEP_SECONDS = 5.0
OVERLOOKED_SECONDS = 2.0  # a worker that was told takes less
FORGET_SECONDS = 120.0  # a message nobody took is forgotten: the sweeper has sent another
MOST_AT_ONCE = 50  # messages one sweep sends
BROKER_SECONDS = 1.0  # to reach the broker
LEFT_ALONE_SECONDS = 5.0  # a broker that was gone is not tried again for so long, so that posts do not wait for it


def make_celery(config: Config) -> Celery:
    """A Celery app for this installation: JSON only, no results, late acknowledgement; tasks carry a reply's id."""
    celery = Celery("bankside", broker=config.effective_broker_url)
    celery.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_default_queue=QUEUE,
        timezone="UTC",
        worker_pool="threads",  # makers wait most of the time; one process each ends gracefully and knows its claims
        worker_concurrency=config.reply_threads,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,  # nobody who reaches the broker ends or inspects workers through it
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,  # our lines are JSON and stay so
        broker_connection_timeout=BROKER_SECONDS,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=_transport(config),
        beat_schedule={
            SWEEP: {"task": SWEEP, "schedule": timedelta(seconds=SWEEP_SECONDS), "options": {"expires": SWEEP_SECONDS}}
        },
        beat_schedule_filename=str(config.instance_path / "celery-beat"),
        beat_max_loop_interval=SWEEP_SECONDS,
    )
    return celery


def _transport(config: Config) -> dict[str, Any]:
    quickly = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}
    if not config.effective_broker_url.startswith("redis"):
        return quickly
    return quickly | {
        # An unacknowledged message is sent again after this; replies do not wait for it, the sweeper is faster.
        "visibility_timeout": 2 * config.reply_seconds + 60,
        "socket_connect_timeout": BROKER_SECONDS,
        "socket_timeout": 5 * BROKER_SECONDS,
        "global_keyprefix": "bankside:",
    }


class CeleryRunner:
    """Hands replies over. In a web process that is all; the workers make them."""

    def __init__(self, app: Flask, config: Config) -> None:
        self._app = app
        self._celery = make_celery(config)
        self._left_alone_until = 0.0

    def start(self) -> None:
        """Nothing: workers are started apart."""

    def drain(self) -> None:
        """Nothing: nothing is made here."""

    def stop(self, seconds: float | None = None) -> None:
        """Nothing: nothing is made here."""

    def submit(self, reply_id: int) -> bool:
        """Tell the workers; False, after a second at most, if the broker is gone."""
        if time.monotonic() < self._left_alone_until:
            return False
        try:
            self._celery.send_task(
                MAKE_REPLY, args=[reply_id], expires=FORGET_SECONDS, retry=False, headers={"bankside": carrier()}
            )
        except Exception as error:  # whatever a broker's library raises, the question is stored
            self._left_alone_until = time.monotonic() + LEFT_ALONE_SECONDS
            log.error("broker.gone", reply=reply_id, kind=type(error).__name__)
            return False
        return True

    def sweep(self) -> int:
        """Take replies back from lost makers, and tell the workers of those that nobody makes; returns how many."""
        take_back(self._app)
        look_into_outbox(self._app)
        with self._app.app_context(), reading():
            waiting = queue.overlooked(limits_of(self._app), MOST_AT_ONCE, OVERLOOKED_SECONDS)
        return sum(self.submit(reply_id) for reply_id in waiting)
