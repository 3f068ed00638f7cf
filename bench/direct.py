"""The least an answer can cost: the assistant called in this process, and the bare SQL of question and reply."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from flask import Flask

from bench.bare import BareClient
from bench.served import QUESTION
from webapp.agents.assistant import Assistant
from webapp.agents.transcript import Desk, Line
from webapp.bank.core_banking import CoreBanking
from webapp.bank.policy_library import PolicyLibrary
from webapp.services.replies import TRANSCRIPT_LINES


class DirectAsker:
    """Asks and has answered without server, page or stream. Not for several threads."""

    def __init__(self, app: Flask, bare: BareClient) -> None:
        self._assistant = cast(Assistant, app.extensions["bankside.assistant"])
        self._bank = cast(CoreBanking, app.extensions["bankside.bank"])
        self._library = cast(PolicyLibrary, app.extensions["bankside.library"])
        self._bare = bare
        self._lines: deque[Line] = deque(maxlen=TRANSCRIPT_LINES)

    def ask(self) -> None:
        """One question, from looking who asks to the stored reply."""
        self._bare.post_and_answer(self._think)

    def _think(self) -> None:
        self._lines.append(Line("staff", QUESTION))
        desk = Desk(
            staff_name="Tom Reuter",
            staff_role="teller",
            customer=None,
            bank=self._bank,
            library=self._library,
            now=datetime.now(ZoneInfo("Europe/Berlin")),
        )
        answer = self._assistant.answer(list(self._lines), desk, lambda _step: None)
        self._lines.append(Line("assistant", answer.text, agent=answer.agent, memory=answer.memory))
