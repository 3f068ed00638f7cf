"""Make one reply: claim it, think with no transaction open, store the answer. Whoever runs this may die at any line.

Thinking has a thread of its own. The thread that called `make_reply` sees to it meanwhile: it stores partial text,
gives signs of life, notices that the reply was stopped or taken away, and gives it up when its time is over. So a model
that hangs costs a thread that waits, never a maker.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError, SQLAlchemyError, StatementError

from webapp import figures
from webapp.agents.assistant import Assistant
from webapp.agents.transcript import Answer, Asker, Desk, Step
from webapp.bank.core_banking import CoreBanking
from webapp.bank.errors import BankError, CustomerNotFound
from webapp.bank.policy_library import PolicyLibrary
from webapp.bank.previews import OrderPreviews
from webapp.config import Config
from webapp.feed import Feed
from webapp.http.events import about_reply, log
from webapp.http.unit_of_work import reading, unit_of_work
from webapp.models.base import now
from webapp.models.sqlite import DatabaseBusy
from webapp.services import queue, replies
from webapp.services.handbook import seen_by
from webapp.services.queue import Limits
from webapp.work import saying
from webapp.work.identity import own_identity
from webapp.work.makers import Making, makers_here

APOLOGY = "The answer could not be made. Your question is stored."
BANK_SILENT = "The bank's records did not answer. Your question is stored; ask for the answer again in a moment."
TOO_LONG = "The answer took too long and was given up. Your question is stored; ask for the answer again."
TOO_MUCH = "The answer did not come to an end and was cut. Your question is stored; ask for the answer again."

LOOK_SECONDS = 1.0  # how often a maker is looked after, and partial text stored
BEAT_SECONDS = 3.0
TOLD_SECONDS = 0.25  # how often pages are told of more text
LONG_TEXT = 4_000  # characters; longer text is told once a second
MOST_LINGERING = 64  # threads thinking about what nobody waits for; with more, this process makes no replies
TRIES = (0.2, 0.5, 1.0, 2.0)  # pauses between attempts to store, seconds


class LetGo(BaseException):
    """Nobody waits for this answer. Not an `Exception`, so that no model takes it for a failure of its own."""


class SaidTooMuch(BaseException):
    """The answer is longer than can be kept, and goes on. Not an `Exception` for the same reason."""


def make_reply(app: Flask, reply_id: int) -> int | None:
    """Make the reply whose turn it is; returns the one whose turn is next, if any may be begun now.

    `reply_id` was handed out to be made: usually it is the one. People take turns, so it may be another's; then this
    one's turn comes when that is finished.
    """
    makers = makers_here(app)
    with app.app_context():
        if makers.closed or makers.lingering >= MOST_LINGERING:
            log.warning("reply.left_for_later", reply=reply_id, lingering=makers.lingering)
            return None
        with unit_of_work():
            work = queue.claim_next(limits_of(app), own_identity())
        if work is None:
            return None
        making = makers.add(work)
        feed_of(app).publish(work.chat_id, "changed")
        try:
            with about_reply(work.reply_id, work.chat_id):
                figures.reply_claimed(work.attempt)
                _see_through(app, making)
        finally:
            makers.discard(making)
            feed_of(app).publish(work.chat_id, "changed")
        return None if makers.closed else next_in_line(app)


def next_in_line(app: Flask) -> int | None:
    """The reply that may be begun now, if there is one."""
    with app.app_context(), reading():
        found = queue.in_line(limits_of(app))
        return found[0] if found else None


def makers_of(app: Flask) -> set[str]:
    """The claims this process holds now."""
    return makers_here(app).tokens


def limits_of(app: Flask) -> Limits:
    """How many replies may be made at the same time."""
    config = cast(Config, app.extensions["bankside.config"])
    return Limits(config.most_running_per_person, config.most_running)


def feed_of(app: Flask) -> Feed:
    """Where the pages of this app hear of changes."""
    return cast(Feed, app.extensions["bankside.feed"])


def _see_through(app: Flask, making: Making) -> None:
    work = making.work
    over = time.monotonic() + cast(Config, app.extensions["bankside.config"]).reply_seconds
    context = copy_context()
    thread = threading.Thread(
        target=context.run, args=(_think_aloud, app, making), name=f"reply-{work.reply_id}", daemon=True
    )
    thread.start()
    keeper = _Keeper(making)
    while not making.woken.wait(max(0.0, min(LOOK_SECONDS, over - time.monotonic()))):
        if time.monotonic() >= over:
            log.error("reply.took_too_long", reply=work.reply_id, chat=work.chat_id)
            making.release()
            _store_failure(making, TOO_LONG)
            break
        keeper.look()
    if making.let_go.is_set():
        makers_here(app).leave_thinking(making)
        log.info("reply.let_go", reply=work.reply_id, chat=work.chat_id)
    elif making.answer is not None:
        if not making.partial:  # it came in one piece
            figures.first_text_shown(_seconds_since(work.asked_at))
        _finish(making, making.answer)
    elif making.problem is not None:
        _give_up(making, making.problem)


class _Keeper:
    """Gives signs of life for a reply being made, and notices when it is no longer ours to make."""

    def __init__(self, making: Making) -> None:
        self._making = making
        self._stored = ""
        self._beaten = time.monotonic()

    def look(self) -> None:
        """Store new text or beat, as is due; let go of a reply that was stopped, deleted or taken away."""
        making, text = self._making, self._making.partial
        try:
            if text != self._stored:
                with unit_of_work():
                    held = replies.keep_partial(making.work, saying.so_far(text))
                self._stored = text
            elif time.monotonic() - self._beaten >= BEAT_SECONDS:
                with unit_of_work():
                    held = bool(replies.beat([making.work.token]))
            else:
                return
            self._beaten = time.monotonic()
        except Exception as error:  # a database that is busy or gone: thinking goes on, storing is tried again
            log.error("reply.beat_failed", reply=making.work.reply_id, kind=type(error).__name__)
            return
        if not held:
            making.release()


def _finish(making: Making, answer: Answer) -> None:
    work = making.work
    try:
        stored = _store(lambda: replies.finish(work, answer))
    except Exception as problem:
        if _is_trouble(problem):
            raise
        _give_up(making, problem)  # an answer no database takes would not be taken the next time either
        return
    if stored:
        figures.reply_ended("done", answer.agent, _seconds_since(work.asked_at), work.attempt)
    log.info("reply.done" if stored else "reply.dropped", reply=work.reply_id, chat=work.chat_id, agent=answer.agent)


def _give_up(making: Making, problem: BaseException) -> None:
    work = making.work
    log.error("reply.failed", reply=work.reply_id, chat=work.chat_id, kind=type(problem).__name__, exc_info=problem)
    sentences = {SaidTooMuch: TOO_MUCH, BankError: BANK_SILENT}
    _store_failure(making, next((text for kind, text in sentences.items() if isinstance(problem, kind)), APOLOGY))


def _store_failure(making: Making, sentence: str) -> None:
    work, said = making.work, saying.so_far(making.partial)
    if _store(lambda: replies.give_up(work, sentence, said)):
        figures.reply_ended("failed", None, attempts=work.attempt)


def _store(write: Callable[[], bool]) -> bool:
    """Write in a unit of work, patiently: an answer is worth waiting a few seconds for a database that is away."""
    for pause in TRIES:
        try:
            with unit_of_work():
                return write()
        except Exception as error:
            if not _is_trouble(error):
                raise
            log.error("reply.not_stored_yet", kind=type(error).__name__)
            time.sleep(pause)
    with unit_of_work():
        return write()


def _is_trouble(error: Exception) -> bool:
    """Whether it is the database's fault and may pass, not that of what was to be stored."""
    if isinstance(error, DBAPIError):
        passing = isinstance(error, OperationalError | InterfaceError | InternalError)
        return passing or error.connection_invalidated
    return isinstance(error, SQLAlchemyError | DatabaseBusy) and not isinstance(error, StatementError)


def _think_aloud(app: Flask, making: Making) -> None:
    """Think, and leave the answer for the thread that waits, or the problem, whatever a model or a bank raises."""
    try:
        making.answer = saying.whole(_think(app, making))
    except LetGo:
        pass
    except BaseException as problem:
        making.problem = problem
    makers_here(app).has_thought(making)
    making.woken.set()


def _think(app: Flask, making: Making) -> Answer:
    work = making.work
    bank = cast(CoreBanking, app.extensions["bankside.bank"])
    library = seen_by(cast(PolicyLibrary, app.extensions["bankside.library"]), work.staff_rights)
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
        staff_rights=work.staff_rights,
        orders=cast(OrderPreviews | None, app.extensions["bankside.previews"]),
        asker=Asker(work.staff_id, work.reply_id, work.chat_id),
        authority=work.authority,
    )
    return assistant.answer(work.lines, desk, _Teller(feed_of(app), making))


class _Teller:
    """Passes on what is told while an answer is made: steps to the pages, text to the pages and to be stored."""

    def __init__(self, feed: Feed, making: Making) -> None:
        self._feed = feed
        self._making = making
        self._told_at = 0.0

    def __call__(self, step: Step) -> None:
        """Take a step; raises `LetGo` when nobody waits any more."""
        making, moment = self._making, time.monotonic()
        if making.let_go.is_set():
            raise LetGo
        if step.text:
            self._feed.publish(making.work.chat_id, "step", reply=making.work.reply_id, text=saying.line(step.text))
        if not step.partial:
            return
        if not making.partial:
            figures.first_text_shown(_seconds_since(making.work.asked_at))
        making.partial = step.partial[: saying.LONGEST_ANSWER]
        if len(step.partial) > saying.LONGEST_ANSWER:
            raise SaidTooMuch
        if moment - self._told_at >= (LOOK_SECONDS if len(step.partial) > LONG_TEXT else TOLD_SECONDS):
            self._told_at = moment
            said = saying.so_far(step.partial)
            self._feed.publish(making.work.chat_id, "partial", reply=making.work.reply_id, text=said)


def _seconds_since(moment: datetime) -> float:
    return (now() - moment).total_seconds()


def _local_now(time_zone: str) -> datetime:
    return now().astimezone(ZoneInfo(time_zone))
