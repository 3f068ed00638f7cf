"""The product's own app with an assistant that takes its time: served where tests must look while an answer is made."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence

from webapp import create_app
from webapp.agents.assistant import Assistant
from webapp.agents.transcript import Answer, Desk, Line, Step, Tell
from webapp.work.runner import runner_of

SLOW_SECONDS = float(os.environ.get("SLOW_SECONDS", "3"))
WORD_SECONDS = 0.04
QUICK = "quick"  # a question with this word in it is answered as quickly as ever
LONGER = re.compile(r"take (\d+) seconds", re.IGNORECASE)  # and one with these takes so long


class SlowAssistant:
    """Says what the real one says, word by word, and not before so many seconds."""

    def __init__(self, real: Assistant) -> None:
        self._real = real

    def answer(self, lines: Sequence[Line], desk: Desk, tell: Tell) -> Answer:
        """Think first, then tell the answer as it comes."""
        answer = self._real.answer(lines, desk, tell)
        if QUICK in lines[-1].text.lower():
            return answer
        asked = LONGER.search(lines[-1].text)
        seconds = float(asked[1]) if asked else SLOW_SECONDS
        words = answer.text.split(" ")
        began, pause = time.monotonic(), max(WORD_SECONDS, seconds / len(words))
        count = 0
        while time.monotonic() - began < seconds:
            count = min(len(words), count + 1)
            tell(Step("", partial=" ".join(words[:count])))
            time.sleep(pause)
        return answer


app = create_app()
app.extensions["bankside.assistant"] = SlowAssistant(app.extensions["bankside.assistant"])
runner_of(app).start()
