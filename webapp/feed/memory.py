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
    """One session's events."""

    events: deque[Event] = field(default_factory=lambda: deque(maxlen=KEPT))
    count: int = 0
    touched: float = field(default_factory=time.monotonic)
    changed: threading.Condition = field(default_factory=threading.Condition)


class MemoryFeed:
    """Ids are `<life>-<number>`: an id from before a restart is recognised and answered with `Missed`."""

    def __init__(self) -> None:
        self._life = secrets.token_hex(4)
        self._tracks: dict[str, _Track] = {}
        self._lock = threading.Lock()

    def publish(self, chat_id: str, kind: Kind, **data: str | int) -> None:
        """Add an event and wake the session's readers."""
        track = self._track(chat_id)
        with track.changed:
            track.count += 1
            track.touched = time.monotonic()
            track.events.append(Event(f"{self._life}-{track.count}", kind, data))
            track.changed.notify_all()

    def latest(self, chat_id: str) -> str:
        """The newest event's id, `<life>-0` when there is none."""
        track = self._track(chat_id)
        with track.changed:
            return f"{self._life}-{track.count}"

    def read(self, chat_id: str, after: str, seconds: float) -> Sequence[Event]:
        """Events after an id, waiting for the first."""
        track = self._track(chat_id)
        number = self._number(after)
        with track.changed:
            self._must_be_kept(track, number)
            track.changed.wait_for(lambda: track.count > number, timeout=seconds)
            self._must_be_kept(track, number)
            fresh = track.count - number
            return list(track.events)[-fresh:] if fresh > 0 else []

    def is_live(self) -> bool:
        """Always: there is no other process."""
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
            track = self._tracks.get(chat_id)
            if track is None:
                self._forget_old()
                track = self._tracks[chat_id] = _Track()
            track.touched = time.monotonic()
            return track

    def _forget_old(self) -> None:
        # A forgotten session starts at 0 again; readers with a higher number get `Missed` and read the messages.
        horizon = time.monotonic() - KEPT_SECONDS
        for chat_id in [chat_id for chat_id, track in self._tracks.items() if track.touched < horizon]:
            del self._tracks[chat_id]
