"""A thumb, a reason and another specialist, by keyboard, on a window as narrow as a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-2")]

MARIA = "10-2041"


def tab_to(page: Page, name: str, most: int = 60) -> None:
    """Press Tab until the control with this name has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        spoken = "document.activeElement.ariaLabel ?? document.activeElement.innerText.trim()"
        if str(page.evaluate(spoken)).startswith(name):
            return
    raise AssertionError(f"Tab does not reach {name!r}")


def test_an_answer_is_rated_and_asked_of_another_by_keyboard_on_a_phone(
    open_desk: Callable[..., Desk], teller: str
) -> None:
    desk = open_desk(teller, viewport={"width": 390, "height": 844})
    page = desk.page
    desk.start(MARIA, "What does an express replacement card cost?")
    reply = desk.reply(0)
    expect(reply.get_by_role("heading", name="Say to the customer")).to_be_visible()
    page.locator("#log").focus()
    tab_to(page, "Good answer")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    wanting = reply.get_by_role("button", name="Answer found wanting")
    expect(wanting).to_have_attribute("aria-pressed", "true")
    expect(wanting).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")  # past the summary, into the reasons
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(reply.get_by_label("Incomplete")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("Express days are missing")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"
    problems = Axe().run(page, context="#log").response["violations"]
    assert [one["id"] for one in problems] == []
    page.keyboard.press("Enter")
    told = reply.get_by_text("Incomplete · change")
    expect(told).to_be_visible()
    expect(told).to_be_focused()
    page.locator("#log").focus()
    tab_to(page, "Ask another")
    page.keyboard.press("Enter")
    tab_to(page, "Ask Cards instead")
    problems = Axe().run(page, context="#log").response["violations"]
    assert [one["id"] for one in problems] == []
    page.keyboard.press("Enter")
    expect(page.get_by_text("Asked of Cards by you")).to_be_in_viewport()
    expect(reply.locator(".instead summary")).to_be_focused()
    expect(desk.reply(1).get_by_role("heading", name="Cards answered")).to_be_visible()
    page.reload()
    expect(desk.reply(0).get_by_text("Incomplete · change")).to_be_visible()
    expect(desk.questions).to_have_count(2)
