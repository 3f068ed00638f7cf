"""A manager finds what waits for a second person, on a phone too, releases it, and the list empties by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Records
from tests.browser.desk import Desk
from tests.browser.test_accessibility import violations

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-2")]

OpenDesk = Callable[..., Desk]
WEALTHY = "10-3616"  # a firm with money on its current account
PHONE = {"width": 360, "height": 740}


def test_a_manager_releases_what_is_above_a_tellers_limit(open_desk: OpenDesk, records: Records) -> None:
    branch = f"Altmarkt {records.add_person()}"[:40]  # a branch of one's own, so that nothing else waits in it
    teller, manager = (open_desk(records.add_person(role, branch)) for role in ("teller", "manager"))
    manager.go("/releases")
    expect(manager.page.get_by_text("Nothing waits for a second person.")).to_be_visible()
    teller.start(WEALTHY, "transfer 6200 EUR to Robin Vale, DE89370400440532013000")
    card = teller.page.locator(".proposal")
    expect(card).to_contain_text("A second person has to release this")
    teller.page.locator(".caller-levels").get_by_role("button", name="Full").click()
    expect(teller.page.locator("#caller-state")).to_contain_text("Full check")
    waiting = manager.page.locator("#releases li")
    expect(waiting).to_contain_text("Transfer 6,200.00 EUR", timeout=25_000)  # the page asks by itself
    manager.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert violations(manager.page) == []
    assert manager.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    waiting.get_by_role("link", name="Look at it").click()
    expect(manager.page.locator(".proposal")).to_be_visible()
    manager.page.locator(".proposal").get_by_role("button", name="Send the transfer").click()
    expect(card).to_contain_text("Done", timeout=15_000)
    manager.go("/releases")
    expect(manager.page.get_by_text("Nothing waits for a second person.")).to_be_visible()
