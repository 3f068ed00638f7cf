"""A member of staff's browser over real HTTP: signs in, opens sessions, asks. Connections are kept alive."""

from __future__ import annotations

import re
import threading
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from json import loads
from typing import Any, Self, TypeVar
from zlib import decompress

import httpx

from tests.visitor import HTMX, PASSWORD
from webapp.services.request_ids import new_request_id

CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
T = TypeVar("T")


class Caller:
    """One browser with its cookies. Not for several threads: each takes a twin."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=60, trust_env=False)
        self.token = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.http.close()

    def sign_in(self, username: str = "teller") -> Self:
        """Sign in through the form."""
        self._read_token("/sign-in")
        fields = {"csrf_token": self.token, "username": username, "password": PASSWORD, "time_zone": "Europe/Berlin"}
        answer = self.http.post("/sign-in", data=fields)
        assert answer.status_code == 303, answer.text
        self._read_token("/")
        return self

    def _read_token(self, path: str) -> None:
        answer = self.http.get(path)
        found = CSRF.search(answer.text)
        assert found is not None, f"{path}: {answer.status_code} {answer.text}"
        self.token = found.group(1)

    @contextmanager
    def twins(self, count: int) -> Iterator[list[Caller]]:
        """More connections of the same browser: the same cookies, the same token."""
        with ExitStack() as stack:
            others = [stack.enter_context(Caller(str(self.http.base_url))) for _ in range(count)]
            for other in others:
                other.http.cookies.update(self.http.cookies)
                other.token = self.token
            yield others

    def post(self, path: str, headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
        """Send a form."""
        return self.http.post(path, data={"csrf_token": self.token, **fields}, headers=headers)

    def create(self, request_id: str = "", **fields: str) -> httpx.Response:
        """Open a session; a success is a 303 to its page."""
        return self.post("/sessions", request_id=request_id or new_request_id(), **fields)

    def open_session(self, **fields: str) -> str:
        """Open a session and return its id."""
        answer = self.create(**fields)
        assert answer.status_code == 303, answer.text
        return chat_id_in(answer)

    def ask(self, chat_id: str, text: str, request_id: str = "") -> httpx.Response:
        """Send a question as htmx does; a success is a 200 with the turn."""
        fields = {"chat_id": chat_id, "text": text, "request_id": request_id or new_request_id()}
        return self.post("/chat/messages", headers=HTMX, **fields)

    @property
    def cookie(self) -> dict[str, Any]:
        """What the signed session cookie says (its signature is the server's business)."""
        payload = self.http.cookies["bankside"]
        packed = payload.startswith(".")
        first = payload.lstrip(".").split(".")[0]
        raw = urlsafe_b64decode(first + "=" * (-len(first) % 4))
        return dict(loads(decompress(raw) if packed else raw))


def chat_id_in(answer: httpx.Response) -> str:
    """The session a redirect leads to."""
    found = re.search(r"sess_[0-9a-z]{36}", answer.headers["Location"])
    assert found is not None, answer.headers["Location"]
    return found.group()


def at_once(count: int, act: Callable[[int], T]) -> list[T]:
    """Do something on `count` threads that begin together; their results in order, or the first error."""
    barrier = threading.Barrier(count)

    def wait_and_act(number: int) -> T:
        barrier.wait(timeout=30)
        return act(number)

    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(wait_and_act, number) for number in range(count)]]
