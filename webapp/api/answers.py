"""From what is stored to what is told. Views decide who may ask; here it is only spelled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from webapp import models
from webapp.agents.audience import parts
from webapp.api.schemas import told
from webapp.models.base import now
from webapp.models.message import ReplyState
from webapp.services import history
from webapp.services.conversation import Turn

KEPT_DAYS = 30  # what `expiresAt` promises: the usual clean-up
ROLES = {"staff": "user", "assistant": "assistant", "notice": "notice"}


def user(staff: models.StaffUser) -> told.User:
    """Who somebody is. User names are ids here: they never change and say who it is."""
    return told.User(
        user_id=staff.username, username=staff.username, role=staff.role_name, display_name=staff.display_name
    )


def session(chat: models.ChatSession) -> told.Session:
    """A session in all its spellings, with what its last questions were about."""
    return sessions([chat])[0]


def sessions(chats: Sequence[models.ChatSession]) -> list[told.Session]:
    """The same for several, in order; asks once for all of them."""
    intents = history.intents(chats)
    return [_session(chat, intents[chat.id]) for chat in chats]


def _session(chat: models.ChatSession, intents: list[str]) -> told.Session:
    owner = chat.staff.username
    return told.Session(
        session_id=chat.id,
        user_id=owner,
        thread_id=chat.thread_id,
        status=chat.status,
        title=chat.title,
        customer_ref=chat.customer_number,
        created_at=chat.created_at,
        last_activity=chat.last_activity_at,
        message_count=chat.last_seq,
        metadata=chat.noted or {},
        chat_session=told.ChatSessionTold(
            session_id=chat.id,
            user_id=owner,
            created_at=chat.created_at,
            last_activity=chat.last_activity_at,
            is_active=chat.is_open,
            user_data=chat.noted_user or {},
            message_count=chat.last_seq,
            conversation_context=told.Context(
                current_intent=intents[0] if intents else None,
                previous_intents=intents[1:],
                entities={},
                preferences={},
            ),
        ),
        session=managed(chat),
        timestamp=now(),
    )


def managed(chat: models.ChatSession) -> told.ManagedSession:
    """A session as a session store tells of it."""
    return told.ManagedSession(
        session_id=chat.id,
        user_id=chat.staff.username,
        created_at=chat.created_at,
        last_access_time=chat.last_activity_at,
        expires_at=chat.last_activity_at + timedelta(days=KEPT_DAYS),
        is_active=chat.is_open,
        metadata=chat.noted or {},
    )


def message(said: models.Message, asked: models.Message | None = None) -> told.Message:
    """Something said; `asked` is the question a reply answers, where it is at hand."""
    reply = said if isinstance(said, models.Reply) else None
    finished = reply.finished_at if reply else None
    began = asked.created_at if asked else said.created_at
    noted = getattr(said, "noted", None) or {}
    return told.Message(
        id=str(said.id),
        seq=said.seq,
        role=ROLES[said.role],
        content=(said.text or reply.failure or "") if reply else said.text,
        parts=_parts(reply),
        timestamp=finished or said.created_at,
        state=reply.state if reply else "done",
        agent=reply.agent if reply else None,
        intent=reply.intent if reply else None,
        confidence=reply.confidence if reply else None,
        sources=[source(passage) for passage in reply.citations] if reply else [],
        tools_used=[call.tool for call in reply.calls] if reply else [],
        processing_time=round(max((finished - began).total_seconds(), 0), 3) if finished else 0.0,
        suggested_actions=_actions(reply),
        quick_replies=list(reply.suggestions) if reply and reply.state == ReplyState.DONE else [],
        requires_escalation=bool(reply and reply.needs_person),
        metadata={**(noted.get("metadata") or {}), **{name: noted[name] for name in ("attachments",) if name in noted}},
    )


def _parts(reply: models.Reply | None) -> list[told.Part]:
    if reply is None or reply.state != ReplyState.DONE:
        return []
    audiences = {passage.number: passage.audience or "" for passage in reply.citations}
    return [told.Part(audience=_heard(part.audience) or "", content=part.text) for part in parts(reply.text, audiences)]


def _heard(audience: str | None) -> Literal["customer", "staff"] | None:
    match audience:
        case "customer":
            return "customer"
        case "staff":
            return "staff"
    return None


def _actions(reply: models.Reply | None) -> list[told.Action]:
    if reply is None:
        return []
    if reply.needs_person:
        return [told.Action(type="escalate", label="Hand over to a specialist")]
    if reply.state in (ReplyState.FAILED, ReplyState.STOPPED):
        return [told.Action(type="retry", label="Have the reply made again")]
    return []


def rating(reply: models.Reply, said: models.Rating | None) -> told.Rating:
    """What somebody thinks of a reply, if they have said."""
    thumb = None if said is None else "up" if said.helpful else "down"
    return told.Rating.model_validate(
        {
            "message_id": str(reply.id),
            "thumb": thumb,
            "reason": said.reason if said else None,
            "note": said.note if said else None,
            "at": said.at if said else None,
        }
    )


def source(passage: models.CitedPassage) -> told.Source:
    """A cited passage as it was when it was quoted."""
    return told.Source(
        number=passage.number,
        article_id=passage.article_id,
        version=passage.version,
        title=passage.title,
        section=passage.section,
        content=passage.passage,
        effective_on=passage.effective_on,
        audience=_heard(passage.audience),
    )


def messages(said: Sequence[models.Message]) -> list[told.Message]:
    """Messages in order; replies know the questions among them."""
    asked = {one.id: one for one in said}
    return [message(one, asked.get(one.question_id) if isinstance(one, models.Reply) else None) for one in said]


def turn(made: Turn) -> told.Turn:
    """A question with its finished reply. Built from what is stored alone, so that a repeat is told the same."""
    reply, question = made.reply, made.question
    response = message(reply, question)
    return told.Turn(
        session_id=question.chat_id,
        message=message(question),
        response=response,
        agent_result=told.AgentResult(
            processing_time=round(response.processing_time * 1000), agents_involved=[reply.agent] if reply.agent else []
        ),
        timestamp=response.timestamp,
    )


def reply_text(made: Turn) -> told.ReplyText:
    """The reply alone."""
    response = message(made.reply, made.question)
    return told.ReplyText(
        message=response.content,
        sources=response.sources,
        requires_escalation=response.requires_escalation,
        confidence=response.confidence,
        session_id=made.question.chat_id,
        timestamp=response.timestamp,
        processing_time=response.processing_time,
        metadata={
            "messageId": str(made.question.id),
            "replyId": response.id,
            "state": response.state,
            "agent": response.agent,
            "intent": response.intent,
        },
    )
