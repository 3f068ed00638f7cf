"""Many open pages that only listen, in a process of their own: raw sockets; of what is said only the time is read."""

from __future__ import annotations

import asyncio
import multiprocessing
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Self
from urllib.parse import urlsplit

from bench.wire import request_bytes

AT_ONCE = 16  # connections being made
SAID = re.compile(rb'"text": "(\d+\.\d+) ')
OPENING_SECONDS = 120.0


@dataclass(slots=True)
class Heard:
    """What the pages have heard since they were asked last. Delays are from `publish` to the page, milliseconds."""

    held: int = 0
    refused: dict[str, int] = field(default_factory=dict)  # status -> how many
    lost: int = 0  # streams that ended
    received: int = 0  # bytes
    delays: list[float] = field(default_factory=list)


class Holder:
    """The process, as the measuring one sees it."""

    def __init__(self, url: str) -> None:
        spawning = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawning.Pipe()
        self._process = spawning.Process(target=_hold, args=(theirs, url), name="holder", daemon=True)
        self._process.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.kill()
        self._process.join(10)

    def open(self, wanted: Sequence[tuple[str, str]]) -> Heard:
        """Open streams, each an address and a cookie header, as fast as the server takes them."""
        self._pipe.send(list(wanted))
        return self._answer()

    def heard(self) -> Heard:
        """What came since the last time."""
        self._pipe.send(None)
        return self._answer()

    def _answer(self) -> Heard:
        if not self._pipe.poll(OPENING_SECONDS + 10):
            raise RuntimeError("the process that holds the pages does not answer")
        answer = self._pipe.recv()
        assert isinstance(answer, Heard)
        return answer


class _Reader(asyncio.Protocol):
    """One open page."""

    def __init__(self, request: bytes, heard: Heard) -> None:
        self._request, self._heard = request, heard
        self.answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self.answered.done():
            self.answered.set_result(data[9:12].decode())
            if data[9:12] == b"200":
                self._heard.held += 1
        self._heard.received += len(data)
        moment = time.monotonic()
        self._heard.delays += [(moment - float(said)) * 1000 for said in SAID.findall(data)]

    def connection_lost(self, error: Exception | None) -> None:
        if not self.answered.done():
            self.answered.set_result("closed")
        elif self.answered.result() == "200":
            self._heard.held -= 1
            self._heard.lost += 1


def _hold(pipe: Connection, url: str) -> None:
    asyncio.run(_serve(pipe, url))


async def _serve(pipe: Connection, url: str) -> None:
    loop, heard, parts = asyncio.get_running_loop(), Heard(), urlsplit(url)
    host, port = str(parts.hostname), int(parts.port or 80)
    turns = asyncio.Semaphore(AT_ONCE)

    async def open_one(path: str, cookie: str) -> None:
        headers = {"Accept": "text/event-stream", "HX-Request": "true", "Cookie": cookie}
        request = request_bytes("GET", path, host, headers)
        async with turns:
            _, reader = await loop.create_connection(lambda: _Reader(request, heard), host, port)
            status = await asyncio.wait_for(reader.answered, OPENING_SECONDS)
        if status != "200":
            heard.refused[status] = heard.refused.get(status, 0) + 1

    asked = asyncio.Event()
    loop.add_reader(pipe.fileno(), asked.set)
    while True:
        await asked.wait()
        asked.clear()
        while pipe.poll():
            wanted = pipe.recv()
            if wanted is not None:
                await asyncio.gather(*(open_one(*one) for one in wanted), return_exceptions=True)
            pipe.send(heard)
            heard.delays, heard.received, heard.lost, heard.refused = [], 0, 0, {}
