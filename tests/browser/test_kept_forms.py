"""An editor's text survives a reload, a server that is gone, the end of a sign-in; the next person finds none of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Records
from tests.browser.desk import Desk
from tests.browser.test_handbook import looked_at

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-2")]

TEXT = "## Fees\n\nA balloon is tethered for **12 EUR**.\n"


def test_an_article_that_is_not_stored_yet_is_never_lost(open_desk: Callable[..., Desk], records: Records) -> None:
    editor_name = records.add_person("manager")
    editor = open_desk(editor_name)
    page, complaints = editor.page, editor.complaints
    title, text, back = page.get_by_label("Title"), page.get_by_label("Text"), page.locator("[data-kept-note]")
    editor.go("/handbook/new")
    expect(back).to_be_hidden()
    title.fill("Tethered balloons")
    page.get_by_label("May be read to a customer").check()
    text.fill(TEXT)
    page.reload()
    expect(back).to_be_visible()
    expect(title).to_have_value("Tethered balloons")
    expect(text).to_have_value(TEXT)
    expect(page.get_by_label("May be read to a customer")).to_be_checked()
    looked_at(editor)

    page.get_by_label("Id").fill("tethered-balloons")
    page.get_by_label("Topics").fill("airships")
    page.get_by_label("Questions it answers").fill("what does a balloon cost")
    save = page.get_by_role("button", name="Save as draft")
    complaints.expect("Failed to fetch")
    complaints.expect("net::ERR_FAILED")
    page.route("**/handbook/articles", lambda route: route.abort())
    save.click()
    expect(editor.notice).to_contain_text("The server can't be reached.")
    expect(text).to_have_value(TEXT)
    page.unroute("**/handbook/articles")

    complaints.expect("status of 401")
    records.end_sign_ins(editor_name)
    save.click()
    page.wait_for_url("**/sign-in?next=/handbook/new")
    editor.fill_in_and_sign_in(editor_name)
    page.wait_for_url("**/handbook/new")
    expect(text).to_have_value(TEXT)
    expect(back).to_be_visible()

    complaints.expect("status of 422")
    page.get_by_label("Id").fill("No Id")
    save.click()
    expect(page.locator("#writing-room > [role=alert]")).to_be_focused()
    page.get_by_label("Id").fill("tethered-balloons")
    save.click()
    expect(page.get_by_text("Version 1 is saved as a draft.")).to_be_visible()
    editor.go("/handbook/new")
    expect(back).to_be_hidden()
    expect(title).to_have_value("")

    editor.go("/handbook/articles/tethered-balloons/edit")
    text.fill("half a thought")
    page.reload()
    expect(text).to_have_value("half a thought")
    page.get_by_role("button", name="Throw it away").click()
    expect(back).to_be_hidden()
    expect(text).to_have_value(TEXT.strip())
    text.fill("half a secret")
    editor.sign_out()
    editor.fill_in_and_sign_in(records.add_person("manager"))
    editor.go("/handbook/articles/tethered-balloons/edit")
    expect(text).to_have_value(TEXT.strip())
