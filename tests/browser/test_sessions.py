"""The list of sessions, and what can be done with one: find, rename, move on, end, reopen, delete, read another's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Records
from tests.browser.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-2")]

OpenDesk = Callable[..., Desk]


def rename(desk: Desk, title: str) -> None:
    """Give the session on the page a title."""
    desk.page.get_by_role("link", name="Rename this session").click()
    desk.page.get_by_label("Title", exact=True).fill(title)
    desk.page.keyboard.press("Enter")
    expect(desk.page.get_by_role("heading", level=1)).to_have_text(title)


def move(desk: Desk, to: str) -> None:
    """Choose a status in the menu."""
    desk.page.locator("#status-menu").click()
    desk.page.get_by_role("button", name=f"Set to {to}").click()
    expect(desk.page.locator("#chat-status .state")).to_have_text(to)


def test_a_session_is_renamed_in_place(desk: Desk) -> None:
    chat_id = desk.start("10-2041", "Card status of 4417")
    desk.box.fill("meanwhile typed")
    desk.page.get_by_role("link", name="Rename this session").click()
    title = desk.page.get_by_label("Title", exact=True)
    expect(title).to_be_focused()
    expect(title).to_have_value("Card status of 4417")
    title.fill("Maria Keller, lost card")
    title.press("Enter")
    heading = desk.page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Maria Keller, lost card")
    expect(desk.page.get_by_role("link", name="Rename this session")).to_be_focused()
    expect(desk.box).to_have_value("meanwhile typed")
    expect(desk.page).to_have_title("Maria Keller, lost card \u2013 Bankside")
    desk.page.reload()
    expect(heading).to_have_text("Maria Keller, lost card")
    expect(desk.page.locator(f"#row-{chat_id} .case-title")).to_have_text("Maria Keller, lost card")


def test_an_empty_title_is_refused_and_escape_keeps_the_old_one(desk: Desk) -> None:
    desk.start("10-2041", "Card status of 4417")
    desk.complaints.expect("status of 422")
    desk.page.get_by_role("link", name="Rename this session").click()
    title = desk.page.get_by_label("Title", exact=True)
    title.fill("")
    title.press("Enter")
    expect(desk.page.locator(".field-error")).to_have_text("Give the session a title.")
    expect(title).to_be_focused()
    title.press("Escape")
    expect(desk.page.get_by_role("heading", level=1)).to_have_text("Card status of 4417")
    expect(desk.page.get_by_role("link", name="Rename this session")).to_be_focused()


def test_the_first_question_names_the_session_in_place(desk: Desk) -> None:
    chat_id = desk.start("10-2041")
    expect(desk.page.get_by_role("heading", level=1)).to_have_text("New session")
    desk.ask("Card status of 4417")
    expect(desk.page.get_by_role("heading", level=1)).to_have_text("Card status of 4417")
    expect(desk.page).to_have_title("Card status of 4417 \u2013 Bankside")
    expect(desk.page.locator(f"#row-{chat_id} .case-title")).to_have_text("Card status of 4417")


def test_the_status_is_moved_on_by_the_menu_and_only_along_allowed_ways(desk: Desk) -> None:
    desk.start("10-2041")
    for status in ("Waiting", "Escalated", "Resolved", "Active"):
        move(desk, status)
        expect(desk.page.locator("#status-menu")).to_be_focused()
    desk.page.reload()
    expect(desk.page.locator("#chat-status .state")).to_have_text("Active")


def test_news_that_overtake_the_answer_to_a_click_do_not_take_the_focus(desk: Desk) -> None:
    desk.start("10-2041")
    status = desk.page.locator("#chat-status .state")

    def answer_late(route: Route) -> None:
        answer = route.fetch()
        expect(status).to_have_text("Waiting")  # the event stream was faster
        expect(desk.page.locator("#status-menu")).to_be_focused()
        route.fulfill(response=answer)

    desk.page.route("**/sessions/*/status", answer_late)
    with desk.page.expect_response("**/sessions/*/status"):
        move(desk, "Waiting")
    expect(desk.page.locator("#status-menu")).to_be_focused()


def test_the_menu_closes_with_escape_and_with_a_click_elsewhere(desk: Desk) -> None:
    desk.start("10-2041")
    menu = desk.page.locator("#chat-status details")
    desk.page.locator("#status-menu").press("Enter")
    expect(menu).to_have_attribute("open", "")
    desk.page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(desk.page.locator("#status-menu")).to_be_focused()
    desk.page.locator("#status-menu").click()
    desk.page.locator("#customer-title").click()
    expect(menu).not_to_have_attribute("open", "")


def test_a_session_is_ended_with_a_summary_read_and_reopened(desk: Desk) -> None:
    chat_id = desk.start("10-2041", "Card status of 4417")
    desk.page.locator("#status-menu").click()
    desk.page.get_by_role("link", name="End the session").click()
    desk.page.get_by_label("How did it end?").select_option("Passed on to somebody else")
    desk.page.get_by_label("Summary").fill("Block ordered at the fraud line.\nCustomer waits for the new card.")
    desk.page.get_by_role("button", name="End the session").click()
    expect(desk.page.get_by_text("The session has ended. It stays in your list and can be reopened.")).to_be_visible()
    expect(desk.page.locator(f"#row-{chat_id} .case-state")).to_have_text("Ended")

    desk.show(chat_id)
    closed = desk.page.locator(".closed")
    expect(closed).to_contain_text("Ended by Teller Number")
    expect(closed).to_contain_text("Passed on")
    expect(closed).to_contain_text("Customer waits for the new card.")
    expect(desk.questions).to_have_text(["Card status of 4417"])
    expect(desk.box).to_have_count(0)
    closed.get_by_role("button", name="Reopen the session").click()
    expect(desk.box).to_be_visible()
    expect(desk.page.locator("#chat-status .state")).to_have_text("Active")


def test_what_was_typed_before_the_scripts_had_come_is_searched_for(desk: Desk) -> None:
    desk.start("10-2041", "Card status of 4417")
    desk.start("10-2042", "Was anything charged twice?")
    held: list[Route] = []
    desk.page.route("**/htmx-*.js", lambda route: held.append(route))
    desk.page.goto("/", wait_until="commit")
    desk.page.get_by_label("Title or customer").fill("kell")
    rows = desk.page.locator("#session-list .case")
    expect(rows).to_have_count(2)
    held[0].continue_()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Maria Keller")


def test_the_list_is_searched_while_typing_and_filtered_by_status(desk: Desk) -> None:
    keller = desk.start("10-2041", "Card status of 4417")
    brandt = desk.start("10-2042", "Was anything charged twice?")
    move(desk, "Waiting")
    desk.go("/")
    rows = desk.page.locator("#session-list .case")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Tobias Brandt")  # newest activity first
    search = desk.page.get_by_label("Title or customer")

    search.press_sequentially("kell")
    expect(rows).to_have_count(1)
    expect(desk.page.locator(f"#row-{keller}")).to_be_visible()
    expect(desk.page.locator("#status")).to_have_text("1 session shown")
    expect(search).to_be_focused()
    desk.page.wait_for_url("**q=kell**")
    desk.page.reload()
    expect(rows).to_have_count(1)
    expect(search).to_have_value("kell")

    search.fill("charged twice")
    expect(desk.page.locator(f"#row-{brandt}")).to_be_visible()
    expect(rows).to_have_count(1)
    search.fill("no such thing")
    expect(desk.page.locator("#session-list")).to_contain_text("No session fits.")
    search.fill("")
    expect(rows).to_have_count(2)
    desk.page.get_by_label("Status").select_option("Waiting")
    expect(rows).to_have_count(1)
    expect(desk.page.locator(f"#row-{brandt}")).to_be_visible()


def test_more_sessions_are_added_below_without_a_reload(desk: Desk) -> None:
    opened = [desk.open_session() for _number in range(35)]
    desk.go("/")
    rows = desk.page.locator("#session-list .case")
    shown = rows.count()
    assert shown < 35
    desk.page.evaluate("window.same = true")
    desk.page.get_by_role("link", name="More sessions").click()
    expect(rows).to_have_count(35)
    ids = rows.evaluate_all("rows => rows.map(row => row.id)")
    assert ids == [f"row-{chat_id}" for chat_id in reversed(opened)]
    assert desk.page.evaluate("window.same")
    expect(desk.page.get_by_role("link", name="More sessions")).to_have_count(0)
    expect(rows.nth(shown).get_by_role("link")).to_be_focused()


def test_the_list_beside_the_conversation_is_searched_too(desk: Desk) -> None:
    keller = desk.start("10-2041", "Card status of 4417")
    desk.start("10-2042", "Was anything charged twice?")
    desk.page.get_by_label("Title or customer").press_sequentially("keller")
    rows = desk.page.locator("#session-list .case")
    expect(rows).to_have_count(1)
    rows.first.get_by_role("link").click()
    desk.page.wait_for_url(f"**/chat/{keller}")
    expect(desk.page.locator("#session-list [aria-current=page]")).to_contain_text("Card status of 4417")


def test_a_customer_is_attached_by_search_and_the_next_answer_uses_their_records(desk: Desk) -> None:
    desk.start("", "What is the status of card 4417?")
    find = desk.page.get_by_label("Name, number, or last four digits")
    find.fill("keler")
    find.press("Enter")
    expect(desk.page.locator("#customer .matches")).to_contain_text("Nobody found.")
    find.fill("4417")
    find.press("Enter")
    expect(desk.page.locator("#status")).to_have_text("1 customer found")
    expect(find).to_have_value("4417")
    desk.page.get_by_role("button", name="Maria Keller").click()
    expect(desk.page.locator("#customer-title")).to_have_text("Maria Keller")
    expect(desk.page.locator(".case-with")).to_contain_text("Maria Keller · 10-2041")
    expect(desk.questions).to_have_count(1)
    expect(desk.ask("What is the status of card 4417?")).to_contain_text("4417 is active")


def test_a_name_that_several_customers_share_asks_which_one_is_meant(desk: Desk) -> None:
    desk.go("/")
    desk.start_by_the_form("10-20")
    matches = desk.page.locator("#customer .matches li")
    expect(matches).not_to_have_count(0)
    assert matches.count() > 1
    matches.filter(has_text="Ingrid Sommer").get_by_role("button").click()
    expect(desk.page.locator("#customer-title")).to_have_text("Ingrid Sommer")


def test_after_a_question_the_customer_can_not_be_exchanged(desk: Desk) -> None:
    desk.start("10-2041")
    expect(desk.page.get_by_text("Another customer")).to_be_visible()
    desk.ask("Card status of 4417")
    desk.page.reload()
    expect(desk.page.get_by_text("Another customer")).to_have_count(0)


def test_a_manager_reads_a_tellers_session_and_can_not_write_in_it(
    desk: Desk, open_desk: OpenDesk, records: Records
) -> None:
    chat_id = desk.start("10-2041", "Card status of 4417")
    name = records.add_person("manager")
    manager = open_desk(name).go("/")
    row = manager.page.locator(f"#row-{chat_id}")
    expect(row).to_contain_text("Teller Number")
    row.get_by_role("link").click()
    expect(manager.questions).to_have_text(["Card status of 4417"])
    expect(manager.page.locator(".closed")).to_contain_text("session as manager. This is recorded.")
    expect(manager.box).to_have_count(0)
    expect(manager.page.get_by_role("link", name="Rename this session")).to_have_count(0)
    expect(manager.page.locator("#log .offer")).to_have_count(0)
    manager.page.locator("#status-menu").click()
    expect(manager.page.get_by_role("link", name="Delete")).to_be_visible()
    expect(manager.page.get_by_role("button", name="Set to")).to_have_count(0)
    recorded = records.rows(
        "SELECT count(*) FROM audit_entry WHERE action = 'session.read' AND object_id = ? AND actor = ?", chat_id, name
    )
    assert recorded == [(1,)]


def test_a_manager_of_another_branch_does_not_find_it(desk: Desk, open_desk: OpenDesk, records: Records) -> None:
    chat_id = desk.start("10-2041", "Card status of 4417")
    stranger = open_desk(records.add_person("manager", branch="Seebrueck"))
    stranger.complaints.expect("status of 404")
    stranger.show(chat_id)
    expect(stranger.page.get_by_role("heading", level=1)).to_have_text("Not found")


def test_an_auditor_reads_every_session_and_starts_none(desk: Desk, open_desk: OpenDesk) -> None:
    chat_id = desk.start("10-2041", "Card status of 4417")
    auditor = open_desk("auditor").go("/")
    expect(auditor.page.get_by_role("button", name="Start session")).to_have_count(0)
    auditor.page.locator(f"#row-{chat_id}").get_by_role("link").click()
    expect(auditor.reply()).to_contain_text("4417 is active")
    expect(auditor.box).to_have_count(0)
    expect(auditor.page.locator(".closed")).to_contain_text("as auditor. This is recorded.")


def test_deleting_says_what_goes_and_a_stray_enter_keeps_the_session(open_desk: OpenDesk, records: Records) -> None:
    manager = open_desk(records.add_person("manager"))
    chat_id = manager.start("10-2041", "Card status of 4417")
    manager.page.locator("#status-menu").click()
    manager.page.get_by_role("link", name="Delete").click()
    expect(manager.page.get_by_text("All 2 messages go")).to_be_visible()
    expect(manager.page.get_by_role("link", name="Keep the session")).to_be_focused()
    manager.page.keyboard.press("Enter")
    manager.page.wait_for_url(f"**/chat/{chat_id}")
    manager.go(f"/sessions/{chat_id}/delete")
    manager.page.get_by_role("button", name="Delete the session").click()
    expect(manager.page.get_by_text("The session is deleted.")).to_be_visible()
    assert records.rows("SELECT count(*) FROM message WHERE chat_id = ?", chat_id) == [(0,)]
