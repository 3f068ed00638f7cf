"""A proposal in a real browser: asked for, confirmed by the button, done before one's eyes; and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import Records
from tests.browser.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-2")]

OpenDesk = Callable[..., Desk]
# Customers of their own, because orders change the bank for good: other tests look at Maria Keller.
LOSES, PLAIN = "10-2305", "10-2269"


def ending_of(records: Records, customer: str) -> str:
    """An active card of the customer."""
    found = records.rows(
        "SELECT last_four FROM bank_cards WHERE customer_number = ? AND status = 'active' ORDER BY id", customer
    )
    return str(found[0][0])


def status_of(records: Records, customer: str, ending: str) -> str:
    return str(
        records.rows("SELECT status FROM bank_cards WHERE customer_number = ? AND last_four = ?", customer, ending)[0][
            0
        ]
    )


def test_a_card_is_blocked_by_the_button_and_the_page_says_when_it_is_done(
    desk: Desk, open_desk: OpenDesk, teller: str, records: Records
) -> None:
    ending = ending_of(records, LOSES)
    chat_id = desk.start(LOSES, f"card {ending} was stolen, block it")
    card = desk.page.locator(".proposal")
    expect(card).to_contain_text("Proposed, not done yet")
    expect(card).to_contain_text("basic is needed")
    expect(card.get_by_role("button", name="Block the card")).to_have_count(0)
    desk.page.locator(".caller-levels").get_by_role("button", name="Basic").click()
    expect(desk.page.locator("#caller-state")).to_contain_text("Basic check")
    expect(card.get_by_role("button", name="Block the card")).to_be_visible()
    problems = Axe().run(desk.page, context=".proposal").response["violations"]
    assert [one["id"] for one in problems] == []
    other = open_desk(teller).show(chat_id)  # another window of the same person sees it too
    card.get_by_role("button", name="Block the card").click()
    expect(card).to_contain_text("Done")
    expect(card).to_contain_text("Receipt BL-9")
    expect(desk.page.locator("#log .event")).to_contain_text("is blocked: reported stolen")
    expect(card.get_by_role("button")).to_have_count(0)
    expect(desk.page.locator("#customer .holdings").last).to_contain_text("Blocked")
    expect(other.page.locator(".proposal")).to_contain_text("Done")
    assert status_of(records, LOSES, ending) == "blocked"


def test_it_all_works_without_javascript(open_desk: OpenDesk, teller: str, records: Records) -> None:
    desk = open_desk(teller, java_script_enabled=False)
    ending = ending_of(records, PLAIN)
    desk.show(desk.open_session(PLAIN, f"card {ending} was stolen, block it"))
    expect(desk.reply(0)).to_contain_text("Proposed, not done yet")
    desk.page.locator(".caller-levels").get_by_role("button", name="Full").click()
    desk.page.get_by_role("button", name="Not now").click()
    expect(desk.page.locator(".proposal")).to_contain_text("Declined, not done")
    assert status_of(records, PLAIN, ending) == "active"
    desk.box.fill(f"block card {ending}, stolen")
    desk.page.get_by_role("button", name="Send").click()
    desk.reply(1)
    desk.page.get_by_role("button", name="Block the card").click()
    expect(desk.page.locator(".proposal").nth(1)).to_contain_text("Done")
    assert status_of(records, PLAIN, ending) == "blocked"
