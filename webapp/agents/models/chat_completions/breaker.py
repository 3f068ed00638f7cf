"""Leaves an endpoint alone that has failed several times in a row, and tries one request after a while.

Our own, because pybreaker holds its lock while the call runs, which would make all answers wait for one another, and
purgatory has had no release for two years.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal, TypeAlias

State: TypeAlias = Literal["closed", "open", "half open"]

FAILURES = 5  # in a row
REST_SECONDS = 30.0


class Breaker:
    """Closed: everybody may ask. Open: nobody. Half open: one may ask, and decides. Safe to use from many threads."""

    def __init__(
        self, failures: int = FAILURES, rest_seconds: float = REST_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = failures
        self._rest = rest_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._opened_at: float | None = None
        self._trying = False

    @property
    def state(self) -> State:
        """As it is at this moment."""
        with self._lock:
            return self._state()

    @property
    def has_failed(self) -> bool:
        """Whether the last attempt did."""
        with self._lock:
            return self._failures > 0

    def _state(self) -> State:
        if self._opened_at is None:
            return "closed"
        return "half open" if self._clock() - self._opened_at >= self._rest else "open"

    def admit(self) -> bool:
        """Whether to ask now. Whoever is admitted says afterwards how it went."""
        with self._lock:
            state = self._state()
            if state == "open" or (state == "half open" and self._trying):
                return False
            self._trying = state == "half open"
            return True

    def succeeded(self) -> None:
        """It answered: closed."""
        with self._lock:
            self._failures, self._opened_at, self._trying = 0, None, False

    def failed(self) -> None:
        """It did not: open after several in a row, or again if this was the try."""
        with self._lock:
            self._failures += 1
            if self._trying or self._failures >= self._most:
                self._opened_at = self._clock()
            self._trying = False

    def abandoned(self) -> None:
        """Nobody waited for the end, so nothing is known: another may try."""
        with self._lock:
            self._trying = False
