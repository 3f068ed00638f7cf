"""Slow down guessing: a few failures per user name and per address, then wait. Nobody is locked out for good."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TypeVar

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter, RateLimiter
from redis.exceptions import RedisError

from webapp.extensions import limiter
from webapp.http.events import log
from webapp.http.settings import config

T = TypeVar("T")

WINDOW = "15 minutes"
_here = FixedWindowRateLimiter(MemoryStorage())  # counts for this process alone, while Redis is gone


def _counting(act: Callable[[RateLimiter], T]) -> T:
    """Count in Redis, or here if it does not answer: nobody is kept out by that, and guessing stays slow."""
    try:
        return act(limiter.limiter)
    except RedisError as error:
        log.error("throttle.counts_here", kind=type(error).__name__)
        return act(_here)


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
    return _counting(lambda strategy: _seconds_to_wait(strategy, name, address))


def _seconds_to_wait(strategy: RateLimiter, name: str, address: str) -> int:
    per_name, per_address = _limits()
    if not strategy.test(per_address, "sign-in-address", address):
        return _until(strategy, per_address, "sign-in-address", address)
    if not strategy.hit(per_name, "sign-in-name", name):
        return _until(strategy, per_name, "sign-in-name", name)
    return 0


def _until(strategy: RateLimiter, item: RateLimitItem, *identifiers: str) -> int:
    reset = strategy.get_window_stats(item, *identifiers).reset_time
    return max(1, math.ceil(reset - time.time()))


def failed(address: str) -> None:
    """Remember a wrong password from this address."""
    _counting(lambda strategy: strategy.hit(_limits()[1], "sign-in-address", address))


def succeeded(name: str) -> None:
    """Forget the name's attempts: its owner is here."""
    _counting(lambda strategy: strategy.clear(_limits()[0], "sign-in-name", name))
