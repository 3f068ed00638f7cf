"""Phones, 400 % zoom, forced colours, no motion, and paper."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Records
from tests.browser.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-1")]

OpenDesk = Callable[..., Desk]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
NARROW = {"viewport": {"width": 320, "height": 640}}
ZOOMED = {"viewport": {"width": 320, "height": 256}}  # 1280 x 1024 at 400 %
LONG_WORD = "Donaudampfschifffahrtsgesellschaft" * 44  # 1,496 letters
SIDEWAYS = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"


def paths(chat_id: str) -> list[str]:
    """Every page there is."""
    session = f"/sessions/{chat_id}"
    forms = [f"{session}/{form}" for form in ("title", "end", "delete", "customer?q=10-20")]
    return ["/", f"/chat/{chat_id}", *forms, "/sign-ins", "/password"]


def test_on_a_phone_sessions_and_customer_are_sheets(open_desk: OpenDesk, teller: str) -> None:
    desk = open_desk(teller, **PHONE)
    chat_id = desk.start("10-2041", "What does an international transfer cost?")
    customer = desk.page.locator("#customer-title")
    expect(customer).not_to_be_in_viewport()
    opener = desk.page.get_by_role("link", name="Customer and sources", exact=True)
    opener.tap()
    expect(customer).to_be_in_viewport()
    assert desk.page.locator("#main").evaluate("element => element.inert")
    desk.page.keyboard.press("Escape")
    expect(customer).not_to_be_in_viewport()
    expect(opener).to_be_focused()

    desk.page.get_by_role("link", name="Sessions", exact=True).tap()
    row = desk.page.locator(f"#row-{chat_id}")
    expect(row).to_be_in_viewport()
    desk.page.locator(".scrim").tap(position={"x": 380, "y": 400})
    expect(row).not_to_be_in_viewport()

    desk.reply(0).locator(".cite").first.tap()
    expect(desk.page.locator("#source-title")).to_be_in_viewport()
    desk.page.get_by_role("link", name="Close customer and sources").tap()
    expect(desk.reply(0).locator(".cite").first).to_be_focused()


def test_on_a_phone_the_box_stays_at_the_bottom_and_a_question_is_asked(open_desk: OpenDesk, teller: str) -> None:
    desk = open_desk(teller, **PHONE)
    desk.start("10-2041", "What is the procedure for a lost card?")
    desk.ask("Card status of 4417")
    expect(desk.box).to_be_in_viewport(ratio=1)
    expect(desk.page.get_by_role("button", name="Send")).to_be_in_viewport(ratio=1)
    expect(desk.questions.last).to_be_in_viewport()


@pytest.mark.parametrize("window", [NARROW, ZOOMED], ids=["320 px", "400 %"])
def test_no_page_scrolls_sideways(open_desk: OpenDesk, records: Records, window: dict[str, object]) -> None:
    desk = open_desk(records.add_person("manager"), **window)
    chat_id = desk.start("10-2041", f"{LONG_WORD}?")
    for question in ("Did her last transfers go through?", "Show the last 10 transactions", "Savings rates"):
        desk.ask(question)
    for path in paths(chat_id):
        desk.go(path)
        assert desk.page.evaluate(SIDEWAYS) == 0, path
    desk.sign_out()
    assert desk.page.evaluate(SIDEWAYS) == 0


def test_at_400_percent_the_box_can_be_used(open_desk: OpenDesk, teller: str) -> None:
    desk = open_desk(teller, **ZOOMED)
    desk.start("10-2041", "Card status of 4417")
    desk.box.scroll_into_view_if_needed()
    expect(desk.box).to_be_in_viewport(ratio=1)
    desk.box.fill("What is her balance?")
    send = desk.page.get_by_role("button", name="Send")
    send.scroll_into_view_if_needed()
    expect(send).to_be_in_viewport(ratio=1)
    send.click()
    expect(desk.reply(1)).to_contain_text("3310")


def test_with_text_twice_as_large_and_widely_spaced_nothing_is_cut_off(open_desk: OpenDesk, teller: str) -> None:
    desk = open_desk(teller)
    chat_id = desk.start("10-2041", "Card status of 4417")
    for path in ("/", f"/chat/{chat_id}"):
        desk.go(path)
        desk.page.evaluate(
            """() => {
                const sheet = new CSSStyleSheet();
                sheet.replaceSync(`html { font-size: 200% !important }
                    * { line-height: 1.5 !important; letter-spacing: 0.12em !important }
                    * { word-spacing: 0.16em !important }`);
                document.adoptedStyleSheets = [sheet];
            }"""
        )
        assert desk.page.evaluate(SIDEWAYS) == 0, path
    expect(desk.box).to_be_visible()
    expect(desk.page.get_by_role("button", name="Send")).to_be_visible()


def test_controls_are_large_enough_to_hit(open_desk: OpenDesk, records: Records) -> None:
    desk = open_desk(records.add_person("manager"), **PHONE)
    chat_id = desk.start("10-2041", "What does an international transfer cost?")
    small = """() => [...document.querySelectorAll("a, button, input, select, textarea, summary")].filter((element) => {
        if (!element.checkVisibility({ visibilityProperty: true }) || element.type === "hidden") return false;
        if (element.matches(".skip, .visually-hidden, [inert] *, p a, .cite")) return false;
        const box = element.getBoundingClientRect();
        return box.width < 24 || box.height < 24;
    }).map((element) => element.outerHTML.slice(0, 120))"""
    for path in paths(chat_id):
        desk.go(path)
        assert desk.page.evaluate(small) == [], path
    desk.show(chat_id)
    box = desk.page.get_by_role("button", name="Send").bounding_box()
    assert box
    assert box["height"] >= 44


@pytest.mark.parametrize(
    "preference",
    [{"forced_colors": "active"}, {"reduced_motion": "reduce"}, {"color_scheme": "dark"}, {"contrast": "more"}],
    ids=lambda preference: next(iter(preference)),
)
def test_the_desk_works_as_the_person_prefers_it(
    open_desk: OpenDesk, teller: str, preference: dict[str, object]
) -> None:
    desk = open_desk(teller, **preference)
    desk.start("10-2041", "Card status of 4417")
    expect(desk.ask("What does an international transfer cost?")).to_contain_text("0.15 %")
    desk.replies.last.locator(".cite").first.click()
    expect(desk.page.locator("#source-title")).to_be_visible()


def test_nothing_moves_for_who_asked_for_no_motion(open_desk: OpenDesk, teller: str) -> None:
    desk = open_desk(teller, reduced_motion="reduce")
    desk.start("10-2041")
    with desk.answers_held_up():
        desk.ask_without_waiting("Card status of 4417")
        expect(desk.replies.first.locator(".waiting-text")).not_to_be_empty()
        assert desk.page.evaluate("document.getAnimations().length") == 0


def test_light_and_dark_follow_the_system(open_desk: OpenDesk, teller: str) -> None:
    desk = open_desk(teller)
    desk.go("/")
    background = "getComputedStyle(document.documentElement).backgroundColor"
    light = desk.page.evaluate(background)
    desk.page.emulate_media(color_scheme="dark")
    assert desk.page.evaluate(background) != light


def test_on_paper_a_conversation_is_a_case_note(desk: Desk) -> None:
    chat_id = desk.start("10-2041", "What does an international transfer cost?")
    desk.page.emulate_media(media="print")
    note = desk.page.locator(".case-note")
    expect(note).to_be_visible()
    expect(note).to_contain_text("Nordhafen Bank, case note")
    expect(note).to_contain_text("Maria Keller, customer 10-2041. Active.")
    expect(note).to_contain_text(chat_id)
    expect(desk.questions).to_be_visible()
    expect(desk.reply(0).locator(".answer")).to_be_visible()
    for part in (".rail", ".dock", ".beside", "#chat-status", ".copy"):
        expect(desk.page.locator(part).first).to_be_hidden()
    assert desk.page.locator("#log").evaluate("element => element.scrollHeight - element.clientHeight") <= 1
    assert len(desk.page.pdf()) > 10_000
