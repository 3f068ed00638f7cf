"""Wait for a reply with no connection to the database held: the feed wakes whoever waits, the database tells."""

from __future__ import annotations

import threading
import time

from flask import current_app

from webapp.feed import Missed
from webapp.http.settings import config, feed
from webapp.http.unit_of_work import reading
from webapp.models.message import UNFINISHED_REPLY
from webapp.services import history

LOOK_SECONDS = 0.5  # without a word from the feed: another process may have made the reply
PLACES = "bankside.waiting_places"


def finished_in_time(chat_id: str, reply_id: int) -> bool:
    """Whether the reply is finished, stopped, failed or gone within `API_REPLY_WAIT`.

    At most a quarter of the server's threads wait; whoever finds no place is told to ask later, at once.
    """
    places: threading.BoundedSemaphore = current_app.extensions.setdefault(
        PLACES, threading.BoundedSemaphore(max(1, config().web_threads // 4))
    )
    if not places.acquire(blocking=False):
        return _is_finished(reply_id)
    try:
        return _wait(chat_id, reply_id)
    finally:
        places.release()


def _wait(chat_id: str, reply_id: int) -> bool:
    source, give_up = feed(), time.monotonic() + config().api_reply_wait
    after = source.latest(chat_id)  # before looking: what comes in between wakes us at once
    while not _is_finished(reply_id):
        left = give_up - time.monotonic()
        if left <= 0:
            return False
        try:
            fresh = source.read(chat_id, after, min(left, LOOK_SECONDS))
        except Missed:
            fresh, after = [], source.latest(chat_id)
            time.sleep(min(left, 0.05))
        if fresh:
            after = fresh[-1].id
        elif not source.is_live():
            time.sleep(min(left, LOOK_SECONDS))
    return True


def _is_finished(reply_id: int) -> bool:
    with reading():
        return history.reply_state(reply_id) not in UNFINISHED_REPLY
