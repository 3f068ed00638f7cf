"""The event stream over HTTP: who may follow, what is told, where it goes on, when it ends, what it costs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from flask import Flask

from tests.visitor import HTMX, Visitor
from tests.web.rows import ON_SQLITE, as_role, changing, person
from tests.web.streams import STREAM, Stream
from webapp.chat import stream as stream_view
from webapp.extensions import db
from webapp.feed import Feed, MemoryFeed
from webapp.feed.events import KEPT
from webapp.services import chats
from webapp.work.streams import MOST_PER_PERSON, Streams, streams_of


@pytest.fixture
def feed(app: Flask) -> Feed:
    return app.extensions["bankside.feed"]  # type: ignore[no-any-return]


@pytest.fixture(autouse=True)
def _no_stream_is_left(app: Flask) -> Iterator[None]:
    """Whatever a test opened is over after it: the places are counted per app, and apps outlive tests."""
    yield
    streams = streams_of(app)
    for ticket in list(streams._tickets):
        ticket.ended.set()
        app.extensions["bankside.feed"].wake(ticket.chat_id)
    assert within(3, lambda: streams.open_now == 0)


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    give_up = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.02)
    return True


def drawn_at(visitor: Visitor, chat_id: str) -> str:
    """The event id the chat's page was drawn at."""
    visitor.get(f"/chat/{chat_id}")
    address = str(visitor.page.select_one("#stream")["hx-sse:connect"])  # type: ignore[index]
    return address.split("after=")[1].split("&")[0]


@ON_SQLITE
def test_the_page_names_its_stream_and_gets_what_happens_after_it_was_drawn(teller: Visitor, feed: Feed) -> None:
    chat_id = teller.start()
    after = drawn_at(teller, chat_id)
    feed.publish(chat_id, "step", reply=5, text="Looking at the cards")
    with Stream(teller, chat_id, after) as stream:
        told = stream.next()
        assert (told.kind, told.data) == ("step", {"reply": 5, "text": "Looking at the cards"})
        feed.publish(chat_id, "partial", reply=5, text="The card")
        assert stream.next().data == {"reply": 5, "text": "The card"}


@ON_SQLITE
def test_it_says_that_nothing_may_buffer_or_keep_it(teller: Visitor) -> None:
    chat_id = teller.start()
    with Stream(teller, chat_id, drawn_at(teller, chat_id)) as stream:
        assert stream.response.mimetype == "text/event-stream"
        assert stream.response.headers["X-Accel-Buffering"] == "no"
        assert stream.response.headers["Cache-Control"] == "no-store, no-transform"
        assert stream.response.headers["X-Bankside"] == "1"


def test_a_question_and_its_answer_are_told_and_found_by_asking(teller: Visitor) -> None:
    chat_id = teller.start()
    with Stream(teller, chat_id, drawn_at(teller, chat_id)) as stream:
        assert teller.ask(chat_id, "Opening hours").status_code == 200
        stream.next("changed")
        teller.answer(chat_id, seconds=40)
        stream.next("changed")
        fragment = teller.get(f"/chat/{chat_id}/messages?after=0", headers=HTMX).text
        assert fragment.count("<article") == 2


@ON_SQLITE
def test_a_reconnect_goes_on_after_the_last_event_it_got(teller: Visitor, feed: Feed) -> None:
    chat_id = teller.start()
    after = drawn_at(teller, chat_id)
    with Stream(teller, chat_id, after) as first:
        feed.publish(chat_id, "step", reply=1, text="one")
        last = first.next().id
    feed.publish(chat_id, "step", reply=1, text="two")
    feed.publish(chat_id, "step", reply=2, text="three")
    with Stream(teller, chat_id, after, last_event_id=last) as again:  # the address is still the page's first one
        assert [again.next().data["text"], again.next().data["text"]] == ["two", "three"]
        assert again.nothing()


@ON_SQLITE
@pytest.mark.parametrize("last", ["too old", "0badcafe-7", "nonsense", "1763733600000-0"])
def test_an_id_that_is_too_old_gets_one_reload_from_the_pages_seq_and_goes_on(
    teller: Visitor, feed: Feed, last: str
) -> None:
    chat_id = teller.start()
    after = drawn_at(teller, chat_id)
    for number in range(KEPT + 1):
        feed.publish(chat_id, "step", reply=number, text="x")
    with Stream(teller, chat_id, after, last_event_id=after if last == "too old" else last, seq=4) as stream:
        told = stream.next()
        assert (told.kind, told.data) == ("reload", {"after": 4})
        assert told.id == feed.latest(chat_id)
        assert stream.nothing()
        feed.publish(chat_id, "changed")
        assert stream.next().kind == "changed"


@ON_SQLITE
def test_a_text_can_neither_begin_a_field_nor_an_event_of_its_own(teller: Visitor, feed: Feed) -> None:
    chat_id = teller.start()
    evil = "a\n\nevent: gone\ndata: {}\n\nid: 9\r\revent: session\u2028b\x00"
    with Stream(teller, chat_id, drawn_at(teller, chat_id)) as stream:
        feed.publish(chat_id, "partial", reply=1, text=evil)
        feed.publish(chat_id, "changed")
        told = stream.next()
        assert (told.kind, told.data["text"], len(told.lines)) == ("partial", evil, 3)
        assert stream.next().kind == "changed"
        assert "\r" not in stream.written


@ON_SQLITE
def test_nobody_follows_what_they_may_not_read(teller: Visitor, specialist: Visitor, visitor: Visitor) -> None:
    chat_id = teller.start()
    assert specialist.client.get(f"/chat/{chat_id}/events", headers=STREAM).status_code == 404
    missing = specialist.client.get(f"/chat/sess_{'0' * 36}/events", headers=STREAM)
    assert missing.status_code == 404
    assert visitor.client.get(f"/chat/{chat_id}/events", headers=STREAM).status_code == 401


@ON_SQLITE
def test_a_browser_that_opens_the_address_gets_the_page(teller: Visitor) -> None:
    chat_id = teller.start()
    answer = teller.client.get(f"/chat/{chat_id}/events", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/chat/{chat_id}")


def ends_within(seconds: float, stream: Stream) -> bool:
    return stream.ended.wait(seconds)


def test_it_ends_within_five_seconds_of_the_sign_in(teller: Visitor, app: Flask) -> None:
    chat_id = teller.start()
    with Stream(teller, chat_id, drawn_at(teller, chat_id)) as stream:
        other = Visitor(app)
        other.client.set_cookie("bankside", teller.client.get_cookie("bankside").value)  # type: ignore[union-attr]
        other.get("/")
        assert other.post("/sign-out").status_code == 303
        app.extensions["bankside.feed"].publish(chat_id, "partial", reply=1, text="no longer yours")
        assert ends_within(5, stream)
    assert teller.client.get(f"/chat/{chat_id}/events", headers=STREAM).status_code == 401


@ON_SQLITE
def test_it_ends_within_five_seconds_when_the_person_is_locked(teller: Visitor, app: Flask) -> None:
    chat_id = teller.start()
    with Stream(teller, chat_id, drawn_at(teller, chat_id)) as stream:
        with changing(app) as session:
            session.merge(person(app, "teller")).locked = True
        assert ends_within(5, stream)


def test_it_says_gone_and_ends_when_the_session_is_deleted(teller: Visitor, manager: Visitor) -> None:
    chat_id = teller.start()
    with Stream(teller, chat_id, drawn_at(teller, chat_id)) as stream:
        manager.get(f"/sessions/{chat_id}/delete")
        assert manager.post(f"/sessions/{chat_id}/delete").status_code == 303
        assert stream.next("gone", seconds=5)
        assert ends_within(2, stream)


@ON_SQLITE
def test_a_deletion_nobody_told_of_is_noticed_within_five_seconds(teller: Visitor, app: Flask) -> None:
    chat_id = teller.start()
    with Stream(teller, chat_id, drawn_at(teller, chat_id)) as stream:
        with changing(app) as session:  # as `flask sessions cleanup` does, in a process of its own
            session.delete(session.get_one(chats.ChatSession, chat_id))
        assert stream.next("gone", seconds=5)
        assert ends_within(2, stream)


@ON_SQLITE
def test_a_managers_stream_ends_with_the_right_to_read(teller: Visitor, manager: Visitor, app: Flask) -> None:
    chat_id = teller.start()
    with Stream(manager, chat_id, drawn_at(manager, chat_id)) as stream, as_role(app, "manager", "teller"):
        assert ends_within(5, stream)


@ON_SQLITE
def test_a_change_another_process_made_is_told_within_five_seconds(teller: Visitor, app: Flask) -> None:
    chat_id = teller.start()
    with Stream(teller, chat_id, drawn_at(teller, chat_id)) as stream:
        with changing(app) as session:
            session.get_one(chats.ChatSession, chat_id).title = "Named elsewhere"
        assert stream.next("session", "changed", seconds=5).kind == "session"
        with changing(app) as session:
            session.get_one(chats.ChatSession, chat_id).last_seq += 1
        assert stream.next("session", "changed", seconds=5).kind == "changed"


@ON_SQLITE
def test_a_quiet_stream_says_that_it_is_still_there(teller: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stream_view.KEEP_ALIVE == 15
    monkeypatch.setattr(stream_view, "KEEP_ALIVE", 0.2)
    chat_id = teller.start()
    with Stream(teller, chat_id, drawn_at(teller, chat_id)) as stream:
        assert stream.next(seconds=2).kind == "alive"
        assert ": still here\n" in stream.written


@ON_SQLITE
def test_it_is_closed_after_five_minutes_so_that_the_page_connects_anew(
    teller: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stream_view.CLOSED_AFTER == 300
    monkeypatch.setattr(stream_view, "CLOSED_AFTER", 0.5)
    monkeypatch.setattr(stream_view, "KEEP_ALIVE", 0.2)
    chat_id = teller.start()
    with Stream(teller, chat_id, drawn_at(teller, chat_id)) as stream:
        assert ends_within(3, stream)


@ON_SQLITE
def test_one_person_holds_so_many_and_a_place_that_is_left_is_free_again(teller: Visitor, app: Flask) -> None:
    chat_id = teller.start()
    after = drawn_at(teller, chat_id)
    with ExitStack() as stack:
        held = [stack.enter_context(Stream(teller, chat_id, after)) for _ in range(MOST_PER_PERSON)]
        refused = Stream(teller, chat_id, after).response
        assert (refused.status_code, refused.headers["Retry-After"], refused.text) == (429, "5", "")
        assert "HX-Retarget" not in refused.headers, "the page says so in its own quiet line"
        ticket = next(iter(streams_of(app)._tickets))
        ticket.ended.set()
        app.extensions["bankside.feed"].wake(chat_id)
        assert within(2, lambda: any(stream.ended.is_set() for stream in held))
        with Stream(teller, chat_id, after) as another:
            assert another.response.status_code == 200


@ON_SQLITE
def test_a_process_holds_fewer_streams_than_it_has_threads(app: Flask) -> None:
    config = app.extensions["bankside.config"]
    assert 0 < streams_of(app)._most <= config.web_threads - config.web_threads // 4 < config.web_threads


@ON_SQLITE
def test_a_stopping_process_ends_its_streams_and_takes_no_more(
    teller: Visitor, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = Streams(app, app.extensions["bankside.feed"], app.extensions["bankside.config"])
    monkeypatch.setitem(app.extensions, "bankside.streams", streams)
    chat_id = teller.start()
    with Stream(teller, chat_id, drawn_at(teller, chat_id)) as stream:
        streams.draining.set()
        assert ends_within(3, stream)
    assert teller.client.get(f"/chat/{chat_id}/events", headers=STREAM).status_code == 429


class Deaf(MemoryFeed):
    """A feed that has lost its Redis."""

    live = True

    def is_live(self) -> bool:
        return self.live


@ON_SQLITE
def test_a_process_that_hears_nothing_ends_its_streams_and_refuses_new_ones(
    teller: Visitor, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaf = Deaf()
    monkeypatch.setitem(app.extensions, "bankside.feed", deaf)
    chat_id = teller.start()
    with Stream(teller, chat_id, drawn_at(teller, chat_id)) as stream:
        deaf.live = False
        deaf.wake(chat_id)
        assert ends_within(2, stream)
    refused = teller.client.get(f"/chat/{chat_id}/events", headers=STREAM)
    assert (refused.status_code, refused.text) == (503, "")
    assert teller.get(f"/chat/{chat_id}/messages?after=0", headers=HTMX).status_code == 200


def test_twenty_waiting_streams_hold_no_database_connection(app: Flask) -> None:
    with ExitStack() as stack:
        for username in ("teller", "specialist", "manager", "admin"):
            visitor = Visitor(app).sign_in(username)
            chat_id = visitor.start()
            after = drawn_at(visitor, chat_id)
            for _ in range(5):
                stack.enter_context(Stream(visitor, chat_id, after))
        assert streams_of(app).open_now == 20
        assert threading.active_count() >= 20
        with app.app_context():
            pool, guests = db.engine.pool, app.extensions["bankside.guests_engine"].pool
            held = [pool.checkedout() + guests.checkedout() for _ in range(30) if not time.sleep(0.02)]
        assert held.count(0) >= 28, "now and then the watch looks, on one connection for all"
        assert max(held) <= 1
