"""The product's side: the real server, asked over HTTP by clients with kept-alive connections."""

from __future__ import annotations

import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlencode, urlsplit

from tests.work.caller import Caller
from webapp.services.request_ids import new_request_id

QUESTION = "Opening hours"
FORM = "application/x-www-form-urlencoded"


class Client:
    """One browser: a connection that stays open, and the cookies of somebody signed in."""

    def __init__(self, url: str, username: str) -> None:
        with Caller(url).sign_in(username) as caller:
            self.chat_id = caller.open_session()
            self._token = caller.token
            self._cookies = "; ".join(f"{name}={value}" for name, value in caller.http.cookies.items())
        self._connection = HTTPConnection(str(urlsplit(url).netloc), timeout=60)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def create_session(self) -> None:
        """Open a session with a form of its own."""
        self._post("/sessions", 303, {"request_id": new_request_id()})

    def post_message(self) -> None:
        """Ask a question in this client's session."""
        self._post(
            "/chat/messages",
            200,
            {"chat_id": self.chat_id, "request_id": new_request_id(), "text": QUESTION},
            {"HX-Request": "true"},
        )

    def _post(self, path: str, wanted: int, fields: dict[str, str], headers: dict[str, str] | None = None) -> None:
        body = urlencode({"csrf_token": self._token, **fields})
        sent = {"Cookie": self._cookies, "Content-Type": FORM, **(headers or {})}
        try:
            answer = self._exchange(path, body, sent)
        except ConnectionError:  # the server hangs up on connections nobody has used for a while
            self._connection.close()
            answer = self._exchange(path, body, sent)
        if answer.status != wanted:
            raise RuntimeError(f"{path} answered {answer.status}")

    def _exchange(self, path: str, body: str, headers: dict[str, str]) -> HTTPResponse:
        self._connection.request("POST", path, body, headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer


def wait_until(done: Callable[[], bool], seconds: float = 600) -> float:
    """How long it takes until something is so, seconds."""
    started = time.perf_counter()
    while not done():
        if time.perf_counter() - started > seconds:
            raise RuntimeError("the server did not finish its replies")
        time.sleep(0.05)
    return time.perf_counter() - started
