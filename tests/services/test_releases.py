"""What waits for a second person is told to those who may release it, and to nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from tests.services import steps
from tests.services.proposing import BLOCK, confirm, proposed, row, transfer
from tests.web.rows import ON_SQLITE
from webapp.extensions import db
from webapp.http.unit_of_work import reading, unit_of_work
from webapp.models import ChatSession, Proposal, StaffUser
from webapp.models.base import now
from webapp.models.proposal import ProposalState
from webapp.services import chats, releases
from webapp.services import staff as people

pytestmark = pytest.mark.usefixtures("in_app")


def waiting(username: str) -> list[int]:
    with reading():
        staff = steps.person(username)
        found = [proposal.id for proposal, _chat in releases.waiting_for(staff)]
        assert releases.count(staff) == len(found)
        return found


def test_what_is_above_a_limit_waits_for_the_branchs_manager_and_nobody_else() -> None:
    above = proposed(transfer("5000.01"))
    proposed(transfer("5000.00"))
    proposed(BLOCK)
    assert waiting("manager") == above
    assert [waiting(name) for name in ("teller", "specialist", "auditor", "admin")] == [[]] * 4


@ON_SQLITE
def test_another_branchs_manager_hears_nothing_of_it() -> None:
    proposed(transfer("5000.01"))
    with unit_of_work():
        people.add("elsewhere", "Edda Stern", "manager", "Altmarkt", "x")
    assert waiting("elsewhere") == []


def test_nobody_is_asked_to_release_their_own() -> None:
    proposed(transfer("90000.00"), username="manager")
    assert waiting("manager") == []


def test_what_is_decided_or_over_waits_no_more() -> None:
    (first,) = proposed(transfer("6000.00"))
    (second,) = proposed(transfer("7000.00"))
    assert waiting("manager") == [first, second]
    confirm(first, "manager")
    assert waiting("manager") == [second]
    with unit_of_work():
        db.session.execute(
            update(Proposal).where(Proposal.id == second).values(expires_at=now() - timedelta(seconds=1))
        )
    assert waiting("manager") == []


@ON_SQLITE
def test_a_role_without_a_limit_may_move_nothing_alone() -> None:
    (one,) = proposed(transfer("1.00"))
    with unit_of_work():
        db.session.execute(update(StaffUser).where(StaffUser.username == "teller").values(role_name="admin"))
    assert waiting("manager") == [one]


# Cleaning up


def grown_old(chat_id: str) -> None:
    with unit_of_work():
        old = now() - timedelta(days=90)
        values = {"last_activity_at": old, "status": "waiting"}
        db.session.execute(update(ChatSession).where(ChatSession.id == chat_id).values(**values))


@pytest.mark.parametrize("state", [ProposalState.CONFIRMED, ProposalState.SENT, ProposalState.UNKNOWN])
def test_a_session_with_an_order_nobody_knows_about_is_not_cleaned_up(in_app: Flask, state: ProposalState) -> None:
    (one,) = proposed(BLOCK)
    chat_id = row(one).chat_id
    with unit_of_work():
        db.session.execute(update(Proposal).where(Proposal.id == one).values(state=state))
    grown_old(chat_id)
    for dry_run in (True, False):
        with unit_of_work():
            done = chats.clean_up(None, 30, dry_run=dry_run)
        assert (done["deleted"], done["kept_active"]) == (0, 1)
    with unit_of_work():
        db.session.execute(update(Proposal).where(Proposal.id == one).values(state=ProposalState.DONE))
        assert chats.clean_up(None, 30)["deleted"] == 1
