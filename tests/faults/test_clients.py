"""Clients that hang up, do not read, or do not come to the end of what they send: they cost what they must, and nobody
else anything."""

from __future__ import annotations

import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from tests.server import Server, running
from tests.web.operating import BEARER, TOKEN
from tests.work.caller import Caller
from tests.work.speaker import wait_until
from webapp.services.request_ids import new_request_id

pytestmark = pytest.mark.xdist_group("faults")  # one server for all of the module

THREADS = 8
STREAMS = 6  # three quarters of them, and as many as one person may hold
PATIENCE = 2.0  # seconds
QUICK = 1.5  # seconds in which a page is there although others are difficult


@dataclass
class Desk:
    """A server with few threads, and somebody who is signed in there."""

    server: Server
    caller: Caller

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        found = urlsplit(self.server.url)
        return str(found.hostname), found.port or 0

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database holds."""
        with closing(sqlite3.connect(self.server.folder / "bankside.db")) as connection:
            return connection.execute(statement, values).fetchall()

    def ask(self, chat_id: str, text: str) -> None:
        """Put a question."""
        assert self.caller.ask(chat_id, text).status_code == 200

    def head(self, method: str, path: str, **fields: object) -> bytes:
        """The beginning of a request of the signed-in person's, but for the empty line at its end."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.caller.http.cookies.items())
        wanted = {"Host": f"{self.address[0]}:{self.address[1]}", "Cookie": cookies, **fields}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in wanted.items())]
        return ("\r\n".join(lines) + "\r\n").encode()

    @contextmanager
    def following(self, chat_id: str, room: int = 0) -> Iterator[socket.socket]:
        """A page's event stream, its status line read; `room`: bytes the page's system keeps for it."""
        with socket.socket() as connection:
            if room:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
            connection.settimeout(10)
            connection.connect(self.address)
            after = f"/chat/{chat_id}/events?after=0-0"
            accept = {"Accept": "text/event-stream", "HX-Request": "true"}
            connection.sendall(self.head("GET", after, **accept) + b"\r\n")
            status = connection.recv(12)
            assert status == b"HTTP/1.1 200", status
            yield connection

    def open_streams(self) -> float:
        """How many the server counts."""
        text = self.caller.http.get("/metrics", headers=BEARER).text
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith("bankside_open_streams"))

    def seconds_for_a_page(self) -> float:
        """How long somebody else waits for one."""
        began = time.monotonic()
        assert httpx.get(f"{self.server.url}/sign-in", timeout=20, trust_env=False).status_code == 200
        return time.monotonic() - began


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, seeded: Path) -> Iterator[Desk]:
    """One server for this module."""
    settings = {"WEB_THREADS": THREADS, "REQUEST_SECONDS": PATIENCE, "METRICS_TOKEN": TOKEN}
    with (
        running(seeded, wsgi="tests.faults.talking_desk", **settings) as server,
        Caller(server.url).sign_in() as caller,
    ):
        yield Desk(server, caller)


def read_until(connection: socket.socket, mark: bytes) -> bytes:
    read = b""
    while mark not in read:
        piece = connection.recv(65536)
        assert piece, "the stream has ended"
        read += piece
    return read


def test_pages_that_hang_up_in_the_middle_of_an_answer_leave_their_places_and_the_answer_is_made(desk: Desk) -> None:
    chat_id = desk.caller.open_session()
    with ExitStack() as stack:
        pages = [stack.enter_context(desk.following(chat_id)) for _ in range(STREAMS)]
        desk.ask(chat_id, "Talk for 1.5 seconds")
        for page in pages:
            read_until(page, b"event: partial")
    assert desk.rows("SELECT state FROM reply ORDER BY id DESC LIMIT 1") == [("running",)]
    wait_until(lambda: desk.open_streams() == 0, seconds=5)
    with ExitStack() as stack:  # there is a thread and a place for each again
        for _ in range(STREAMS):
            stack.enter_context(desk.following(chat_id))
        assert desk.seconds_for_a_page() < QUICK
    wait_until(lambda: desk.rows("SELECT state, attempts FROM reply ORDER BY id DESC LIMIT 1") == [("done", 1)])
    said = desk.rows("SELECT seq, role FROM message WHERE chat_id = ? ORDER BY seq", chat_id)
    assert said == [(1, "staff"), (2, "assistant")]


def test_a_page_that_reads_nothing_is_cut_off_and_the_others_hear_everything(desk: Desk) -> None:
    wait_until(lambda: desk.open_streams() == 0, seconds=5)
    chat_id = desk.caller.open_session()
    with desk.following(chat_id, room=4096) as deaf, desk.following(chat_id) as other:
        assert desk.open_streams() == 2
        desk.ask(chat_id, "Talk for 4 seconds")
        read_until(other, b"event: partial")
        waited = []

        def deaf_is_gone() -> bool:
            waited.append(desk.seconds_for_a_page())
            return desk.open_streams() == 1

        wait_until(deaf_is_gone, seconds=6)
        assert max(waited) < QUICK, "nobody waits for it"
        read_until(other, b"event: changed")
        wait_until(lambda: desk.rows("SELECT state FROM reply ORDER BY id DESC LIMIT 1") == [("done",)])
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)
        while deaf.recv(65536):
            pass  # what was on its way; then the end


def difficult(desk: Desk) -> list[bytes]:
    """Requests that are not whole, each ending somewhere else."""
    fields = {
        "chat_id": "x",
        "request_id": new_request_id(),
        "text": "Half a question",
        "csrf_token": desk.caller.token,
    }
    body = urlencode(fields).encode()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    whole = desk.head("POST", "/sessions", **form, **{"Content-Length": len(body)}) + b"\r\n"
    chunked = desk.head("POST", "/sessions", **form, **{"Transfer-Encoding": "chunked"}) + b"\r\n"
    return [b"G", b"GET / HTTP/1.1\r\nHo", desk.head("GET", "/"), whole, whole + body[:-1], chunked + b"5\r\nchat"]


def ending(connection: socket.socket) -> bytes:
    """What a client gets that waits for the end of its connection."""
    got = b""
    try:
        while piece := connection.recv(4096):
            got += piece
    except ConnectionResetError:
        pass
    return got


def test_half_sent_requests_are_cut_off_and_others_are_served(desk: Desk) -> None:
    sessions = desk.rows("SELECT count(*) FROM chat_session")
    with ExitStack() as stack:
        clients = []
        for beginning in difficult(desk):
            clients.append(stack.enter_context(socket.create_connection(desk.address, timeout=10)))
            clients[-1].sendall(beginning)
        assert desk.seconds_for_a_page() < QUICK, "there are threads left"
        began = time.monotonic()
        answers = [ending(client) for client in clients]
        assert time.monotonic() - began < 3 * PATIENCE + 2
    for answer in answers:
        assert answer == b"" or answer.split(b" ")[1] in (b"400", b"408"), answer[:200]
    assert any(b" 408 " in answer for answer in answers)
    assert desk.rows("SELECT count(*) FROM chat_session") == sessions
    assert desk.seconds_for_a_page() < QUICK


def test_dribbling_clients_have_the_same_time_and_with_more_of_them_than_threads_others_still_get_in(
    desk: Desk,
) -> None:
    beginnings = difficult(desk)
    with ExitStack() as stack:
        clients = [stack.enter_context(socket.create_connection(desk.address, timeout=10)) for _ in range(2 * THREADS)]
        for number, client in enumerate(clients):
            client.sendall(beginnings[number % len(beginnings)])
        began, alive = time.monotonic(), list(clients)

        def dribble() -> bool:
            for client in list(alive):
                try:
                    client.sendall(b"a")
                except OSError:
                    alive.remove(client)
            return not alive

        with httpx.Client(base_url=desk.server.url, timeout=20, trust_env=False) as other:
            wait_until(dribble, seconds=8 * PATIENCE)
            assert time.monotonic() - began > 0.9 * PATIENCE
            assert other.get("/sign-in").status_code == 200
    assert desk.seconds_for_a_page() < QUICK
