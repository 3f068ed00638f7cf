"""A server behind a line, with an assistant that takes its time, and a window that follows a session on it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, expect

from tests.browser.conftest import Records
from tests.browser.desk import Desk
from tests.browser.line import Line
from tests.server import Server, running

NOISE = (
    "net::ERR_",
    "Failed to fetch",
    "network error",
    "SSE reconnect failed",
    *(f"status of {status}" for status in (401, 409, 429, 502, 503)),
)


class Place:
    """One installation: its server can be killed and started again, its line cut and mended."""

    def __init__(self, folder: Path, wsgi: str, settings: dict[str, object]) -> None:
        self._folder, self._wsgi, self._settings = folder, wsgi, settings
        self._stack = ExitStack()
        self.server = self._start()
        self.line = Line(self._port)
        self.records = Records(folder / "bankside.db")

    def _start(self) -> Server:
        return self._stack.enter_context(running(self._folder, wsgi=self._wsgi, **self._settings))

    @property
    def _port(self) -> int:
        return urlsplit(self.server.url).port or 0

    def kill(self) -> None:
        """As a power cut would."""
        self.server.kill()

    def start(self) -> None:
        """Start the same installation anew, behind the same line."""
        self.server = self._start()
        self.line.target = self._port

    def close(self) -> None:
        """End everything."""
        self.line.__exit__(None, None, None)
        self._stack.close()


@contextmanager
def place(folder: Path, wsgi: str = "tests.browser.slow_desk", **settings: object) -> Iterator[Place]:
    """An installation, until the end of the block."""
    made = Place(folder, wsgi, settings)
    try:
        yield made
    finally:
        made.close()


class Follower(Desk):
    """A window that follows a session."""

    @property
    def line_state(self) -> Locator:
        """What the page says about the line."""
        return self.page.locator("#line-state")

    @property
    def said_so_far(self) -> Locator:
        """The text of the answer being made."""
        return self.page.locator("#log .reply[aria-busy] [data-partial]")

    @property
    def unsent(self) -> Locator:
        """What waits in the page."""
        return self.page.locator("#log .is-unsent")

    def wait_for_text(self, length: int = 6) -> None:
        """Until so much of the answer being made has been said."""
        expect(self.said_so_far.first).to_have_text(re.compile(rf".{{{length},}}", re.DOTALL), timeout=30_000)

    def count(self, role: str) -> int:
        """How many questions ("staff") or replies ("assistant") the page shows."""
        return self.page.locator(f"#log article.{'question' if role == 'staff' else 'reply'}").count()


@contextmanager
def windows(browser: Browser, at: Place) -> Iterator[Callable[..., Follower]]:
    """Opens windows at a place, each in a browser of its own; none may complain but about the line."""
    opened: list[Desk] = []

    def open_one(username: str, url: str = "") -> Follower:
        window = Follower.open(browser, url or at.line.url)
        assert isinstance(window, Follower)
        for noise in NOISE:
            window.complaints.expect(noise)
        opened.append(window)
        window.sign_in(username)
        return window

    at.line.mend()
    yield open_one
    for window in opened:
        window.page.context.close()
    complaints = [complaint for window in opened for complaint in window.complaints.unexpected]
    assert not complaints, complaints


def stored(at: Place, chat_id: str) -> list[tuple[object, ...]]:
    """What the database holds of a session: role and, for replies, state, in order."""
    return at.records.rows(
        "SELECT m.role, coalesce(r.state, m.text) FROM message m LEFT JOIN reply r ON r.id = m.id"
        " WHERE m.chat_id = ? ORDER BY m.seq",
        chat_id,
    )


def eventually(condition: Callable[[], bool], seconds: float = 15) -> None:
    """Wait until something holds."""
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.05)
