"""The whole desk on a bank that is reached over HTTP: a balance, a block through the page, and the bank's bad days."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.bank.served import TOKEN, serving
from tests.bank.troubled import TroubledDesk, fail
from tests.conftest import Place, make_place
from tests.visitor import Visitor
from tests.web.test_proposals import ask, check_caller, offers, press, state_of
from webapp.bank.sandbox.bank import SandboxBank
from webapp.bank.sandbox.order_desk import SandboxOrderDesk
from webapp.bank.sandbox.serve import ServedBank
from webapp.bank.values import CardStatus
from webapp.extensions import db

ORDER_SECONDS = 1.0
MARIA = "10-2041"


class Elsewhere:
    """The served bank, which is there as soon as its database is; `desk` can be given trouble."""

    def __init__(self) -> None:
        self.served: ServedBank | None = None
        self.desk: TroubledDesk | None = None

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        assert self.served is not None
        return self.served(environ, start_response)


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Elsewhere]]:
    """An installation whose bank is at the other end of a line."""
    elsewhere = Elsewhere()
    with ExitStack() as stack:
        url = stack.enter_context(serving(elsewhere))
        place = make_place(
            "sqlite", "", tmp_path_factory.mktemp("over http"), bank_url=url, bank_token=TOKEN, bank_seconds=20,
            order_seconds=ORDER_SECONDS, core_banking="webapp.bank.http.bank:connect",
            order_desk="webapp.bank.http.order_desk:connect",
        )  # fmt: skip
        engine = place.app.extensions["bankside.guests_engine"]
        elsewhere.desk = TroubledDesk(SandboxOrderDesk(engine))
        elsewhere.served = ServedBank(SandboxBank(engine), elsewhere.desk, TOKEN)
        yield place, elsewhere
        place.app.extensions["bankside.runner"].stop()
        for guest in ("bankside.bank", "bankside.order_desk"):
            place.app.extensions[guest]._line.close()
        with place.app.app_context():
            db.engine.dispose()
        engine.dispose()


@pytest.fixture
def app(connected: tuple[Place, Elsewhere]) -> Flask:
    connected[0].reset()
    return connected[0].app


@pytest.fixture
def desk(app: Flask, connected: tuple[Place, Elsewhere]) -> Iterator[TroubledDesk]:
    """The bank's own order desk, in good order."""
    found = connected[1].desk
    assert found is not None
    found.before = found.after = None
    found.sent.clear()
    yield found
    found.before = found.after = None


def status(app: Flask, last_four: str = "4417") -> CardStatus:
    return SandboxBank(app.extensions["bankside.guests_engine"]).card(MARIA, last_four).status


def a_proposed_block(teller: Visitor) -> str:
    chat_id = ask(teller, "block card 4417, it was stolen")
    check_caller(teller, chat_id)
    return chat_id


def test_a_balance_and_a_block_over_http(app: Flask, desk: TroubledDesk, tmp_path: Path) -> None:
    teller = Visitor(app).sign_in("teller")
    chat_id = ask(teller, "what is the balance?")
    account = SandboxBank(app.extensions["bankside.guests_engine"]).accounts(MARIA)[0]
    assert f"{account.balance:,.2f}" in teller.page.select("article.reply")[-1].get_text()
    check_caller(teller, chat_id)
    ask(teller, "block card 4417, it was stolen", chat_id)
    assert press(teller, 0, "confirm") == 303
    teller.get(f"/chat/{chat_id}")
    assert (state_of(teller), status(app)) == ("Done", CardStatus.BLOCKED)
    assert len(desk.sent) == 1


def test_an_answer_lost_after_the_act_is_not_known_until_the_status_is_checked(app: Flask, desk: TroubledDesk) -> None:
    released = threading.Event()
    desk.after = lambda: (released.wait(20), None)[1]
    teller = Visitor(app).sign_in("teller")
    chat_id = a_proposed_block(teller)
    press(teller, 0, "confirm")
    teller.get(f"/chat/{chat_id}")
    assert state_of(teller) == "Not known whether it was done"
    assert offers(teller) == {"check"}
    assert status(app) is CardStatus.BLOCKED, "the bank has acted"
    assert press(teller, 0, "check") == 303
    teller.get(f"/chat/{chat_id}")
    assert state_of(teller) == "Done"
    released.set()
    assert len(desk.sent) == 1, "it was sent once"


def test_a_bank_that_is_slow_before_it_acts_is_asked_and_not_sent_again(app: Flask, desk: TroubledDesk) -> None:
    released, acted = threading.Event(), threading.Event()
    desk.before, desk.after = lambda: (released.wait(20), None)[1], acted.set
    teller = Visitor(app).sign_in("teller")
    chat_id = a_proposed_block(teller)
    press(teller, 0, "confirm")
    teller.get(f"/chat/{chat_id}")
    assert state_of(teller) == "Not known whether it was done"
    press(teller, 0, "check")
    teller.get(f"/chat/{chat_id}")
    assert "does not know of this order yet" in teller.page.get_text()
    assert status(app) is CardStatus.ACTIVE
    released.set()
    assert acted.wait(20)
    press(teller, 0, "check")
    teller.get(f"/chat/{chat_id}")
    assert (state_of(teller), status(app), len(desk.sent)) == ("Done", CardStatus.BLOCKED, 1)


def test_a_bank_that_is_down_has_done_nothing(app: Flask, desk: TroubledDesk) -> None:
    desk.before = fail
    teller = Visitor(app).sign_in("teller")
    chat_id = a_proposed_block(teller)
    press(teller, 0, "confirm")
    teller.get(f"/chat/{chat_id}")
    assert (state_of(teller), status(app), len(desk.sent)) == ("Not done", CardStatus.ACTIVE, 1)
