"""A program that speaks JSON with the desk: in the same process, with a token of its own and no cookies."""

from __future__ import annotations

from typing import Any, Self

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.visitor import PASSWORD


class Program:
    """One program; `token` is "" until it has signed in."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client(use_cookies=False)
        self.token = ""

    def sign_in(self, username: str = "teller", password: str = PASSWORD) -> Self:
        """Get a token with name and password."""
        answer = self.client.post("/api/auth/login", json={"username": username, "password": password})
        assert answer.status_code == 200, answer.text
        self.token = answer.json["token"]
        return self

    def ask(self, method: str, path: str, /, headers: dict[str, str] | None = None, **options: Any) -> TestResponse:
        """Send a request with the token."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.client.open(path, method=method, headers={**sent, **(headers or {})}, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        """Read."""
        return self.ask("GET", path, **options)

    def post(self, path: str, /, headers: dict[str, str] | None = None, **fields: Any) -> TestResponse:
        """Send fields as a JSON body."""
        return self.ask("POST", path, headers=headers, json=fields)

    def open_session(self, **fields: Any) -> str:
        """Open a session; returns its id."""
        answer = self.post("/api/sessions", **fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json["session_id"])

    def say(self, chat_id: str, content: str, **fields: Any) -> TestResponse:
        """Say something in a session the way the Node system's clients do."""
        return self.post("/api/chat/message", headers={"X-Session-ID": chat_id}, content=content, **fields)
