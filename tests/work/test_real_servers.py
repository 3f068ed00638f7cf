"""The proof over real HTTP: what is acknowledged is stored, once; what fails leaves nothing. On both databases."""

from __future__ import annotations

import os
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlencode, urlsplit

import pytest

from tests.work.caller import Caller, at_once, chat_id_in
from tests.work.conftest import Site, column
from webapp.services.request_ids import new_request_id

CLIENTS = 10
CREATES = int(os.environ.get("SESSIONS_EACH", "60"))  # 200 take half a minute on each database
STAFF = ("teller", "specialist", "manager", "admin")
FAIL_LATE = {"X-Fail-After-Writing": "1"}  # understood by tests/work/rolling_back.py
OURS = "SELECT count(*) FROM chat_session WHERE request_id LIKE :mark"


@pytest.fixture
def callers(site: Site) -> Iterator[list[Caller]]:
    """Ten browsers, each signed in."""
    with ExitStack() as stack:
        made = [stack.enter_context(Caller(site.url)) for _ in range(CLIENTS)]
        yield [caller.sign_in(STAFF[number % len(STAFF)]) for number, caller in enumerate(made)]


def create_many(callers: list[Caller], mark: str) -> list[str]:
    """Every caller opens its sessions, all callers at once; the ids of those that were acknowledged."""

    def create(number: int) -> list[str]:
        answers = [callers[number].create(f"{mark}-{number:03}-{turn:08}") for turn in range(CREATES)]
        failures = Counter(answer.status_code for answer in answers if answer.status_code != 303)
        assert not failures, failures
        return [chat_id_in(answer) for answer in answers]

    return [chat_id for made in at_once(len(callers), create) for chat_id in made]


def assert_rows_equal_successes(site: Site, mark: str, acknowledged: list[str]) -> None:
    stored = column(site.place, "SELECT id FROM chat_session WHERE request_id LIKE :mark", mark=f"{mark}-%")
    assert len(acknowledged) == CLIENTS * CREATES
    assert sorted(stored) == sorted(acknowledged)
    told = column(
        site.place,
        "SELECT object_id FROM audit_entry WHERE action = 'session.created' AND object_id IN "
        "(SELECT id FROM chat_session WHERE request_id LIKE :mark)",
        mark=f"{mark}-%",
    )
    assert sorted(told) == sorted(acknowledged)


def test_ten_clients_open_sessions_while_other_requests_are_rolled_back_and_every_success_is_a_row(
    site: Site, callers: list[Caller]
) -> None:
    with disturbing(site) as disturbed:
        acknowledged = create_many(callers, "steady")
    assert_rows_equal_successes(site, "steady", acknowledged)
    assert {kind for kind, count in disturbed.items() if count >= 5} == {"late", "invalid", "ended", "aborted"}
    left = column(site.place, "SELECT request_id FROM chat_session WHERE request_id LIKE 'undone-%'")
    assert left == [], "a request that failed left a row"
    assert column(site.place, "SELECT count(*) FROM message WHERE text LIKE 'Undone%'") == [0]


@contextmanager
def disturbing(site: Site) -> Iterator[Counter[str]]:
    """Requests that fail, one after the other on four threads, until the block ends; counts them by kind."""
    done, seen = threading.Event(), Counter[str]()
    with ExitStack() as stack:
        hands = [stack.enter_context(Caller(site.url)).sign_in("manager") for _ in range(4)]
        ended = hands[0].open_session()
        assert hands[0].post(f"/sessions/{ended}/end", reason="mistake").status_code == 303

        def late(caller: Caller) -> None:  # fails after session, question, reply and audit entry were written
            fields = {"request_id": f"undone-{new_request_id()}", "opening": "Undone question"}
            assert caller.post("/sessions", headers=FAIL_LATE, **fields).status_code == 500

        def invalid(caller: Caller) -> None:
            fields = {"request_id": f"undone-{new_request_id()}", "opening": "x" * 5000}
            assert caller.post("/sessions", **fields).status_code == 422

        def refused(caller: Caller) -> None:
            assert caller.ask(ended, "Undone question").status_code == 409

        def aborted(caller: Caller) -> None:
            abort_in_the_middle(caller, {"request_id": f"undone-{new_request_id()}"})

        acts: list[Callable[[Caller], None]] = [late, invalid, refused, aborted]
        names = ["late", "invalid", "ended", "aborted"]
        errors: list[BaseException] = []

        def disturb(number: int) -> None:
            try:
                while not done.is_set():
                    acts[number](hands[number])
                    seen[names[number]] += 1
                    done.wait(0.2)
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=disturb, args=(number,)) for number in range(len(acts))]
        for thread in threads:
            thread.start()
        try:
            yield seen
        finally:
            done.set()
            for thread in threads:
                thread.join(timeout=60)
        assert not errors, errors


def abort_in_the_middle(caller: Caller, fields: dict[str, str]) -> None:
    """Send a form but for its last byte, and hang up."""
    address = urlsplit(str(caller.http.base_url))
    body = urlencode({"csrf_token": caller.token, **fields}).encode()
    cookies = "; ".join(f"{name}={value}" for name, value in caller.http.cookies.items())
    head = (
        f"POST /sessions HTTP/1.1\r\nHost: {address.netloc}\r\nCookie: {cookies}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((str(address.hostname), address.port or 0), timeout=10) as connection:
        connection.sendall(head.encode() + body[:-1])


def test_a_form_sent_twenty_times_at_once_opens_one_session_with_one_question(site: Site) -> None:
    with Caller(site.url).sign_in() as caller:
        request_id = f"twenty-{new_request_id()}"
        with caller.twins(20) as twins:
            answers = at_once(20, lambda number: twins[number].create(request_id, opening="Opening hours"))
    assert [answer.status_code for answer in answers] == [303] * 20
    (chat_id,) = {chat_id_in(answer) for answer in answers}
    assert column(site.place, OURS, mark=request_id) == [1]
    assert column(site.place, "SELECT seq || role FROM message WHERE chat_id = :chat ORDER BY seq", chat=chat_id) == [
        "1staff",
        "2assistant",
    ]


def test_a_question_sent_twenty_times_at_once_is_stored_and_answered_once(site: Site) -> None:
    with Caller(site.url).sign_in() as caller:
        chat_id, request_id = caller.open_session(), new_request_id()
        with caller.twins(20) as twins:
            answers = at_once(20, lambda number: twins[number].ask(chat_id, "Opening hours", request_id))
    assert [answer.status_code for answer in answers] == [200] * 20
    assert column(site.place, "SELECT seq || role FROM message WHERE chat_id = :chat ORDER BY seq", chat=chat_id) == [
        "1staff",
        "2assistant",
    ]


def test_eight_questions_racing_in_one_session_are_numbered_without_gaps_each_before_its_reply(site: Site) -> None:
    with Caller(site.url).sign_in() as caller:
        chat_id = caller.open_session()
        with caller.twins(8) as twins:
            answers = at_once(8, lambda number: twins[number].ask(chat_id, f"Question {number}"))
    assert [answer.status_code for answer in answers] == [200] * 8
    said = column(site.place, "SELECT seq FROM message WHERE chat_id = :chat ORDER BY seq", chat=chat_id)
    assert said == list(range(1, 17))
    asked = column(
        site.place,
        "SELECT question.text FROM reply JOIN message AS answer ON answer.id = reply.id "
        "JOIN message AS question ON question.id = reply.question_id "
        "WHERE answer.chat_id = :chat AND answer.seq = question.seq + 1 AND question.role = 'staff'",
        chat=chat_id,
    )
    assert sorted(map(str, asked)) == [f"Question {number}" for number in range(8)]


def test_the_session_in_the_cookie_is_the_one_that_was_stored(site: Site) -> None:
    with Caller(site.url).sign_in() as caller:
        request_id = new_request_id()
        answer = caller.create(request_id)
        stored = column(site.place, "SELECT id FROM chat_session WHERE request_id = :mark", mark=request_id)
        assert stored == [caller.cookie["chat_id"]] == [chat_id_in(answer)]


def test_a_request_that_fails_after_writing_leaves_no_row_and_no_session_in_the_cookie(site: Site) -> None:
    with Caller(site.url).sign_in() as caller:
        request_id = new_request_id()
        answer = caller.post("/sessions", headers=FAIL_LATE, request_id=request_id, opening="Card status")
        assert answer.status_code == 500
        assert "chat_id" not in caller.cookie
        assert column(site.place, OURS, mark=request_id) == [0]
