"""A running server for programs, and people with tokens at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.server import Server, running
from tests.visitor import PASSWORD

PLENTY = {"API_REQUESTS_PER_MINUTE": "1000000"}


@contextmanager
def serving(folder: Path, database_url: str = "", **settings: object) -> Iterator[Server]:
    """The real server with limits out of the way."""
    with running(folder, database_url, **{**PLENTY, **settings}) as server:
        yield server


def token_of(url: str, username: str, password: str = PASSWORD) -> str:
    """Sign in; returns the token."""
    answer = httpx.post(
        f"{url}/api/auth/login", json={"username": username, "password": password}, timeout=30, trust_env=False
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"])


@contextmanager
def caller(url: str, username: str = "teller", token: str = "") -> Iterator[httpx.Client]:
    """Somebody's program over real HTTP, its connections kept alive."""
    headers = {"Authorization": f"Bearer {token or token_of(url, username)}"}
    with httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False) as client:
        yield client
