"""The page when the line, the server or Redis fails: nothing is lost, nothing is sent twice, and the page says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, expect

from tests.browser.following import Follower, Place, eventually, place, stored, windows
from tests.feed.redis_server import RedisServer
from tests.server import running
from tests.work.caller import Caller

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-follow")]

Open = Callable[..., Follower]
LONG = "What is the procedure for a lost card? Take 4 seconds"
LOST = "The connection is lost."
WAITS = "Not sent yet. It goes out when the connection is back."


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(tmp_path_factory.mktemp("line"), SLOW_SECONDS=1) as made:
        yield made


@pytest.fixture
def open_window(browser: Browser, site: Place) -> Iterator[Open]:
    with windows(browser, site) as open_one:
        yield open_one


@pytest.fixture
def window(open_window: Open, site: Place) -> Follower:
    window = open_window(site.records.add_person())
    window.show(window.open_session())
    return window


def test_the_line_is_cut_in_the_middle_of_an_answer_and_comes_back(window: Follower, site: Place) -> None:
    window.ask_without_waiting(LONG)
    window.wait_for_text()
    site.line.cut()
    expect(window.line_state).to_contain_text(LOST)
    expect(window.box).to_be_editable()
    site.line.mend()
    window.reply(0)
    expect(window.line_state).to_be_empty()
    assert (window.count("staff"), window.count("assistant")) == (1, 1)
    expect(window.page.locator("#case-heading")).to_have_text(LONG)
    assert stored(site, window.chat_id) == [("staff", LONG), ("assistant", "done")]


def test_what_is_sent_while_the_line_is_cut_waits_and_goes_out_once_each_in_order(
    window: Follower, site: Place
) -> None:
    site.line.cut()
    for text in ("quick one", "quick two", "quick three"):
        window.ask_without_waiting(text)
        expect(window.box).to_have_value("")
    expect(window.unsent).to_have_count(3)
    for waiting in window.unsent.all()[1:]:
        expect(waiting).to_contain_text(WAITS)
    site.line.mend()
    expect(window.unsent).to_have_count(0, timeout=25_000)
    expect(window.questions).to_have_text(["quick one", "quick two", "quick three"])
    window.reply(2)
    asked = [text for role, text in stored(site, window.chat_id) if role == "staff"]
    assert asked == ["quick one", "quick two", "quick three"]


def test_what_waits_survives_reloading_the_page_without_a_line(window: Follower, site: Place) -> None:
    chat_id = window.chat_id
    site.line.cut()
    window.ask_without_waiting("quick one")
    window.ask_without_waiting("quick two")
    expect(window.unsent).to_have_count(2)
    window.box.fill("half a thought")
    with pytest.raises(Error):
        window.page.reload()
    window.page.wait_for_url("chrome-error://**")
    site.line.mend()
    window.show(chat_id)
    expect(window.questions).to_have_text(["quick one", "quick two"])
    window.reply(1)
    expect(window.box).to_have_value("half a thought")
    assert [text for role, text in stored(site, chat_id) if role == "staff"] == ["quick one", "quick two"]


def test_a_question_whose_answer_was_lost_on_the_way_is_not_stored_twice(window: Follower, site: Place) -> None:
    site.line.lose_answers()
    window.ask_without_waiting("quick question")
    expect(window.unsent).to_have_count(1)
    eventually(lambda: len(stored(site, window.chat_id)) == 2)
    window.page.wait_for_timeout(1500)  # tried again meanwhile, and lost again
    site.line.mend()
    expect(window.unsent).to_have_count(0, timeout=25_000)
    window.reply(0)
    assert (window.count("staff"), window.count("assistant")) == (1, 1)
    assert stored(site, window.chat_id) == [("staff", "quick question"), ("assistant", "done")]


def test_a_text_that_waits_can_be_taken_back(window: Follower, site: Place) -> None:
    site.line.cut()
    window.ask_without_waiting("not like this")
    window.page.get_by_role("button", name="Take the text back").click()
    expect(window.box).to_have_value("not like this")
    expect(window.unsent).to_have_count(0)
    site.line.mend()
    expect(window.line_state).to_be_empty()
    assert stored(site, window.chat_id) == []


def test_what_waits_for_a_session_that_has_ended_meanwhile_is_not_lost(window: Follower, site: Place) -> None:
    chat_id = window.chat_id
    site.line.cut()
    window.ask_without_waiting("too late")
    expect(window.unsent).to_have_count(1)
    site.records.change("UPDATE chat_session SET status = 'ended' WHERE id = ?", chat_id)
    site.line.mend()
    expect(window.unsent).to_contain_text("Not sent: This session has ended.", timeout=25_000)
    window.unsent.get_by_role("button", name="Take the text back").click()
    expect(window.box).to_have_value("too late")
    window.page.get_by_role("button", name="Start a new session with this text").click()
    expect(window.page.locator("#log .said")).to_have_text(["too late"])
    assert stored(site, chat_id) == []


def test_signing_out_forgets_what_waits(window: Follower, site: Place) -> None:
    site.line.cut()
    window.ask_without_waiting("secret of this person")
    expect(window.unsent).to_have_count(1)
    kept = "() => JSON.stringify(sessionStorage)"
    assert "secret of this person" in window.page.evaluate(kept)
    window.page.evaluate(
        "() => document.querySelector('[data-sign-out]').dispatchEvent(new SubmitEvent('submit', {bubbles: true}))"
    )
    assert "secret of this person" not in window.page.evaluate(kept)


def test_the_server_is_killed_in_the_middle_of_an_answer_and_started_again(window: Follower, site: Place) -> None:
    window.ask_without_waiting(LONG)
    window.wait_for_text()
    site.kill()
    expect(window.line_state).to_contain_text(LOST)
    window.ask_without_waiting("quick, sent while it was down")
    expect(window.unsent).to_have_count(1)
    site.start()
    expect(window.unsent).to_have_count(0, timeout=40_000)
    expect(window.replies).to_have_count(2)
    for number in (0, 1):
        expect(window.replies.nth(number)).not_to_have_attribute("aria-busy", "true", timeout=40_000)
    expect(window.line_state).to_be_empty(timeout=15_000)
    assert stored(site, window.chat_id) == [
        ("staff", LONG),
        ("assistant", "done"),
        ("staff", "quick, sent while it was down"),
        ("assistant", "done"),
    ]


def test_another_server_process_without_redis_tells_this_ones_pages_within_seconds(
    window: Follower, site: Place, tmp_path: Path
) -> None:
    username = str(window.page.evaluate("() => document.body.dataset.staff"))
    database = f"sqlite:///{site.records.path}"
    with running(tmp_path, database, wsgi="tests.browser.slow_desk", SECRET_KEY="") as other, Caller(other.url) as far:
        far.sign_in(username)
        assert far.ask(window.chat_id, "quick, asked at the other process").status_code == 200
        expect(window.questions).to_have_text(["quick, asked at the other process"])
        window.reply(0)
        expect(window.line_state).to_be_empty()


def test_redis_goes_away_and_comes_back(browser: Browser, tmp_path: Path) -> None:
    redis = RedisServer(tmp_path)
    redis.start()
    with ExitStack() as stack:
        stack.callback(redis.stop)
        at = stack.enter_context(place(tmp_path / "desk", wsgi="", REDIS_URL=redis.url))
        open_one = stack.enter_context(windows(browser, at))
        window = open_one(at.records.add_person())
        window.show(window.open_session())
        window.ask("Opening hours")
        expect(window.line_state).to_be_empty()
        redis.stop()
        expect(window.line_state).to_contain_text("Live updates are interrupted.")
        window.ask("Which fees are there?")
        expect(window.questions).to_have_count(2)
        redis.start()
        expect(window.line_state).to_be_empty(timeout=20_000)
        window.ask("And for loans?")
        expect(window.questions).to_have_count(3)
