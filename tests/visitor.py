"""Somebody using the pages over HTTP, without a browser: reads forms from the HTML and sends them as one would."""

from __future__ import annotations

import re
import time

from bs4 import BeautifulSoup, Tag
from flask import Flask
from werkzeug.test import TestResponse

PASSWORD = "Password123!"
HTMX = {"HX-Request": "true"}
TOKEN = re.compile(r'<input[^>]* name="csrf_token"[^>]* value="([^"]+)"')
REQUEST_ID = re.compile(r'<input[^>]* name="request_id"[^>]* value="([^"]+)"')


class Visitor:
    """One browser with its cookies; `page` is the last page it got."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client = app.test_client()
        self.response: TestResponse | None = None
        self.token = ""
        self._html = ""
        self._page: BeautifulSoup | None = None

    @property
    def page(self) -> BeautifulSoup:
        """The last page it got; read when somebody looks at it, since that takes as long as making it."""
        if self._page is None:
            self._page = BeautifulSoup(self._html, "lxml")
        return self._page

    def get(self, path: str, **options: object) -> TestResponse:
        """Follow a link; remembers the page and its CSRF token."""
        return self._keep(self.client.get(path, **options))  # type: ignore[arg-type]

    def post(self, path: str, htmx: bool = False, **fields: object) -> TestResponse:
        """Send a form with the CSRF token of the last page (override with csrf_token=...)."""
        if not self.token:
            self.get("/sign-in")
        sent = {"csrf_token": self.token, **fields}
        return self._keep(self.client.post(path, data=sent, headers=HTMX if htmx else {}))

    def _keep(self, response: TestResponse) -> TestResponse:
        self.response = response
        if response.mimetype == "text/html":
            self._html, self._page = response.text, None
            found = TOKEN.search(self._html)
            if found:
                self.token = found[1]
        return response

    def sign_in(self, username: str, password: str = PASSWORD, **fields: object) -> Visitor:
        """Sign in through the form, and take the start page's token."""
        self.get("/sign-in")
        self.post("/sign-in", username=username, password=password, **fields)
        assert self.response is not None
        if self.response.status_code == 303:
            self.get("/")
        return self

    def field(self, name: str, within: str = "") -> str:
        """The value of a form field on the page."""
        found = self.page.select_one(f'{within} [name="{name}"]')
        assert found is not None, f"no field {name!r} on the page"
        return str(found.get("value") or found.get_text())

    @property
    def request_id(self) -> str:
        """The request id of the page's form, found without reading the whole page, since so many tests need it."""
        found = REQUEST_ID.search(self._html)
        assert found is not None, "no request id on the page"
        return found[1]

    def start(self, opening: str = "", customer: str = "") -> str:
        """Open a session from the start page and go to it; returns its id."""
        self.get("/")
        request_id = self.request_id
        response = self.post("/sessions", request_id=request_id, opening=opening, customer=customer)
        assert response.status_code == 303, response.text
        self.get(response.headers["Location"])
        return chat_id_in(response.headers["Location"])

    def ask(self, chat_id: str, text: str, request_id: str = "", htmx: bool = True) -> TestResponse:
        """Send a question with the composer of the chat's page."""
        if not request_id:
            self.get(f"/chat/{chat_id}")
            request_id = self.request_id
        return self.post("/chat/messages", htmx=htmx, chat_id=chat_id, request_id=request_id, text=text)

    def answer(self, chat_id: str, seconds: float = 30) -> Tag:
        """Wait until the latest reply is finished; returns its article."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            self.get(f"/chat/{chat_id}")
            replies = self.page.select("article.reply")
            if replies and not replies[-1].has_attr("aria-busy"):
                return replies[-1]
            time.sleep(0.05)
        raise AssertionError("the reply was not finished in time")


def chat_id_in(location: str) -> str:
    """The session id in an address."""
    found = re.search(r"sess_[0-9a-z]+", location)
    assert found is not None, location
    return found.group()
