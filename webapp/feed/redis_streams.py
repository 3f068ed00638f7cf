"""The feed of several processes: a capped, expiring Redis Stream per session. One subscription per process wakes its
readers, so that many open pages cost Redis two connections and not one each."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import redis
from redis.exceptions import RedisError, ResponseError

from webapp import figures
from webapp.feed.events import KEPT, KEPT_SECONDS, Event, Kind, Missed

TIMEOUT = 1.0  # seconds for one command, and between two looks whether Redis is there
CONNECTIONS = 16  # commands at the same time; further ones wait their turn
START = "0-0"


@dataclass
class _Waiting:
    """The readers of one session in this process."""

    readers: int = 0
    stirs: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)


class RedisFeed:
    """Event ids are the stream's own: milliseconds and a number, the same for every process."""

    def __init__(self, url: str, prefix: str = "bankside:feed:") -> None:
        self._pool = redis.BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=TIMEOUT,
            decode_responses=True,
            socket_timeout=TIMEOUT,
            socket_connect_timeout=TIMEOUT,
        )
        self._redis = redis.Redis(connection_pool=self._pool)
        self._listener = redis.Redis.from_url(url, decode_responses=True, socket_connect_timeout=TIMEOUT)
        self._prefix = prefix
        self._waiting: dict[str, _Waiting] = {}
        self._lock = threading.Lock()
        self._pid = 0
        self._judged = threading.Event()  # set after the first attempt to subscribe, good or bad
        self._live = False
        self._again_at = 0.0
        self.interruptions = 0  # how often Redis went away, for the metrics

    def publish(self, chat_id: str, kind: Kind, **data: str | int) -> None:
        """Add an event; without Redis nothing is told, and pages ask by themselves."""
        if self._given_up():
            return
        key = self._prefix + chat_id
        try:
            with self._redis.pipeline(transaction=False) as pipe:
                pipe.xadd(key, {"kind": kind, "data": json.dumps(data)}, maxlen=KEPT, approximate=True)
                pipe.expire(key, KEPT_SECONDS)
                pipe.publish(self._prefix, chat_id)
                pipe.execute()
        except RedisError:
            self._give_up()

    def latest(self, chat_id: str) -> str:
        """The newest event's id; `0-0` when there is none, "" (which is `Missed` when read from) without Redis."""
        if self._given_up():
            return ""
        try:
            newest = cast("list[Any]", self._redis.xrevrange(self._prefix + chat_id, count=1))
        except RedisError:
            self._give_up()
            return ""
        return str(newest[0][0]) if newest else START

    def read(self, chat_id: str, after: str, seconds: float) -> Sequence[Event]:
        """Events after an id, waiting for the first; [] also while Redis is gone."""
        self._listen()
        give_up = time.monotonic() + seconds
        waiting = self._enter(chat_id)
        try:
            stirs = waiting.stirs  # before looking: an event that comes while Redis is asked is not slept through
            fresh = self._fresh(chat_id, after)
            left = give_up - time.monotonic()
            if fresh or left <= 0:
                return fresh
            with waiting.changed:
                stirred = waiting.changed.wait_for(lambda: waiting.stirs != stirs, timeout=left)
            return self._fresh(chat_id, after) if stirred else []
        finally:
            self._leave(chat_id, waiting)

    def wake(self, chat_id: str) -> None:
        """Let the session's waiting readers look around."""
        with self._lock:
            waiting = self._waiting.get(chat_id)
        if waiting is not None:
            with waiting.changed:
                waiting.stirs += 1
                waiting.changed.notify_all()

    def is_live(self) -> bool:
        """Whether this process hears what others publish."""
        self._listen()
        self._judged.wait(3 * TIMEOUT)
        return self._live

    def _given_up(self) -> bool:
        """Whether Redis failed a moment ago: requests and answers do not wait for it one time-out after the other."""
        return time.monotonic() < self._again_at

    def _give_up(self) -> None:
        self._again_at = time.monotonic() + TIMEOUT

    def _fresh(self, chat_id: str, after: str) -> list[Event]:
        key = self._prefix + chat_id
        asked = _number(after)
        try:
            with self._redis.pipeline(transaction=False) as pipe:
                pipe.xrange(key, min=after, count=1)
                pipe.xrange(key, min=f"({after}", count=KEPT)
                same, rows = pipe.execute()
        except ResponseError as error:
            raise Missed from error
        except RedisError:
            return []
        # The id asked from must still be there, or what came between it and the oldest kept may have been dropped.
        held = bool(same) and same[0][0] == after
        if not held and (asked != (0, 0) or len(rows) >= KEPT):
            raise Missed
        return [Event(str(row[0]), row[1]["kind"], json.loads(row[1]["data"])) for row in rows]

    def _enter(self, chat_id: str) -> _Waiting:
        with self._lock:
            waiting = self._waiting.setdefault(chat_id, _Waiting())
            waiting.readers += 1
            return waiting

    def _leave(self, chat_id: str, waiting: _Waiting) -> None:
        with self._lock:
            waiting.readers -= 1
            if not waiting.readers:
                self._waiting.pop(chat_id, None)

    def _listen(self) -> None:
        """Start hearing, once in each process: a fork takes no thread along."""
        with self._lock:
            if self._pid == os.getpid():
                return
            self._pid = os.getpid()
            self._judged = threading.Event()
            self._live = False
        threading.Thread(target=self._hear_for_ever, name="feed", daemon=True).start()

    def _hear_for_ever(self) -> None:
        while True:
            try:
                self._hear()
            except (RedisError, OSError):
                if self._live:
                    self.interruptions += 1
                self._live = False
                self._judged.set()
                self._wake_all()  # their streams end, and the pages ask by themselves
                time.sleep(TIMEOUT)

    def _hear(self) -> None:
        """Wake readers as events are published; returns never, raises when Redis is gone or silent."""
        with self._listener.pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]
            channel.subscribe(self._prefix)
            self._redis.ping()
            self._live = True
            if self.interruptions:
                figures.feed_found_again()
            self._judged.set()
            self._wake_all()
            asked = time.monotonic()
            while True:
                message = channel.get_message(timeout=TIMEOUT)
                if message is not None:
                    self.wake(str(message["data"]))
                if time.monotonic() - asked >= TIMEOUT:
                    self._redis.ping()  # a server that is there but no longer answers is as good as gone
                    asked = time.monotonic()

    def _wake_all(self) -> None:
        with self._lock:
            waiting = list(self._waiting)
        for chat_id in waiting:
            self.wake(chat_id)


def _number(event_id: str) -> tuple[int, int]:
    milliseconds, dash, number = event_id.partition("-")
    if not (dash and milliseconds.isdecimal() and number.isdecimal() and len(event_id) <= 40):
        raise Missed
    return int(milliseconds), int(number)
