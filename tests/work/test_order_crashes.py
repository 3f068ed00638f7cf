"""Killed between the bank's act and its record, the server finds out by the order's key, and sends nothing twice."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Place
from tests.server import Server, running
from tests.work.caller import Caller
from tests.work.conftest import column, url_of

# On SQLite only: the order changes the sandbox bank, whose file is put back afterwards.
pytestmark = pytest.mark.parametrize(
    "place", [pytest.param("sqlite", marks=pytest.mark.xdist_group("servers-sqlite"))], indirect=True
)
TROUBLED = {"ORDER_DESK": "tests.bank.troubled:connect", "ORDER_SECONDS": 30}


def wait_for(done: Callable[[], object], server: Server, seconds: float = 40) -> None:
    give_up = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < give_up, server.output
        time.sleep(0.02)


def confirm_a_block(caller: Caller, server: Server, place: Place) -> None:
    """Ask for a block, check the caller and press the button, without waiting for the outcome."""
    chat_id = caller.open_session(customer="10-2041", opening="block card 4417, it was stolen")
    wait_for(lambda: column(place, "SELECT count(*) FROM proposal") == [1], server)
    assert caller.post(f"/sessions/{chat_id}/caller", level="full").status_code == 303
    page = caller.http.get(f"/chat/{chat_id}").text
    address = re.findall(r'action="(/chat/[^"]+/confirm)"', page)[0]
    digest = re.findall(r'name="digest" value="([^"]+)"', page)[0]
    answer = caller.post(address, digest=digest)
    assert answer.status_code == 303, answer.text


@pytest.mark.parametrize("place_of_death", ["before", "after"])
def test_an_order_cut_off_by_a_kill_is_done_exactly_once(place: Place, tmp_path: Path, place_of_death: str) -> None:
    trouble = tmp_path / "trouble"
    trouble.write_text(f"{place_of_death} slow")
    with running(tmp_path, url_of(place), **TROUBLED, TROUBLE=trouble) as server:
        with Caller(server.url).sign_in() as caller:
            confirm_a_block(caller, server, place)
        wait_for(trouble.with_suffix(".reached").exists, server)
        server.kill()
    assert column(place, "SELECT state FROM proposal") == ["sent"]
    acted = 1 if place_of_death == "after" else 0
    assert column(place, "SELECT count(*) FROM bank_orders") == [acted]
    trouble.write_text("")
    with running(tmp_path, url_of(place), **TROUBLED, TROUBLE=trouble) as server:
        wait_for(lambda: column(place, "SELECT state FROM proposal") == ["done"], server)
    assert column(place, "SELECT count(*) FROM bank_orders WHERE state = 'done'") == [1]
    assert column(place, "SELECT status FROM bank_cards WHERE id = 'CA-102041-1'") == ["blocked"]
    assert column(place, "SELECT count(*) FROM message WHERE role = 'notice'") == [1]
    actions = column(place, "SELECT action FROM audit_entry WHERE action LIKE 'proposal.%' ORDER BY id")
    assert actions == ["proposal.made", "proposal.confirmed", "proposal.done"]


def test_an_order_whose_answer_is_lost_is_not_sent_again_by_the_sweeper(place: Place, tmp_path: Path) -> None:
    trouble = tmp_path / "trouble"
    trouble.write_text("after lost")
    with running(tmp_path, url_of(place), **TROUBLED, TROUBLE=trouble) as server:
        with Caller(server.url).sign_in() as caller:
            confirm_a_block(caller, server, place)
        wait_for(lambda: column(place, "SELECT state FROM proposal") == ["unknown"], server)
        time_of_next_sweeps = time.monotonic() + 5
        wait_for(lambda: time.monotonic() > time_of_next_sweeps, server)
    assert column(place, "SELECT state FROM proposal") == ["unknown"]
    assert column(place, "SELECT count(*) FROM bank_orders") == [1]
