"""axe-core finds nothing on any page, in light and in dark."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Records
from tests.browser.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-2")]

OpenDesk = Callable[..., Desk]
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {
    "light": {"type": "tag", "values": TAGS},
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
RUN = """async (rules) => {
    const found = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
    const lines = (rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)} ${node.failureSummary}`);
    return found.violations.flatMap(lines);
}"""


def violations(page: Page) -> list[str]:
    """What axe finds: everything in light, and again in dark what depends on colours."""
    found: list[str] = []
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    for scheme, rules in RULES.items():
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        found += [f"{scheme}: {line}" for line in page.evaluate(RUN, rules)]
    return found


@pytest.fixture
def manager(open_desk: OpenDesk, records: Records) -> Desk:
    """A manager's browser: managers see every control there is."""
    return open_desk(records.add_person("manager"))


def test_the_sign_in_page(open_desk: OpenDesk) -> None:
    desk = open_desk().go("/")
    assert violations(desk.page) == []


def test_a_refused_sign_in(open_desk: OpenDesk) -> None:
    desk = open_desk().go("/")
    desk.complaints.expect("status of 401")
    desk.fill_in_and_sign_in("nobody")
    expect(desk.page.locator("#sign-in-problem")).to_be_visible()
    assert violations(desk.page) == []


def test_the_start_page_empty_and_full(manager: Desk) -> None:
    manager.go("/")
    assert violations(manager.page) == []
    manager.start("10-2041", "Card status of 4417")
    manager.open_session("10-2133", "Opening hours")
    manager.go("/")
    manager.page.locator(".person summary").click()
    assert violations(manager.page) == []


def test_an_empty_conversation(manager: Desk) -> None:
    manager.start()
    assert violations(manager.page) == []


def test_a_conversation_with_tables_citations_and_an_open_source(manager: Desk) -> None:
    manager.start("10-2063", "What is the status of the card?")  # a blocked card
    for question in ("What is the balance?", "Did the last transfers go through?", "I want a person", "Savings rates"):
        manager.ask(question)
    manager.reply().locator(".cite").first.click()
    expect(manager.page.locator("#source-title")).to_be_focused()
    manager.page.locator("#status-menu").click()
    assert violations(manager.page) == []


def test_a_conversation_with_everything_that_can_go_wrong(manager: Desk, records: Records) -> None:
    chat_id = manager.start("10-2133", "Opening hours")  # a customer who needs extra care
    records.change(
        "UPDATE reply SET state = 'failed', failure = 'The answer could not be made.' WHERE id IN"
        " (SELECT id FROM message WHERE chat_id = ?)",
        chat_id,
    )
    manager.page.reload()
    for expected in ("status of 502", "net::ERR_FAILED", "Failed to fetch", "status of 422"):
        manager.complaints.expect(expected)
    manager.ask_without_waiting("\u2800")
    expect(manager.page.locator("#composer-problem")).to_be_visible()
    manager.page.route("**/title", lambda route: route.fulfill(status=502, body="<h1>Bad</h1>"), times=1)
    manager.page.get_by_role("link", name="Rename this session").click()
    expect(manager.notice).to_be_visible()
    manager.box.fill("x" * 4001)
    assert violations(manager.page) == []
    with manager.answers_held_up():
        manager.ask_without_waiting("Opening hours")
        expect(manager.replies.last.locator(".waiting-text")).not_to_be_empty()
        assert violations(manager.page) == []


def test_searching_a_customer(manager: Desk) -> None:
    manager.start()
    manager.page.get_by_label("Name, number, or last four digits").fill("10-20")
    manager.page.keyboard.press("Enter")
    expect(manager.page.locator("#customer .matches li")).not_to_have_count(0)
    assert violations(manager.page) == []


def test_renaming_in_place_and_a_refused_title(manager: Desk) -> None:
    manager.start("10-2041", "Opening hours")
    manager.complaints.expect("status of 422")
    manager.page.get_by_role("link", name="Rename this session").click()
    manager.page.get_by_label("Title", exact=True).fill("")
    manager.page.keyboard.press("Enter")
    expect(manager.page.locator(".field-error")).to_be_visible()
    assert violations(manager.page) == []


def test_an_ended_conversation_and_the_pages_around_it(manager: Desk) -> None:
    chat_id = manager.start("10-2041", "What does an international transfer cost?")
    manager.reply(0).locator(".cite").first.evaluate("link => { location.href = link.href }")
    expect(manager.page.get_by_role("link", name="Back to the conversation")).to_be_visible()
    assert violations(manager.page) == []
    for path in (f"/sessions/{chat_id}/title", f"/sessions/{chat_id}/delete", f"/sessions/{chat_id}/customer?q=keller"):
        manager.go(path)
        assert violations(manager.page) == [], path
    manager.go(f"/sessions/{chat_id}/end")
    assert violations(manager.page) == []
    manager.page.get_by_label("Summary").fill("All said.")
    manager.page.get_by_role("button", name="End the session").click()
    expect(manager.page.get_by_text("The session has ended.")).to_be_visible()
    manager.show(chat_id)
    assert violations(manager.page) == []


def test_somebody_elses_conversation(desk: Desk, manager: Desk) -> None:
    chat_id = desk.start("10-2041", "Card status of 4417")
    manager.show(chat_id)
    assert violations(manager.page) == []


def test_the_persons_own_pages(manager: Desk, open_desk: OpenDesk) -> None:
    for path in ("/sign-ins", "/password"):
        manager.go(path)
        assert violations(manager.page) == [], path
    manager.complaints.expect("status of 422")
    manager.page.get_by_label("Current password").fill("wrong")
    manager.page.get_by_label("New password", exact=True).fill("short")
    manager.page.get_by_label("New password, once more").fill("other")
    manager.page.get_by_role("button", name="Change password").click()
    expect(manager.page.locator(".field-error").first).to_be_visible()
    assert violations(manager.page) == []


def test_an_error_page(manager: Desk) -> None:
    manager.complaints.expect("status of 404")
    manager.go("/no-such-page")
    assert violations(manager.page) == []


def test_the_warning_before_a_sign_in_ends(manager: Desk) -> None:
    manager.take_over_the_clock()
    manager.go("/")
    manager.page.clock.fast_forward("12:10")
    expect(manager.page.get_by_role("dialog")).to_be_visible()
    assert violations(manager.page) == []


def test_the_sheets_of_a_phone(manager: Desk) -> None:
    manager.page.set_viewport_size({"width": 390, "height": 844})
    manager.start("10-2041", "What does an international transfer cost?")
    assert violations(manager.page) == []
    for opener in ("Customer and sources", "Sessions"):
        manager.page.get_by_role("link", name=opener, exact=True).click()
        assert violations(manager.page) == [], opener
        manager.page.keyboard.press("Escape")
