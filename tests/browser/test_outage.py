"""The server dies in the middle of an answer and comes back: the page recovers by itself."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Records
from tests.browser.desk import Desk
from tests.server import Server, running

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-1")]

OpenDesk = Callable[..., Desk]


@pytest.fixture
def copied(server: Server, teller: str, tmp_path: Path) -> Path:
    """An instance of its own with the same staff (the teller among them) and the same records."""
    folder = tmp_path / "copy"
    folder.mkdir()
    shutil.copy(server.folder / "secret_key", folder)
    with (
        closing(sqlite3.connect(server.folder / "bankside.db")) as original,
        closing(sqlite3.connect(folder / "bankside.db")) as copy,
    ):
        original.backup(copy)
    return folder


def test_an_answer_appears_although_its_server_was_killed_while_making_it(
    open_desk: OpenDesk, copied: Path, teller: str
) -> None:
    slow = {"CORE_BANKING": "tests.work.slow_bank:connect", "SLOW_BANK_SECONDS": 30}
    with running(copied, **slow) as first:
        desk = open_desk(teller, url=first.url)
        for noise in ("net::ERR_CONNECTION", "Failed to fetch", "net::ERR_EMPTY_RESPONSE", "net::ERR_SOCKET"):
            desk.complaints.expect(noise)
        chat_id = desk.start("10-2041")
        desk.ask_without_waiting("Card status of 4417")
        expect(desk.replies.first).to_contain_text("Being answered")
        expect(desk.questions).to_have_text(["Card status of 4417"])
        desk.box.fill("typed while nobody listens")
        first.kill()

    expect(desk.notice).to_contain_text("The connection is lost.")
    expect(desk.replies.first).to_contain_text("Being answered")
    desk.box.press("Enter")
    expect(desk.notice).to_contain_text("Not sent: the server can't be reached.")
    expect(desk.box).to_have_value("typed while nobody listens")

    with running(copied, port=int(first.url.rsplit(":", 1)[1])):
        expect(desk.reply(0)).to_contain_text("4417 is active")
        expect(desk.notice).to_have_count(0)
        desk.box.press("Enter")
        desk.reply(1)
        expect(desk.questions).to_have_text(["Card status of 4417", "typed while nobody listens"])
        stored = "SELECT role FROM message WHERE chat_id = ? ORDER BY seq"
        roles = [row[0] for row in Records(copied / "bankside.db").rows(stored, chat_id)]
        assert roles == ["staff", "assistant", "staff", "assistant"]
