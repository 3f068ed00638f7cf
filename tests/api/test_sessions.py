"""Sessions through the programs' door: the fields both earlier systems knew, the same rows as on the pages."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.api.program import Program
from tests.visitor import Visitor
from tests.web.rows import ON_SQLITE, audited, changing, chat_row, count, person, rights_of
from webapp.models import ChatSession
from webapp.models.base import new_id


def test_a_session_has_one_id_in_every_spelling_and_is_stored_when_the_answer_arrives(
    app: Flask, program: Program
) -> None:
    answer = program.post("/api/sessions", userId="teller", metadata={"channel": "phone"}, userData={"tier": 2})
    said = answer.json
    assert answer.status_code == 201
    ids = [
        said["sessionId"], said["session_id"], said["chatSession"]["sessionId"], said["session"]["sessionId"],
        said["chat_session"]["session_id"],
    ]  # fmt: skip
    assert len(set(ids)) == 1
    assert ids[0].startswith("sess_")
    row = chat_row(app, ids[0])
    assert (said["thread_id"], said["user_id"], said["status"]) == (row.thread_id, "teller", "active")
    assert said["metadata"] == said["session"]["metadata"] == {"channel": "phone"}
    assert said["chatSession"]["userData"] == {"tier": 2}
    assert said["chatSession"]["conversationContext"] == {
        "currentIntent": None, "current_intent": None, "previousIntents": [], "previous_intents": [],
        "entities": {}, "preferences": {},
    }  # fmt: skip
    assert answer.headers["Location"] == f"/api/sessions/{ids[0]}"


def test_what_was_noted_is_read_back_with_card_numbers_masked(program: Program) -> None:
    noted = {"n": 1.5, "deep": [{"text": "card 4111 1111 1111 1111"}], "number": 4111111111111111, "none": None}
    chat_id = program.open_session(metadata=noted)
    assert program.get(f"/api/sessions/{chat_id}").json["metadata"] == {
        "n": 1.5, "deep": [{"text": "card 411111******1111"}], "number": "411111******1111", "none": None,
    }  # fmt: skip


def test_a_session_without_a_body_is_the_callers(program: Program) -> None:
    answer = program.ask("POST", "/api/sessions")
    assert (answer.status_code, answer.json["user_id"]) == (201, "teller")


@pytest.mark.parametrize("field", ["userId", "user_id"])
def test_the_callers_id_is_as_good_as_the_name(app: Flask, program: Program, field: str) -> None:
    answer = program.post("/api/sessions", **{field: str(person(app, "teller").id)})
    assert (answer.status_code, answer.json["userId"]) == (201, "teller")


@ON_SQLITE
@pytest.mark.parametrize("name", ["specialist", "nobody-we-know", "999"])
def test_nobody_opens_sessions_for_others_without_the_right(app: Flask, program: Program, name: str) -> None:
    assert program.post("/api/sessions", userId=name).status_code == 403
    assert count(app, ChatSession) == 0


def test_a_manager_opens_a_session_for_somebody_of_the_branch(app: Flask, managers: Program) -> None:
    answer = managers.post("/api/sessions", userId="teller")
    assert (answer.status_code, answer.json["userId"]) == (201, "teller")
    assert audited(app, "session.created")[-1].actor == "manager"
    assert audited(app, "session.created")[-1].details == {"owner": "teller"}
    assert managers.post("/api/sessions", userId="admin").status_code == 403, "of another branch"
    with rights_of(app, "manager", ["sessions.use", "sessions.read_branch"]):
        assert managers.post("/api/sessions", userId="teller").status_code == 403


@ON_SQLITE
def test_two_names_in_one_body_are_never_a_guess(program: Program) -> None:
    assert program.post("/api/sessions", userId="teller", user_id="specialist").status_code == 400


def test_a_session_is_about_the_customer_that_is_named(app: Flask, program: Program) -> None:
    chat_id = program.open_session(customerRef="10-2041")
    assert chat_row(app, chat_id).customer_name
    assert program.get(f"/api/sessions/{chat_id}").json["customerRef"] == "10-2041"
    assert program.post("/api/sessions", customerRef="99-9999").status_code == 404


def test_a_session_made_by_a_program_is_on_its_owners_page_and_the_other_way_round(
    program: Program, teller: Visitor
) -> None:
    made_here = program.open_session()
    assert teller.get(f"/chat/{made_here}").status_code == 200
    made_there = teller.start(opening="Opening hours?")
    teller.answer(made_there)
    said = program.get(f"/api/sessions/{made_there}/history").json
    assert [one["role"] for one in said["history"]] == ["user", "assistant"]
    assert {one["sessionId"] for one in program.get("/api/sessions").json} == {made_here, made_there}


def test_the_list_is_bare_newest_first_and_says_where_it_goes_on(program: Program) -> None:
    ids = [program.open_session() for _ in range(5)]
    first = program.get("/api/sessions?limit=2")
    assert [one["session_id"] for one in first.json] == [ids[4], ids[3]]
    assert first.headers["X-Total-Count"] == "5"
    address = first.headers["Link"].split(">")[0].strip("<")
    assert first.headers["Link"].endswith('; rel="next"')
    assert [one["session_id"] for one in program.get(address).json] == [ids[2], ids[1]]
    last = program.get("/api/sessions?limit=2&offset=4")
    assert [one["session_id"] for one in last.json] == [ids[0]]
    assert "Link" not in last.headers


def test_the_list_is_narrowed_by_status_text_and_person(program: Program, managers: Program) -> None:
    lost, other = program.open_session(customerRef="10-2041"), program.open_session()
    program.ask("PATCH", f"/api/sessions/{other}/status?status=waiting")

    def found(who: Program, query: str) -> list[str]:
        answer = who.get(f"/api/sessions?{query}")
        assert answer.headers["X-Total-Count"] == str(len(answer.json))
        return [one["session_id"] for one in answer.json]

    assert found(program, "status=waiting") == [other]
    assert found(program, "q=10-2041") == [lost]
    assert found(program, "user_id=teller") == [other, lost]
    assert found(managers, "user_id=teller") == [other, lost]
    assert found(managers, "user_id=manager") == []
    assert found(program, "user_id=manager") == found(program, "user_id=nobody") == []
    assert found(Program(program.app).sign_in("specialist"), "user_id=teller") == []


@ON_SQLITE
@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=1_0",
        "limit=x",
        "limit=1.5",
        "offset=-1",
        "status=sleeping",
        "cursor=%20",
        "limit=",
    ],
)
def test_a_list_nobody_can_mean_is_refused_with_its_field(program: Program, query: str) -> None:
    answer = program.get(f"/api/sessions?{query}")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == query.split("=")[0]


@ON_SQLITE
def test_a_cursor_of_somebody_elses_making_is_refused(program: Program) -> None:
    assert program.get("/api/sessions?cursor=abcd").status_code == 400
    assert program.get("/api/sessions?limit=1&limit=2").status_code == 400


def test_a_persons_sessions_by_type(program: Program, managers: Program) -> None:
    active, waiting, ended = (program.open_session() for _ in range(3))
    program.ask("PATCH", f"/api/sessions/{waiting}/status?status=waiting")
    program.ask("PATCH", f"/api/sessions/{ended}/status?status=ended")

    def found(who: Program, kind: str) -> set[str]:
        answer = who.get(f"/api/users/teller/sessions?type={kind}").json
        assert answer["count"] == len(answer["sessions"])
        return {one["sessionId"] for one in answer["sessions"]}

    assert found(program, "active") == found(managers, "active") == {active}
    assert found(program, "unresolved") == {active, waiting}
    assert found(program, "recent") == {active, waiting, ended}
    assert found(Program(program.app).sign_in("specialist"), "recent") == set()
    assert program.get("/api/users/teller/sessions?type=odd").status_code == 400


def test_a_status_changes_by_address_or_by_body(program: Program) -> None:
    chat_id = program.open_session()
    address = f"/api/sessions/{chat_id}/status"
    assert program.ask("PATCH", f"{address}?status=waiting").json["status"] == "waiting"
    assert program.ask("PATCH", address, json={"status": "escalated"}).json["status"] == "escalated"
    assert program.ask("PATCH", f"{address}?status=waiting", json={"status": "ended"}).status_code == 400
    assert program.ask("PATCH", address).status_code == 422
    assert program.ask("PATCH", f"{address}?status=archived").status_code == 422


def test_a_move_that_is_not_allowed_says_which_are(program: Program) -> None:
    chat_id = program.open_session()
    program.ask("PATCH", f"/api/sessions/{chat_id}/status?status=ended")
    answer = program.ask("PATCH", f"/api/sessions/{chat_id}/status?status=waiting")
    assert (answer.status_code, answer.content_type) == (409, "application/problem+json")
    assert "It can become: Active." in answer.json["detail"]


def test_a_session_is_resolved_with_notes_and_resumed_with_its_history(app: Flask, program: Program) -> None:
    chat_id = program.open_session()
    assert program.say(chat_id, "opening hours").status_code == 200
    resolved = program.post(f"/api/sessions/{chat_id}/resolve", notes="Told on the phone, card 4111111111111111.")
    assert resolved.json["status"] == "resolved"
    assert chat_row(app, chat_id).summary == "Told on the phone, card 411111******1111."
    resumed = program.ask("POST", f"/api/sessions/{chat_id}/resume").json
    assert (resumed["success"], resumed["sessionId"], len(resumed["history"])) == (True, chat_id, 2)
    assert chat_row(app, chat_id).status == "active"


def test_a_deleted_session_is_gone_with_its_messages(app: Flask, managers: Program) -> None:
    chat_id = managers.open_session()
    managers.say(chat_id, "opening hours")
    answer = managers.ask("DELETE", f"/api/sessions/{chat_id}")
    assert answer.json == {
        "message": "The session is deleted.", "sessionId": chat_id, "session_id": chat_id, "success": True,
    }  # fmt: skip
    assert managers.say(chat_id, "still there?").status_code == 404
    for path in ("", "/history"):
        assert managers.get(f"/api/sessions/{chat_id}{path}").status_code == 404
    assert managers.get(f"/api/chat/sessions/{chat_id}/messages").status_code == 404


def test_a_clean_up_takes_old_idle_sessions_of_the_branch_only(app: Flask, program: Program, managers: Program) -> None:
    from datetime import timedelta

    from sqlalchemy import update

    from webapp.models.base import now

    elsewhere = Program(app).sign_in("admin")
    gone, active, other_branch = program.open_session(), program.open_session(), elsewhere.open_session()
    program.ask("PATCH", f"/api/sessions/{gone}/status?status=ended")
    elsewhere.ask("PATCH", f"/api/sessions/{other_branch}/status?status=ended")
    with changing(app) as session:
        session.execute(update(ChatSession).values(last_activity_at=now() - timedelta(days=31)))
    assert program.ask("POST", "/api/sessions/cleanup").status_code == 403
    assert managers.ask("POST", "/api/sessions/cleanup?days=0").status_code == 422
    done = managers.ask("POST", "/api/sessions/cleanup?days=30").json
    assert (done["sessions_deleted"], done["sessions_kept"]) == (1, 1)
    assert done["cutoff_date"].endswith("Z")
    assert managers.get(f"/api/sessions/{gone}").status_code == 404
    assert program.get(f"/api/sessions/{active}").status_code == 200
    assert elsewhere.get(f"/api/sessions/{other_branch}").status_code == 200


@ON_SQLITE
def test_an_id_that_was_never_given_out_is_not_found(program: Program) -> None:
    for chat_id in (new_id("sess"), "sess_1", "1", "%00"):
        assert program.get(f"/api/sessions/{chat_id}").status_code == 404
