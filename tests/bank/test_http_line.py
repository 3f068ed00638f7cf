"""A bank over HTTP on a bad day: nothing wrong is believed, questions are asked again, orders never are."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.wrappers import Request, Response

from tests.bank.served import TOKEN, line_to, serving
from tests.server import free_port
from webapp.bank.address import BankAddress
from webapp.bank.errors import (
    AnswerUnreadable,
    BankUnavailable,
    CustomerNotFound,
    OrderRefused,
    OutcomeUnknown,
)
from webapp.bank.http.bank import HttpBank
from webapp.bank.http.line import LARGEST_ANSWER, Line
from webapp.bank.http.order_desk import HttpOrderDesk, connect
from webapp.bank.http.wire import read, written
from webapp.bank.orders import BlockCard, BlockReason
from webapp.bank.values import Account

MARIA = "10-2041"
BLOCK = BlockCard("CA-102041-1", BlockReason.LOST)
MATCH = {"number": MARIA, "name": "Maria Keller", "town": "Nordhafen", "branch": "Nordhafen", "matched_on": "name"}
ACCOUNT: dict[str, Any] = {
    "id": "AC-1", "customer_number": MARIA, "kind": "checking", "name": "Everyday Current",
    "iban": "DE89370400440532013000", "currency": "EUR", "balance": "-1204.55", "available": "795.45",
    "overdraft_limit": "2000.00", "interest_rate": "0.00", "status": "open", "opened_on": "2019-04-01",
}  # fmt: skip
RECEIPT = {"number": "BL-900001", "done_at": "2026-11-18T09:30:00Z", "text": "The card is blocked."}


@dataclass
class Scripted:
    """A bank that answers what a test tells it to, and notes what it was asked."""

    answers: list[Response | Callable[[], Response]] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        request = Request(environ)
        request.get_data()
        self.asked.append(request)
        made = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return (made if isinstance(made, Response) else made())(environ, start_response)


def said(body: object, status: int = 200, kind: str = "application/json") -> Response:
    return Response(body if isinstance(body, str | bytes) else json.dumps(body), status, content_type=kind)


def problem(status: int, code: str, detail: str = "") -> Response:
    return said({"title": "No", "status": status, "code": code, "detail": detail}, status, "application/problem+json")


@pytest.fixture(scope="module")
def scripted() -> Iterator[tuple[Scripted, str]]:
    bank = Scripted()
    with serving(bank) as url:
        yield bank, url


@contextmanager
def answering(
    scripted: tuple[Scripted, str], *answers: Response | Callable[[], Response], **seconds: float
) -> Iterator[Line]:
    bank, url = scripted
    bank.answers, bank.asked = list(answers), []
    with line_to(url, checked=False, **seconds) as line:
        yield line


# What is not believed


@pytest.mark.parametrize(
    "answer",
    [
        said({"items": [{**ACCOUNT, "balance": -1204.55}]}),
        said({"items": [{**ACCOUNT, "balance": "-1204.5"}]}),
        said({"items": [{**ACCOUNT, "balance": "1e5"}]}),
        said({"items": [{**ACCOUNT, "balance": "\u0661\u0662.00"}]}),
        said({"items": [{name: value for name, value in ACCOUNT.items() if name != "available"}]}),
        said({"items": [{**ACCOUNT, "customer_number": "10-2063"}]}),
        said({"items": [{**ACCOUNT, "status": "gone"}]}),
        said({"items": [{**ACCOUNT, "opened_on": "yesterday"}]}),
        said({"items": [{**ACCOUNT, "name": "x" * 3000}]}),
        said({"items": [{**ACCOUNT, "name": "a\x00b"}]}),
        said({"items": ACCOUNT}),
        said([ACCOUNT]),
        said({"items": [ACCOUNT] * 1001}),
        said('{"items": [], "items": []}'),
        said('{"items": NaN}'),
        said('{"items": ['),
        said("[" * 100_000),
        said(""),
        said("<html>Sign in</html>", kind="text/html"),
        said({"items": []}, 203 + 99),
        said(b" " * (LARGEST_ANSWER + 1)),
        problem(404, "no_such_path"),
        said("Not Found", 404, "text/plain"),
        said({"code": "customer_not_found"}, 404, "text/html"),
        problem(400, "invalid_request"),
    ],
)  # fmt: skip
def test_an_answer_that_was_not_agreed_is_not_used(scripted: tuple[Scripted, str], answer: Response) -> None:
    with answering(scripted, answer) as line, pytest.raises(AnswerUnreadable):
        HttpBank(line).accounts(MARIA)
    assert len(scripted[0].asked) == 1


def test_properties_nobody_knows_are_ignored(scripted: tuple[Scripted, str]) -> None:
    with answering(scripted, said({"items": [{**ACCOUNT, "colour": "blue"}], "next": None})) as line:
        (account,) = HttpBank(line).accounts(MARIA)
    assert written(account.balance) == "-1204.55"


def test_more_than_was_asked_for_is_not_used(scripted: tuple[Scripted, str]) -> None:
    with answering(scripted, said({"items": [MATCH] * 3})) as line, pytest.raises(AnswerUnreadable):
        HttpBank(line).search_customers("keller", 2)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
              st.decimals(allow_nan=False, places=2).map(str), st.dates().map(str)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@given(st.sampled_from(sorted(ACCOUNT)), JSON)
def test_a_value_is_read_as_it_was_said_or_not_at_all(name: str, value: Any) -> None:
    try:
        account = read(Account, {**ACCOUNT, name: value})
    except AnswerUnreadable:
        return
    assert written(account)[name] == value


# Asked again, or not


def test_a_question_is_asked_again_when_the_bank_is_away(scripted: tuple[Scripted, str]) -> None:
    away = problem(503, "unavailable")
    with answering(scripted, away, said("", 502, "text/html"), said({"items": [ACCOUNT]})) as line:
        assert len(HttpBank(line).accounts(MARIA)) == 1
    assert len(scripted[0].asked) == 3


def test_a_question_is_not_asked_for_ever(scripted: tuple[Scripted, str]) -> None:
    with answering(scripted, problem(503, "unavailable")) as line, pytest.raises(BankUnavailable):
        HttpBank(line).accounts(MARIA)
    assert len(scripted[0].asked) == 3


def test_a_silent_bank_is_waited_for_no_longer_than_allowed(scripted: tuple[Scripted, str]) -> None:
    released = threading.Event()

    def never() -> Response:
        released.wait(20)
        return said({"items": []})

    began = time.monotonic()
    with answering(scripted, never, read_seconds=0.3) as line, pytest.raises(BankUnavailable):
        HttpBank(line).accounts(MARIA)
    assert time.monotonic() - began < 5
    assert len(scripted[0].asked) == 1, "its time was over with the first attempt"
    released.set()


def test_an_answer_that_drips_is_given_up(scripted: tuple[Scripted, str]) -> None:
    released = threading.Event()

    def drip() -> Response:
        def drops() -> Iterator[bytes]:
            for _ in range(400):
                if released.wait(0.05):
                    return
                yield b" "

        return Response(drops(), content_type="application/json")

    began = time.monotonic()
    with answering(scripted, drip, read_seconds=0.3) as line, pytest.raises(BankUnavailable):
        HttpBank(line).accounts(MARIA)
    released.set()
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("answer", "means"),
    [
        (problem(503, "unavailable"), BankUnavailable),
        (problem(401, "not_let_in"), BankUnavailable),
        (problem(429, "unavailable"), BankUnavailable),
        (problem(409, "order_refused", "The card has expired."), OrderRefused),
        (problem(400, "invalid_request"), OrderRefused),
        (problem(404, "customer_not_found"), CustomerNotFound),
        (problem(404, "no_such_path"), OutcomeUnknown),
        (problem(409, "fault"), OutcomeUnknown),
        (said("Conflict", 409, "text/html"), OutcomeUnknown),
        (problem(500, "fault"), OutcomeUnknown),
        (said("", 502, "text/html"), OutcomeUnknown),
        (said("", 504, "text/html"), OutcomeUnknown),
        (said({**RECEIPT, "number": ""}), OutcomeUnknown),
        (said({**RECEIPT, "done_at": "2026-11-18T09:30:00"}), OutcomeUnknown),
        (said("<html>", kind="text/html"), OutcomeUnknown),
        (said({"number": "x"}), OutcomeUnknown),
        (said("", 302), OutcomeUnknown),
        (said("", 204), OutcomeUnknown),
    ],
)
def test_an_order_is_sent_once_and_what_is_not_certain_is_not_known(
    scripted: tuple[Scripted, str], answer: Response, means: type[Exception]
) -> None:
    with answering(scripted, answer) as line, pytest.raises(means):
        HttpOrderDesk(line).carry_out("prop_1", MARIA, BLOCK)
    assert [one.headers["Idempotency-Key"] for one in scripted[0].asked] == ["prop_1"]


def test_an_order_whose_answer_is_late_is_not_known(scripted: tuple[Scripted, str]) -> None:
    released = threading.Event()

    def late() -> Response:
        released.wait(20)
        return said(RECEIPT)

    with answering(scripted, late, order_seconds=0.2) as line, pytest.raises(OutcomeUnknown):
        HttpOrderDesk(line).carry_out("prop_1", MARIA, BLOCK)
    released.set()
    assert len(scripted[0].asked) == 1


def test_a_connection_cut_after_the_order_leaves_it_not_known() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def cut() -> None:
            connection, _ = server.accept()
            connection.recv(65536)
            connection.close()

        thread = threading.Thread(target=cut)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with line_to(url, checked=False) as line, pytest.raises(OutcomeUnknown):
            HttpOrderDesk(line).carry_out("prop_1", MARIA, BLOCK)
        thread.join(10)


def test_an_order_that_reached_nobody_changed_nothing() -> None:
    with line_to(f"http://127.0.0.1:{free_port()}", checked=False) as line, pytest.raises(BankUnavailable):
        HttpOrderDesk(line).carry_out("prop_1", MARIA, BLOCK)


def test_only_the_bank_s_own_word_says_that_it_never_had_an_order(scripted: tuple[Scripted, str]) -> None:
    with answering(scripted, problem(404, "no_such_path")) as line, pytest.raises(BankUnavailable):
        HttpOrderDesk(line).outcome("prop_1")
    with answering(scripted, said({"state": "done"})) as line, pytest.raises(AnswerUnreadable):
        HttpOrderDesk(line).outcome("prop_1")
    with answering(scripted, said({"state": "not known"})) as line:
        assert HttpOrderDesk(line).outcome("prop_1").state == "not known"


def test_questions_share_a_connection_and_orders_never_do() -> None:
    ports: list[int] = []

    class Kept(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            ports.append(self.client_address[1])
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = json.dumps({"items": []} if self.command == "GET" else RECEIPT).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815  # so the server calls them

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Kept)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    with line_to(f"http://127.0.0.1:{server.server_port}", checked=False) as line:
        for _ in range(3):
            HttpBank(line).accounts(MARIA)
        for key in ("a", "b", "c"):
            HttpOrderDesk(line).carry_out(key, MARIA, BLOCK)
    server.shutdown()
    thread.join(10)
    server.server_close()
    assert len(set(ports[:3])) == 1
    assert len(set(ports[2:])) == 4


# Who is asking


def test_the_token_is_shown_to_the_bank_and_to_nobody_else(scripted: tuple[Scripted, str]) -> None:
    with answering(scripted, said({"items": []})) as line:
        HttpBank(line).accounts(MARIA)
    assert scripted[0].asked[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in repr(BankAddress("https://core.example", TOKEN))
    away = Response("", 302, headers={"Location": f"{scripted[1]}/elsewhere"})
    with answering(scripted, away) as line, pytest.raises(AnswerUnreadable):
        HttpBank(line).accounts(MARIA)
    assert len(scripted[0].asked) == 1, "it follows nobody"


def test_a_bank_that_does_not_know_us_is_unavailable(scripted: tuple[Scripted, str]) -> None:
    with answering(scripted, problem(401, "not_let_in")) as line, pytest.raises(BankUnavailable):
        HttpBank(line).accounts(MARIA)


@pytest.mark.parametrize("url", ["", "core.example", "ftp://core.example", "http://"])
def test_a_desk_without_an_address_is_not_made(url: str) -> None:
    with pytest.raises(ValueError, match="BANK_URL"):
        connect(None, BankAddress(url))  # type: ignore[arg-type]
