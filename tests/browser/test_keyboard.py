"""Everything by keyboard, what is announced, and the warning before a sign-in ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Records
from tests.browser.desk import Desk
from tests.visitor import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-1")]

OpenDesk = Callable[..., Desk]
MOST_STOPS = 20


def press_tab_until(desk: Desk, selector: str, most: int = MOST_STOPS) -> int:
    """Walk with Tab until the focus is there; returns how many stops that took."""
    for stop in range(1, most + 1):
        desk.page.keyboard.press("Tab")
        if desk.page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return stop
    raise AssertionError(f"{selector} is not reached with {most} stops")


def begin_at_the_top(desk: Desk) -> None:
    """Put the focus before everything on the page, as after loading it."""
    desk.page.evaluate("document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')")


def test_from_the_sign_in_page_to_an_answer_and_its_source_without_a_mouse(open_desk: OpenDesk, teller: str) -> None:
    desk = open_desk().go("/")
    keyboard = desk.page.keyboard
    expect(desk.page.get_by_label("User name")).to_be_focused()
    keyboard.type(teller)
    keyboard.press("Tab")
    keyboard.type(PASSWORD)
    keyboard.press("Enter")
    desk.page.wait_for_url(lambda url: "sign-in" not in url)
    press_tab_until(desk, "#customer")
    keyboard.type("10-2041")
    keyboard.press("Enter")
    desk.page.wait_for_url("**/chat/**")
    expect(desk.box).to_be_focused()
    keyboard.type("What does an international transfer cost?")
    keyboard.press("Enter")
    reply = desk.reply(0)
    expect(reply).to_contain_text("0.15 %")
    expect(desk.box).to_be_focused()
    for _stop in range(MOST_STOPS):
        keyboard.press("Shift+Tab")
        if desk.page.evaluate("document.activeElement.matches('.cite')"):
            break
    keyboard.press("Enter")
    expect(desk.page.locator("#source-title")).to_be_focused()
    keyboard.press("Escape")
    expect(desk.page.locator(".cite:focus")).to_have_count(1)


def test_the_box_is_one_skip_link_away(desk: Desk) -> None:
    desk.start("10-2041", "Card status of 4417")
    begin_at_the_top(desk)
    desk.page.keyboard.press("Tab")
    skip = desk.page.get_by_role("link", name="Skip to the message box")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    desk.page.keyboard.press("Enter")
    expect(desk.box).to_be_focused()


def test_wherever_the_focus_is_it_can_be_seen(desk: Desk) -> None:
    desk.start("10-2041", "What does an international transfer cost?")
    begin_at_the_top(desk)
    seen = set()
    for _stop in range(60):
        desk.page.keyboard.press("Tab")
        name, ringed, inside = desk.page.evaluate(
            """() => {
                const element = document.activeElement;
                const has = (style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
                const box = element.getBoundingClientRect();
                const holders = [element, element.closest(".composer-box") ?? element];
                const ring = holders.some((holder) => has(getComputedStyle(holder)));
                const view = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
                return [`${element.tagName}#${element.id}.${element.className}`, ring, view];
            }"""
        )
        if name.startswith("BODY"):
            break
        seen.add(name)
        assert ringed, f"no focus ring on {name}"
        assert inside, f"{name} is focused outside the window"
    assert len(seen) > 15


def test_what_happens_is_announced_once_and_old_history_is_not(desk: Desk) -> None:
    desk.start("10-2041", "Card status of 4417")
    log = desk.page.get_by_role("log", name="Conversation")
    desk.page.evaluate("window.log = document.getElementById('log')")
    desk.ask("Balance and accounts")
    assert desk.page.evaluate("window.log === document.getElementById('log')"), "the live region was replaced"
    expect(log.get_by_role("article")).to_have_count(4)
    expect(log.get_by_role("article", name="You said")).to_have_count(2)
    expect(log.locator("[aria-busy]")).to_have_count(0)
    expect(log.locator("time:not([datetime])")).to_have_count(0)


def test_the_answer_being_made_is_marked_busy_and_said_in_words(desk: Desk) -> None:
    desk.start("10-2041")
    with desk.answers_held_up():
        desk.ask_without_waiting("Card status of 4417")
        expect(desk.replies.first).to_have_attribute("aria-busy", "true")
        expect(desk.replies.first.locator(".waiting-text")).not_to_be_empty()
    expect(desk.reply(0)).to_contain_text("4417 is active")


def test_before_the_sign_in_ends_the_page_warns_and_one_key_keeps_it(desk: Desk) -> None:
    desk.take_over_the_clock()
    desk.start("10-2041")
    with desk.stored_draft():
        desk.box.fill("half a thought")
    warning = desk.page.get_by_role("dialog")
    desk.page.clock.fast_forward("11:30")
    expect(warning).to_be_hidden()
    desk.page.clock.fast_forward("00:40")
    expect(warning).to_be_visible()
    expect(warning).to_contain_text("You will be signed out in 2 minutes")
    stay = warning.get_by_role("button", name="Stay signed in")
    expect(stay).to_be_focused()
    with desk.page.expect_response("**/sign-ins/stay") as kept:
        desk.page.keyboard.press("Enter")
    assert kept.value.status == 204
    expect(warning).to_be_hidden()
    expect(desk.box).to_have_value("half a thought")
    desk.page.clock.fast_forward("11:30")
    expect(warning).to_be_hidden()
    desk.page.clock.fast_forward("00:40")
    expect(warning).to_be_visible()
    with desk.page.expect_response("**/sign-ins/stay"):
        desk.page.keyboard.press("Escape")
    expect(warning).to_be_hidden()


def test_on_a_slow_line_a_page_whose_sign_in_has_ended_is_left_once(desk: Desk, records: Records, teller: str) -> None:
    desk.take_over_the_clock()
    desk.start("10-2041")
    desk.expect_refusals()
    departures: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.is_navigation_request():
            departures.append(route)
        else:
            route.continue_()

    desk.page.route("**", hold)
    desk.page.clock.fast_forward("15:10")
    records.end_sign_ins(teller)
    desk.page.wait_for_timeout(4000)  # the clock ticks on, and whatever asks meanwhile is told the same
    assert len(departures) == 1
    with desk.page.expect_navigation(url="**/sign-in?**"):
        departures[0].continue_()


def test_a_sign_in_that_idles_out_leads_to_the_sign_in_page_and_back_to_the_text(
    desk: Desk, records: Records, teller: str
) -> None:
    desk.take_over_the_clock()
    chat_id = desk.start("10-2041")
    desk.box.fill("half a thought")
    records.end_sign_ins(teller)
    desk.expect_refusals()
    desk.page.clock.fast_forward("15:10")
    desk.page.wait_for_url("**/sign-in?**")
    desk.fill_in_and_sign_in(teller)
    desk.page.wait_for_url(f"**/chat/{chat_id}")
    expect(desk.box).to_have_value("half a thought")
