"""What every feed promises its readers, in memory and on a real Redis."""

from __future__ import annotations

import threading
import time
from itertools import count

import pytest

from webapp.feed import Event, Feed, Missed, without_superseded
from webapp.feed.events import KEPT

numbers = count(1)


@pytest.fixture
def chat_id() -> str:
    """A session of this test's own."""
    return f"sess_{next(numbers)}"


def kinds(events: object) -> list[str]:
    return [event.kind for event in events]  # type: ignore[attr-defined]


def test_a_reader_gets_what_is_published_after_it_looked_and_nothing_before(feed: Feed, chat_id: str) -> None:
    feed.publish(chat_id, "changed")
    after = feed.latest(chat_id)
    feed.publish(chat_id, "step", reply=7, text="Looking at the cards")
    (event,) = feed.read(chat_id, after, 1)
    assert (event.kind, event.data) == ("step", {"reply": 7, "text": "Looking at the cards"})


def test_a_reader_of_a_session_nothing_was_told_of_yet_gets_its_first_event(feed: Feed, chat_id: str) -> None:
    after = feed.latest(chat_id)
    feed.publish(chat_id, "changed")
    assert kinds(feed.read(chat_id, after, 1)) == ["changed"]


def test_reading_on_from_the_last_id_loses_nothing_and_repeats_nothing(feed: Feed, chat_id: str) -> None:
    after, got = feed.latest(chat_id), []
    for number in range(20):
        feed.publish(chat_id, "step", reply=number, text="x")
        if number % 3 == 0:  # an unsteady reader, who connects anew each time with the last id it got
            fresh = feed.read(chat_id, after, 1)
            after = fresh[-1].id
            got += [event.data["reply"] for event in fresh]
    got += [event.data["reply"] for event in feed.read(chat_id, after, 1)]
    assert got == list(range(20))


def test_a_waiting_reader_is_told_at_once(feed: Feed, chat_id: str) -> None:
    assert feed.is_live()
    after, told = feed.latest(chat_id), []

    def wait() -> None:
        told.append((kinds(feed.read(chat_id, after, 5)), time.monotonic()))

    reader = threading.Thread(target=wait)
    reader.start()
    time.sleep(0.2)
    published = time.monotonic()
    feed.publish(chat_id, "changed")
    reader.join(timeout=6)
    assert told[0][0] == ["changed"]
    assert told[0][1] - published < 0.5


def test_a_reader_waits_no_longer_than_it_said(feed: Feed, chat_id: str) -> None:
    assert feed.is_live()
    began = time.monotonic()
    assert list(feed.read(chat_id, feed.latest(chat_id), 0.3)) == []
    assert 0.2 < time.monotonic() - began < 1.5


def test_a_woken_reader_returns_early_with_nothing(feed: Feed, chat_id: str) -> None:
    assert feed.is_live()
    began, after, woken = time.monotonic(), feed.latest(chat_id), threading.Event()
    reader = threading.Thread(target=lambda: (feed.read(chat_id, after, 5), woken.set()))
    reader.start()
    time.sleep(0.2)
    feed.wake(chat_id)
    assert woken.wait(2)
    assert time.monotonic() - began < 2


def test_sessions_do_not_hear_each_other(feed: Feed, chat_id: str) -> None:
    after = feed.latest(chat_id)
    feed.publish("sess_other", "changed")
    assert list(feed.read(chat_id, after, 0.2)) == []


@pytest.mark.parametrize("made_up", ["", "x", "1", "-", "abcdef01-5", "99999999999999-1", "1-" + "9" * 60, "(0-0", "$"])
def test_an_id_that_is_not_known_is_said_to_be_missed(feed: Feed, chat_id: str, made_up: str) -> None:
    feed.publish(chat_id, "changed")
    with pytest.raises(Missed):
        feed.read(chat_id, made_up, 0)


def test_an_id_older_than_what_is_kept_is_missed_and_memory_stays_bounded(feed: Feed, chat_id: str) -> None:
    first = feed.latest(chat_id)
    feed.publish(chat_id, "changed")
    second = feed.latest(chat_id)
    for number in range(KEPT + 150):  # Redis drops whole blocks of a hundred
        feed.publish(chat_id, "step", reply=number, text="x")
    for too_old in (first, second):
        with pytest.raises(Missed):
            feed.read(chat_id, too_old, 0)
    assert list(feed.read(chat_id, feed.latest(chat_id), 0)) == []


def test_many_readers_of_many_sessions_are_each_told_their_own(feed: Feed) -> None:
    assert feed.is_live()
    chats = [f"sess_many_{number}" for number in range(40)]
    after = {chat_id: feed.latest(chat_id) for chat_id in chats}
    heard: dict[str, list[object]] = {}

    def listen(chat_id: str) -> None:
        heard[chat_id] = [event.data["text"] for event in feed.read(chat_id, after[chat_id], 8)]

    readers = [threading.Thread(target=listen, args=(chat_id,)) for chat_id in chats]
    for reader in readers:
        reader.start()
    for chat_id in chats:
        feed.publish(chat_id, "step", reply=1, text=chat_id)
    for reader in readers:
        reader.join(timeout=10)
    assert heard == {chat_id: [chat_id] for chat_id in chats}


def test_what_a_later_event_of_the_batch_says_better_is_left_out() -> None:
    batch = [
        Event("1", "changed", {}),
        Event("2", "partial", {"reply": 1, "text": "Two"}),
        Event("3", "partial", {"reply": 2, "text": "One"}),
        Event("4", "partial", {"reply": 1, "text": "Two cards"}),
        Event("5", "changed", {}),
        Event("6", "gone", {}),
    ]
    assert [event.id for event in without_superseded(batch)] == ["3", "4", "5", "6"]
