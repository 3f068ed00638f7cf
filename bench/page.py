"""An open page of a session as `static/js/feed.js` makes it: it follows the event stream, and asks for messages when
told that something has changed. What it shows, and when, is what the person sees."""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import dataclass, field

from bench.people import Person
from bench.wire import Wire
from tests.visitor import HTMX
from webapp.services.request_ids import new_request_id

PAUSE_SECONDS = 0.05  # between `changed` and asking, as in feed.js: several changes are asked for at once
CONNECT = re.compile(r'hx-sse:connect="([^"]+)"')
REPLY = re.compile(r'<article class="message reply is-(\w+)" id="message-(\d+)" data-seq="(\d+)"')
SEQ = re.compile(r'data-seq="(\d+)"')
ENDED = ("done", "failed", "stopped")
ANSWER_SECONDS = 60.0


@dataclass(slots=True)
class Shown:
    """What a page showed of one question and when, in milliseconds after it was sent."""

    sent: float = field(default_factory=time.perf_counter)
    stored: float = 0.0  # the post was answered: question and pending reply are there
    first_step: float = 0.0  # "Reading the question..."
    first_text: float = 0.0
    done: float = 0.0

    def note(self, what: str) -> None:
        """It is seen now, if it was not before."""
        if not getattr(self, what):
            setattr(self, what, (time.perf_counter() - self.sent) * 1000)


class Page:
    """One browser window, in one event loop with others."""

    def __init__(self, url: str, person: Person, chat_id: str) -> None:
        self._person = person
        self._chat_id = chat_id
        self._stream, self._asker, self._poster = Wire(url), Wire(url), Wire(url)
        self._following: asyncio.Task[None] | None = None
        self._catching_up: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._again = False
        self._states: dict[int, str] = {}  # reply id -> what the page shows of it
        self._seq = 0
        self._shown = Shown()
        self._changed = asyncio.Event()
        self.asked = 0  # how often it asked for messages

    async def open(self) -> None:
        """Draw the page and follow its session."""
        drawn = await self._asker.get(f"/chat/{self._chat_id}", self._person.headers)
        address = CONNECT.search(drawn.text)
        if address is None:
            raise RuntimeError(f"the page of {self._chat_id} was answered {drawn.status} and follows nothing")
        self._seq = max([0, *map(int, SEQ.findall(drawn.text))])
        self._following = asyncio.create_task(self._follow(address.group(1).replace("&amp;", "&")))

    async def close(self) -> None:
        """Close the window."""
        tasks = [task for task in (self._following, self._catching_up) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._timer is not None:
            self._timer.cancel()
        for wire in (self._stream, self._asker, self._poster):
            wire.close()

    async def ask(self, text: str) -> Shown:
        """Send a question, and wait until the page shows the finished reply."""
        self._shown = shown = Shown()
        fields = {"csrf_token": self._person.token, "chat_id": self._chat_id, "request_id": new_request_id()}
        headers = {**self._person.headers, **HTMX}
        got = await self._poster.post("/chat/messages", {**fields, "text": text}, headers)
        if got.status != 200:
            raise RuntimeError(f"the question was answered {got.status}")
        shown.note("stored")
        self._show(got.text)
        (reply_id,) = [int(number) for _state, number, _seq in REPLY.findall(got.text)]
        async with asyncio.timeout(ANSWER_SECONDS):
            while self._states[reply_id] not in ENDED:
                await self._changed.wait()
                self._changed.clear()
                if self._following is not None and self._following.done():
                    self._following.result()
                    raise RuntimeError("the stream ended")
        if self._states[reply_id] != "done":
            raise RuntimeError(f"reply {reply_id} {self._states[reply_id]}")
        return shown

    async def _follow(self, address: str) -> None:
        try:
            async for block in self._stream.events(address, self._person.headers):
                fields = dict(line.split(b": ", 1) for line in block.split(b"\n") if not line.startswith(b":"))
                self._told(fields.get(b"event", b"").decode(), fields.get(b"data", b"{}"))
        finally:
            self._changed.set()

    def _told(self, kind: str, told: bytes) -> None:
        if kind in ("changed", "reload"):
            self._ask_soon()
        elif kind == "step":
            self._shown.note("first_step")
        elif kind == "partial" and json.loads(told)["text"]:
            self._shown.note("first_text")

    def _ask_soon(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._catch_up)

    def _catch_up(self) -> None:
        if self._catching_up is not None and not self._catching_up.done():
            self._again = True
            return
        self._again = False
        self._catching_up = asyncio.create_task(self._ask_for_messages())

    async def _ask_for_messages(self) -> None:
        waiting = "-".join(str(number) for number, state in self._states.items() if state not in ENDED)
        address = f"/chat/{self._chat_id}/messages?after={self._seq}" + (f"&also={waiting}" if waiting else "")
        got = await self._asker.get(address, {**self._person.headers, **HTMX})
        self.asked += 1
        if got.status == 200:
            self._show(got.text)
        if self._again:
            self._ask_soon()

    def _show(self, fragment: str) -> None:
        for state, number, _seq in REPLY.findall(fragment):
            if self._states.get(int(number)) not in ENDED:
                self._states[int(number)] = state
                if state in ENDED:
                    self._shown.note("first_text")
                    self._shown.note("done")
        self._seq = max([self._seq, *map(int, SEQ.findall(fragment))])
        self._changed.set()
