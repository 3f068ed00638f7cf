"""A feed of each kind, and a real Redis behind one of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.feed.redis_server import RedisServer
from webapp.feed import Feed, MemoryFeed, RedisFeed


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis that runs."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["memory", "redis"])
def feed(request: pytest.FixtureRequest) -> Feed:
    """A feed of each kind: what holds for one holds for the other."""
    if request.param == "memory":
        return MemoryFeed()
    return RedisFeed(request.getfixturevalue("redis_server").url)
