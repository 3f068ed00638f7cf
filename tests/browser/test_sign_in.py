"""Coming in, going out, and coming back to what one was doing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Records
from tests.browser.desk import Desk
from tests.visitor import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-1")]

OpenDesk = Callable[..., Desk]
REFUSED = "status of 401"  # Chromium says so on the console


def start_without_news(desk: Desk, customer: str) -> str:
    """A session whose page learns nothing by itself, so that it stays where it is when the sign-in has ended.

    From its beginning on: what is under way already would be refused and lead to the sign-in page all the same.
    """
    for asks in ("**/chat/*/messages?**", "**/chat/*/events?**", "**/chat/*/state**"):
        desk.page.route(asks, lambda route: None)
    return desk.start(customer)


def test_the_right_password_opens_the_start_page(open_desk: OpenDesk, teller: str) -> None:
    desk = open_desk().go("/")
    desk.fill_in_and_sign_in(teller)
    expect(desk.page.get_by_role("heading", level=1)).to_contain_text("Teller Number")
    expect(desk.page.locator("#session-list")).to_contain_text("No conversations yet.")


@pytest.mark.parametrize(("name", "password"), [("teller", "Password124!"), ("nobody", PASSWORD), ("locked", PASSWORD)])
def test_what_was_wrong_about_a_sign_in_is_not_told(open_desk: OpenDesk, name: str, password: str) -> None:
    desk = open_desk().go("/")
    desk.complaints.expect(REFUSED)
    desk.fill_in_and_sign_in(name, password)
    expect(desk.page.get_by_role("alert").filter(has_text="do not match")).to_have_text(
        "Name and password do not match. Check both and try again."
    )
    expect(desk.page.get_by_label("User name")).to_have_value(name)
    expect(desk.page.get_by_label("Password", exact=True)).to_have_value("")
    expect(desk.page.get_by_label("Password", exact=True)).to_be_focused()


def test_choosing_a_demo_person_fills_the_form_and_enter_signs_in(open_desk: OpenDesk) -> None:
    desk = open_desk().go("/sign-in")
    desk.page.get_by_role("button", name="Arvid Lindqvist").click()
    expect(desk.page.get_by_label("User name")).to_have_value("auditor")
    expect(desk.page.get_by_label("Password", exact=True)).to_have_value(PASSWORD)
    desk.page.keyboard.press("Enter")
    expect(desk.page.get_by_role("heading", level=1)).to_contain_text("Arvid Lindqvist")


def test_the_password_can_be_shown_and_hidden(open_desk: OpenDesk) -> None:
    desk = open_desk().go("/sign-in")
    password = desk.page.get_by_label("Password", exact=True)
    password.fill("a secret")
    desk.page.get_by_role("button", name="Show the password").click()
    expect(password).to_have_attribute("type", "text")
    desk.page.get_by_role("button", name="Hide the password").click()
    expect(password).to_have_attribute("type", "password")


def test_the_page_that_was_asked_for_opens_after_signing_in(open_desk: OpenDesk, desk: Desk, teller: str) -> None:
    chat_id = desk.start("10-2041")
    elsewhere = open_desk().go(f"/chat/{chat_id}")
    elsewhere.fill_in_and_sign_in(teller)
    expect(elsewhere.page.locator(".case-with")).to_contain_text("Maria Keller")


def test_after_signing_out_the_unfinished_session_is_one_click_away_with_its_history(desk: Desk, teller: str) -> None:
    chat_id = desk.start("10-2041", "Card status of 4417")
    desk.sign_out()
    desk.fill_in_and_sign_in(teller)
    unfinished = desk.page.get_by_role("region", name="You have an unfinished session")
    expect(unfinished).to_contain_text("Card status of 4417")
    unfinished.get_by_role("link", name="Continue").click()
    expect(desk.questions).to_have_text(["Card status of 4417"])
    expect(desk.reply()).to_contain_text("4417 is active")
    expect(desk.page.locator("#customer-title")).to_have_text("Maria Keller")
    assert desk.chat_id == chat_id


def test_after_signing_out_the_way_back_leads_to_the_sign_in_page(desk: Desk) -> None:
    chat_id = desk.start("10-2041", "Balance and accounts")
    desk.sign_out()
    desk.page.go_back()
    expect(desk.page.get_by_role("heading", level=1)).to_have_text("Sign in to Bankside")
    desk.show(chat_id)
    expect(desk.page.get_by_role("heading", level=1)).to_have_text("Sign in to Bankside")


def test_a_late_request_of_the_page_that_was_left_does_not_spoil_signing_in(
    desk: Desk, teller: str, records: Records
) -> None:
    chat_id = start_without_news(desk, "10-2041")
    token = desk.page.locator("meta[name=csrf-token]").get_attribute("content")
    records.end_sign_ins(teller)
    desk.go("/sign-in")
    desk.page.unroute_all()
    desk.complaints.expect(REFUSED)
    late = """([address, token]) => fetch(address, { method: "POST", body: new URLSearchParams({ seq: 0 }),
        headers: { "X-CSRFToken": token, "HX-Request": "true" } }).then((answer) => answer.status)"""
    assert desk.page.evaluate(late, [f"/chat/{chat_id}/seen", token]) == 401
    desk.fill_in_and_sign_in(teller)
    expect(desk.page.get_by_role("heading", level=1)).to_contain_text("Teller Number")


def test_a_draft_is_there_after_a_reload_and_on_another_device(desk: Desk, open_desk: OpenDesk, teller: str) -> None:
    chat_id = desk.start("10-2041")
    with desk.stored_draft():
        desk.box.press_sequentially("She asks about her")
    desk.page.reload()
    expect(desk.box).to_have_value("She asks about her")
    assert desk.page.evaluate("Object.keys(sessionStorage).filter(key => key.startsWith('draft:'))") == []
    expect(open_desk(teller).show(chat_id).box).to_have_value("She asks about her")


def test_a_draft_the_server_does_not_have_yet_survives_a_reload(desk: Desk) -> None:
    desk.start("10-2041")
    desk.page.route("**/draft", lambda route: route.abort())
    desk.complaints.expect("net::ERR_FAILED")
    desk.box.fill("Not with the server")
    desk.page.reload()
    expect(desk.box).to_have_value("Not with the server")


def test_drafts_of_two_sessions_are_kept_apart(desk: Desk) -> None:
    first = desk.start("10-2041")
    with desk.stored_draft():
        desk.box.fill("About Maria")
    second = desk.start("10-2042")
    expect(desk.box).to_have_value("")
    with desk.stored_draft():
        desk.box.fill("About Tobias")
    expect(desk.show(first).box).to_have_value("About Maria")
    expect(desk.show(second).box).to_have_value("About Tobias")


def test_a_sent_question_is_no_draft_any_more(desk: Desk) -> None:
    desk.start("10-2041")
    with desk.stored_draft():
        desk.box.fill("Card status of 4417")
    desk.ask("Card status of 4417")
    desk.page.reload()
    expect(desk.box).to_have_value("")


def test_signing_out_leaves_no_draft_for_the_next_person(desk: Desk, records: Records) -> None:
    chat_id = desk.start("10-2041")
    desk.page.route("**/draft", lambda route: route.abort())
    desk.complaints.expect("net::ERR_FAILED")
    desk.box.fill("Of nobody's business")
    desk.sign_out()
    assert desk.page.evaluate("JSON.stringify(sessionStorage)").find("nobody's business") == -1
    desk.fill_in_and_sign_in(records.add_person())
    expect(desk.page.locator("#session-list")).to_contain_text("No conversations yet.")
    desk.complaints.expect("status of 404")
    desk.show(chat_id)
    expect(desk.page.get_by_role("heading", level=1)).to_have_text("Not found")


def test_a_page_that_is_refused_while_somebody_signs_out_leads_the_next_person_nowhere(
    desk: Desk, records: Records, teller: str
) -> None:
    chat_id = desk.start("10-2041")
    desk.expect_refusals()
    leaving: list[Route] = []
    desk.page.route("**/sign-out", lambda route: leaving.append(route))
    desk.page.locator(".person summary").click()
    desk.page.get_by_role("button", name="Sign out", exact=True).click(no_wait_after=True)
    with desk.page.expect_response(lambda answer: f"/chat/{chat_id}/messages" in answer.url and answer.status == 401):
        records.end_sign_ins(teller)  # the page learns of it within seconds
    desk.page.wait_for_timeout(500)  # a page that leaves by itself does so now
    with desk.page.expect_navigation(url="**/sign-out"):  # not to where the page was
        leaving[0].continue_()


def test_a_sign_in_that_ends_while_typing_brings_back_page_and_text(desk: Desk, teller: str, records: Records) -> None:
    chat_id = start_without_news(desk, "10-2041")
    desk.complaints.expect(REFUSED)
    desk.box.fill("What does a new card cost?")
    records.end_sign_ins(teller)
    desk.box.press("Enter")
    desk.page.wait_for_url("**/sign-in?**")
    desk.page.unroute_all()
    desk.fill_in_and_sign_in(teller)
    desk.page.wait_for_url(f"**/chat/{chat_id}")
    expect(desk.box).to_have_value("What does a new card cost?")
    expect(desk.questions).to_have_count(0)
    desk.box.press("Enter")
    expect(desk.reply(0)).to_contain_text("10 EUR")


def test_a_question_on_its_way_when_the_page_leaves_for_the_sign_in_is_asked_once_afterwards(
    desk: Desk, teller: str, records: Records
) -> None:
    chat_id = start_without_news(desk, "10-2041")
    desk.complaints.expect(REFUSED)
    desk.page.route("**/chat/messages", lambda route: None)  # never answered
    desk.box.fill("What does a new card cost?")
    desk.box.press("Enter")
    expect(desk.page.locator("#sending")).to_be_visible()
    records.end_sign_ins(teller)
    desk.page.reload()
    desk.page.wait_for_url("**/sign-in?**")
    desk.page.unroute_all()
    desk.fill_in_and_sign_in(teller)
    desk.page.wait_for_url(f"**/chat/{chat_id}")
    expect(desk.reply(0)).to_contain_text("10 EUR")
    expect(desk.questions).to_have_count(1)
    expect(desk.box).to_have_value("")


def test_a_person_signs_out_another_device_and_its_next_question_asks_for_the_password(
    desk: Desk, open_desk: OpenDesk, teller: str
) -> None:
    other = open_desk(teller)
    start_without_news(other, "10-2041")
    other.complaints.expect(REFUSED)
    desk.go("/sign-ins")
    desk.page.get_by_role("button", name="Sign out everywhere else").click()
    expect(desk.page.get_by_text("Signed out in 1 other place.")).to_be_visible()
    other.box.fill("Still there?")
    other.box.press("Enter")
    other.page.wait_for_url("**/sign-in?**")
    desk.go("/")
    expect(desk.page.get_by_role("heading", level=1)).to_contain_text("Teller")


def test_a_password_is_changed_and_the_old_one_is_dead(desk: Desk, teller: str) -> None:
    desk.complaints.expect(REFUSED)
    new = "seven grey herons on the mole"
    desk.go("/password")
    desk.page.get_by_label("Current password").fill(PASSWORD)
    desk.page.get_by_label("New password", exact=True).fill(new)
    desk.page.get_by_label("New password, once more").fill(new)
    desk.page.get_by_role("button", name="Change password").click()
    expect(desk.page.get_by_text("Your password is changed.")).to_be_visible()
    desk.sign_out()
    desk.fill_in_and_sign_in(teller)
    expect(desk.page.get_by_role("alert").filter(has_text="do not match")).to_be_visible()
    desk.fill_in_and_sign_in(teller, new)
    expect(desk.page.get_by_role("heading", level=1)).to_contain_text("Teller")
