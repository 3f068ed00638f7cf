"""Make one reply: claim it, think with no transaction open, store the answer. Whoever runs this may die at any line."""

from __future__ import annotations

from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from flask import Flask

from webapp.agents.assistant import Assistant
from webapp.agents.transcript import Answer, Desk, Step
from webapp.bank.core_banking import CoreBanking
from webapp.bank.errors import BankError, CustomerNotFound
from webapp.bank.policy_library import PolicyLibrary
from webapp.feed import Feed
from webapp.http.events import log
from webapp.http.unit_of_work import unit_of_work
from webapp.models.base import now
from webapp.services import replies
from webapp.services.replies import Work

APOLOGY = "The answer could not be made. Your question is stored."
BANK_SILENT = "The bank's records did not answer. Your question is stored; ask for the answer again in a moment."


def make_reply(app: Flask, reply_id: int) -> int | None:
    """Make a reply if it is still to be made; returns the session's next pending reply, if there is one."""
    with app.app_context():
        with unit_of_work():
            work = replies.claim(reply_id)
        if work is None:
            return None
        makers_of(app).add(work.token)
        feed_of(app).publish(work.chat_id, "changed")
        try:
            _answer(app, work)
            with unit_of_work():
                return replies.next_pending(work.chat_id)
        finally:
            feed_of(app).publish(work.chat_id, "changed")
            makers_of(app).discard(work.token)


def makers_of(app: Flask) -> set[str]:
    """The claims this process holds now; the sweeper says for them that their makers are alive."""
    return cast("set[str]", app.extensions["bankside.claims"])


def _answer(app: Flask, work: Work) -> None:
    try:
        answer = _think(app, work)
    except Exception as error:  # whatever a model or a bank adapter raises, the person gets a sentence and a retry
        log.error("reply.failed", reply=work.reply_id, chat=work.chat_id, kind=type(error).__name__, exc_info=error)
        with unit_of_work():
            replies.give_up(work, BANK_SILENT if isinstance(error, BankError) else APOLOGY)
        return
    with unit_of_work():
        stored = replies.finish(work, answer)
    log.info("reply.done" if stored else "reply.dropped", reply=work.reply_id, chat=work.chat_id, agent=answer.agent)


def _think(app: Flask, work: Work) -> Answer:
    bank = cast(CoreBanking, app.extensions["bankside.bank"])
    library = cast(PolicyLibrary, app.extensions["bankside.library"])
    assistant = cast(Assistant, app.extensions["bankside.assistant"])
    try:
        customer = bank.customer(work.customer_number) if work.customer_number else None
    except CustomerNotFound:
        customer = None
    desk = Desk(
        staff_name=work.staff_name,
        staff_role=work.staff_role,
        customer=customer,
        bank=bank,
        library=library,
        now=_local_now(work.time_zone),
    )

    def tell(step: Step) -> None:
        feed_of(app).publish(work.chat_id, "step", reply=work.reply_id, text=step.text)

    return assistant.answer(work.lines, desk, tell)


def feed_of(app: Flask) -> Feed:
    """Where the pages of this app hear of changes."""
    return cast(Feed, app.extensions["bankside.feed"])


def _local_now(time_zone: str) -> datetime:
    return now().astimezone(ZoneInfo(time_zone))
