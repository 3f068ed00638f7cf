"""The whole job with JavaScript switched off: plain forms, redirects, and pages that show the result."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Records
from tests.browser.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-2")]

OpenDesk = Callable[..., Desk]


@pytest.fixture
def plain(open_desk: OpenDesk, teller: str) -> Desk:
    """The teller's browser without JavaScript, signed in."""
    return open_desk(teller, java_script_enabled=False)


def send(desk: Desk, text: str) -> None:
    """Write and press the button."""
    desk.box.fill(text)
    desk.page.get_by_role("button", name="Send").click()


def visible_buttons(page: Page) -> list[str]:
    """What one could press."""
    return [name.strip() for name in page.locator("button:visible").all_inner_texts()]


def test_sign_in_create_ask_and_read_the_answer_with_its_source(open_desk: OpenDesk, teller: str) -> None:
    desk = open_desk(java_script_enabled=False).go("/")
    desk.fill_in_and_sign_in(teller)
    desk.start_by_the_form("10-2041", "Card status of 4417")
    expect(desk.reply(0)).to_contain_text("4417 is active")  # the page loads itself again until it is there
    send(desk, "What does an international transfer cost?")
    expect(desk.reply(1)).to_contain_text("0.15 %")
    expect(desk.questions).to_have_count(2)
    assert "Copy" not in visible_buttons(desk.page)
    desk.reply(1).locator(".cite").first.click()
    expect(desk.page.locator("#source-title")).to_contain_text("International transfers outside SEPA")
    desk.page.get_by_role("link", name="Back to the conversation").click()
    expect(desk.questions).to_have_count(2)


def test_a_suggestion_is_a_button_that_asks(plain: Desk) -> None:
    plain.start("10-2041")
    plain.page.get_by_role("button", name="Card status").click()
    expect(plain.reply(0)).to_contain_text("4417 is active")
    expect(plain.questions).to_have_text(["Card status"])


def test_a_refused_text_comes_back_on_a_page_with_the_reason(plain: Desk) -> None:
    chat_id = plain.start("10-2041")
    plain.complaints.expect("status of 422")
    send(plain, "x" * 4001)
    expect(plain.page.get_by_role("heading", level=1)).to_have_text("Not sent yet")
    expect(plain.page.locator("#composer-problem")).to_contain_text("at most 4,000 characters")
    expect(plain.box).to_have_value("x" * 4001)
    send(plain, "Card status of 4417")
    plain.page.wait_for_url(f"**/chat/{chat_id}")
    expect(plain.reply(0)).to_contain_text("4417 is active")


def test_a_failed_answer_is_made_again_by_a_button(plain: Desk, records: Records) -> None:
    chat_id = plain.start("10-2041", "Card status of 4417")
    (reply_id,) = next(iter(records.rows("SELECT id FROM message WHERE chat_id = ? AND role = 'assistant'", chat_id)))
    records.change("UPDATE message SET text = '' WHERE id = ?", reply_id)
    records.change(
        "UPDATE reply SET state = 'failed', failure = 'The answer could not be made.' WHERE id = ?", reply_id
    )
    plain.page.reload()
    expect(plain.reply(0)).to_contain_text("The answer could not be made.")
    plain.page.get_by_role("button", name="Answer this question again").click()
    expect(plain.reply(0)).to_contain_text("4417 is active")


def test_rename_move_on_end_and_reopen(plain: Desk) -> None:
    plain.start("10-2041", "Card status of 4417")
    plain.page.get_by_role("link", name="Rename this session").click()
    plain.page.get_by_label("Title", exact=True).fill("Lost card")
    plain.page.get_by_role("button", name="Rename").click()
    expect(plain.page.get_by_role("heading", level=1)).to_have_text("Lost card")
    plain.page.locator("#status-menu").click()
    plain.page.get_by_role("button", name="Set to Waiting").click()
    expect(plain.page.locator("#chat-status .state")).to_have_text("Waiting")
    plain.page.locator("#status-menu").click()
    plain.page.get_by_role("link", name="End the session").click()
    plain.page.get_by_role("button", name="End the session").click()
    expect(plain.page.get_by_text("The session has ended.")).to_be_visible()
    plain.page.get_by_role("link", name="Lost card").click()
    plain.page.get_by_role("button", name="Reopen the session").click()
    expect(plain.box).to_be_visible()


def test_the_list_is_searched_and_filtered_by_a_button(plain: Desk) -> None:
    plain.start("10-2041", "Card status of 4417")
    plain.start("10-2042")
    plain.go("/")
    rows = plain.page.locator("#session-list .case")
    expect(rows).to_have_count(2)
    plain.page.get_by_label("Title or customer").fill("keller")
    plain.page.get_by_role("button", name="Find").click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Maria Keller")


def test_a_customer_is_found_and_attached(plain: Desk) -> None:
    plain.start()
    plain.page.get_by_label("Name, number, or last four digits").fill("keller")
    plain.page.locator("#customer").get_by_role("button", name="Find").click()
    plain.page.get_by_role("button", name="Maria Keller").click()
    expect(plain.page.locator(".case-with")).to_contain_text("Maria Keller")


def test_an_expired_sign_in_brings_back_the_text(plain: Desk, records: Records, teller: str) -> None:
    chat_id = plain.start("10-2041")
    plain.complaints.expect("status of 401")
    records.end_sign_ins(teller)
    send(plain, "Card status of 4417")
    expect(plain.page.locator("#sign-in-problem")).to_contain_text("what you typed is kept")
    plain.fill_in_and_sign_in(teller)
    plain.page.wait_for_url(f"**/chat/{chat_id}")
    expect(plain.box).to_have_value("Card status of 4417")


def test_on_a_phone_the_sheets_open_by_their_address(plain: Desk) -> None:
    plain.page.set_viewport_size({"width": 390, "height": 844})
    plain.start("10-2041")
    title = plain.page.locator("#customer-title")
    expect(title).not_to_be_in_viewport()
    plain.page.get_by_role("link", name="Customer and sources", exact=True).click()
    expect(title).to_be_in_viewport()
    plain.page.get_by_role("link", name="Close customer and sources").click()
    expect(title).not_to_be_in_viewport()
    plain.page.get_by_role("link", name="Sessions", exact=True).click()
    expect(plain.page.get_by_role("link", name="New session").first).to_be_in_viewport()
