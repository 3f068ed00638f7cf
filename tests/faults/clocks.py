"""A clock that jumps, for everything in this process that asks what time it is. Waiting is measured by another one."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, tzinfo

import pytest

from webapp.models import base


class Clock:
    """Real time, put forward or back by so much."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.put = timedelta()
        real = time.time_ns
        clock = self

        def nanoseconds() -> int:
            return real() + round(clock.put.total_seconds() * 1_000_000_000)

        class Jumping(datetime):
            """Asked for the present moment, says what the clock shows."""

            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                return datetime.fromtimestamp(nanoseconds() / 1_000_000_000, tz or UTC)

        monkeypatch.setattr(time, "time_ns", nanoseconds)
        monkeypatch.setattr(time, "time", lambda: nanoseconds() / 1_000_000_000)
        monkeypatch.setattr(base, "datetime", Jumping)

    def jump(self, **by: float) -> None:
        """Put it forward, or back with a negative figure: hours=-1."""
        self.put += timedelta(**by)
