"""The Celery workers that make replies elsewhere say in Redis that they are there, so that they can be counted."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urlsplit

import redis
from redis.exceptions import RedisError

from webapp.services.doctor import Finding
from webapp.services.doctor_surroundings import REDIS_SECONDS, redis_answers

PREFIX = "bankside:worker:"
ALIVE_SECONDS = 30  # a worker that has said nothing for so long is not counted
AMQP_PORT = 5672


def _connect(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS, retry=None)


def tell_alive(url: str, identity: str) -> bool:
    """Say that this worker is there; False if nobody can hear it."""
    if not url:
        return False
    try:
        with _connect(url) as client:
            client.set(PREFIX + identity, "1", ex=ALIVE_SECONDS)
    except (RedisError, OSError):
        return False
    return True


def are_there(url: str) -> Finding:
    """Whether any worker has said within the last half minute that it is there."""
    try:
        with _connect(url) as client:
            found: Any = sum(1 for _ in client.scan_iter(match=f"{PREFIX}*", count=500))
    except (RedisError, OSError) as error:
        return Finding("workers", "degraded", f"not known: Redis does not answer ({type(error).__name__})")
    count = int(found)
    sentence = f"{count} workers make replies" if count else "no worker makes replies; questions are stored and wait"
    return Finding("workers", "ok" if count else "degraded", sentence, {"count": count})


def broker_answers(url: str) -> Finding:
    """Whether the broker can be reached."""
    if url.startswith("redis"):
        return redis_answers("broker", url)
    address = urlsplit(url)
    try:
        socket.create_connection((address.hostname or "", address.port or AMQP_PORT), timeout=REDIS_SECONDS).close()
    except OSError as error:
        return Finding("broker", "degraded", f"cannot be reached ({type(error).__name__})")
    return Finding("broker", "ok", "can be reached")
