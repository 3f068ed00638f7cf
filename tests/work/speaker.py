"""An assistant that says what it is told to say, word by word, for as long as a test wants."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from flask import Flask

from tests.services.steps import ANSWER
from webapp.agents.transcript import Answer, Desk, Line, Step, Tell
from webapp.work.runner import Runner


class Speaker:
    """Speaks one word at a time: each `word` is told as partial text; `enough` ends with the answer."""

    def __init__(self) -> None:
        self.thinking, self.enough = threading.Event(), threading.Event()
        self.hangs = False  # hears nothing and tells nothing
        self.asked: list[str] = []
        self.text = ""
        self.told = 0
        self.ended: list[str] = []

    def answer(self, lines: Sequence[Line], desk: Desk, tell: Tell) -> Answer:
        """Tell the text as it stands, again and again, until it is enough."""
        self.asked.append(lines[-1].text)
        tell(Step("Looking at the cards"))
        self.thinking.set()
        try:
            while not self.enough.wait(0.02):
                if self.text and not self.hangs:
                    tell(Step("", partial=self.text))
                    self.told += 1
        except BaseException as error:
            self.ended.append(type(error).__name__)
            raise
        self.ended.append("answered")
        return ANSWER


def threads_of(app: Flask) -> Runner:
    """The app's own threads that make replies."""
    found = app.extensions["bankside.runner"]
    assert isinstance(found, Runner)
    return found


def wait_until(done: Callable[[], bool], seconds: float = 10) -> None:
    """Look again and again."""
    give_up = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.02)
