"""A proposal on the page: what it shows, who may press what, and what the bank's records say afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import pytest
from bs4 import Tag
from flask import Flask
from sqlalchemy import select, update

from tests.bank.troubled import TroubledDesk, fail, lose_the_answer
from tests.visitor import Visitor
from tests.web.rows import ON_SQLITE, all_of, audited, changing, count
from webapp.bank.core_banking import CoreBanking
from webapp.bank.values import CardStatus
from webapp.models import AuditEntry, CallerCheck, Proposal
from webapp.models.base import now

pytestmark = ON_SQLITE  # orders change the sandbox bank, whose file is put back for every test

MARIA = "10-2041"


@pytest.fixture
def desk(app: Flask, monkeypatch: pytest.MonkeyPatch) -> TroubledDesk:
    """The app's order desk, which can be given trouble."""
    desk = TroubledDesk(app.extensions["bankside.order_desk"])
    monkeypatch.setitem(app.extensions, "bankside.order_desk", desk)
    return desk


def bank(app: Flask) -> CoreBanking:
    return cast(CoreBanking, app.extensions["bankside.bank"])


def ask(visitor: Visitor, text: str, chat_id: str = "", customer: str = MARIA) -> str:
    """Ask in a session about the customer and wait for the answer; returns the session's id."""
    chat_id = chat_id or visitor.start(customer=customer)
    visitor.ask(chat_id, text)
    visitor.answer(chat_id)
    return chat_id


def check_caller(visitor: Visitor, chat_id: str, level: str = "full") -> None:
    assert visitor.post(f"/sessions/{chat_id}/caller", level=level).status_code == 303
    visitor.get(f"/chat/{chat_id}")


def cards(visitor: Visitor) -> list[Tag]:
    return visitor.page.select(".proposal")


def press(visitor: Visitor, number: int, what: str, htmx: bool = False, **changed: str) -> int:
    """Press a button of a proposal card as the page offers it; the answer's status."""
    form = cards(visitor)[number].select_one(f'form[action$="/{what}"]')
    assert form is not None, f"the card offers no {what}: {cards(visitor)[number].get_text(' ', strip=True)}"
    fields = {str(one["name"]): str(one["value"]) for one in form.select("input[type=hidden]")}
    fields |= changed
    return visitor.post(str(form["action"]), htmx=htmx, **fields).status_code


def state_of(visitor: Visitor, number: int = 0) -> str:
    found = cards(visitor)[number].select_one(".proposal-head .tag")
    assert found is not None
    return found.get_text(strip=True)


def offers(visitor: Visitor, number: int = 0) -> set[str]:
    return {str(form["action"]).rsplit("/", 1)[1] for form in cards(visitor)[number].select("form")}


def test_a_lost_card_is_blocked_and_replaced_by_two_cards_in_order(teller: Visitor, app: Flask) -> None:
    chat_id = ask(teller, "cust lost card 4417, block + new one pls")
    assert [card.select_one("h3").get_text() for card in cards(teller)] == [  # type: ignore[union-attr]
        "Block Nordhafen Debit ..4417, lost",
        "Replace Nordhafen Debit ..4417, lost",
    ]
    assert bank(app).card(MARIA, "4417").status is CardStatus.ACTIVE, "nothing is done by asking"
    check_caller(teller, chat_id)
    assert offers(teller, 0) == {"confirm", "decline"}
    assert offers(teller, 1) == {"decline"}, "the replacement waits for the block"
    assert press(teller, 0, "confirm") == 303
    teller.get(f"/chat/{chat_id}")
    assert state_of(teller, 0) == "Done"
    assert bank(app).card(MARIA, "4417").status is CardStatus.BLOCKED
    assert press(teller, 1, "confirm") == 303
    teller.get(f"/chat/{chat_id}")
    assert state_of(teller, 1) == "Done"
    assert [card.status for card in bank(app).cards(MARIA)].count(CardStatus.INACTIVE) == 1
    told = [event.get_text(" ", strip=True) for event in teller.page.select("p.event")]
    assert len(told) == 2
    assert told[0].startswith("Done: Nordhafen Debit ..4417 is blocked: reported lost. Receipt BL-9")


def test_the_card_shows_what_changes_the_fee_the_rule_and_when_it_expires(teller: Visitor) -> None:
    ask(teller, "order a replacement for card 4417, it is broken")
    words = cards(teller)[0].get_text(" ", strip=True)
    for part in ("New card", "not activated", "10.00 EUR", "Replacement card and express delivery, Cost", "Expires at"):
        assert part in words
    assert "Proposed, not done yet" in words


def test_a_caller_who_was_not_checked_holds_it_up_and_is_said_so(teller: Visitor, app: Flask) -> None:
    chat_id = ask(teller, "block card 4417, it was stolen")
    assert offers(teller) == {"decline"}
    assert "basic is needed, none is noted" in cards(teller)[0].get_text()
    check_caller(teller, chat_id, "basic")
    assert "Basic check" in teller.page.select_one("#caller-state").get_text()  # type: ignore[union-attr]
    assert offers(teller) == {"confirm", "decline"}
    with changing(app) as session:
        session.execute(update(CallerCheck).values(checked_at=now() - timedelta(minutes=16)))
    assert press(teller, 0, "confirm") == 403
    assert bank(app).card(MARIA, "4417").status is CardStatus.ACTIVE
    assert [entry.details["why"] for entry in audited(app, "proposal.refused")] == ["VerificationNeeded"]


def test_a_declined_proposal_stays_visible_and_nothing_happens(teller: Visitor, app: Flask) -> None:
    chat_id = ask(teller, "block card 4417, it was stolen")
    assert press(teller, 0, "decline", htmx=True) == 200
    assert state_of(teller) == "Declined, not done"
    teller.get(f"/chat/{chat_id}")
    assert state_of(teller) == "Declined, not done"
    assert offers(teller) == set()
    assert bank(app).card(MARIA, "4417").status is CardStatus.ACTIVE


def test_other_arguments_than_shown_are_a_conflict(teller: Visitor, app: Flask) -> None:
    chat_id = ask(teller, "block card 4417, it was stolen")
    check_caller(teller, chat_id)
    assert press(teller, 0, "confirm", digest="f" * 64) == 409
    teller.get(f"/chat/{chat_id}")
    assert press(teller, 0, "confirm", confirmed="true", card_id="CA-102063-1", reason="temporary") == 303
    assert bank(app).card(MARIA, "4417").status_reason == "Reported stolen", "the form carries no arguments"


def test_an_expired_proposal_is_a_conflict_and_says_so(teller: Visitor, app: Flask) -> None:
    chat_id = ask(teller, "block card 4417, it was stolen")
    check_caller(teller, chat_id)
    with changing(app) as session:
        session.execute(update(Proposal).values(expires_at=now() - timedelta(seconds=1)))
    assert press(teller, 0, "confirm") == 409
    teller.get(f"/chat/{chat_id}")
    assert state_of(teller) == "Expired, not done"


def test_nobody_else_can_confirm_or_even_see_it(teller: Visitor, specialist: Visitor, manager: Visitor) -> None:
    chat_id = ask(teller, "block card 4417, it was stolen")
    check_caller(teller, chat_id)
    form = cards(teller)[0].select_one("form[action$=confirm]")
    assert form is not None
    address, digest = str(form["action"]), teller.field("digest")
    assert specialist.post(address, digest=digest).status_code == 404
    manager.get(f"/chat/{chat_id}")
    assert offers(manager) == set()
    assert manager.post(address, digest=digest).status_code == 403
    assert manager.post(address, digest=digest, csrf_token="wrong").status_code == 400
    assert teller.get(address).status_code == 405


def test_above_the_limit_the_manager_releases_and_the_teller_cannot(
    teller: Visitor, manager: Visitor, app: Flask
) -> None:
    rich = "10-2252"
    account = max(bank(app).accounts(rich), key=lambda one: one.available)
    amount = 6_000
    assert account.available > amount, "the story has become poor; choose another customer"
    words = f"transfer {amount} EUR from {account.last_four} to Robin Vale, DE89 3704 0044 0532 0130 00"
    chat_id = ask(teller, words, customer=rich)
    check_caller(teller, chat_id)
    assert offers(teller) == {"decline"}
    why = "A second person has to release this: 6,000.00 EUR is above the 5,000.00 EUR that a teller may confirm alone."
    assert cards(teller)[0].get_text(" ", strip=True).startswith(why), "before anything else on the card"
    reply = teller.page.select_one(".reply .answer")
    assert reply is not None
    assert reply.get_text(" ", strip=True).startswith(why), "and in what the assistant says"
    manager.get(f"/chat/{chat_id}")
    assert offers(manager) == {"confirm", "decline"}
    assert press(manager, 0, "confirm") == 303
    manager.get(f"/chat/{chat_id}")
    assert state_of(manager) == "Done"
    assert bank(app).transfers(rich)[0].amount == amount
    assert [entry.details["second"] for entry in audited(app, "proposal.confirmed")] == [True]


def test_a_lost_answer_offers_to_check_and_never_to_send_again(teller: Visitor, app: Flask, desk: TroubledDesk) -> None:
    desk.after = lose_the_answer
    desk.silent = True
    chat_id = ask(teller, "block card 4417, it was stolen")
    check_caller(teller, chat_id)
    press(teller, 0, "confirm")
    teller.get(f"/chat/{chat_id}")
    assert state_of(teller) == "Not known whether it was done"
    assert offers(teller) == {"check"}
    assert press(teller, 0, "check") == 503
    desk.silent = False
    teller.get(f"/chat/{chat_id}")
    assert press(teller, 0, "check") == 303
    teller.get(f"/chat/{chat_id}")
    assert state_of(teller) == "Done"
    assert len(desk.sent) == 1


def test_a_bank_that_is_down_has_done_nothing(teller: Visitor, app: Flask, desk: TroubledDesk) -> None:
    desk.before = fail
    chat_id = ask(teller, "block card 4417, it was stolen")
    check_caller(teller, chat_id)
    press(teller, 0, "confirm")
    teller.get(f"/chat/{chat_id}")
    assert state_of(teller) == "Not done"
    assert bank(app).card(MARIA, "4417").status is CardStatus.ACTIVE


def test_an_installation_that_only_reads_proposes_nothing(
    teller: Visitor, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "bankside.order_desk", None)
    monkeypatch.setitem(app.extensions, "bankside.previews", None)
    ask(teller, "block card 4417, it was stolen")
    assert cards(teller) == []
    assert "nothing has been changed" in teller.page.select("article.reply")[-1].get_text()
    assert teller.page.select_one(".caller-levels") is None


def test_words_confirm_nothing_and_a_no_declines(teller: Visitor, app: Flask) -> None:
    chat_id = ask(teller, "block card 4417, it was stolen")
    check_caller(teller, chat_id)
    ask(teller, "yes, do it", chat_id)
    assert bank(app).card(MARIA, "4417").status is CardStatus.ACTIVE
    assert state_of(teller) == "Proposed, not done yet"
    ask(teller, "no, leave it", chat_id)
    assert state_of(teller) == "Declined, not done"


def test_everything_is_in_the_audit_trail_and_no_iban_is(teller: Visitor, app: Flask) -> None:
    chat_id = ask(teller, "transfer 5 EUR to Robin Vale, DE89 3704 0044 0532 0130 00")
    check_caller(teller, chat_id)
    press(teller, 0, "confirm")
    teller.get(f"/chat/{chat_id}")
    assert state_of(teller) == "Done"
    key = all_of(app, select(Proposal.key))[0]
    trail = all_of(app, select(AuditEntry).where(AuditEntry.object_id == key).order_by(AuditEntry.id))
    assert [entry.action for entry in trail] == ["proposal.made", "proposal.confirmed", "proposal.done"]
    assert "0532" not in str([entry.details for entry in trail])
    assert "DE** **** **** 3000" in cards(teller)[0].get_text()
    assert "0532 0130" not in cards(teller)[0].get_text()


def test_the_page_is_told_by_a_version_that_changes_with_the_proposal(teller: Visitor) -> None:
    chat_id = ask(teller, "block card 4417, it was stolen")
    article = teller.page.select("article.reply")[-1]
    before = article["data-version"]
    assert article.has_attr("data-open")
    check_caller(teller, chat_id)
    checked = teller.page.select("article.reply")[-1]["data-version"]
    assert press(teller, 0, "decline", htmx=True) == 200
    after = teller.page.select("article.reply")[-1]
    assert len({before, checked, after["data-version"]}) == 3
    assert not after.has_attr("data-open")


def test_a_caller_check_is_the_owners_to_note(teller: Visitor, manager: Visitor, app: Flask) -> None:
    chat_id = teller.start(customer=MARIA)
    assert manager.post(f"/sessions/{chat_id}/caller", level="full").status_code == 404
    assert teller.post(f"/sessions/{chat_id}/caller", level="everything").status_code == 400
    assert count(app, CallerCheck) == 0
    check_caller(teller, chat_id, "full")
    check_caller(teller, chat_id, "none")
    assert "Not checked" in teller.page.select_one("#caller-state").get_text()  # type: ignore[union-attr]
    assert [entry.details["level"] for entry in audited(app, "caller.checked")] == ["full", "none"]
