"""The feed's contract: short events with ids, read from where a page left off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

Kind: TypeAlias = Literal["step", "partial", "changed", "session", "gone"]
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

    def is_live(self) -> bool:
        """Whether events published now, by any process, reach this one's readers."""
        ...
