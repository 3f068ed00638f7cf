"""An old conversation as it can be asked again: each question with what was said before it, and how it was answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from webapp.agents.authority import Authority
from webapp.agents.transcript import Line
from webapp.extensions import db
from webapp.models import ChatSession, Question, Reply
from webapp.models.message import ReplyState
from webapp.services.authority import authority_of
from webapp.services.errors import ChatNotFound
from webapp.services.replies import transcript


@dataclass(frozen=True, slots=True)
class Said:
    """An answer, as far as two of them are compared."""

    agent: str
    intent: str
    tools: tuple[str, ...]
    proposals: tuple[str, ...]
    text: str
    model: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was answered, with the desk it was asked at."""

    lines: Sequence[Line]
    staff_name: str
    staff_role: str
    staff_rights: frozenset[str]
    customer_number: str | None
    time_zone: str
    said: Said
    authority: Authority | None = None

    @property
    def question(self) -> str:
        """What was asked."""
        return self.lines[-1].text


def conversation(chat_id: str) -> list[Asked]:
    """The answered questions of a session, in order; raises `ChatNotFound`. For operators: no right is looked at."""
    chat = db.session.get(ChatSession, chat_id)
    if chat is None:
        raise ChatNotFound
    replies = db.session.scalars(
        select(Reply).where(Reply.chat_id == chat_id, Reply.state == ReplyState.DONE).order_by(Reply.seq)
    )
    found = []
    for reply in replies:
        question = db.session.get_one(Question, reply.question_id)
        found.append(
            Asked(
                lines=transcript(chat, question),
                staff_name=chat.staff.display_name,
                staff_role=chat.staff.role_name,
                staff_rights=frozenset(chat.staff.role.rights),
                customer_number=chat.customer_number,
                time_zone=question.time_zone or "UTC",
                said=_said(reply),
                authority=authority_of(chat.staff, chat.branch),
            )
        )
    return found


def _said(reply: Reply) -> Said:
    return Said(
        agent=reply.agent or "",
        intent=reply.intent or "",
        tools=tuple(call.tool for call in reply.calls),
        proposals=tuple(one.kind for one in reply.proposals),
        text=reply.text,
        model=reply.model or "",
    )
