"""Clients that do one thing again and again for a while, and what came of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True, slots=True)
class Figures:
    """What some clients got done together: how long each act took, and how long all of it."""

    milliseconds: Sequence[float]
    seconds: float

    @property
    def per_second(self) -> float:
        """Acts per second, all clients together."""
        return len(self.milliseconds) / self.seconds

    def percentile(self, share: float) -> float:
        """The time in which this share (0..1) of the acts was done, milliseconds."""
        ordered = sorted(self.milliseconds)
        return ordered[max(0, ceil(share * len(ordered)) - 1)]


def measure(acts: Sequence[Callable[[], float | None]], seconds: float) -> Figures:
    """Let every act be repeated by a client of its own, all at once, for this long.

    An act may return its own latency in milliseconds, if part of its work is not to be waited for; else its whole
    duration counts. The first few acts of each client warm it up and do not count.
    """
    for act in acts:
        for _ in range(3):
            act()
    barrier = threading.Barrier(len(acts) + 1)

    def repeat(act: Callable[[], float | None]) -> list[float]:
        took: list[float] = []
        barrier.wait()
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            started = time.perf_counter()
            own = act()
            took.append(own if own is not None else (time.perf_counter() - started) * 1000)
        return took

    with ThreadPoolExecutor(len(acts)) as pool:
        futures = [pool.submit(repeat, act) for act in acts]
        barrier.wait()
        started = time.perf_counter()
        took = [one for future in futures for one in future.result()]
        return Figures(took, time.perf_counter() - started)
