"""HTTP/1.1 as cheaply as Python can, so that little of what is measured is the measuring."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

FORM = "application/x-www-form-urlencoded"
SECONDS = 60.0  # for one answer


@dataclass(frozen=True, slots=True)
class Got:
    """An answer. `cookies` are those it sets, name by name."""

    status: int
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


class Wire:
    """One connection that stays open, for one request at a time."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host, self.port = str(parts.hostname), int(parts.port or 80)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Got:
        """Ask for something."""
        return await self._ask(request_bytes("GET", path, self.host, headers or {}))

    async def post(self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Got:
        """Send a form."""
        body = urlencode(fields).encode()
        return await self._ask(request_bytes("POST", path, self.host, headers or {}, body))

    async def events(self, path: str, headers: Mapping[str, str]) -> AsyncIterator[bytes]:
        """The blocks of an event stream as they come, until it ends. Raises `RuntimeError` if it is refused."""
        async with asyncio.timeout(SECONDS):
            await self._send(request_bytes("GET", path, self.host, {"Accept": "text/event-stream", **headers}))
            assert self._reader is not None
            status, _headers, _cookies = await _head(self._reader)
        if status != 200:
            raise RuntimeError(f"{path} answered {status}")
        rest = b""
        while piece := await _chunk(self._reader):
            *blocks, rest = (rest + piece).split(b"\n\n")
            for block in blocks:
                yield block

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    async def _ask(self, request: bytes) -> Got:
        async with asyncio.timeout(SECONDS):
            kept = self._writer is not None
            try:
                return await self._exchange(request)
            except (ConnectionError, asyncio.IncompleteReadError):
                self.close()
                if not kept:
                    raise
                return await self._exchange(request)  # the server hangs up on connections nobody used for a while

    async def _exchange(self, request: bytes) -> Got:
        await self._send(request)
        assert self._reader is not None
        status, headers, cookies = await _head(self._reader)
        body = b""
        if "chunked" in headers.get("transfer-encoding", ""):
            while piece := await _chunk(self._reader):
                body += piece
        elif int(headers.get("content-length", "0")):
            body = await self._reader.readexactly(int(headers["content-length"]))
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Got(status, headers, cookies, body)

    async def _send(self, request: bytes) -> None:
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(self.host, self.port)
        self._writer.write(request)
        await self._writer.drain()


def request_bytes(method: str, path: str, host: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in headers.items())]
    if method == "POST":
        lines += [f"Content-Type: {FORM}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], dict[str, str]]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers: dict[str, str] = {}
    cookies: dict[str, str] = {}
    for line in filter(None, lines):
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
        if name.lower() == "set-cookie":
            key, _, kept = value.partition(";")[0].partition("=")
            cookies[key] = kept
    return int(first.split(" ")[1]), headers, cookies


async def _chunk(reader: asyncio.StreamReader) -> bytes:
    """The next piece of a chunked body; b"" at its end."""
    try:
        size = int(await reader.readuntil(b"\r\n"), 16)
        return (await reader.readexactly(size + 2))[:-2]
    except asyncio.IncompleteReadError:
        return b""
