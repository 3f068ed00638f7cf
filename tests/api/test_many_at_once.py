"""Many programs at once, through HTTP, on real servers: as many rows as answers, and lists that lose nobody."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from tests import postgresql
from tests.api.served import caller, serving, token_of
from tests.work.caller import at_once

CLIENTS = 10
EACH = int(os.environ.get("API_LOAD_EACH", "15"))  # 200 creates and posts of each client: API_LOAD_EACH=200


@dataclass
class Site:
    """A running server and the address of its database."""

    url: str
    database: str

    def count(self, table: str, condition: str = "1 = 1") -> int:
        """How many rows there are, seen past the server."""
        engine = create_engine(self.database.replace("postgresql://", "postgresql+psycopg://"))
        try:
            with engine.connect() as connection:
                return int(connection.scalar(text(f"SELECT count(*) FROM {table} WHERE {condition}")) or 0)
        finally:
            engine.dispose()


@pytest.fixture(
    scope="module",
    params=[pytest.param(kind, marks=pytest.mark.xdist_group(f"servers-{kind}")) for kind in ("sqlite", "postgresql")],
)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server on an empty database of either kind; posts do not wait for their replies."""
    folder = tmp_path_factory.mktemp(f"api-{request.param}")
    if request.param == "sqlite":
        with serving(folder, API_REPLY_WAIT="0") as server:
            yield Site(server.url, f"sqlite:///{folder / 'bankside.db'}")
        return
    with (
        postgresql.fresh_database(request.getfixturevalue("postgresql_url")) as url,
        serving(folder, url, API_REPLY_WAIT="0") as server,
    ):
        yield Site(server.url, url)


def test_ten_clients_create_and_post_and_every_answer_is_a_row(site: Site) -> None:
    token = token_of(site.url, "teller")

    def work(number: int) -> tuple[list[str], list[str]]:
        made, said = [], []
        with caller(site.url, token=token) as client:
            for turn in range(EACH):
                answer = client.post("/api/sessions", json={"metadata": {"client": number, "turn": turn}})
                assert answer.status_code == 201, answer.text
                ids = answer.json()
                assert ids["sessionId"] == ids["session_id"] == ids["chatSession"]["sessionId"]
                made.append(ids["sessionId"])
                posted = client.post(f"/api/sessions/{made[-1]}/messages", json={"content": f"hello {number}-{turn}"})
                assert posted.status_code in (200, 202), posted.text
                said.append(posted.json()["message"]["id"])
        return made, said

    answers = at_once(CLIENTS, work)
    made = [chat_id for ids, _messages in answers for chat_id in ids]
    said = [message_id for _ids, messages in answers for message_id in messages]
    assert len(set(made)) == len(set(said)) == CLIENTS * EACH
    assert site.count("chat_session", "metadata IS NOT NULL") == CLIENTS * EACH
    assert site.count("message", "role = 'staff'") == CLIENTS * EACH
    assert site.count("reply") == CLIENTS * EACH


def test_a_list_walked_while_sessions_are_added_has_every_old_one_exactly_once(site: Site) -> None:
    """Hypothesis chooses how the list is cut and how many sessions come in between."""
    owner = caller(site.url, "specialist")
    with owner as client:
        known = {client.post("/api/sessions").json()["sessionId"] for _ in range(23)}

        @settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
        @given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 2)), min_size=1, max_size=4))
        def walk(cuts: list[tuple[int, int]]) -> None:
            before = set(known)
            seen: list[str] = []
            address, turn = f"/api/sessions?limit={cuts[0][0]}", 0
            while address:
                page: httpx.Response = client.get(address)
                assert page.status_code == 200, page.text
                seen += [one["sessionId"] for one in page.json()]
                size, added = cuts[turn % len(cuts)]
                known.update(client.post("/api/sessions").json()["sessionId"] for _ in range(added if turn < 4 else 0))
                address = re.sub(r"\blimit=\d+", f"limit={size}", page.links["next"]["url"]) if page.links else ""
                turn += 1
            assert len(seen) == len(set(seen)), "nobody twice"
            assert before <= set(seen), "nobody lost"

        walk()


def test_a_reply_that_takes_longer_than_the_server_waits_is_accepted_and_found_later(
    site: Site, tmp_path: Path
) -> None:
    with caller(site.url, "manager") as client:
        chat_id = client.post("/api/sessions").json()["sessionId"]
        key = {"Idempotency-Key": "later"}
        answer = client.post(f"/api/sessions/{chat_id}/messages", json={"content": "opening hours"}, headers=key)
        assert answer.status_code == 202
        assert answer.headers["Location"] == answer.json()["reply"]
        with client.stream(
            "GET", f"/api/chat/sessions/{chat_id}/events", headers={"Last-Event-ID": "another-life"}
        ) as stream:
            lines = stream.iter_lines()
            assert any(line == "event: reload" for line in lines), "an id it cannot go on from is said"
            for line in lines:
                if line == "event: changed" and client.get(answer.json()["reply"]).json()["state"] == "done":
                    break
                if client.get(answer.json()["reply"]).json()["state"] == "done":
                    break
        found = client.get(answer.json()["reply"]).json()
        assert (found["role"], found["state"]) == ("assistant", "done")
        again = client.post(f"/api/sessions/{chat_id}/messages", json={"content": "opening hours"}, headers=key)
        assert (again.status_code, again.json()["response"]["id"]) == (200, found["id"])
