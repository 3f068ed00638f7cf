"""Asking: a message is stored once, its reply made as for pages, and waited for with nothing held."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from flask import Response, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from webapp.api import answers, waiting
from webapp.api.contract import asked_body, asked_headers, says
from webapp.api.once import claim
from webapp.api.room import answer, bp
from webapp.api.schemas import asked, told
from webapp.extensions import limiter
from webapp.http.access import staff
from webapp.http.moments import viewer_zone
from webapp.http.oversight import record_following
from webapp.http.settings import config, feed
from webapp.http.unit_of_work import after_commit, reading, unit_of_work
from webapp.models import Message, Reply
from webapp.services import chats, conversation, history, kept_answers, replies
from webapp.services.conversation import Turn
from webapp.services.errors import BadInput, MessageNotFound
from webapp.services.masking import masked_note
from webapp.services.request_ids import new_request_id
from webapp.work.runner import stop_making, submit

Teller: TypeAlias = Callable[[Turn], BaseModel]


def _message_limit() -> str:
    return f"{config().messages_per_minute} per minute"


asking = limiter.shared_limit(_message_limit, scope="api-messages", key_func=lambda: f"staff-{staff().id}")


@bp.post("/chat/message")
@asking
@says(
    body=asked.MessageSomewhere,
    headers=asked.RepeatableSomewhere,
    ok=told.Turn,
    accepted=told.Accepted,
    tag="Messages",
    also=(409,),
)
def ask_somewhere() -> ResponseReturnValue:
    """Say something in the session that `X-Session-ID` or the body names, and wait for the reply.

    A reply that takes longer than the server waits is a 202 with the address where it will be.
    """
    wanted: asked.MessageSomewhere = asked_body()
    named = {one for one in (asked_headers().session, wanted.sessionId, wanted.session_id) if one is not None}
    if not named:
        raise BadInput("No session is named.", "Name it in the header `X-Session-ID` or in the body as `sessionId`.")
    if len(named) > 1:
        raise BadInput("Header and body name two different sessions.", "Name one.")
    return _ask(named.pop(), wanted, answers.turn)


@bp.post("/sessions/<chat:chat_id>/messages")
@asking
@says(
    body=asked.NewMessage,
    headers=asked.Repeatable,
    ok=told.Turn,
    accepted=told.Accepted,
    tag="Messages",
    also=(409,),
)
def ask(chat_id: str) -> ResponseReturnValue:
    """Say something in a session, and wait for the reply."""
    return _ask(chat_id, asked_body(), answers.turn)


@bp.post("/chat/sessions/<chat:chat_id>/messages")
@asking
@says(
    body=asked.NewMessage,
    form=asked.FormMessage,
    headers=asked.Repeatable,
    ok=told.ReplyText,
    accepted=told.Accepted,
    tag="Messages",
    also=(409,),
)
def ask_for_text(chat_id: str) -> ResponseReturnValue:
    """Say something in a session, as JSON or as a form, and wait for the reply's text."""
    return _ask(chat_id, asked_body(), answers.reply_text)


def _ask(chat_id: str, wanted: asked.NewMessage, teller: Teller) -> Response:
    """Store the question, hand its reply to the makers, wait for it."""
    question_id, reply_id, is_new = _store(chat_id, wanted)
    return make_and_wait(chat_id, question_id, reply_id, is_new=is_new, teller=teller)


def make_and_wait(
    chat_id: str, question_id: int, reply_id: int, *, is_new: bool, teller: Teller = answers.turn
) -> Response:
    """Hand the reply of a stored question to the makers, if it is new, and wait for it; 202 if it takes longer."""
    if is_new:
        feed().publish(chat_id, "changed")
        submit(reply_id)
    in_time = waiting.finished_in_time(chat_id, reply_id)
    with reading():
        chat = chats.readable_chat(staff(), chat_id)  # it may have been deleted while we waited
        turn = conversation.turn_of(chat, question_id)
        if in_time:
            return answer(teller(turn))
        address = url_for("api.message", message_id=reply_id)
        accepted = told.Accepted(
            session_id=chat_id,
            message=answers.message(turn.question),
            reply=address,
            timestamp=turn.question.created_at,
        )
        return answer(accepted, 202, {"Location": address, "Retry-After": "1"})


def _store(chat_id: str, wanted: asked.NewMessage | asked.FormMessage) -> tuple[int, int, bool]:
    """In one transaction of its own: the question with its pending reply, once. Returns their numbers and whether they
    are new."""
    key: str | None = asked_headers().idempotency_key
    if key is None and wanted.clientMessageId is not None:
        key = f"{chat_id}:{wanted.clientMessageId}"
    person = staff()
    with unit_of_work():
        row, is_first = claim(key) if key else (None, True)
        chat = chats.chat_of(person, chat_id)
        request_id = kept_answers.request_id_for(key) if key else new_request_id()
        turn = conversation.ask(chat, person, wanted.text, request_id, viewer_zone(), masked_note(wanted.noted))
        if row is not None and is_first:
            kept_answers.keep(row, chat.id)
        return turn.question.id, turn.reply.id, not turn.repeated


@bp.get("/chat/messages/<row:message_id>")
@says(ok=told.Message, tag="Messages")
def message(message_id: int) -> ResponseReturnValue:
    """One message with its state."""
    chat, found = history.message_for(staff(), message_id)
    record_following(chat)
    return answer(answers.message(found, conversation.question_of(found)))


@bp.post("/chat/messages/<row:reply_id>/retry")
@says(ok=told.Message, tag="Messages", also=(409,))
def retry(reply_id: int) -> ResponseReturnValue:
    """Have a failed or stopped reply made again; again changes nothing. A finished one is a 409."""
    found = _own_reply(reply_id)
    if replies.retry(staff(), found):
        after_commit(submit, found.id)
        after_commit(partial(feed().publish, found.chat_id, "changed"))
    return answer(answers.message(found, conversation.question_of(found)))


@bp.post("/chat/messages/<row:reply_id>/stop")
@says(ok=told.Message, tag="Messages")
def stop(reply_id: int) -> ResponseReturnValue:
    """Have no more of a reply made; what it says so far stays. One that was finished first is told as it is."""
    found = _own_reply(reply_id)
    if replies.stop(staff(), found):
        after_commit(stop_making, found.id)
        after_commit(partial(feed().publish, found.chat_id, "changed"))
    return answer(answers.message(found, conversation.question_of(found)))


def _own_reply(reply_id: int) -> Reply:
    return as_reply(history.message_for(staff(), reply_id, to_write=True)[1])


def as_reply(found: Message) -> Reply:
    """The message, if it is a reply; raises `MessageNotFound`."""
    if not isinstance(found, Reply):
        raise MessageNotFound("This message is not a reply.", "Name the reply's id.")
    return found
