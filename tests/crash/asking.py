"""Members of staff who ask one question after the other, and send each again until it is acknowledged."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import httpx

from tests.work.caller import Caller, chat_id_in
from webapp.services.request_ids import new_request_id

PEOPLE = ("teller", "manager", "specialist")
CUSTOMERS = ("10-2041", "")
QUESTIONS = (
    "Which cards does she have?",
    "What is the balance?",
    "Is her card 4417 active?",
    "Recent payments",
    "Opening hours on Saturday",
    "How much is an express replacement card?",
)
GIVEN_UP = 0.1  # of the questions whose sending failed: the person closes the page and never sends them again
SENT_TWICE = 0.03  # of those acknowledged: the page did not hear it
PATIENCE = 90.0  # seconds one question is sent again and again
PAUSE = 0.2  # seconds before sending again


@dataclass(slots=True)
class Asked:
    """A question as its asker knows it."""

    request_id: str
    text: str
    acknowledged: bool = False


@dataclass(slots=True)
class Conversation:
    """A session and what was asked in it, in order."""

    chat_id: str
    person: str
    asked: list[Asked] = field(default_factory=list)


class Ledger:
    """What all askers have sent and what was acknowledged; for several threads."""

    def __init__(self) -> None:
        self.conversations: list[Conversation] = []
        self.problems: list[str] = []
        self.acknowledged = self.sent_again = self.given_up = self.sent_twice = 0
        self.waiting = 0  # replies that were unfinished when it was looked last
        self.may_ask = threading.Event()
        self.may_ask.set()
        self.over = threading.Event()
        self._lock = threading.Lock()

    def count(self, name: str) -> None:
        """One more."""
        with self._lock:
            setattr(self, name, getattr(self, name) + 1)

    def note(self, problem: str) -> None:
        """Something that must not happen."""
        with self._lock:
            self.problems.append(problem)

    def begin(self, conversation: Conversation) -> None:
        """A session was opened."""
        with self._lock:
            self.conversations.append(conversation)


class Asker:
    """One person's browser: opens a session, asks its questions, opens the next."""

    def __init__(self, number: int, caller: Caller, person: str, ledger: Ledger, seed: str) -> None:
        self._number = number
        self._caller = caller
        self._person = person
        self._ledger = ledger
        self._random = Random(f"{seed} {number}")

    def ask(self, count: int, each: int) -> None:
        """Ask until so many questions are acknowledged, at most `each` in a session; ends early, with a note, if the
        server says no."""
        acknowledged = number = 0
        try:
            while acknowledged < count and not self._ledger.over.is_set():
                conversation = self._open()
                for _ in range(min(each, count - acknowledged)):
                    number += 1
                    acknowledged += self._ask(conversation, number)
        except Exception as error:
            self._ledger.note(f"{self._person} {self._number} could not go on: {error!r}")

    def _open(self) -> Conversation:
        request_id, customer = new_request_id(), self._random.choice(CUSTOMERS)
        answer = self._until_acknowledged(lambda: self._caller.create(request_id, customer=customer), 303)
        assert answer is not None
        conversation = Conversation(chat_id_in(answer), self._person)
        self._ledger.begin(conversation)
        return conversation

    def _ask(self, conversation: Conversation, number: int) -> bool:
        """Whether it was acknowledged: sometimes the person gives up."""
        text = f"{self._random.choice(QUESTIONS)} (note k{self._number}-{number:04})"
        asked = Asked(new_request_id(), text)
        gives_up = self._random.random() < GIVEN_UP
        self._ledger.may_ask.wait()
        conversation.asked.append(asked)

        def send() -> httpx.Response:
            return self._caller.ask(conversation.chat_id, text, asked.request_id)

        if self._until_acknowledged(send, 200, gives_up=gives_up) is None:
            self._ledger.count("given_up")
            return False
        asked.acknowledged = True
        self._ledger.count("acknowledged")
        if self._random.random() < SENT_TWICE:
            self._ledger.count("sent_twice")
            self._until_acknowledged(send, 200)
        return True

    def _until_acknowledged(
        self, send: Callable[[], httpx.Response], wanted: int, *, gives_up: bool = False
    ) -> httpx.Response | None:
        """Send until it is answered as wanted; None if the person gave up after the first failure.

        Raises `AssertionError` if the server refuses it, or does not acknowledge it within `PATIENCE`.
        """
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                answer = send()
            except httpx.TransportError as error:
                failure = repr(error)
            else:
                if answer.status_code == wanted:
                    return answer
                failure = f"status {answer.status_code}"
                if answer.status_code < 500 and answer.status_code != 429:
                    raise AssertionError(f"{failure}: {answer.text[:300]}")
            if gives_up:
                return None
            if time.monotonic() > give_up or self._ledger.over.is_set():
                raise AssertionError(f"not acknowledged in {PATIENCE:.0f} s: {failure}")
            self._ledger.count("sent_again")
            time.sleep(PAUSE)
