"""Confirmed orders reach the bank once, whatever dies or clicks twice, and what became of them is found out."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta
from typing import cast

import pytest
from flask import Flask

from tests.services.proposing import (
    BLOCK,
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
)
from tests.work.speaker import wait_until
from webapp.bank.errors import BankUnavailable, OrderRefused, OutcomeUnknown
from webapp.http.unit_of_work import reading, unit_of_work
from webapp.models.base import now
from webapp.models.proposal import ProposalState
from webapp.services import errands
from webapp.services.errors import (
    ProposalClosed,
)
from webapp.work.carrying import Errands, check, take_up

# What the bank says


def test_a_refusal_is_a_failure_with_its_reason(in_app: Flask, bank: WritingBank) -> None:
    bank.trouble = OrderRefused("The card has expired.")
    (one,) = proposed(BLOCK)
    confirm(one)
    failed = carried_out(in_app, one)
    assert (failed.state, failed.outcome_text) == ("failed", "The card has expired.")
    assert events(failed.chat_id)[0].startswith("Not done: Block Nordhafen Debit ..4417. The card has expired.")


def test_a_bank_that_was_not_reached_has_done_nothing(in_app: Flask, bank: WritingBank) -> None:
    bank.trouble = BankUnavailable("down")
    (one,) = proposed(BLOCK)
    confirm(one)
    assert carried_out(in_app, one).state == "failed"


@pytest.mark.parametrize("trouble", [OutcomeUnknown("lost"), RuntimeError("an adapter broke"), OSError("reset")])
def test_a_lost_answer_is_not_known_until_the_bank_tells(in_app: Flask, bank: WritingBank, trouble: Exception) -> None:
    bank.trouble_after = trouble
    (one,) = proposed(BLOCK)
    confirm(one)
    lost = carried_out(in_app, one)
    assert lost.state == "unknown"
    with pytest.raises(ProposalClosed):
        confirm(one, digest="0" * 64)
    bank.trouble_after = None
    with reading():
        errand = errands.errand(one)
    assert errand is not None
    assert check(in_app, errand) == ""
    assert row(one).state == "done"
    assert len(bank.done) == 1
    assert [text.split(":")[0] for text in events(lost.chat_id)] == ["Not known whether this was done", "Done"]


def test_an_order_that_never_arrived_has_failed_once_it_must_have(in_app: Flask, bank: WritingBank) -> None:
    (one,) = proposed(BLOCK)
    confirm(one)
    assert claim(one)
    changed(one, state=ProposalState.UNKNOWN)
    with reading():
        errand = errands.errand(one)
    assert errand is not None
    assert "does not know of this order yet" in check(in_app, errand)
    assert row(one).state == "unknown"
    changed(one, sent_at=now() - timedelta(minutes=5))
    with reading():
        errand = errands.errand(one)
    assert errand is not None
    check(in_app, errand)
    assert (row(one).state, bank.done) == ("failed", [])


def test_a_late_answer_still_counts(in_app: Flask, bank: WritingBank, monkeypatch: pytest.MonkeyPatch) -> None:
    config = in_app.extensions["bankside.config"]
    monkeypatch.setitem(in_app.extensions, "bankside.config", config.model_copy(update={"order_seconds": 0.05}))
    bank.waits_for = threading.Event()
    (one,) = proposed(BLOCK)
    confirm(one)
    assert carried_out(in_app, one).state == "unknown"
    bank.waits_for.set()
    wait_until(lambda: row(one).state == "done")
    assert len(bank.done) == 1


# Once


def test_of_twenty_confirmations_at_once_one_is_carried_out(in_app: Flask, bank: WritingBank) -> None:
    (one,) = proposed(BLOCK)
    digest, errand_maker = row(one).digest, cast(Errands, in_app.extensions["bankside.errands"])
    together, outcomes = threading.Barrier(20), []

    def click() -> None:
        with in_app.app_context():
            together.wait(20)
            outcomes.append(confirm(one, digest=digest))
            errand_maker.start(one).wait(20)

    threads = [threading.Thread(target=click) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == [False] * 19 + [True]
    assert len(bank.done) == 1
    assert row(one).state == "done"
    assert len(events(row(one).chat_id)) == 1


def test_of_yes_and_no_at_once_one_counts(in_app: Flask, bank: WritingBank) -> None:
    (one,) = proposed(BLOCK)
    digest, together = row(one).digest, threading.Barrier(12)
    sender = cast(Errands, in_app.extensions["bankside.errands"])

    def say(number: int) -> None:
        with in_app.app_context():
            together.wait(20)
            with suppress(ProposalClosed):
                if number % 2:
                    decline(one)
                else:
                    confirm(one, digest=digest)
                    sender.start(one).wait(20)

    threads = [threading.Thread(target=say, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert row(one).state in ("done", "declined")
    assert len(bank.done) == (row(one).state == "done")
    assert audited(row(one).key).count("proposal.confirmed") == len(bank.done)


def test_only_one_sender_has_it(in_app: Flask) -> None:
    (one,) = proposed(BLOCK)
    assert claim(one) is None, "nobody has confirmed it"
    confirm(one)
    assert claim(one, "first") is not None
    assert claim(one, "second") is None


def test_a_confirmed_proposal_nobody_sent_is_taken_up(in_app: Flask, bank: WritingBank) -> None:
    (one,) = proposed(BLOCK)
    confirm(one)
    assert take_up(in_app) == 0, "whoever confirmed it may be about to send it"
    changed(one, decided_at=now() - timedelta(seconds=10))
    assert take_up(in_app) == 1
    wait_until(lambda: row(one).state == "done")
    assert len(bank.done) == 1


@pytest.mark.parametrize("reached", [True, False])
def test_what_a_dead_process_sent_is_looked_up_by_its_key(in_app: Flask, bank: WritingBank, reached: bool) -> None:
    (one,) = proposed(BLOCK)
    confirm(one)
    assert claim(one, "0/0/1/2")
    if reached:
        bank.carry_out(row(one).key, "10-2041", BLOCK)
    changed(one, sent_at=now() - timedelta(minutes=5))
    take_up(in_app)
    wait_until(lambda: row(one).state == "done")
    assert len(bank.done) == 1


def test_an_outcome_is_stored_once(in_app: Flask) -> None:
    (one,) = proposed(BLOCK)
    confirm(one)
    claim(one)
    with unit_of_work():
        assert errands.settle(one, ProposalState.DONE, "Done.", "X-1")
    for state in (ProposalState.UNKNOWN, ProposalState.FAILED, ProposalState.DONE):
        with unit_of_work():
            assert errands.settle(one, state, "Again.") is None
    assert len(events(row(one).chat_id)) == 1
