"""The page follows its session: text as it comes, stop and retry, other windows, and what changes elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.following import Follower, Place, place, stored, windows

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-follow")]

Open = Callable[..., Follower]
LONG = "What is the procedure for a lost card?"
LENGTHY = f"{LONG} Take 6 seconds"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(tmp_path_factory.mktemp("follow"), SLOW_SECONDS=2) as made:
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


def test_an_answer_comes_in_as_it_is_made_and_is_announced_when_it_is_complete(window: Follower) -> None:
    window.page.evaluate(
        """() => {
            window.seen = [];
            new MutationObserver(() => {
                const article = document.querySelector('.reply[aria-busy=true]');
                const length = article?.querySelector('[data-partial]')?.textContent.length;
                if (length && length !== window.seen.at(-1)) window.seen.push(length);
            }).observe(document.getElementById('log'), {childList: true, subtree: true, characterData: true});
        }"""
    )
    window.ask_without_waiting(LONG)
    window.wait_for_text()
    assert window.replies.first.get_attribute("aria-busy") == "true"
    answer = window.reply(0)
    lengths = window.page.evaluate("window.seen")
    assert len(lengths) >= 3
    assert lengths == sorted(lengths), "text never shrinks"
    expect(window.said_so_far).to_have_count(0)
    expect(answer.locator("[data-partial]")).to_have_count(0)
    expect(answer).to_contain_text("card")
    row = window.page.locator("#session-list .case-line").first
    expect(row).not_to_have_text(re.compile("procedure"))  # the list shows what was said last, which is the answer


def test_text_as_it_comes_is_plain_text_whatever_it_says(window: Follower) -> None:
    window.ask_without_waiting("quick")
    window.reply(0)
    window.ask_without_waiting(LONG)
    window.wait_for_text()
    window.page.evaluate(
        """() => {
            const reply = document.querySelector('.reply[aria-busy]').id.replace('message-', '');
            const text = '<img src=x onerror=alert(1)> **bold** <b hx-get="/" hx-trigger="load">b</b>'
                + 'x'.repeat(9000);
            htmx.trigger('#stream', 'partial', {data: JSON.stringify({reply: Number(reply), text})});
        }"""
    )
    expect(window.said_so_far).to_contain_text("<img src=x onerror=alert(1)> **bold**")
    assert window.said_so_far.locator("*").count() == 0


def test_a_stopped_answer_keeps_what_it_said_and_can_be_made_again(window: Follower, site: Place) -> None:
    window.ask_without_waiting(LENGTHY)
    window.wait_for_text(20)
    window.page.wait_for_timeout(1100)  # what is said is stored once a second
    window.page.get_by_role("button", name="Stop").click()
    stopped = window.reply(0)
    expect(stopped).to_contain_text("Stopped before it was finished.")
    partial = stopped.locator(".answer").inner_text()
    assert len(partial) > 10
    assert stored(site, window.chat_id)[1] == ("assistant", "stopped")
    stopped.get_by_role("button", name="Answer again").click()
    expect(window.replies.first).to_have_attribute("aria-busy", "true")
    again = window.reply(0)
    expect(again).not_to_contain_text("Stopped before it was finished.")
    assert stored(site, window.chat_id) == [("staff", LENGTHY), ("assistant", "done")]
    again.get_by_text("An earlier attempt").click()
    expect(again.locator(".attempt-text")).to_contain_text(partial.split("\n")[0][:20])


def test_asking_differently_puts_the_question_back_into_the_box(window: Follower) -> None:
    window.ask("quick question about fees")
    window.replies.first.hover()
    window.page.get_by_role("button", name="Ask differently").click()
    expect(window.box).to_have_value("quick question about fees")
    expect(window.box).to_be_focused()
    expect(window.questions).to_have_count(1)


def test_a_double_click_on_send_asks_once(window: Follower, site: Place) -> None:
    window.box.fill("quick: opening hours")
    window.page.get_by_role("button", name="Send").dblclick()
    window.reply(0)
    window.page.wait_for_timeout(300)
    expect(window.questions).to_have_count(1)
    assert len(stored(site, window.chat_id)) == 2


def test_two_tabs_of_one_session_see_each_others_messages(window: Follower) -> None:
    window.ask("quick one")
    tab = window.another_tab()
    tab.show(window.chat_id)
    tab.ask("quick two")
    expect(window.questions).to_have_text(["quick one", "quick two"])
    window.reply(1)
    window.ask("quick three")
    expect(tab.questions).to_have_text(["quick one", "quick two", "quick three"])
    ids = tab.page.evaluate("[...document.querySelectorAll('#log [id]')].map((element) => element.id)")
    assert len(ids) == len(set(ids)), "nothing is shown twice"


def test_a_message_from_another_place_appears_while_one_is_typing(open_window: Open, site: Place) -> None:
    username = site.records.add_person()
    here, there = open_window(username), open_window(username)
    chat_id = here.open_session()
    here.show(chat_id)
    there.show(chat_id)
    here.box.fill("half a sentence")
    there.ask("quick from elsewhere")
    expect(here.questions).to_have_text(["quick from elsewhere"])
    here.reply(0)
    expect(here.box).to_have_value("half a sentence")
    expect(here.box).to_be_focused()


def test_a_question_asked_before_the_first_is_answered_says_how_many_are_ahead(window: Follower) -> None:
    window.ask_without_waiting(LONG)
    window.wait_for_text()
    window.ask_without_waiting("quick second question")
    expect(window.replies.nth(1)).to_contain_text("ahead of you")
    window.reply(1)


def test_title_and_status_changed_elsewhere_are_shown_in_place(window: Follower, open_window: Open) -> None:
    there = open_window(window_owner(window))
    there.show(window.chat_id)
    window.box.fill("still here")
    window.page.evaluate("window.kept = document.getElementById('composer-text')")
    there.page.get_by_role("link", name="Rename this session").click()
    there.page.locator("#title").fill("Named elsewhere")
    there.page.get_by_role("button", name="Rename").click()
    expect(window.page.get_by_role("heading", level=1)).to_have_text("Named elsewhere")
    expect(window.page).to_have_title(re.compile("^Named elsewhere .* Bankside$"))
    there.page.locator("#status-menu").click()
    there.page.get_by_role("button", name="Set to Escalated").click()
    expect(window.page.locator("#status-menu")).to_contain_text("Escalated")
    assert window.page.evaluate("window.kept === document.getElementById('composer-text')"), "the box was replaced"
    expect(window.box).to_have_value("still here")


def window_owner(window: Follower) -> str:
    return str(window.page.evaluate("document.body.dataset.staff"))


def test_a_session_ended_elsewhere_says_so_and_offers_to_take_the_text_along(
    window: Follower, open_window: Open
) -> None:
    window.ask("quick question")
    there = open_window(window_owner(window))
    window.box.fill("and one more thing")
    there.go(f"/sessions/{window.chat_id}/end")
    there.page.locator("select[name=reason]").select_option("solved")
    there.page.locator("main form.form button[type=submit]").click()
    there.page.wait_for_url("**/")
    expect(window.page.locator("#composer-problem")).to_contain_text("This session has ended. Your text is kept.")
    expect(window.box).to_have_value("and one more thing")
    expect(window.page.locator("#chat-status")).to_contain_text("Ended")
    before = window.chat_id
    window.page.get_by_role("button", name="Start a new session with this text").click()
    expect(window.page.locator("#log .said")).to_have_text(["and one more thing"])
    assert window.chat_id != before


def test_an_ended_session_without_anything_typed_offers_to_reopen_and_comes_back_when_it_is(
    window: Follower, open_window: Open
) -> None:
    there = open_window(window_owner(window))
    there.go(f"/sessions/{window.chat_id}/end")
    there.page.locator("select[name=reason]").select_option("solved")
    there.page.locator("main form.form button[type=submit]").click()
    expect(window.page.get_by_role("button", name="Reopen the session")).to_be_visible()
    there.go(f"/chat/{window.chat_id}")
    there.page.get_by_role("button", name="Reopen the session").click()
    expect(window.box).to_be_visible()
    window.ask("quick, after all")


def test_a_session_deleted_elsewhere_says_so_and_keeps_the_text(
    window: Follower, open_window: Open, site: Place
) -> None:
    manager = open_window(site.records.add_person("manager"))
    window.box.fill("not lost")
    manager.go(f"/sessions/{window.chat_id}/delete")
    window.complaints.expect("status of 404")  # to whatever the page asks about it next
    manager.page.locator("main form button.button-harm, main form button[type=submit]").last.click()
    expect(window.page.locator("#composer-problem")).to_contain_text("no longer exists")
    expect(window.box).to_have_value("not lost")
    window.page.get_by_role("button", name="Start a new session with this text").click()
    expect(window.page.locator("#log .said")).to_have_text(["not lost"])


def test_a_sign_in_ended_elsewhere_leads_to_the_sign_in_page_and_the_text_is_there_afterwards(
    window: Follower, site: Place
) -> None:
    username, chat_id = window_owner(window), window.chat_id
    window.box.fill("do not lose this")
    site.records.end_sign_ins(username)
    window.page.wait_for_url("**/sign-in**", timeout=15_000)
    window.fill_in_and_sign_in(username)
    window.page.wait_for_url(f"**/chat/{chat_id}")
    expect(window.box).to_have_value("do not lose this")
