"""Pages of the session list: every session once, in order, whatever happens between two pages; never a sort."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Select, delete, insert, select, text

from tests.conftest import Place
from tests.services.steps import ask, open_chat, person
from webapp.extensions import db
from webapp.http.unit_of_work import unit_of_work
from webapp.models import ChatSession
from webapp.models.base import new_id
from webapp.services import conversation, listing
from webapp.services.chats import chat_of
from webapp.services.errors import BadInput
from webapp.services.listing import Filters, chats_for

pytestmark = pytest.mark.usefixtures("in_app")

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def row(username: str = "teller", minute: int = 0, **values: object) -> dict[str, object]:
    """A session as a row, last touched that many minutes after noon."""
    owner = person(username)
    return {
        "id": new_id("sess"),
        "thread_id": new_id("thread"),
        "staff_id": owner.id,
        "branch": owner.branch,
        "request_id": new_id("form"),
        "title": "Card",
        "search_text": "card",
        "status": "active",
        "last_activity_at": NOON + timedelta(minutes=minute),
        **values,
    }


def store(rows: list[dict[str, object]]) -> None:
    with unit_of_work():
        if rows:
            db.session.execute(insert(ChatSession), rows)


def walk(username: str, filters: Filters, size: int) -> list[list[str]]:
    """The ids of all pages."""
    pages, cursor = [], ""
    while True:
        with unit_of_work():
            page = chats_for(person(username), filters, cursor, size)
        pages.append([chat.id for chat in page.items])
        if page.next_cursor is None:
            return pages
        cursor = page.next_cursor


def in_order(rows: list[dict[str, object]]) -> list[object]:
    return [one["id"] for one in sorted(rows, key=lambda one: (one["last_activity_at"], one["id"]), reverse=True)]


minutes = st.lists(st.integers(0, 5), max_size=14)  # few different moments, so that many rows share one
examples = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)


@examples
@given(before=minutes, size=st.integers(1, 5))
def test_every_session_is_on_exactly_one_page_in_order(before: list[int], size: int) -> None:
    with unit_of_work():
        db.session.execute(delete(ChatSession))
        rows = [row(minute=minute) for minute in before]
    store(rows)
    pages = walk("teller", Filters(), size)
    assert [chat_id for page in pages for chat_id in page] == in_order(rows)
    assert all(len(page) == size for page in pages[:-1])
    assert len(pages[-1]) <= size
    assert pages[-1] or len(pages) == 1, "no empty last page"


@examples
@given(before=minutes, between=st.lists(st.tuples(st.integers(0, 9), st.integers(-3, 9)), max_size=8), data=st.data())
def test_sessions_opened_between_two_pages_never_hide_or_repeat_the_others(
    before: list[int], between: list[tuple[int, int]], data: st.DataObject
) -> None:
    size = data.draw(st.integers(1, 4))
    with unit_of_work():
        db.session.execute(delete(ChatSession))
        rows = [row(minute=minute) for minute in before]
        later = [(page, row(minute=minute)) for page, minute in between]
    store(rows)
    seen: list[str] = []
    cursor, number = "", 0
    while True:
        with unit_of_work():
            page = chats_for(person(), Filters(), cursor, size)
        seen += [chat.id for chat in page.items]
        store([new for when, new in later if when == number])
        number += 1
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    assert len(seen) == len(set(seen)), "a session was shown twice"
    old = {str(one["id"]) for one in rows}
    assert [chat_id for chat_id in seen if chat_id in old] == in_order(rows)


def test_a_teller_sees_their_own_sessions_a_manager_the_branchs_an_auditor_all() -> None:
    rows = {name: row(name) for name in ("teller", "specialist", "manager", "admin")}
    store(list(rows.values()))
    ids = {name: str(one["id"]) for name, one in rows.items()}

    def sees(username: str, **filters: str) -> set[str]:
        return {chat_id for page in walk(username, Filters(**filters), 2) for chat_id in page}

    branch = {ids["teller"], ids["specialist"], ids["manager"]}
    assert sees("teller") == {ids["teller"]}
    assert sees("teller", person=str(person("manager").id)) == {ids["teller"]}, "not to be widened by a filter"
    assert sees("manager") == branch
    assert sees("manager", mine="1") == {ids["manager"]}
    assert sees("manager", person=str(person("teller").id)) == {ids["teller"]}
    assert sees("manager", person=str(person("admin").id)) == set(), "another branch"
    assert sees("auditor") == {*branch, ids["admin"]}
    assert sees("auditor", person=str(person("admin").id)) == {ids["admin"]}


def test_the_list_is_narrowed_by_status_and_by_words_in_title_and_customer() -> None:
    rows = [
        row(minute=3, search_text="lost card erika mustermann", status="waiting"),
        row(minute=2, search_text="lost card otto krause"),
        row(minute=1, search_text="100% cashback_offer", status="waiting"),
    ]
    store(rows)
    first, second, third = (str(one["id"]) for one in rows)

    def found(**filters: str) -> list[str]:
        return [chat_id for page in walk("teller", Filters(**filters), 10) for chat_id in page]

    assert found(status="waiting") == [first, third]
    assert found(q="LOST card") == [first, second]
    assert found(q="card erika", status="waiting") == [first]
    assert found(q="0% cash") == [third]
    assert found(q="t_c") == [], "an underscore stands for itself"
    assert found(q="k_o") == [third]
    assert found(q="\\") == []


def test_a_session_is_unread_until_its_owner_has_seen_the_last_line(app: Flask) -> None:
    chat_id = open_chat()
    ask(chat_id)

    def unread(username: str) -> list[bool]:
        with unit_of_work():
            return [chat.unread for chat in chats_for(person(username), Filters()).items]

    assert unread("teller") == [True]
    assert unread("manager") == [False], "what others have not read is not the manager's to see"
    with unit_of_work():
        conversation.mark_read(chat_of(person(), chat_id), person(), 99)
    assert unread("teller") == [False]
    ask(chat_id, "And tomorrow?")
    assert unread("teller") == [True]


BROKEN = ["x", "====", "bm90IGpzb24", "WzEsMl0", "\u00e9", "A" * 300]
FORGED = [
    ["2026-03-01T12:00:00", "sess_x"],
    ["2026-03-01T12:00:00+00:00", 5],
    ["2026-03-01T12:00:00+00:00", "x" * 49],
    ["2026-03-01T12:00:00+00:00", "sess\0"],
    ["0001-01-01T00:00:00+14:00", "sess_x"],
    [None, None],
    {},
    "text",
]


@pytest.mark.parametrize(
    "cursor", BROKEN + [base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=") for value in FORGED]
)
def test_a_cursor_nobody_gave_out_is_refused_with_a_sentence(cursor: str) -> None:
    with unit_of_work(), pytest.raises(BadInput):
        chats_for(person(), Filters(), cursor)


@pytest.mark.parametrize("filters", [{"status": "lost"}, {"person": "x"}, {"person": "9" * 10}, {"person": "\u0663x"}])
def test_a_filter_that_does_not_exist_is_refused_with_a_sentence(filters: dict[str, str]) -> None:
    with unit_of_work(), pytest.raises(BadInput):
        chats_for(person("manager"), Filters(**filters))


@pytest.fixture
def crowded(place: Place) -> Place:
    """Thousands of sessions, so that the planner has a reason to use an index."""
    owners = {name: row(name) for name in ("teller", "specialist", "manager", "admin")}
    names = list(owners)
    statuses = ["active", "waiting", "escalated", "resolved", "ended"]
    store(
        [
            {
                **owners[names[number % 4]],
                "id": new_id("sess"),
                "thread_id": new_id("thread"),
                "request_id": f"{number:016}",
                "status": statuses[number % 5],
                "last_activity_at": NOON - timedelta(seconds=number * 7 % 5000),
            }
            for number in range(3000)
        ]
    )
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    return place


def shapes() -> list[tuple[str, Filters]]:
    """Every combination of reader and filters the page can ask for."""
    teller = str(1)
    narrowed = [Filters(), Filters(status="waiting"), Filters(q="card"), Filters(q="card", status="ended")]
    people = [Filters(person=teller), Filters(person=teller, status="active"), Filters(mine="1")]
    wide = [*narrowed, *people, Filters(mine="1", status="active"), Filters(person=teller, q="card")]
    return [(name, shape) for name in ("teller", "manager", "auditor") for shape in wide]


def test_every_list_walks_an_index_and_never_sorts(crowded: Place) -> None:
    cursor = listing._cursor(ChatSession(last_activity_at=NOON - timedelta(seconds=2500), id="sess_m"))
    problems = []
    for username, filters in shapes():
        for where in ("", cursor):
            with unit_of_work():
                plan = explain(crowded, listing.page_statement(person(username), filters, where))
            if not uses_an_index_only(crowded.kind, plan):
                problems.append(f"{username} {filters} {'deep' if where else 'top'}:\n{plan}")
    assert not problems, "\n\n".join(problems)


def explain(place: Place, statement: Select[ChatSession]) -> str:
    """How the database would find the rows."""
    spelled = statement.limit(31).compile(db.engine, compile_kwargs={"literal_binds": True})
    explained = "EXPLAIN" if place.kind == "postgresql" else "EXPLAIN QUERY PLAN"
    rows = db.session.connection().exec_driver_sql(f"{explained} {spelled}").all()
    return "\n".join(str(line[-1]) for line in rows)


def uses_an_index_only(kind: str, plan: str) -> bool:
    """Whether the sessions come out of an index in order."""
    if kind == "sqlite":
        return "USING INDEX ix_chat_session_" in plan and "TEMP B-TREE" not in plan
    return "Index Scan Backward using ix_chat_session_" in plan and "Sort" not in plan


def test_a_list_without_an_index_of_its_own_would_be_noticed(crowded: Place) -> None:
    with unit_of_work():
        by_title = select(ChatSession).where(ChatSession.staff_id == person().id).order_by(ChatSession.title)
        assert not uses_an_index_only(crowded.kind, explain(crowded, by_title))
