"""An editor closes a gap with an article that is there; its pages have nothing for axe to find."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Records
from tests.browser.desk import Desk
from tests.browser.test_handbook import looked_at

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-2")]


def test_a_gap_is_closed_with_an_article_that_is_there(open_desk: Callable[..., Desk], records: Records) -> None:
    asked = "Which barges may moor at the Lindenau branch?"
    records.change(
        "INSERT INTO handbook_gap (key, question, times, state, first_asked_at, last_asked_at)"
        " SELECT 'barges', ?, 4, 'open', created_at, created_at FROM staff_user LIMIT 1",
        asked,
    )
    editor = open_desk(records.add_person("manager"))
    page = editor.page
    row = page.locator(".gap-row").filter(has_text=asked)
    editor.go("/handbook/gaps")
    row.get_by_role("link", name="Close it").click()
    page.wait_for_url("**/handbook/gaps/*")
    page.get_by_role("searchbox").fill("cheques")
    choice = page.get_by_role("link", name="Choose Cheques are not offered")
    expect(choice).to_be_visible()
    looked_at(editor)
    choice.click()
    expect(page.get_by_label("Example question")).to_be_visible()
    looked_at(editor)
    page.get_by_label("Example question").fill("may a barge be paid for by cheque")
    page.get_by_role("button", name="Add to its examples").click()
    page.wait_for_url("**/versions/*")
    expect(page.get_by_role("status").first).to_contain_text("Publishing it closes the gap.")
    editor.go("/handbook/gaps")
    expect(row).to_contain_text("in the draft of Cheques are not offered")
    row.get_by_role("link", name="Close it").click()
    editor.complaints.expect("status of 422")
    page.get_by_role("button", name="Not for the handbook").click()
    expect(page.get_by_text("Say why it is not for the handbook.")).to_be_visible()
    looked_at(editor)
    page.get_by_label("Why").fill("We moor no barges.")
    page.get_by_role("button", name="Not for the handbook").click()
    page.wait_for_url("**/handbook/gaps")
    editor.go("/handbook/gaps?state=dismissed")
    expect(row).to_contain_text("We moor no barges.")
    looked_at(editor)
