"""Questions answered from the bank's records and the handbook, and what lies beside the answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Error, Route, expect

from tests.browser.desk import Desk, table_rows
from webapp.bank.articles import SANDBOX_HANDBOOK, read_articles
from webapp.bank.core_banking import CoreBanking, TransactionQuery
from webapp.bank.values import TransactionKind

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-2")]

OpenDesk = Callable[..., Desk]
MARIA = "10-2041"


def money(amount: Decimal) -> str:
    """As people read it."""
    return f"{amount:,.2f}"


def last_month() -> tuple[date, date]:
    """Its first and last day."""
    last = date.today().replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def sections_of(article_id: str) -> dict[str, str]:
    """The text of a handbook article as it stands in its file, by heading."""
    article = next(article for article in read_articles(SANDBOX_HANDBOOK) if article.id == article_id)
    return {section.heading: section.text for section in article.sections}


def test_six_questions_about_a_customer_get_six_true_answers(open_desk: OpenDesk, bank: CoreBanking) -> None:
    desk = open_desk().go("/")
    desk.fill_in_and_sign_in("manager")
    desk.start_by_the_form("Maria Keller", "What is her balance?")

    balance = desk.reply(0)
    accounts = bank.accounts(MARIA)
    assert len(accounts) == 2
    for account in accounts:
        expect(balance).to_contain_text(money(account.balance))
        expect(balance).to_contain_text(account.last_four)
        expect(desk.page.locator("#customer")).to_contain_text(money(account.balance))

    payments = table_rows(desk.ask("Show the card payments of last month over 20 euro"))
    first, last = last_month()
    query = TransactionQuery(
        since=first, until=last, min_amount=Decimal("20.01"), kinds=(TransactionKind.CARD_PAYMENT,), limit=len(payments)
    )
    booked = bank.transactions(MARIA, query)
    assert len(payments) > 3
    assert [row[-1].replace("\u2212", "-") for row in payments] == [money(entry.amount) for entry in booked]
    assert [row[1] for row in payments] == [entry.counterparty for entry in booked]

    card = bank.card(MARIA, "4417")
    status = desk.ask("What is the status of her card?")
    expect(status).to_contain_text(f"4417 is {card.status}")
    expect(status).to_contain_text(f"{card.last_used_where}")

    transfers = table_rows(desk.ask("Did her last transfers go through?"))
    ordered = bank.transfers(MARIA, limit=len(transfers))
    assert [row[0] for row in transfers] == [transfer.id for transfer in ordered]
    assert [row[-1] for row in transfers] == [money(transfer.amount) for transfer in ordered]

    fee = desk.ask("What are the fees for an international transfer?")
    expect(fee.locator("blockquote").first).to_contain_text("0.15 % of the amount, min 12 EUR, max 60 EUR")
    expect(fee.locator(".sources")).to_contain_text("International transfers outside SEPA")

    procedure = desk.ask("What is the procedure for a lost card?")
    block = sections_of("cards-lost-and-stolen")["Block the card first"]
    expect(procedure.locator(".answer")).to_contain_text(block.split(". ")[0])
    expect(desk.questions).to_have_count(6)


def test_an_answer_says_who_gave_it_why_and_what_was_looked_at(desk: Desk) -> None:
    desk.start(MARIA, "Card status of 4417")
    reply = desk.reply(0)
    expect(reply.get_by_role("heading", level=2)).to_have_text("Cards answered")
    expect(reply.locator(".reason")).to_contain_text("because")
    looked = reply.locator(".looked summary")
    expect(looked).to_contain_text("Looked at: card status")
    looked.click()
    expect(reply.locator(".looked li").first).to_contain_text("ms")


def test_without_a_customer_the_answer_asks_whom_it_is_about(desk: Desk) -> None:
    desk.start("", "What is the balance?")
    expect(desk.reply(0).locator(".answer")).to_contain_text("customer")
    expect(desk.reply(0).locator("table")).to_have_count(0)


def test_what_the_handbook_does_not_say_is_not_guessed(desk: Desk) -> None:
    desk.start("", "What does the handbook say about parrots in the vault?")
    reply = desk.reply(0)
    expect(reply.locator(".answer")).not_to_be_empty()
    expect(reply.locator(".sources")).to_have_count(0)


def test_a_citation_opens_its_passage_beside_and_escape_goes_back_to_it(desk: Desk) -> None:
    desk.start("", "What does an international transfer cost?")
    mark = desk.reply(0).locator(".cite").first
    mark.click()
    source = desk.page.locator("#source")
    title = source.get_by_role("heading", level=2)
    expect(title).to_contain_text("International transfers outside SEPA")
    expect(title).to_be_focused()
    price = sections_of("payments-international")["Price"]
    assert source.locator(".passage").inner_text().split() == price.split()
    expect(source).to_contain_text("version 2, in force since 1 Feb 2026")
    desk.page.keyboard.press("Escape")
    expect(mark).to_be_focused()


def test_every_source_listed_under_an_answer_opens(desk: Desk) -> None:
    desk.start(MARIA, "How much is an express replacement card?")
    links = desk.reply(0).locator(".source-link")
    assert links.count() >= 2
    for number, link in enumerate(links.all(), start=1):
        link.click()
        expect(desk.page.locator("#source-title")).to_contain_text(f"Source {number}:")


def test_of_two_sources_chosen_quickly_the_second_is_shown_whichever_answer_comes_first(desk: Desk) -> None:
    desk.start(MARIA, "How much is an express replacement card?")
    held: list[Route] = []
    desk.page.route("**/sources/*", lambda route: held.append(route))
    for link in desk.reply(0).locator(".source-link").all()[:2]:
        with desk.page.expect_request("**/sources/*"):
            link.click()
    for route in held:
        with suppress(Error):  # the page has given the first one up
            route.continue_()
            desk.page.wait_for_timeout(300)
    expect(desk.page.locator("#source-title")).to_contain_text("Source 2:")
    expect(desk.notice).to_have_count(0)


def test_a_suggested_next_question_is_asked_by_a_click_and_what_was_typed_stays(desk: Desk) -> None:
    desk.start(MARIA, "Card status of 4417")
    desk.box.fill("half a thought")
    offer = desk.reply(0).locator(".offer").first
    words = offer.inner_text().strip()
    offer.click()
    expect(desk.questions).to_have_text(["Card status of 4417", words])
    expect(desk.reply(1).locator(".answer")).not_to_be_empty()
    expect(desk.box).to_have_value("half a thought")


def test_a_common_question_is_asked_by_a_click(desk: Desk, bank: CoreBanking) -> None:
    desk.start(MARIA)
    desk.page.get_by_role("button", name="Balance and accounts").click()
    expect(desk.reply(0)).to_contain_text(money(bank.accounts(MARIA)[0].balance))


def test_an_answer_is_copied_as_plain_text_without_its_marks(desk: Desk) -> None:
    desk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    desk.start("", "What does an international transfer cost?")
    reply = desk.reply(0)
    expect(reply.locator(".cite")).not_to_have_count(0)
    reply.hover()
    reply.get_by_role("button", name="Copy the answer").click()
    expect(reply.get_by_role("button", name="Copied")).to_be_visible()
    expect(desk.page.locator("#status")).to_have_text("Answer copied.")
    copied = desk.page.evaluate("navigator.clipboard.readText()")
    assert "0.15 % of the amount" in copied
    assert "Copy" not in copied
    reply.get_by_role("button", name="Copy what to say to the customer").first.click()
    expect(reply.get_by_role("button", name="Copied what to say")).to_be_visible()
    for_customer = desk.page.evaluate("navigator.clipboard.readText()")
    assert "0.15 % of the amount" in for_customer
    assert "Handbook," not in for_customer
    assert "version 2." in " ".join(copied.split())  # "version 2 [1]." in the answer


def test_what_was_typed_is_shown_as_typed_and_never_as_html(desk: Desk) -> None:
    text = "<b>bold</b> & <img src=x onerror=alert(1)> **stars** שלום"
    desk.start()
    desk.ask(text)
    expect(desk.questions).to_have_text([text])
    expect(desk.page.locator("#log .said b, #log .said img")).to_have_count(0)
    desk.page.reload()
    expect(desk.questions).to_have_text([text])


def test_a_card_number_is_masked_before_it_is_stored_and_the_page_says_so(desk: Desk) -> None:
    desk.start(MARIA)
    desk.ask("Is 4111 1111 1111 1111 her card?")
    expect(desk.questions).not_to_contain_text("1111 1111 1111 1111")
    expect(desk.page.get_by_text("was masked before it was stored")).to_be_visible()


def test_two_tabs_about_two_customers_never_mix(desk: Desk, bank: CoreBanking) -> None:
    keller = desk.start(MARIA)
    other = desk.another_tab()
    brandt = other.start("10-2042")  # the cookie now names Tobias Brandt's session
    marias, tobias = bank.accounts(MARIA)[0], bank.accounts("10-2042")[0]
    for _round in range(2):
        expect(desk.ask("What is the balance?")).to_contain_text(money(marias.balance))
        expect(other.ask("What is the balance?")).to_contain_text(money(tobias.balance))
    for tab, chat_id, name, account, foreign in (
        (desk, keller, "Maria Keller", marias, tobias), (other, brandt, "Tobias Brandt", tobias, marias),
    ):  # fmt: skip
        tab.page.reload()
        assert tab.chat_id == chat_id
        expect(tab.questions).to_have_count(2)
        expect(tab.page.locator(".case-with")).to_contain_text(name)
        expect(tab.page.locator("#log")).to_contain_text(account.last_four)
        expect(tab.page.locator("#log")).not_to_contain_text(foreign.last_four)
        expect(tab.page.locator("#log")).not_to_contain_text(money(foreign.balance))


def test_two_tabs_are_told_apart_by_colour_and_by_title(desk: Desk) -> None:
    desk.start(MARIA, "Card status of 4417")
    other = desk.another_tab()
    other.start("10-2042", "Card status")
    colours = [
        tab.page.locator(".thread").evaluate("element => getComputedStyle(element).borderBlockStartColor")
        for tab in (desk, other)
    ]
    assert colours[0] != colours[1]
    assert "Maria Keller" in desk.page.title()
    assert "Tobias Brandt" in other.page.title()


def test_the_question_stands_there_within_100_ms_and_the_answer_within_3_s(desk: Desk) -> None:
    desk.start(MARIA)
    desk.page.evaluate(
        """() => {
            const box = document.getElementById("composer-text");
            box.addEventListener("keydown", () => { window.pressed = performance.now(); });
            new MutationObserver(() => {
                if (window.shown || !document.querySelector("#log .question")) return;
                requestAnimationFrame(() => { window.shown = performance.now(); });
            }).observe(document.getElementById("log"), { childList: true });
        }"""
    )
    desk.box.fill("What is her balance?")
    began = time.monotonic()
    desk.box.press("Enter")
    desk.reply(0)
    answered = time.monotonic() - began
    shown = desk.page.evaluate("window.shown - window.pressed")
    assert 0 < shown < 100
    assert answered < 3
