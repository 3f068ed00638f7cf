"""Asking another specialist instead: the same question again, of the agent somebody chose; the click is kept."""

from __future__ import annotations

from sqlalchemy import update

from webapp.agents.roster import TEAM
from webapp.extensions import db
from webapp.models import ChatSession, Question, Reply, Reroute, StaffUser
from webapp.models.message import ReplyState
from webapp.services import audit, conversation, taught
from webapp.services.conversation import Turn
from webapp.services.errors import BadInput, MoveNotAllowed

SPECIALISTS = tuple(agent for agent in TEAM if agent.key != TEAM.front.key)


def others(reply: Reply) -> list[tuple[str, str]]:
    """Whom the question could be asked of instead: (key, title); nobody while the reply is not done."""
    if reply.state != ReplyState.DONE:
        return []
    return [(agent.key, agent.title) for agent in SPECIALISTS if agent.key != reply.agent]


def ask_instead(chat: ChatSession, staff: StaffUser, reply: Reply, agent: str, time_zone: str) -> Turn:
    """Ask a reply's question again, of another agent. A second click gives the turn the first one made.

    Chat and reply must come from `chats.chat_of` and `conversation.reply_in`. Raises `BadInput` for an agent there is
    not, `MoveNotAllowed` for a reply that is not done or came from that agent, `ChatEnded`.
    """
    if agent not in {one.key for one in SPECIALISTS}:
        raise BadInput("There is no such specialist.", "Choose one from the list.")
    if agent not in dict(others(reply)):
        raise MoveNotAllowed("This question cannot be asked of that specialist now.", "Reload the page to see it.")
    asked = db.session.get_one(Question, reply.question_id)
    original = _original(chat, asked)
    # Made of what was clicked: however often a page sends it, this happens once. No composer can send such an id.
    turn = conversation.ask(
        chat, staff, original.text, f"instead:{reply.id}:{agent}", time_zone, asked_of=agent, again_of=original.id
    )
    if turn.repeated:
        return turn
    db.session.add(
        Reroute(
            question_id=turn.question.id,
            text=taught.as_example(original.text, chat.customer_name),
            from_agent=reply.agent or "",
            from_intent=reply.intent or "",
            to_agent=agent,
            staff_id=staff.id,
        )
    )
    audit.record(staff, "question.rerouted", reply.id, chat=chat.id, before=reply.agent or "", after=agent)
    return turn


def _original(chat: ChatSession, asked: Question) -> Question:
    """The question as it was asked first."""
    first = db.session.get(Question, asked.again_of) if asked.again_of else None
    return first if first is not None and first.chat_id == chat.id else asked


def answered(question_id: int, intent: str) -> None:
    """Note what the chosen agent took the question for."""
    db.session.execute(update(Reroute).where(Reroute.question_id == question_id).values(to_intent=intent))
