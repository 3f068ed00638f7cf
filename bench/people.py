"""Staff who use the desk while it is measured, each with a sign-in of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.bare import PostgresqlConnection, SqliteConnection
from bench.wire import Wire
from tests.visitor import PASSWORD
from tests.work.caller import CSRF
from webapp.services.request_ids import new_request_id

AT_ONCE = 8  # sign-ins; the server hashes two passwords at a time


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody signed in: what their browser sends with every request, and with every form."""

    username: str
    headers: Mapping[str, str]
    token: str

    async def open_session(self, wire: Wire) -> str:
        """Open a session; returns its id."""
        got = await wire.post("/sessions", {"csrf_token": self.token, "request_id": new_request_id()}, self.headers)
        if got.status != 303:
            raise RuntimeError(f"opening a session was answered {got.status}")
        return got.headers["location"].rsplit("/", 1)[1]


def add_staff(connection: SqliteConnection | PostgresqlConnection, count: int) -> list[str]:
    """Put so many tellers with the demo password into the database; returns their user names."""
    ((known,),) = connection.run("SELECT count(*) FROM staff_user")
    names = [f"teller-{known + number}" for number in range(1, count + 1)]
    connection.begin()
    for name in names:
        connection.run(
            "INSERT INTO staff_user"
            " (username, display_name, password_hash, role_name, branch, locked, is_demo, created_at)"
            " SELECT ?, ?, password_hash, role_name, branch, locked, is_demo, created_at FROM staff_user"
            " WHERE username = 'teller'",
            name, f"Teller Number {name.rsplit('-', 1)[1]}",
        )  # fmt: skip
    connection.end()
    return names


async def sign_in_all(url: str, usernames: Sequence[str]) -> list[Person]:
    """Sign them in by the form, several at a time."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(username: str) -> Person:
        async with turns:
            return await sign_in(url, username)

    return list(await asyncio.gather(*map(one, usernames)))


async def sign_in(url: str, username: str) -> Person:
    """Sign somebody in through the form."""
    wire = Wire(url)
    cookies: dict[str, str] = {}

    def headers() -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}

    try:
        page = await wire.get("/sign-in")
        cookies |= page.cookies
        fields = {"csrf_token": _token(page.text), "username": username, "password": PASSWORD}
        answer = await wire.post("/sign-in", {**fields, "time_zone": "Europe/Berlin"}, headers())
        if answer.status != 303:
            raise RuntimeError(f"the sign-in of {username} was answered {answer.status}")
        cookies |= answer.cookies
        start = await wire.get("/", headers())
        cookies |= start.cookies
        return Person(username, headers(), _token(start.text))
    finally:
        wire.close()


def _token(page: str) -> str:
    found = CSRF.search(page)
    if found is None:
        raise RuntimeError("the page has no form")
    return found.group(1)
