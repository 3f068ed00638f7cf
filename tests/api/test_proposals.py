"""Programs read what was proposed, hear what became of it, and decide nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.api.program import Program
from tests.services.proposing import BLOCK, claim, confirm, proposed, row, transfer
from tests.web.rows import ON_SQLITE, all_of
from webapp.http.unit_of_work import unit_of_work
from webapp.models import Delivery
from webapp.models.proposal import ProposalState
from webapp.services import errands

pytestmark = ON_SQLITE


def listed(program: Program, chat_id: str) -> list[dict[str, Any]]:
    answer = program.get(f"/api/sessions/{chat_id}/proposals")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json["proposals"]
    assert answer.json["count"] == len(found)
    return found


def test_proposals_are_read_with_their_state_and_without_their_arguments(app: Flask, program: Program) -> None:
    with app.app_context():
        (first,) = proposed(BLOCK)
        chat_id = row(first).chat_id
        proposed(transfer("6000.00"), chat_id=chat_id, needs="full")
        confirm(first)
    block, money = listed(program, chat_id)
    assert (block["state"], block["decided_by"], block["needsSecondPerson"]) == ("confirmed", "Tom Reuter", False)
    assert (money["state"], money["amount"], money["needs_second_person"]) == ("proposed", "6000.00", True)
    assert money["needs_verification"] == "full"
    assert "DE89370400440532013000" not in json.dumps([block, money])


@pytest.mark.parametrize("verb", ["confirm", "decline", "check", ""])
def test_nothing_can_be_decided_here(app: Flask, program: Program, verb: str) -> None:
    with app.app_context():
        (one,) = proposed(BLOCK)
        found = row(one)
    address = f"/api/sessions/{found.chat_id}/proposals/{found.key}/{verb}".rstrip("/")
    for method in ("POST", "PATCH", "PUT"):
        assert program.ask(method, address, json={"digest": found.digest}).status_code in (404, 405)
    with app.app_context():
        assert row(one).state == "proposed"


def test_programs_hear_of_a_proposal_and_of_its_end(app: Flask, program: Program) -> None:
    events = ["proposal.created", "proposal.done", "proposal.failed"]
    assert program.post("/api/webhooks", url="https://crm.example.com/x", events=events).status_code == 201
    with app.app_context():
        (done,) = proposed(BLOCK)
        (unknown,) = proposed(BLOCK)
        for one, state in ((done, ProposalState.DONE), (unknown, ProposalState.UNKNOWN)):
            confirm(one)
            assert claim(one) is not None
            with unit_of_work():
                errands.settle(one, state, "So it is.", "BL-1")
        with unit_of_work():
            errands.settle(unknown, ProposalState.FAILED, "It never arrived.")
        keys = (row(done).key, row(unknown).key)
    told = [json.loads(payload) for payload in all_of(app, select(Delivery.payload).order_by(Delivery.id))]
    assert [(one["type"], one["data"]["proposal_id"]) for one in told] == [
        ("proposal.created", keys[0]), ("proposal.created", keys[1]), ("proposal.done", keys[0]),
        ("proposal.failed", keys[1]),
    ]  # fmt: skip
    assert {one["data"]["kind"] for one in told} == {"block_card"}
