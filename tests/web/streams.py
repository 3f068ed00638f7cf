"""A page's event stream over the test client, read on a thread of its own as a browser would."""

from __future__ import annotations

import json
import queue
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.visitor import Visitor

STREAM = {"Accept": "text/html, text/event-stream", "HX-Request": "true"}


@dataclass(frozen=True)
class Told:
    """One event as it was written."""

    kind: str
    data: dict[str, object]
    id: str
    lines: tuple[str, ...]


class Stream:
    """Open from `with` to its end; `events` holds what came and was not asked for yet."""

    def __init__(
        self, visitor: Visitor, chat_id: str, after: str = "", last_event_id: str = "", **query: object
    ) -> None:
        headers = {**STREAM, **({"Last-Event-ID": last_event_id} if last_event_id else {})}
        self.response = visitor.client.get(
            f"/chat/{chat_id}/events", query_string={"after": after, **query}, headers=headers
        )
        self.events: queue.Queue[Told] = queue.Queue()
        self.written = ""
        self.ended = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        if self.response.status_code == 200:
            self._reader.start()
        return self

    def __exit__(self, _kind: type | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        if self.ended.is_set() or self.response.status_code != 200:
            self.response.close()

    def _read(self) -> None:
        buffer = ""
        for piece in self.response.iter_encoded():
            self.written += piece.decode()
            buffer += piece.decode()
            *blocks, buffer = buffer.split("\n\n")
            for block in blocks:
                self._take(block)
        self.response.close()
        self.ended.set()

    def _take(self, block: str) -> None:
        lines = tuple(line for line in block.split("\n") if line and not line.startswith(":"))
        fields = dict(line.split(": ", 1) for line in lines)
        if "event" in fields:
            data = json.loads(fields.get("data", "{}"))
            self.events.put(Told(fields["event"], data, fields.get("id", ""), lines))

    def next(self, *kinds: str, seconds: float = 6) -> Told:
        """The next event, of one of these kinds if any are given."""
        give_up = time.monotonic() + seconds
        while True:
            told = self.events.get(timeout=max(0.01, give_up - time.monotonic()))
            if not kinds or told.kind in kinds:
                return told

    def nothing(self, seconds: float = 0.3) -> bool:
        """Whether nothing comes for so long."""
        try:
            self.events.get(timeout=seconds)
        except queue.Empty:
            return True
        return False
