"""What is the memory feed's own."""

from __future__ import annotations

import pytest

from webapp.feed import MemoryFeed, Missed, memory
from webapp.feed.events import KEPT_SECONDS


def test_an_id_from_before_a_restart_is_missed() -> None:
    before, after = MemoryFeed(), MemoryFeed()
    before.publish("sess_1", "changed")
    after.publish("sess_1", "changed")
    with pytest.raises(Missed):
        after.read("sess_1", before.latest("sess_1"), 0)


def test_sessions_nobody_spoke_of_for_an_hour_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    feed, moment = MemoryFeed(), [1_000.0]
    monkeypatch.setattr(memory.time, "monotonic", lambda: moment[0])
    feed._swept = moment[0]
    for number in range(50):
        feed.publish(f"sess_{number}", "changed")
    old = feed.latest("sess_1")
    moment[0] += KEPT_SECONDS + 1
    feed.publish("sess_new", "changed")
    assert set(feed._tracks) == {"sess_new"}
    with pytest.raises(Missed):
        feed.read("sess_1", old, 0)


def test_asking_where_a_session_stands_keeps_nothing() -> None:
    feed = MemoryFeed()
    for number in range(50):
        feed.latest(f"sess_{number}")
    assert feed._tracks == {}
