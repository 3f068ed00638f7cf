"""Carry confirmed proposals out: claim, call the bank with no transaction open, store what it said.

A thread of its own makes the call; whoever waits for it writes "not known" when its time is over, and the thread still
stores a late answer. A process that dies in between leaves the proposal `sent`: the sweeper of any process asks the
bank what became of its key, and sends it (under the same key) only if the bank says that it never had it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import cast

from flask import Flask, current_app

from webapp.bank.errors import BankUnavailable, CustomerNotFound, OrderRefused
from webapp.bank.order_desk import OrderDesk, Outcome
from webapp.config import Config
from webapp.feed import Feed
from webapp.http.events import log
from webapp.http.unit_of_work import reading, unit_of_work
from webapp.models.base import now
from webapp.models.proposal import ProposalState
from webapp.services import errands
from webapp.services.errands import Errand
from webapp.work.identity import has_died, own_identity

SHOWN_AT_ONCE = 1.5  # seconds the person who confirmed waits for the outcome before the page goes on without it
ALLOWANCE = timedelta(seconds=20)  # beyond the bank's time, for a sender that may be slow in storing
NOT_SENT = "The bank did not take the order; nothing was changed."
NO_ANSWER = "The bank has not answered in time. Check the status; it is not sent again."
NEVER_ARRIVED = "The bank has no record of this order; nothing was changed."
NOT_YET_KNOWN = "The bank does not know of this order yet. Check again in a moment."


class Errands:
    """The orders this process is sending."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._under_way: dict[int, threading.Event] = {}

    def start(self, proposal_id: int) -> threading.Event:
        """Carry a confirmed proposal out, on a thread; the event is set when its outcome is stored."""
        return self._begin(proposal_id, self._carry_out)

    def recover(self, proposal_id: int, lost: str | None) -> threading.Event:
        """Look after a proposal whose sender is lost."""
        return self._begin(proposal_id, lambda errand_id: self._recover(errand_id, lost))

    def holds(self, proposal_id: int) -> bool:
        """Whether this process is at it."""
        return proposal_id in self._under_way

    def _begin(self, proposal_id: int, work: Callable[[int], None]) -> threading.Event:
        with self._lock:
            known = self._under_way.get(proposal_id)
            if known is not None:
                return known
            finished = self._under_way[proposal_id] = threading.Event()

        def run() -> None:
            try:
                with self._app.app_context():
                    work(proposal_id)
            except Exception as error:  # a database that is busy or gone: the sweeper takes it up again
                log.error("order.interrupted", proposal=proposal_id, kind=type(error).__name__, exc_info=error)
            finally:
                with self._lock:
                    del self._under_way[proposal_id]
                finished.set()

        threading.Thread(target=run, name=f"order-{proposal_id}", daemon=True).start()
        return finished

    def _carry_out(self, proposal_id: int) -> None:
        with unit_of_work():
            errand = errands.claim_to_send(proposal_id, own_identity())
        if errand is None:
            return
        _tell(self._app, errand.chat_id)
        self._send(errand)

    def _recover(self, proposal_id: int, lost: str | None) -> None:
        with unit_of_work():
            errand = errands.take_over(proposal_id, lost, own_identity())
        if errand is None:
            return
        log.warning("order.taken_over", proposal=proposal_id, chat=errand.chat_id)
        try:
            outcome = desk_of(self._app).outcome(errand.key)
        except Exception as error:
            log.error("order.outcome_failed", proposal=proposal_id, kind=type(error).__name__)
            _settle(self._app, errand, ProposalState.UNKNOWN, NO_ANSWER)
            return
        if outcome.state == "not known":  # looked up, not guessed: and under the same key the bank acts once
            self._send(errand)
        else:
            _settle_as(self._app, errand, outcome)

    def _send(self, errand: Errand) -> None:
        answered = threading.Event()

        def call() -> None:
            try:
                with self._app.app_context():
                    _call(self._app, errand)
            except Exception as error:
                log.error("order.not_stored", proposal=errand.proposal_id, kind=type(error).__name__, exc_info=error)
            finally:
                answered.set()

        threading.Thread(target=call, name=f"bank-{errand.proposal_id}", daemon=True).start()
        if not answered.wait(config_of(self._app).order_seconds):
            _settle(self._app, errand, ProposalState.UNKNOWN, NO_ANSWER)


def _call(app: Flask, errand: Errand) -> None:
    """The only call that changes the bank."""
    try:
        receipt = desk_of(app).carry_out(errand.key, errand.customer_number, errand.order)
    except OrderRefused as refused:
        _settle(app, errand, ProposalState.FAILED, str(refused))
    except (BankUnavailable, CustomerNotFound):
        _settle(app, errand, ProposalState.FAILED, NOT_SENT)
    except Exception as error:  # whatever an adapter raises: it may have been carried out
        log.error("order.unanswered", proposal=errand.proposal_id, kind=type(error).__name__, exc_info=error)
        _settle(app, errand, ProposalState.UNKNOWN, NO_ANSWER)
    else:
        _settle(app, errand, ProposalState.DONE, receipt.text, receipt.number)


def check(app: Flask, errand: Errand) -> str:
    """Ask the bank what became of an order nobody knows about, and store it; a sentence if it is still not known.

    Nothing is sent. An order that the bank does not know long after it must have arrived has failed.
    """
    outcome = desk_of(app).outcome(errand.key)
    if outcome.state != "not known":
        _settle_as(app, errand, outcome)
        return ""
    if now() - errand.sent_at < timedelta(seconds=2 * config_of(app).order_seconds) + ALLOWANCE:
        return NOT_YET_KNOWN
    _settle(app, errand, ProposalState.FAILED, NEVER_ARRIVED)
    return ""


def _settle_as(app: Flask, errand: Errand, outcome: Outcome) -> None:
    if outcome.state == "done" and outcome.receipt is not None:
        _settle(app, errand, ProposalState.DONE, outcome.receipt.text, outcome.receipt.number)
    else:
        _settle(app, errand, ProposalState.FAILED, outcome.reason)


def _settle(app: Flask, errand: Errand, state: ProposalState, text: str, number: str | None = None) -> None:
    with unit_of_work():
        settled = errands.settle(errand.proposal_id, state, text, number)
    log.info(f"order.{state}" if settled else "order.settled_before", proposal=errand.proposal_id, chat=errand.chat_id)
    if settled:
        _tell(app, errand.chat_id)
        if state == ProposalState.DONE:  # the customer's panel shows what the bank's records say now
            cast(Feed, app.extensions["bankside.feed"]).publish(errand.chat_id, "session", records=1)


def take_up(app: Flask) -> int:
    """Have proposals carried out or looked up whose sender is lost, and let old ones expire; returns how many."""
    if app.extensions["bankside.order_desk"] is None:
        return 0
    mine = cast(Errands, app.extensions["bankside.errands"])
    over = timedelta(seconds=config_of(app).order_seconds) + ALLOWANCE
    with app.app_context():
        with reading():
            unsent, sent, late = errands.unsent(), errands.being_sent(), errands.any_run_out()
        for proposal_id in unsent:
            mine.start(proposal_id)
        lost = [(one, by) for one, by, since in sent if not mine.holds(one) and _is_lost(by, now() - since, over)]
        for proposal_id, by in lost:
            mine.recover(proposal_id, by)
        if late:
            with unit_of_work():
                chats = errands.expire()
            for chat_id in chats:
                _tell(app, chat_id)
    return len(unsent) + len(lost)


def _is_lost(by: str | None, age: timedelta, over: timedelta) -> bool:
    return by is None or by == own_identity() or has_died(by) or age > over


def start(proposal_id: int) -> None:
    """After a confirmation is stored: have it carried out. The page is told of the outcome."""
    cast(Errands, current_app.extensions["bankside.errands"]).start(proposal_id)


def start_and_wait(proposal_id: int) -> None:
    """After a confirmation is stored: have it carried out, and wait a moment, so that a page shows how it went."""
    cast(Errands, current_app.extensions["bankside.errands"]).start(proposal_id).wait(SHOWN_AT_ONCE)


def desk_of(app: Flask) -> OrderDesk:
    """Where this app's orders go."""
    return cast(OrderDesk, app.extensions["bankside.order_desk"])


def config_of(app: Flask) -> Config:
    """The settings."""
    return cast(Config, app.extensions["bankside.config"])


def _tell(app: Flask, chat_id: str) -> None:
    cast(Feed, app.extensions["bankside.feed"]).publish(chat_id, "changed")
