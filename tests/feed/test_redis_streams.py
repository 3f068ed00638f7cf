"""What is the Redis feed's own: several processes, expiry, and Redis gone and back."""

from __future__ import annotations

import multiprocessing
import threading
import time

import pytest
import redis

from tests.feed.redis_server import RedisServer
from webapp.feed import Missed, RedisFeed
from webapp.feed.events import KEPT, KEPT_SECONDS

PREFIX = "bankside:feed:"


def publish_elsewhere(url: str, chat_id: str) -> None:
    RedisFeed(url).publish(chat_id, "changed")


def test_what_another_process_publishes_wakes_this_ones_readers(redis_server: RedisServer) -> None:
    feed = RedisFeed(redis_server.url)
    assert feed.is_live()
    after = feed.latest("sess_far")
    other = multiprocessing.get_context("spawn").Process(target=publish_elsewhere, args=(redis_server.url, "sess_far"))
    other.start()
    events = feed.read("sess_far", after, 15)
    other.join(timeout=10)
    assert [event.kind for event in events] == ["changed"]


def test_ids_are_the_same_in_every_process_so_that_a_page_may_reconnect_to_another(redis_server: RedisServer) -> None:
    here, there = RedisFeed(redis_server.url), RedisFeed(redis_server.url)
    here.publish("sess_move", "changed")
    after = here.latest("sess_move")
    there.publish("sess_move", "session")
    assert [event.kind for event in there.read("sess_move", after, 0)] == ["session"]


def test_a_sessions_stream_is_capped_and_expires(redis_server: RedisServer) -> None:
    feed = RedisFeed(redis_server.url)
    for number in range(KEPT * 2):
        feed.publish("sess_capped", "step", reply=number, text="x")
    with redis.Redis.from_url(redis_server.url) as client:
        assert KEPT <= int(client.xlen(PREFIX + "sess_capped")) <= KEPT + 150
        assert 0 < int(client.ttl(PREFIX + "sess_capped")) <= KEPT_SECONDS


def test_an_expired_stream_is_missed_once_and_read_on_from_its_new_beginning(redis_server: RedisServer) -> None:
    feed = RedisFeed(redis_server.url)
    feed.publish("sess_expired", "changed")
    after = feed.latest("sess_expired")
    with redis.Redis.from_url(redis_server.url) as client:
        client.delete(PREFIX + "sess_expired")
    with pytest.raises(Missed):
        feed.read("sess_expired", after, 0)
    after = feed.latest("sess_expired")
    assert list(feed.read("sess_expired", after, 0)) == []
    feed.publish("sess_expired", "changed")
    assert len(feed.read("sess_expired", after, 0)) == 1


def test_many_waiting_readers_cost_redis_few_connections(redis_server: RedisServer) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        before = int(client.info("clients")["connected_clients"])
        feed = RedisFeed(redis_server.url)
        assert feed.is_live()
        after = feed.latest("sess_crowd")
        readers = [threading.Thread(target=feed.read, args=("sess_crowd", after, 6)) for _ in range(60)]
        for reader in readers:
            reader.start()
        time.sleep(0.5)
        assert int(client.info("clients")["connected_clients"]) - before <= 18
        feed.publish("sess_crowd", "changed")
        for reader in readers:
            reader.join(timeout=10)
        assert not any(reader.is_alive() for reader in readers)


def until(condition: object, seconds: float = 8) -> float:
    began = time.monotonic()
    while not condition():  # type: ignore[operator]
        assert time.monotonic() - began < seconds, "it did not happen in time"
        time.sleep(0.02)
    return time.monotonic() - began


def test_without_redis_nothing_is_live_nothing_raises_and_nobody_waits_long(redis_server: RedisServer) -> None:
    feed = RedisFeed(redis_server.url)
    assert feed.is_live()
    after = feed.latest("sess_gone")
    redis_server.stop()
    try:
        until(lambda: not feed.is_live(), 4)
        began = time.monotonic()
        for _ in range(20):
            feed.publish("sess_gone", "changed")
            feed.latest("sess_gone")
        assert list(feed.read("sess_gone", after, 0.2)) == []
        assert time.monotonic() - began < 2
    finally:
        redis_server.start()
    until(feed.is_live)
    assert feed.interruptions == 1
    feed.publish("sess_gone", "changed")
    with pytest.raises(Missed):  # an empty Redis knows no ids from before
        feed.read("sess_gone", "1-1", 0)


def test_a_redis_that_never_answers_is_noticed_and_holds_nobody_up(redis_server: RedisServer) -> None:
    feed = RedisFeed(redis_server.url)
    assert feed.is_live()
    woken = threading.Event()
    reader = threading.Thread(target=lambda: (feed.read("sess_ice", "0-0", 20), woken.set()))
    reader.start()
    redis_server.freeze()
    try:
        until(lambda: not feed.is_live(), 6)
        assert woken.wait(5), "a reader whose feed is gone is let go"
        began = time.monotonic()
        for _ in range(20):
            feed.publish("sess_ice", "changed")
        assert time.monotonic() - began < 4
    finally:
        redis_server.stop()
        redis_server.start()
    until(feed.is_live)


def test_the_rest_of_the_program_may_start_before_redis_does(tmp_path: object) -> None:
    server = RedisServer(tmp_path)  # type: ignore[arg-type]
    feed = RedisFeed(server.url)
    assert not feed.is_live()
    server.start()
    try:
        until(feed.is_live)
    finally:
        server.stop()
