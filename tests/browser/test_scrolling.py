"""A long conversation: it follows new lines only while the reader is at its end."""

from __future__ import annotations

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.browser.conftest import Records
from tests.browser.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-2")]

LONG = "What is the procedure for a lost card?"
FROM_END = "log.scrollHeight - log.scrollTop - log.clientHeight"


def test_a_session_opens_at_its_end(desk: Desk) -> None:
    desk.start("10-2041", LONG)
    desk.ask(LONG)
    desk.page.reload()
    expect(desk.replies.last.locator(".message-foot")).to_be_in_viewport()
    assert desk.page.evaluate(FROM_END) < 40


@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, {"width": 390, "height": 844}], ids=["desk", "phone"])
def test_however_long_a_conversation_is_the_page_itself_does_not_scroll(desk: Desk, size: ViewportSize) -> None:
    desk.page.set_viewport_size(size)
    desk.start("10-2041", LONG)
    desk.ask(LONG)
    assert desk.page.evaluate("document.documentElement.scrollHeight - window.innerHeight") <= 0


def test_a_new_answer_is_shown_from_its_question_on(desk: Desk) -> None:
    desk.start("10-2041", LONG)
    desk.ask(LONG)
    desk.ask("She lost her card ending 4417. What do I do, and what does a new one cost?")
    expect(desk.questions.last).to_be_in_viewport(ratio=1)


def test_who_has_scrolled_up_stays_there_and_gets_a_button_to_the_new_lines(desk: Desk) -> None:
    desk.start("10-2041", LONG)
    desk.ask(LONG)
    button = desk.page.get_by_role("button", name="New messages")
    with desk.answers_held_up():
        desk.ask_without_waiting("Card status of 4417")
        expect(desk.questions).to_have_count(3)
        scroll_to_the_top(desk)
        expect(button).to_be_hidden()  # ... and the answer arrives while the reader is at the top
    desk.reply(2)
    expect(button).to_be_visible()
    assert desk.page.evaluate("log.scrollTop") == 0
    button.click()
    expect(button).to_be_hidden()
    expect(desk.page.locator("#log")).to_be_focused()
    expect(desk.replies.last.locator(".message-foot")).to_be_in_viewport()


def scroll_to_the_top(desk: Desk) -> None:
    """As a reader would, again if the page was still on its way to the new question."""
    for _try in range(50):
        desk.page.evaluate("log.scrollTop = 0")
        desk.page.wait_for_timeout(100)
        if desk.page.evaluate("log.scrollTop") == 0:
            return
    raise AssertionError("the page scrolls back by itself")


def wait_until_read(desk: Desk, records: Records, chat_id: str, seq: int) -> None:
    """The page tells the server a moment after the reader has seen a message."""
    for _try in range(100):
        if records.rows("SELECT seq FROM reading WHERE chat_id = ?", chat_id) == [(seq,)]:
            return
        desk.page.wait_for_timeout(50)
    raise AssertionError(f"message {seq} is not marked as read")


def test_what_was_read_is_remembered_and_what_was_not_is_marked_new(desk: Desk, records: Records) -> None:
    chat_id = desk.start("10-2041", "Card status of 4417")
    row = desk.page.locator(f"#row-{chat_id}")
    expect(row.locator(".unread")).to_have_count(0)  # it is being read
    wait_until_read(desk, records, chat_id, 2)
    desk.go("/")
    expect(row.locator(".unread")).to_have_count(0)
    records.change("UPDATE reading SET seq = 1 WHERE chat_id = ?", chat_id)
    desk.page.reload()
    expect(row.locator(".unread")).to_have_text("New")


def test_an_answer_is_read_even_if_the_reader_leaves_at_once(desk: Desk, records: Records) -> None:
    chat_id = desk.start("10-2041", "Card status of 4417")
    desk.go("/")
    wait_until_read(desk, records, chat_id, 2)


def add_notices(records: Records, chat_id: str, last: int) -> None:
    """What the desk notes by itself, from the third entry of the conversation to this one."""
    records.change(
        "WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
        " INSERT INTO message (chat_id, seq, role, text, author_name, created_at)"
        " SELECT chat_id, i, 'notice', 'Note ' || i, author_name, created_at"
        " FROM message, n WHERE chat_id = ? AND seq = 1",
        last,
        chat_id,
    )
    records.change("UPDATE chat_session SET last_seq = ? WHERE id = ?", last, chat_id)


def test_a_session_that_ends_with_a_notice_is_read_like_any_other(desk: Desk, records: Records) -> None:
    chat_id = desk.start("10-2041", "Card status of 4417")
    wait_until_read(desk, records, chat_id, 2)
    add_notices(records, chat_id, 3)
    desk.page.reload()
    wait_until_read(desk, records, chat_id, 3)
    desk.go("/")
    expect(desk.page.locator(f"#row-{chat_id}")).to_be_visible()
    expect(desk.page.locator(f"#row-{chat_id} .unread")).to_have_count(0)


def test_earlier_messages_are_a_page_away(desk: Desk, records: Records) -> None:
    chat_id = desk.start("10-2041", "Card status of 4417")
    expect(desk.reply(0)).to_contain_text("4417")  # a reply in the making would be shown whatever its age
    add_notices(records, chat_id, 130)
    with desk.page.expect_response(lambda answer: "/messages?" in answer.url and "after=130" in answer.url):
        desk.page.reload()
    notes = desk.page.locator("#log .event")
    expect(notes).to_have_count(100)
    expect(desk.page.locator("#log article.question")).to_have_text([])
    desk.page.get_by_role("link", name="Earlier messages").click()
    expect(desk.questions).to_have_count(1)
    expect(notes).to_have_count(28)
    desk.page.get_by_role("link", name="Latest messages").click()
    expect(notes).to_have_count(100)
