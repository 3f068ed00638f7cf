"""What tests of services do again and again, each in a unit of work of its own. Needs an app context."""

from __future__ import annotations

from webapp.agents.transcript import Answer
from webapp.extensions import db
from webapp.http.unit_of_work import unit_of_work
from webapp.models import Reply, StaffUser
from webapp.services import chats, conversation, replies, sign_ins
from webapp.services.replies import Work
from webapp.services.request_ids import new_request_id

ANSWER = Answer("The branch is open.", "handbook", "the question names a branch", "opening_hours", 0.9, "rules")


def person(username: str = "teller") -> StaffUser:
    """A member of the demo staff."""
    found = sign_ins.staff_named(username)
    assert found is not None
    return found


def open_chat(username: str = "teller", title: str = "") -> str:
    """Open a session; returns its id."""
    with unit_of_work():
        return chats.create(person(username), new_request_id(), title=title).id


def ask(chat_id: str, text: str = "Opening hours", username: str = "teller", request_id: str = "") -> int:
    """Ask a question; returns the id of its pending reply."""
    with unit_of_work():
        asker = person(username)
        chat = chats.chat_of(asker, chat_id)
        return conversation.ask(chat, asker, text, request_id or new_request_id(), "Europe/Berlin").reply.id


def claim(reply_id: int) -> Work | None:
    """Try to take a reply."""
    with unit_of_work():
        return replies.claim(reply_id)


def claimed(reply_id: int) -> Work:
    """Take a reply that must be there for the taking."""
    work = claim(reply_id)
    assert work is not None, "the reply could not be claimed"
    return work


def finish(work: Work, answer: Answer = ANSWER) -> bool:
    """Store an answer."""
    with unit_of_work():
        return replies.finish(work, answer)


def state(reply_id: int) -> str:
    """How far a reply has come, read anew."""
    with unit_of_work():
        return db.session.get_one(Reply, reply_id, populate_existing=True).state
