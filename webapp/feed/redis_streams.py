"""The feed of several processes: a capped, expiring Redis Stream per session, and one subscription per process to wake readers."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, cast

import redis
from redis.exceptions import RedisError

from webapp.feed.events import KEPT, KEPT_SECONDS, Event, Kind, Missed

TIMEOUT = 1.0  # seconds for one command
START = "0-0"


class RedisFeed:
    """Event ids are the stream's own: milliseconds and a number, the same for every process."""

    def __init__(self, url: str, prefix: str = "bankside:feed:") -> None:
        self._redis = redis.Redis.from_url(
            url, decode_responses=True, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, max_connections=64
        )
        self._prefix = prefix
        self._wakes: defaultdict[str, threading.Condition] = defaultdict(threading.Condition)
        self._lock = threading.Lock()
        self._pid = 0
        self._subscribed = threading.Event()

    def publish(self, chat_id: str, kind: Kind, **data: str | int) -> None:
        """Add an event; without Redis nothing is told, and pages ask by themselves."""
        key = self._prefix + chat_id
        try:
            with self._redis.pipeline(transaction=False) as pipe:
                pipe.xadd(key, {"kind": kind, "data": json.dumps(data)}, maxlen=KEPT, approximate=True)
                pipe.expire(key, KEPT_SECONDS)
                pipe.publish(self._prefix, chat_id)
                pipe.execute()
        except RedisError:
            self._subscribed.clear()

    def latest(self, chat_id: str) -> str:
        """The newest event's id; `0-0` when there is none, or no Redis."""
        try:
            newest = cast("list[Any]", self._redis.xrevrange(self._prefix + chat_id, count=1))
        except RedisError:
            return START
        return str(newest[0][0]) if newest else START

    def read(self, chat_id: str, after: str, seconds: float) -> Sequence[Event]:
        """Events after an id, waiting for the first; [] also while Redis is gone."""
        self._listen()
        give_up = time.monotonic() + seconds
        wake = self._wake(chat_id)
        while True:
            with wake:
                fresh = self._fresh(chat_id, after)
                left = give_up - time.monotonic()
                if fresh or left <= 0:
                    return fresh
                wake.wait(left)

    def is_live(self) -> bool:
        """Whether this process hears what others publish."""
        self._listen()
        return self._subscribed.wait(TIMEOUT)

    def _fresh(self, chat_id: str, after: str) -> list[Event]:
        key = self._prefix + chat_id
        try:
            with self._redis.pipeline(transaction=False) as pipe:
                pipe.xrange(key, count=1)
                pipe.xrange(key, min=f"({after or START}", count=KEPT)
                oldest, rows = pipe.execute()
        except redis.ResponseError:  # not an id of a stream: from another kind of feed, or made up
            raise Missed from None
        except RedisError:
            self._subscribed.clear()
            return []
        if after not in ("", START) and oldest and _number(oldest[0][0]) > _number(after):
            raise Missed
        return [Event(str(row[0]), row[1]["kind"], json.loads(row[1]["data"])) for row in rows]

    def _wake(self, chat_id: str) -> threading.Condition:
        with self._lock:
            return self._wakes[chat_id]

    def _listen(self) -> None:
        with self._lock:
            if self._pid == os.getpid():
                return
            self._pid = os.getpid()
        threading.Thread(target=self._hear, name="feed", daemon=True).start()

    def _hear(self) -> None:
        while True:
            try:
                with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
                    channel.subscribe(self._prefix)
                    self._subscribed.set()
                    self._wake_all()
                    while True:
                        message = channel.get_message(timeout=TIMEOUT)
                        if message is not None:
                            self._wake_one(str(message["data"]))
            except (RedisError, OSError):
                self._subscribed.clear()
                time.sleep(TIMEOUT)

    def _wake_one(self, chat_id: str) -> None:
        with self._lock:
            wake = self._wakes.get(chat_id)
        if wake is not None:
            with wake:
                wake.notify_all()

    def _wake_all(self) -> None:
        with self._lock:
            waiting = list(self._wakes)
        for chat_id in waiting:
            self._wake_one(chat_id)


def _number(event_id: str) -> tuple[int, int]:
    milliseconds, _, number = event_id.partition("-")
    return int(milliseconds), int(number or 0)
