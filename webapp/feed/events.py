"""The feed's contract: short events with ids, read from where a page left off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

Kind: TypeAlias = Literal["step", "partial", "changed", "session", "gone", "reload"]
"""
step      what is being done for a reply; {reply, text}
partial   a reply's whole text so far, so that a repeated or skipped one does no harm; {reply, text}
changed   messages were added or have changed: ask for them; {}
session   status, title or customer of the session have changed: ask for its state; {}
gone      the session was deleted; {}
reload    events were missed: ask for all messages after a seq, and for the session's state; {after}; for one reader
"""
KEPT = 500  # events a session's feed remembers
KEPT_SECONDS = 3600  # how long after the last one


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `data` is small and holds no message text but a reply's partial text."""

    id: str
    kind: Kind
    data: dict[str, str | int]


class Missed(Exception):
    """The id asked from is too old, or from another life of the server: read the messages instead."""


class Feed(Protocol):
    """Where events are published and read. Publishing never raises: a feed that is gone costs freshness only."""

    def publish(self, chat_id: str, kind: Kind, **data: str | int) -> None:
        """Tell the session's readers."""
        ...

    def latest(self, chat_id: str) -> str:
        """The id of the session's newest event, to read on from."""
        ...

    def read(self, chat_id: str, after: str, seconds: float) -> Sequence[Event]:
        """Events after an id, waiting up to so many seconds for the first; [] if none came. Raises `Missed`."""
        ...

    def wake(self, chat_id: str) -> None:
        """Let this process's waiting readers of a session look around: their `read` returns early, maybe with []."""
        ...

    def is_live(self) -> bool:
        """Whether events published now, by any process that publishes here, reach this one's readers."""
        ...


def without_superseded(events: Sequence[Event]) -> list[Event]:
    """Leave out what a later event of the same batch makes needless: a reader that was slow or away catches up fast."""
    kept: list[Event] = []
    seen: set[tuple[str, str | int]] = set()
    for event in reversed(events):
        mark = (event.kind, event.data.get("reply", ""))
        if event.kind == "gone" or mark not in seen:
            seen.add(mark)
            kept.append(event)
    kept.reverse()
    return kept
