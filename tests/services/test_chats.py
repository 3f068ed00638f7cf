"""Sessions: opened once per form, moved only as allowed, deleted only by those who may; drafts and reading marks."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise, product

import pytest
from sqlalchemy import func, select, update

from tests.services.steps import ask, claimed, finish, open_chat, person
from webapp.extensions import db
from webapp.http.unit_of_work import unit_of_work
from webapp.models import AuditEntry, ChatSession, Draft, Message, Reading
from webapp.models.base import now
from webapp.models.chat import MOVES, ChatStatus
from webapp.services import chats, conversation
from webapp.services.errors import BadInput, ChatEnded, ChatNotFound, MoveNotAllowed, NotAllowed, TextDiffers
from webapp.services.request_ids import new_request_id

pytestmark = pytest.mark.usefixtures("in_app")


def stored(chat_id: str) -> ChatSession:
    """The session as the database has it."""
    with unit_of_work():
        return db.session.get_one(ChatSession, chat_id, populate_existing=True)


def acts() -> list[tuple[str, str]]:
    """What the audit trail tells of sessions: who, what."""
    told = select(AuditEntry).where(AuditEntry.action.startswith("session.")).order_by(AuditEntry.id)
    with unit_of_work():
        return [(entry.actor, entry.action) for entry in db.session.scalars(told)]


def test_the_same_form_opens_one_session_whatever_else_it_says() -> None:
    request_id = new_request_id()
    with unit_of_work():
        first = chats.create(person(), request_id, title="Lost card").id
    with unit_of_work():
        again = chats.create(person(), request_id, title="Something else")
        assert (again.id, again.title) == (first, "Lost card")
    with unit_of_work():
        assert chats.create(person("manager"), request_id).id != first, "another person's form is another form"
    assert acts() == [("teller", "session.created"), ("manager", "session.created")]


def test_sessions_used_one_after_the_other_have_different_colours() -> None:
    accents = [stored(open_chat()).accent for _ in range(9)]
    assert all(left != right for left, right in pairwise(accents))
    assert set(accents) == set(range(1, 9))


def test_a_role_that_only_reads_opens_nothing() -> None:
    with unit_of_work(), pytest.raises(NotAllowed):
        chats.create(person("auditor"), new_request_id())


@pytest.mark.parametrize(("before", "after"), list(product(ChatStatus, ChatStatus)))
def test_a_session_moves_only_as_allowed(before: ChatStatus, after: ChatStatus) -> None:
    chat_id = open_chat()
    with unit_of_work():
        db.session.execute(update(ChatSession).values(status=before))
    allowed = after == before or after in MOVES[before]
    with unit_of_work():
        chat = chats.chat_of(person(), chat_id)
        if allowed:
            chats.change_status(person(), chat, after)
        else:
            with pytest.raises(MoveNotAllowed):
                chats.change_status(person(), chat, after)
    assert stored(chat_id).status == (after if allowed else before)


def test_an_ended_session_says_who_ended_it_and_forgets_it_when_reopened() -> None:
    chat_id = open_chat()
    with unit_of_work():
        chats.end(person(), chats.chat_of(person(), chat_id), "solved", "  Card 4111 1111 1111 1111 replaced. ")
    ended = stored(chat_id)
    assert (ended.status, ended.ended_by_name, ended.end_reason) == ("ended", "Tom Reuter", "solved")
    assert ended.summary == "Card 411111******1111 replaced."
    with unit_of_work():
        chat = chats.chat_of(person(), chat_id)
        with pytest.raises(MoveNotAllowed):
            chats.end(person(), chat, "solved", "")
        with pytest.raises(ChatEnded):
            conversation.ask(chat, person(), "Hello?", new_request_id(), "UTC")
    with unit_of_work():
        chats.reopen(person(), chats.chat_of(person(), chat_id))
    again = stored(chat_id)
    assert (again.status, again.ended_at, again.ended_by_name) == ("active", None, None)


def test_a_question_in_a_resolved_session_takes_it_up_again() -> None:
    chat_id = open_chat()
    with unit_of_work():
        chats.change_status(person(), chats.chat_of(person(), chat_id), "resolved")
    ask(chat_id)
    assert stored(chat_id).status == "active"


def test_a_status_nobody_knows_is_refused() -> None:
    chat_id = open_chat()
    with unit_of_work(), pytest.raises(BadInput):
        chats.change_status(person(), chats.chat_of(person(), chat_id), "lost")


@pytest.mark.parametrize(
    ("username", "reads", "writes", "deletes"),
    [
        ("teller", True, True, False),
        ("specialist", False, False, False),
        ("manager", True, False, True),
        ("auditor", True, False, False),
        ("admin", False, False, False),
    ],
)
def test_who_may_do_what_with_a_tellers_session(username: str, reads: bool, writes: bool, deletes: bool) -> None:
    chat_id = open_chat("teller")
    somebody = person(username)
    with unit_of_work():
        assert allowed(lambda: chats.readable_chat(somebody, chat_id)) == reads
        assert allowed(lambda: chats.chat_of(somebody, chat_id)) == writes
    with unit_of_work():
        assert allowed(lambda: chats.remove(somebody, chat_id)) == deletes


def allowed(act: object) -> bool:
    try:
        act()  # type: ignore[operator]
    except (ChatNotFound, NotAllowed):
        return False
    return True


def test_clean_up_takes_old_idle_sessions_and_nothing_else() -> None:
    old_idle, old_active, young_idle = open_chat(), open_chat(), open_chat()
    ask(old_idle)
    then = now() - timedelta(days=31)
    with unit_of_work():
        for chat_id, status, moment in (
            (old_idle, "resolved", then),
            (old_active, "active", then),
            (young_idle, "ended", now() - timedelta(days=29)),
        ):
            db.session.execute(
                update(ChatSession).where(ChatSession.id == chat_id).values(status=status, last_activity_at=moment)
            )
    with unit_of_work():
        planned = chats.clean_up(None, 30, dry_run=True)
    assert (planned["deleted"], planned["kept_active"]) == (1, 1)
    assert stored(old_idle)
    with unit_of_work():
        assert chats.clean_up(None, 30)["deleted"] == 1
    with unit_of_work():
        assert set(db.session.scalars(select(ChatSession.id))) == {old_active, young_idle}
        assert db.session.scalar(select(func.count()).select_from(Message)) == 0
    assert acts()[-1] == ("system", "session.cleaned_up")
    with unit_of_work(), pytest.raises(BadInput):
        chats.clean_up(None, 0)


def test_the_unfinished_session_is_the_one_used_last() -> None:
    with unit_of_work():
        assert chats.unfinished(person()) is None
    first, second, third = open_chat(), open_chat(), open_chat()
    ask(first)
    with unit_of_work():
        chats.change_status(person(), chats.chat_of(person(), third), "resolved")
    with unit_of_work():
        found = chats.unfinished(person())
        assert found is not None
        assert found.id == first
    assert second


def test_a_question_sent_again_gets_the_first_turn_and_another_text_is_refused() -> None:
    chat_id, request_id = open_chat(), new_request_id()
    reply_id = ask(chat_id, "Card 4111111111111111 lost", request_id=request_id)
    assert ask(chat_id, "Card 4111111111111111 lost", request_id=request_id) == reply_id
    with pytest.raises(TextDiffers):
        ask(chat_id, "Something else", request_id=request_id)
    finish(claimed(reply_id))
    with unit_of_work():
        texts = db.session.scalars(select(Message.text).where(Message.chat_id == chat_id).order_by(Message.seq)).all()
    assert texts == ["Card 411111******1111 lost", "The branch is open."]
    assert stored(chat_id).title == "Card 411111******1111 lost"


def test_a_session_keeps_the_title_a_person_gave_it() -> None:
    chat_id = open_chat()
    with unit_of_work():
        chats.rename(person(), chats.chat_of(person(), chat_id), " Loan \U0001f3e0 ")
    ask(chat_id, "Something else")
    assert stored(chat_id).title == "Loan \U0001f3e0"
    long = open_chat()
    ask(long, "word " * 40)
    assert len(stored(long).title) <= 80
    assert stored(long).title.endswith("word ...")


def test_a_draft_is_kept_masked_replaced_and_forgotten_when_sent_or_emptied() -> None:
    chat_id = open_chat()

    def keep(text: str) -> str:
        with unit_of_work():
            conversation.save_draft(chats.chat_of(person(), chat_id), person(), text)
        with unit_of_work():
            return conversation.draft_of(chats.chat_of(person(), chat_id), person())

    assert keep("Card 4111 1111 1111 1111") == "Card 411111******1111"
    assert keep("Another") == "Another"
    assert keep("  \n") == ""
    assert keep("Going to send") == "Going to send"
    ask(chat_id, "Going to send")
    with unit_of_work():
        assert db.session.scalar(select(func.count()).select_from(Draft)) == 0


def test_how_far_a_session_was_read_never_goes_back_or_beyond_its_end() -> None:
    chat_id = open_chat()
    ask(chat_id)

    def read_to(seq: int) -> int | None:
        with unit_of_work():
            conversation.mark_read(chats.chat_of(person(), chat_id), person(), seq)
        with unit_of_work():
            return db.session.scalar(select(Reading.seq))

    assert [read_to(2), read_to(1), read_to(-5), read_to(2**31 - 1)] == [2, 2, 2, 2]
