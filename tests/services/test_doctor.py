"""The doctor finds what disagrees in what is stored, mends what can be mended, and says which."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, insert, select, update

from tests.services.steps import ANSWER, ask, claimed, finish, open_chat, state
from webapp.extensions import db
from webapp.http.health import look_around, look_at_rows
from webapp.http.unit_of_work import reading, unit_of_work
from webapp.models import AuditEntry, ChatSession, Message, Question, Reply
from webapp.models.base import now
from webapp.services import doctor, doctor_repairs
from webapp.services.doctor import Finding, chat_table, message_table, reply_table


def findings() -> dict[str, Finding]:
    """The rows' checks by name."""
    with reading():
        return {finding.name: finding for finding in doctor.examine_rows()}


def unwell() -> set[str]:
    """The names of the checks that found something."""
    return {name for name, finding in findings().items() if not finding.is_well}


def change(*statements: Any) -> None:
    """Spoil rows as no service would."""
    with unit_of_work():
        for statement in statements:
            db.session.execute(statement)


def mend(repair: Callable[[], int]) -> int:
    """One batch of a repair."""
    with unit_of_work():
        return repair()


def row(table: Any, **values: Any) -> Any:
    """One row, read anew."""
    with reading():
        conditions = [table.c[name] == value for name, value in values.items()]
        return db.session.execute(select(table).where(*conditions)).one()


def answered_chat() -> tuple[str, int]:
    """A session with one question and its finished reply; their ids."""
    chat_id = open_chat()
    reply_id = ask(chat_id)
    assert finish(claimed(reply_id))
    return chat_id, reply_id


def command(app: Flask, *words: str) -> tuple[int, str]:
    """Run `flask doctor`; its exit status and what it printed."""
    result = app.test_cli_runner().invoke(args=["doctor", *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_what_was_stored_by_the_services_is_well(in_app: Flask) -> None:
    answered_chat()
    ask(open_chat())
    claimed(ask(open_chat()))
    assert unwell() == set()


def test_a_gap_in_the_numbers_is_reported_with_its_session_and_never_closed(in_app: Flask) -> None:
    chat_id, reply_id = answered_chat()
    change(update(message_table).where(message_table.c.id == reply_id).values(seq=5))
    assert findings()["seq_gaps"].examples == (chat_id,)
    mend(doctor_repairs.recompute_counters)
    assert "seq_gaps" in unwell()
    assert row(message_table, id=reply_id).seq == 5
    assert row(chat_table, id=chat_id).last_seq == 5


def test_numbers_that_do_not_begin_at_one_are_a_gap(in_app: Flask) -> None:
    chat_id, _reply = answered_chat()
    change(update(message_table).where(message_table.c.chat_id == chat_id).values(seq=message_table.c.seq + 10))
    assert findings()["seq_gaps"].figures["count"] == 1


def test_a_question_whose_reply_was_lost_gets_a_pending_one_in_its_place(in_app: Flask) -> None:
    chat_id = open_chat()
    reply_id = ask(chat_id)
    change(
        delete(reply_table).where(reply_table.c.id == reply_id),
        delete(message_table).where(message_table.c.id == reply_id),
    )
    assert findings()["questions_without_reply"].figures["count"] == 1
    assert mend(doctor_repairs.add_missing_replies) == 1
    assert mend(doctor_repairs.add_missing_replies) == 0
    assert unwell() == set()
    with reading():
        (reply,) = db.session.scalars(select(Reply).where(Reply.chat_id == chat_id))
        assert (reply.seq, reply.state) == (2, "pending")
    assert finish(claimed(reply.id)), "the new reply can be made like any other"


def test_a_reply_of_which_only_half_was_stored_is_completed(in_app: Flask) -> None:
    reply_id = ask(open_chat())
    change(delete(reply_table).where(reply_table.c.id == reply_id))
    assert mend(doctor_repairs.add_missing_replies) == 1
    assert unwell() == set()
    assert state(reply_id) == "pending"


def test_a_missing_reply_whose_number_is_taken_goes_to_the_end(in_app: Flask) -> None:
    chat_id = open_chat()
    first, second = ask(chat_id), ask(chat_id, "And on Sunday?")
    change(
        delete(reply_table).where(reply_table.c.id == first),
        delete(message_table).where(message_table.c.id == first),
        update(message_table).where(message_table.c.id == second).values(seq=2),
    )
    mend(doctor_repairs.add_missing_replies)
    with reading():
        asked = db.session.scalars(select(Question).where(Question.chat_id == chat_id, Question.seq == 1)).one()
        reply = db.session.scalars(select(Reply).where(Reply.question_id == asked.id)).one()
    assert reply.seq == 4
    assert row(chat_table, id=chat_id).last_seq == 4


def test_a_reply_without_heartbeat_is_found_and_handed_out_again(in_app: Flask) -> None:
    reply_id = ask(open_chat())
    claimed(reply_id)
    assert mend(doctor_repairs.hand_out_stranded) == 0
    change(update(reply_table).where(reply_table.c.id == reply_id).values(heartbeat_at=now() - timedelta(seconds=31)))
    assert findings()["silent_replies"].examples == (str(reply_id),)
    assert mend(doctor_repairs.hand_out_stranded) == 1
    assert state(reply_id) == "pending"
    assert unwell() == set()


def test_a_heartbeat_from_the_future_counts_as_silence(in_app: Flask) -> None:
    reply_id = ask(open_chat())
    claimed(reply_id)
    change(update(reply_table).where(reply_table.c.id == reply_id).values(heartbeat_at=now() + timedelta(hours=1)))
    assert "silent_replies" in unwell()


@pytest.mark.parametrize(
    ("column", "value", "check"),
    [
        ("last_seq", 7, "wrong_last_seq"),
        ("last_seq", 1, "wrong_last_seq"),
        ("last_line", "Nobody said this", "wrong_last_line"),
        ("last_activity_at", timedelta(days=-1), "wrong_last_activity"),
        ("last_activity_at", timedelta(days=1), "wrong_last_activity"),
    ],
)
def test_a_counter_that_disagrees_with_the_messages_is_found_and_recomputed(
    in_app: Flask, column: str, value: Any, check: str
) -> None:
    chat_id, _reply = answered_chat()
    right = row(chat_table, id=chat_id)
    spoilt = now() + value if isinstance(value, timedelta) else value
    change(update(chat_table).where(chat_table.c.id == chat_id).values({column: spoilt}))
    found = findings()
    assert found[check].examples == (chat_id,)
    assert mend(doctor_repairs.recompute_counters) == 1
    assert mend(doctor_repairs.recompute_counters) == 0
    assert unwell() == set()
    mended = row(chat_table, id=chat_id)
    assert (mended.last_seq, mended.last_line) == (right.last_seq, right.last_line) == (2, ANSWER.text)
    assert abs(mended.last_activity_at - right.last_activity_at) < timedelta(seconds=5)


def test_a_session_without_messages_counts_none(in_app: Flask) -> None:
    chat_id = open_chat()
    change(update(chat_table).where(chat_table.c.id == chat_id).values(last_seq=2))
    assert "wrong_last_seq" in unwell()
    mend(doctor_repairs.recompute_counters)
    assert row(chat_table, id=chat_id).last_seq == 0


def test_every_repair_is_in_the_audit_trail(in_app: Flask) -> None:
    chat_id, _reply = answered_chat()
    change(update(chat_table).where(chat_table.c.id == chat_id).values(last_seq=9))
    mend(doctor_repairs.recompute_counters)
    with reading():
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.object_id == chat_id)).all()[-1]
        assert (entry.action, entry.actor) == ("doctor.counters_recomputed", "system")


def test_the_command_says_zero_when_all_is_well_and_one_when_not(app: Flask) -> None:
    with app.app_context():
        chat_id, _reply = answered_chat()
    assert command(app)[0] == 0
    with app.app_context():
        change(update(chat_table).where(chat_table.c.id == chat_id).values(last_seq=9))
    status, said = command(app)
    assert status == 1
    assert "wrong_last_seq: 1 sessions" in said
    assert chat_id in said


def test_the_command_mends_and_says_what_it_did(app: Flask) -> None:
    with app.app_context():
        chat_id, _reply = answered_chat()
        lost = ask(open_chat())
        change(
            update(chat_table).where(chat_table.c.id == chat_id).values(last_seq=9),
            delete(reply_table).where(reply_table.c.id == lost),
        )
    status, said = command(app, "--repair")
    assert status == 0, said
    assert "questions given a pending reply: 1" in said
    assert "sessions whose counters were recomputed: 1" in said
    assert command(app)[0] == 0


def test_nothing_said_by_the_doctor_quotes_a_message(app: Flask) -> None:
    secret = "Velvet umbrella 99"
    with app.app_context():
        chat_id = open_chat()
        ask(chat_id, secret)
        change(update(chat_table).where(chat_table.c.id == chat_id).values(last_line=secret + "!"))
    status, said = command(app)
    assert status == 1
    assert "Velvet" not in said


def test_looking_around_finds_everything_in_its_place(in_app: Flask) -> None:
    found = {finding.name: finding for finding in look_around()}
    assert {name for name, finding in found.items() if not finding.is_well} == set()
    assert {"database_read", "database_write", "migrations", "queue", "clock", "disk", "feed"} <= set(found)
    assert abs(float(found["clock"].figures["skew_seconds"] or 0)) < 2


def test_the_queue_says_how_many_wait_and_since_when(in_app: Flask) -> None:
    reply_id = ask(open_chat())
    claimed(ask(open_chat()))
    change(update(message_table).where(message_table.c.id == reply_id).values(created_at=now() - timedelta(seconds=90)))
    queue = next(finding for finding in look_around() if finding.name == "queue")
    assert (queue.figures["pending"], queue.figures["running"]) == (1, 1)
    assert 90 <= float(queue.figures["oldest_seconds"] or 0) < 100
    assert queue.level == "degraded"


def test_twenty_thousand_messages_are_examined_in_a_moment(in_app: Flask) -> None:
    moment = now()
    chats = [open_chat() for _ in range(20)]
    with unit_of_work():
        for chat_id in chats:
            staff_id = db.session.get_one(ChatSession, chat_id).staff_id
            db.session.execute(
                insert(message_table),
                [
                    {"chat_id": chat_id, "seq": seq, "role": "notice", "text": "Noted.", "author_name": "Desk"}
                    for seq in range(1, 1001)
                ],
            )
            db.session.execute(
                update(chat_table)
                .where(chat_table.c.id == chat_id)
                .values(last_seq=1000, last_line="Noted.", staff_id=staff_id, last_activity_at=moment)
            )
    started = time.perf_counter()
    assert unwell() == set()
    assert time.perf_counter() - started < 3.0
    assert all(finding.is_well for finding in look_at_rows())
    with reading():
        assert db.session.scalar(select(func.count()).select_from(Message)) == 20_000
