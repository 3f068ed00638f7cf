"""Slow down guessing: a few failures per user name and per address, then wait. Nobody is locked out for good."""

from __future__ import annotations

import math
import time

from limits import RateLimitItem, parse

from webapp.extensions import limiter
from webapp.http.settings import config

WINDOW = "15 minutes"


def _limits() -> tuple[RateLimitItem, RateLimitItem]:
    return (
        parse(f"{config().sign_in_failures_per_name} per {WINDOW}"),
        parse(f"{config().sign_in_failures_per_address} per {WINDOW}"),
    )


def seconds_to_wait(name: str, address: str) -> int:
    """Count an attempt; 0 if it may go ahead, else the seconds until the next one may.

    The name's count is taken before the password is checked, so that a burst of parallel guesses is counted as it
    comes; `succeeded` gives it back. The address counts failures only: a branch may share one.
    """
    per_name, per_address = _limits()
    strategy = limiter.limiter
    if not strategy.test(per_address, "sign-in-address", address):
        return _until(per_address, "sign-in-address", address)
    if not strategy.hit(per_name, "sign-in-name", name):
        return _until(per_name, "sign-in-name", name)
    return 0


def _until(item: RateLimitItem, *identifiers: str) -> int:
    reset = limiter.limiter.get_window_stats(item, *identifiers).reset_time
    return max(1, math.ceil(reset - time.time()))


def failed(address: str) -> None:
    """Remember a wrong password from this address."""
    limiter.limiter.hit(_limits()[1], "sign-in-address", address)


def succeeded(name: str) -> None:
    """Forget the name's attempts: its owner is here."""
    limiter.limiter.clear(_limits()[0], "sign-in-name", name)
