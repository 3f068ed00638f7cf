"""The feed of a single process: kept in memory, waited for on a condition."""

from __future__ import annotations

import secrets
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from webapp.feed.events import KEPT, KEPT_SECONDS, Event, Kind, Missed


@dataclass
class _Track:
    """One session's events. `count` is the number of the newest, `stirs` how often readers were woken for nothing."""

    events: deque[Event] = field(default_factory=lambda: deque(maxlen=KEPT))
    count: int = 0
    stirs: int = 0
    readers: int = 0
    touched: float = field(default_factory=time.monotonic)
    changed: threading.Condition = field(default_factory=threading.Condition)


class MemoryFeed:
    """Ids are `<life>-<number>`: an id from before a restart is recognised and answered with `Missed`."""

    def __init__(self) -> None:
        self._life = secrets.token_hex(4)
        self._tracks: dict[str, _Track] = {}
        self._lock = threading.Lock()
        self._swept = time.monotonic()

    def publish(self, chat_id: str, kind: Kind, **data: str | int) -> None:
        """Add an event and wake the session's readers."""
        track = self._track(chat_id)
        with track.changed:
            track.count += 1
            track.events.append(Event(f"{self._life}-{track.count}", kind, data))
            track.changed.notify_all()

    def latest(self, chat_id: str) -> str:
        """The newest event's id, `<life>-0` when there is none."""
        with self._lock:
            track = self._tracks.get(chat_id)
        if track is None:
            return f"{self._life}-0"
        with track.changed:
            return f"{self._life}-{track.count}"

    def read(self, chat_id: str, after: str, seconds: float) -> Sequence[Event]:
        """Events after an id, waiting for the first."""
        number = self._number(after)
        track = self._track(chat_id)
        with track.changed:
            self._must_be_kept(track, number)
            stirs = track.stirs
            track.readers += 1
            try:
                track.changed.wait_for(lambda: track.count > number or track.stirs != stirs, timeout=seconds)
            finally:
                track.readers -= 1
            self._must_be_kept(track, number)
            fresh = track.count - number
            return list(track.events)[-fresh:] if fresh > 0 else []

    def wake(self, chat_id: str) -> None:
        """Let the session's waiting readers look around."""
        with self._lock:
            track = self._tracks.get(chat_id)
        if track is not None:
            with track.changed:
                track.stirs += 1
                track.changed.notify_all()

    def is_live(self) -> bool:
        """Always: nobody else publishes here."""
        return True

    def _number(self, event_id: str) -> int:
        life, _, number = event_id.partition("-")
        if life != self._life or not number.isdecimal() or len(number) > 15:
            raise Missed
        return int(number)

    @staticmethod
    def _must_be_kept(track: _Track, number: int) -> None:
        if number > track.count or track.count - number > len(track.events):
            raise Missed

    def _track(self, chat_id: str) -> _Track:
        with self._lock:
            self._forget_old()
            track = self._tracks.get(chat_id)
            if track is None:
                track = self._tracks[chat_id] = _Track()
            track.touched = time.monotonic()
            return track

    def _forget_old(self) -> None:
        # A forgotten session starts at 0 again; readers with a higher number get `Missed` and read the messages.
        moment = time.monotonic()
        if moment - self._swept < KEPT_SECONDS / 60:
            return
        self._swept = moment
        old = [
            chat_id
            for chat_id, track in self._tracks.items()
            if track.touched < moment - KEPT_SECONDS and not track.readers
        ]
        for chat_id in old:
            del self._tracks[chat_id]
