"""The product's app for tests of difficult clients: an assistant that talks for as long as it is asked to, little room
between server and client, and patience of a second with whom takes nothing."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tests.services.steps import ANSWER
from webapp import create_app
from webapp.agents.transcript import Answer, Desk, Line, Step, Tell
from webapp.chat import stream
from webapp.work.runner import runner_of

stream.UNREAD_SECONDS = 1.0
SMALLEST = 4096  # bytes the system keeps for a client that does not read
SECONDS = re.compile(r"talk for ([\d.]+) seconds", re.IGNORECASE)


class Talker:
    """Says a lot, over and over, and comes to an end in time."""

    def answer(self, lines: Sequence[Line], desk: Desk, tell: Tell) -> Answer:
        """Talk for as long as the question says."""
        asked = SECONDS.search(lines[-1].text)
        ends = time.monotonic() + (float(asked[1]) if asked else 0)
        count = 0
        while time.monotonic() < ends:
            count += 1
            tell(Step("", partial=f"{count} words, and " + "more of them " * 250))
            time.sleep(0.05)
        return ANSWER


def with_little_room(served: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Event streams wait for their readers early."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"].endswith("/events"):
            environ["gunicorn.socket"].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALLEST)
        return served(environ, start_response)

    return answer


app = create_app()
app.extensions["bankside.assistant"] = Talker()
app.wsgi_app = with_little_room(app.wsgi_app)  # type: ignore[method-assign]
runner_of(app).start()
