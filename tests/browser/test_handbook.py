"""An editor writes an article, looks at it, publishes it, and the assistant cites it; at a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Records
from tests.browser.desk import Desk
from tests.browser.test_accessibility import violations

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-2")]

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
TEXT = "## Mooring\n\nA zeppelin is moored for **40 EUR** a night.\n\n## Storm (staff only)\n\nCall extension 4400.\n"


def looked_at(desk: Desk) -> None:
    """Nothing for axe to find and nothing wider than the window, at a desk and on a phone."""
    for size in (DESK, PHONE):
        desk.page.set_viewport_size(size)  # type: ignore[arg-type]
        assert violations(desk.page) == [], (desk.page.url, size)
        too_wide = desk.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert too_wide <= 0, (desk.page.url, size)
    desk.page.set_viewport_size(DESK)  # type: ignore[arg-type]


def test_an_article_is_written_looked_at_published_found_and_cited(
    open_desk: Callable[..., Desk], records: Records, teller: str
) -> None:
    editor = open_desk(records.add_person("manager"))
    page = editor.page
    editor.go("/handbook/")
    looked_at(editor)
    page.get_by_role("link", name="New article").click()
    page.get_by_label("Title").fill("Zeppelin moorings")
    page.get_by_label("Id").fill("zeppelin-moorings")
    page.get_by_label("May be read to a customer").check()
    page.get_by_label("Topics").fill("airships")
    page.get_by_label("Questions it answers").fill("what does a zeppelin mooring cost")
    page.get_by_label("Text").fill(TEXT)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview").get_by_role("heading", name="Mooring")).to_be_visible()
    expect(page.locator("#preview .staff-only")).to_contain_text("Call extension 4400.")
    looked_at(editor)
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_text("Version 1 is saved as a draft.")).to_be_visible()
    looked_at(editor)
    page.get_by_role("link", name="Publish \u2026").click()
    expect(page.get_by_role("button", name="Publish")).to_be_visible()
    looked_at(editor)
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Version 1 is in force.")).to_be_visible()
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Text").fill(TEXT.replace("40 EUR", "45 EUR"))
    page.get_by_role("button", name="Save as draft").click()
    page.get_by_role("link", name="Publish \u2026").click()
    expect(page.locator(".diff ins")).to_have_text("45")
    looked_at(editor)

    asking = open_desk(teller)
    asking.go("/handbook/")
    asking.page.get_by_role("searchbox").press_sequentially("zeppelin mooring")
    expect(asking.page.locator(".finding h3").first).to_have_text("Zeppelin moorings")
    looked_at(asking)
    asking.start("", "What is the policy on zeppelin moorings?")
    reply = asking.reply(0)
    expect(reply).to_contain_text("A zeppelin is moored for 40 EUR a night.")
    reply.locator(".cite").first.click()
    expect(asking.page.locator("#source-title")).to_contain_text("Zeppelin moorings")
