"""A proxy in front of the server answers in its place: its page is none of ours, and the question goes out again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Records
from tests.browser.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-1")]

BAD = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@pytest.mark.parametrize("arrived", [False, True], ids=["before the server had it", "after the server had it"])
def test_a_proxys_error_page_is_never_put_into_the_conversation_and_the_question_is_stored_once(
    desk: Desk, records: Records, arrived: bool
) -> None:
    chat_id = desk.start()
    desk.complaints.expect("status of 502")

    def answer_instead(route: Route) -> None:
        if arrived:
            route.fetch()
        route.fulfill(status=502, content_type="text/html", body=BAD)

    desk.page.route("**/chat/messages", answer_instead, times=1)
    desk.ask_without_waiting("Opening hours")
    expect(desk.page.get_by_text("Opening hours").first).to_be_visible()
    expect(desk.page.get_by_text("Bad Gateway")).to_have_count(0)
    desk.reply(0)
    expect(desk.questions).to_have_text(["Opening hours"])
    expect(desk.page.get_by_text("Bad Gateway")).to_have_count(0)
    stored = "SELECT role FROM message WHERE chat_id = ? ORDER BY seq"
    assert records.rows(stored, chat_id) == [("staff",), ("assistant",)]
