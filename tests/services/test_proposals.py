"""Proposals are confirmed by the right person, as shown, in time; carried out once; and what became of them is kept."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from tests.services import steps
from tests.services.proposing import (
    BLOCK,
    REPLACE,
    WritingBank,
    audited,
    carried_out,
    changed,
    claim,
    confirm,
    decline,
    events,
    proposed,
    row,
    transfer,
)
from webapp.bank.orders import BlockCard, BlockReason
from webapp.extensions import db
from webapp.http.unit_of_work import reading, unit_of_work
from webapp.models import ChatSession, Proposal, Role, StaffUser
from webapp.models.base import now
from webapp.models.proposal import Level
from webapp.services import caller_checks, chats, proposals
from webapp.services.authority import authority_of
from webapp.services.errors import (
    BadInput,
    ChatEnded,
    ChatNotFound,
    MoveNotAllowed,
    NotAllowed,
    ProposalChanged,
    ProposalClosed,
    SecondPersonNeeded,
    VerificationNeeded,
)
from webapp.work.carrying import take_up

# Who may confirm what


def test_a_confirmed_proposal_is_carried_out_once_with_a_receipt_in_the_conversation(
    in_app: Flask, bank: WritingBank
) -> None:
    (one,) = proposed(BLOCK)
    assert confirm(one)
    assert bank.done == [], "confirming stores; nothing is sent inside the transaction"
    done = carried_out(in_app, one)
    assert (done.state, done.receipt_number) == ("done", "BL-900001")
    assert bank.done == [(done.key, BLOCK)]
    assert events(done.chat_id) == ["Done: The card is blocked. Receipt BL-900001. Confirmed by Tom Reuter."]
    assert audited(done.key) == ["proposal.made", "proposal.confirmed", "proposal.done"]


def test_a_second_click_changes_nothing(in_app: Flask, bank: WritingBank) -> None:
    (one,) = proposed(BLOCK)
    assert confirm(one)
    assert not confirm(one)
    carried_out(in_app, one)
    assert not confirm(one)
    carried_out(in_app, one)
    assert len(bank.done) == 1


def test_what_is_confirmed_is_what_was_shown(in_app: Flask) -> None:
    (one,) = proposed(BLOCK)
    with pytest.raises(ProposalChanged):
        confirm(one, digest="0" * 64)
    changed(one, arguments={**row(one).arguments, "card_id": "CA-999999-1"})
    with pytest.raises(ProposalChanged):
        confirm(one)
    assert row(one).state == "proposed"


def test_what_was_changed_after_it_was_confirmed_is_not_sent(in_app: Flask, bank: WritingBank) -> None:
    (one,) = proposed(BLOCK)
    confirm(one)
    changed(one, arguments={**row(one).arguments, "card_id": "CA-999999-1"})
    assert carried_out(in_app, one).state == "failed"
    assert bank.done == []


def test_a_proposal_expires(in_app: Flask) -> None:
    (one,) = proposed(BLOCK)
    assert row(one).expires_at - row(one).created_at <= timedelta(minutes=15, seconds=1)
    changed(one, expires_at=now() - timedelta(seconds=1))
    with pytest.raises(ProposalClosed, match="expired"):
        confirm(one)
    with pytest.raises(ProposalClosed):
        decline(one)
    take_up(in_app)
    assert row(one).state == "expired"
    assert audited(row(one).key)[-1] == "proposal.expired"


def test_a_declined_proposal_stays_and_is_never_done(in_app: Flask, bank: WritingBank) -> None:
    (one,) = proposed(BLOCK)
    assert decline(one)
    assert not decline(one)
    with pytest.raises(ProposalClosed, match="declined"):
        confirm(one)
    assert claim(one) is None
    assert (row(one).state, row(one).decided_by_name) == ("declined", "Tom Reuter")


def test_somebody_elses_proposal_is_not_theirs_to_confirm(in_app: Flask) -> None:
    (one,) = proposed(BLOCK)
    with pytest.raises(ChatNotFound):
        confirm(one, "specialist")
    with pytest.raises(NotAllowed):
        confirm(one, "manager")
    with pytest.raises(NotAllowed):
        decline(one, "manager")
    (other,) = proposed(BLOCK, username="admin")
    with pytest.raises(NotAllowed, match="does not confirm"):
        confirm(other, "admin")


@pytest.mark.parametrize(("needs", "has"), [("basic", Level.NONE), ("full", Level.BASIC), ("full", Level.NONE)])
def test_a_caller_who_is_not_checked_well_enough_is_said_so(in_app: Flask, needs: str, has: Level) -> None:
    (one,) = proposed(BLOCK, needs=needs)
    with pytest.raises(VerificationNeeded, match=f"{needs} is needed, {has.word} is noted"):
        confirm(one, level=has)
    assert confirm(one, level=Level[needs.upper()])


def test_above_the_limit_a_second_person_confirms_and_never_the_proposer(in_app: Flask, bank: WritingBank) -> None:
    (one,) = proposed(transfer("5000.01"))
    with pytest.raises(SecondPersonNeeded, match=r"5,000\.01 EUR is above your limit"):
        confirm(one)
    assert confirm(one, "manager")
    assert carried_out(in_app, one).decided_by_name == "Miriam Okafor"
    assert len(bank.done) == 1


def test_up_to_the_limit_one_person_is_enough(in_app: Flask) -> None:
    (one,) = proposed(transfer("5000.00"))
    with pytest.raises(NotAllowed):
        confirm(one, "manager")
    assert confirm(one)


def test_a_manager_does_not_release_their_own(in_app: Flask) -> None:
    (one,) = proposed(transfer("10000.01"), username="manager")
    with pytest.raises(SecondPersonNeeded):
        confirm(one, "manager")


def test_the_second_person_may_say_no(in_app: Flask) -> None:
    (one,) = proposed(transfer("6000.00"))
    assert decline(one, "manager")
    assert row(one).decided_by_name == "Miriam Okafor"


def test_a_role_without_a_limit_moves_nothing_alone(in_app: Flask) -> None:
    (one,) = proposed(transfer("1.00"), username="admin")
    with pytest.raises(SecondPersonNeeded):
        confirm(one, "admin")


def test_a_replacement_waits_for_the_block_before_it(in_app: Flask, bank: WritingBank) -> None:
    block, replace = proposed(BLOCK, REPLACE)
    with pytest.raises(ProposalClosed, match="First this has to be done"):
        confirm(replace)
    confirm(block)
    with pytest.raises(ProposalClosed):
        confirm(replace)
    carried_out(in_app, block)
    assert confirm(replace)


def test_an_ended_session_confirms_nothing(in_app: Flask) -> None:
    (one,) = proposed(BLOCK)
    with unit_of_work():
        chat = db.session.get_one(ChatSession, row(one).chat_id)
        chats.end(steps.person(), chat, "solved", "")
    with pytest.raises(ChatEnded):
        confirm(one)


def test_a_new_proposal_of_the_same_kind_takes_the_place_of_the_old_one(in_app: Flask) -> None:
    (block,) = proposed(BLOCK)
    (first,) = proposed(transfer("50.00"), chat_id=row(block).chat_id)
    (second,) = proposed(transfer("80.00"), chat_id=row(block).chat_id)
    assert [row(one).state for one in (block, first, second)] == ["proposed", "declined", "proposed"]


def test_a_proposal_about_something_else_leaves_it_alone(in_app: Flask) -> None:
    (first,) = proposed(BLOCK)
    (other,) = proposed(BlockCard("CA-102041-9", BlockReason.LOST), chat_id=row(first).chat_id)
    assert [row(one).state for one in (first, other)] == ["proposed", "proposed"]


def test_a_session_with_an_order_on_its_way_is_not_deleted(in_app: Flask) -> None:
    (one,) = proposed(BLOCK)
    confirm(one)
    with pytest.raises(MoveNotAllowed, match="on its way"), unit_of_work():
        chats.remove(steps.person("manager"), row(one).chat_id)


# Caller checks


def checked(chat_id: str, minutes: int = 15) -> caller_checks.Checked:
    with reading():
        return caller_checks.checked(db.session.get_one(ChatSession, chat_id), timedelta(minutes=minutes))


def test_a_caller_check_holds_for_a_while_and_one_customer(in_app: Flask) -> None:
    (one,) = proposed(BLOCK)
    chat_id = row(one).chat_id
    assert checked(chat_id).level is Level.NONE
    with unit_of_work():
        caller_checks.note(steps.person(), chats.chat_of(steps.person(), chat_id), "full")
    assert (checked(chat_id).level, checked(chat_id).by_name) == (Level.FULL, "Tom Reuter")
    assert checked(chat_id, minutes=0).has_run_out
    with unit_of_work():
        db.session.get_one(ChatSession, chat_id).customer_number = "10-2042"
    assert checked(chat_id).level is Level.NONE


def test_a_level_nobody_knows_and_a_session_about_nobody_are_refused(in_app: Flask) -> None:
    chat_id = steps.open_chat()
    for level in ("full", "complete"):
        with pytest.raises(BadInput), unit_of_work():
            caller_checks.note(steps.person(), chats.chat_of(steps.person(), chat_id), level)


def test_standing_says_what_is_missing(in_app: Flask) -> None:
    (one,) = proposed(BLOCK, needs="basic")
    with reading():
        chat = db.session.get_one(ChatSession, row(one).chat_id)
        teller = db.session.scalars(select(StaffUser).where(StaffUser.username == "teller")).one()
        proposal = db.session.get_one(Proposal, one)
        missing = proposals.standing(teller, chat, proposal, Level.NONE)
        enough = proposals.standing(teller, chat, proposal, Level.BASIC)
    assert (missing.may_confirm, missing.may_decline) == (False, True)
    assert "basic is needed" in missing.missing
    assert enough.may_confirm
    assert enough.second == ""


@pytest.mark.parametrize(
    ("username", "amount", "limit"), [("teller", "5000.01", "5,000.00"), ("manager", "10000.01", "10,000.00")]
)
def test_the_card_says_that_a_second_person_is_needed_and_who_can(
    in_app: Flask, username: str, amount: str, limit: str
) -> None:
    (one,) = proposed(transfer(amount), username=username)
    with reading():
        proposal = db.session.get_one(Proposal, one)
        chat = db.session.get_one(ChatSession, proposal.chat_id)
        stands = proposals.standing(steps.person(username), chat, proposal, Level.FULL)
    assert stands.second == (
        f"A second person has to release this: {Decimal(amount):,.2f} EUR is above the {limit} EUR that a {username} "
        "may confirm alone. A manager of Nordhafen can, from the page Releases; never whoever asked for it."
    )
    assert (stands.may_confirm, stands.missing) == (False, "")


def test_who_may_release_and_confirm_is_read_from_the_roles(in_app: Flask) -> None:
    with unit_of_work():
        db.session.get_one(Role, "specialist").rights = ["sessions.use", "orders.release"]
        authority = authority_of(steps.person("admin"), "Altmarkt")
        assert authority.who_releases.startswith("A manager or a specialist of Altmarkt can")
        assert authority.who_confirms == "A manager or a teller"
        assert authority.needs_second(Decimal("0.01"))
        assert not authority.needs_second(Decimal("0.00"))
        db.session.rollback()


def test_the_maker_of_a_reply_knows_the_limit_of_whoever_asks(in_app: Flask) -> None:
    work = steps.claimed(steps.ask(steps.open_chat("specialist"), username="specialist"))
    assert work.authority is not None
    assert (work.authority.role, work.authority.limit, work.authority.releasing) == ("Specialist", 10_000, ("Manager",))
