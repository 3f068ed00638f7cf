"""The box to write in: keys, limits, and how a text survives whatever goes wrong while it is sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Records
from tests.browser.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-1")]

OpenDesk = Callable[..., Desk]
GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
STALE = "The page was out of date. Your text is kept."


# Keys


def test_enter_sends_and_shift_enter_begins_a_new_line(desk: Desk) -> None:
    desk.start()
    desk.box.press_sequentially("Opening hours")
    desk.box.press("Shift+Enter")
    desk.box.press_sequentially("of Altmarkt?")
    expect(desk.box).to_have_value("Opening hours\nof Altmarkt?")
    expect(desk.questions).to_have_count(0)
    desk.box.press("Enter")
    expect(desk.questions).to_have_text(["Opening hours of Altmarkt?"])
    assert desk.questions.first.inner_text() == "Opening hours\nof Altmarkt?"
    expect(desk.box).to_have_value("")
    expect(desk.box).to_be_focused()


def test_enter_that_ends_an_input_methods_composition_does_not_send(desk: Desk) -> None:
    desk.start()
    sent = desk.sent_messages()
    desk.box.focus()
    typing = desk.page.context.new_cdp_session(desk.page)
    typing.send("Input.imeSetComposition", {"text": "にほん", "selectionStart": 3, "selectionEnd": 3})
    typing.send("Input.dispatchKeyEvent", {"type": "keyDown", "key": "Enter", "windowsVirtualKeyCode": 229})
    typing.send("Input.insertText", {"text": "日本"})
    expect(desk.box).to_have_value("日本")
    assert sent == []
    desk.box.press("Enter")
    expect(desk.questions).to_have_text(["日本"])


def test_nothing_and_blanks_are_not_sent(desk: Desk) -> None:
    desk.start()
    sent = desk.sent_messages()
    desk.box.press("Enter")
    desk.box.fill("  \n ")
    desk.page.get_by_role("button", name="Send").click()
    expect(desk.page.locator("#status")).to_have_text("Write something first.")
    assert sent == []


def test_the_box_grows_with_the_text_and_shrinks_after_sending(desk: Desk) -> None:
    desk.start()
    before = desk.box.bounding_box()
    desk.box.fill("one\ntwo\nthree\nfour\nfive")
    during = desk.box.bounding_box()
    desk.box.press("Enter")
    expect(desk.box).to_have_value("")
    after = desk.box.bounding_box()
    assert before
    assert during
    assert after
    assert during["height"] > before["height"] + 60
    assert after["height"] == before["height"]


# Limits


def test_the_counter_appears_near_the_limit_and_beyond_it_nothing_is_sent_or_cut(desk: Desk) -> None:
    desk.start()
    sent = desk.sent_messages()
    counter = desk.page.locator(".composer-count")
    desk.box.fill("x" * 3499)
    expect(counter).to_be_hidden()
    desk.box.fill("x" * 3999 + "\U0001f600")  # one character to people, two units to the browser
    expect(counter).to_have_text("4,000 of 4,000")
    desk.box.press("End")
    desk.box.press_sequentially("yz")
    expect(counter).to_have_text("2 too many of 4,000")
    desk.box.press("Enter")
    assert sent == []
    assert len(desk.box.input_value()) == 4002
    expect(desk.box).to_be_focused()
    desk.box.press("Backspace")
    desk.box.press("Backspace")
    desk.box.press("Enter")
    expect(desk.questions).to_have_count(1)


def test_a_text_the_server_refuses_comes_back_with_the_reason(desk: Desk) -> None:
    desk.start()
    desk.complaints.expect("status of 422")
    desk.box.fill("\u2800\u3164")  # invisible, and not what JavaScript calls blank
    desk.box.press("Enter")
    expect(desk.page.locator("#composer-problem")).to_have_text("Type a question first.")
    expect(desk.box).to_have_attribute("aria-invalid", "true")
    expect(desk.box).to_have_value("\u2800\u3164")
    expect(desk.box).to_be_focused()
    expect(desk.questions).to_have_count(0)


# Sending once


def test_a_double_click_on_send_sends_once(desk: Desk, records: Records) -> None:
    chat_id = desk.start()
    desk.box.fill("Opening hours")
    desk.page.get_by_role("button", name="Send").dblclick()
    desk.reply(0)
    desk.page.reload()
    expect(desk.questions).to_have_count(1)
    assert records.rows("SELECT count(*) FROM message WHERE chat_id = ?", chat_id) == [(2,)]


def test_enter_hammered_while_sending_sends_once(desk: Desk, records: Records) -> None:
    chat_id = desk.start()

    def slowly(route: Route) -> None:
        desk.page.wait_for_timeout(200)
        route.continue_()

    desk.page.route("**/chat/messages", slowly)
    desk.box.fill("Opening hours")
    desk.page.evaluate(
        """() => {
            const box = document.getElementById("composer-text");
            const enter = { key: "Enter", bubbles: true, cancelable: true };
            for (let time = 0; time < 5; time += 1) box.dispatchEvent(new KeyboardEvent("keydown", enter));
        }"""
    )
    desk.reply(0)
    assert records.rows("SELECT role FROM message WHERE chat_id = ? ORDER BY seq", chat_id) == [
        ("staff",),
        ("assistant",),
    ]


def test_a_double_click_on_start_opens_one_session(desk: Desk, records: Records, teller: str) -> None:
    desk.go("/")
    desk.page.get_by_role("button", name="Start session").dblclick()
    desk.page.wait_for_url("**/chat/**")
    mine = "SELECT count(*) FROM chat_session WHERE staff_id = (SELECT id FROM staff_user WHERE username = ?)"
    assert records.rows(mine, teller) == [(1,)]


def test_going_back_and_forward_and_reloading_sends_nothing_again(desk: Desk) -> None:
    desk.start("10-2041")
    desk.ask("Card status of 4417")
    sent = desk.sent_messages()
    desk.go("/")
    desk.page.go_back()
    expect(desk.questions).to_have_count(1)
    desk.page.go_forward()
    desk.page.go_back()
    desk.page.reload()
    expect(desk.questions).to_have_count(1)
    assert sent == []


# What goes wrong on the way


def test_a_stale_form_keeps_the_text_and_the_second_try_works(desk: Desk) -> None:
    desk.start()
    desk.complaints.expect("status of 400")
    desk.page.evaluate(
        """() => {
            document.body.setAttribute("hx-headers:inherited", '{"X-CSRFToken": "stale"}');
            for (const field of document.querySelectorAll("input[name=csrf_token]")) field.value = "stale";
        }"""
    )
    desk.box.fill("Opening hours")
    desk.box.press("Enter")
    expect(desk.notice).to_contain_text(STALE)
    expect(desk.box).to_have_value("Opening hours")
    expect(desk.box).to_be_focused()
    desk.box.press("Enter")
    desk.reply(0)
    expect(desk.questions).to_have_text(["Opening hours"])
    expect(desk.notice).to_have_count(0)


def test_a_notice_is_closed_by_keyboard_and_the_focus_goes_to_the_box(desk: Desk) -> None:
    desk.start()
    desk.complaints.expect("status of 502")
    desk.page.route("**/title", lambda route: route.fulfill(status=502, body=GATEWAY), times=1)
    desk.page.get_by_role("link", name="Rename this session").click()
    expect(desk.page.get_by_text("Bad Gateway")).to_have_count(0)
    close = desk.page.get_by_role("button", name="Close this notice")
    close.press("Enter")
    expect(close).to_have_count(0)
    expect(desk.box).to_be_focused()
