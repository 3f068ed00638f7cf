"""The conversation page and what happens on it."""

from __future__ import annotations

import re
from dataclasses import asdict

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from webapp.chat.forms import LONGEST, STALE, MessageForm
from webapp.extensions import limiter
from webapp.http.access import passive, staff
from webapp.http.current_chat import current_chat_id, remember
from webapp.http.fragments import wants_fragment
from webapp.http.input import plain_breaks
from webapp.http.moments import viewer_zone
from webapp.http.oversight import record_following, record_reading
from webapp.http.panels import customer_panel, may_write, status_context
from webapp.http.settings import config, feed, tell
from webapp.http.sources import Current, current_text
from webapp.http.unit_of_work import after_commit
from webapp.models import ChatSession, CitedPassage, Message, Reply
from webapp.models.base import LARGEST_NUMBER
from webapp.services import chats, conversation, listing, queue, replies
from webapp.services.errors import BadInput, ChatEnded, ChatNotFound, MessageNotFound
from webapp.work.runner import stop_making, submit

bp = Blueprint("chat", __name__)

MASKED = "A card number or code in your message was masked before it was stored."


@bp.get("/chat/<chat:chat_id>")
def show(chat_id: str) -> ResponseReturnValue:
    """The whole page: sessions, conversation, customer and sources."""
    chat = chats.readable_chat(staff(), chat_id)
    feed_id = feed().latest(chat.id)  # before the messages are read: what comes in between is told, not lost
    before = _seq_from(request.args, "before")
    messages = conversation.messages(chat, before=before)
    queue.tell_places(messages)
    writing = may_write(chat)
    form = MessageForm.fresh(chat.id, conversation.draft_of(chat, staff()) if writing else "")
    context = {
        "chat": chat,
        "messages": messages,
        "earlier_seq": messages[0].seq if messages and messages[0].seq > 1 else None,
        "form": form,
        "feed_id": feed_id,
        "suggestions": usual_questions(),
        "page": listing.chats_for(staff(), listing.Filters(mine="1" if writing else "")),
        "filters": asdict(listing.Filters(mine="1" if writing else "")),
        "source": conversation.latest_citation(chat),
        "read_only_reason": None,
        "answer_pending": any(isinstance(message, Reply) and not message.is_finished for message in messages),
        **status_context(chat),
        **customer_panel(chat, request.args.get("find", "").strip()[:80]),
    }
    if writing:
        remember(chat.id)
    else:
        context["read_only_reason"] = _note_reading(chat)
    context["may_write"] = writing
    return render_template("chat/show.html", **context)


def usual_questions() -> list[str]:
    """Suggestions from the configuration, for roles that ask."""
    return [text.strip() for text in config().suggestions.split("|") if text.strip()][:8]


def _note_reading(chat: ChatSession) -> str:
    """Record that somebody reads a session that is not theirs, and say that it is recorded."""
    reader = staff()
    if chat.staff_id == reader.id:
        return "Your role reads sessions; it does not write in them."
    sentence = f"You are reading {chat.staff.display_name}'s session as {reader.role.title.lower()}. This is recorded."
    record_reading(chat)
    return sentence


def _message_limit() -> str:
    return f"{config().messages_per_minute} per minute"


def _asker() -> str:
    return f"staff-{staff().id}"


asking = limiter.shared_limit(_message_limit, scope="chat-messages", key_func=_asker)  # whatever asks a question


@bp.post("/chat/messages")
@asking
def create_message() -> ResponseReturnValue:
    """Put a question to the assistant; answer with the question and its pending reply.

    The form names its session; the cookie's is only for a form that does not. A session that has ended or is gone
    gives the composer back with the text in it and a way on.
    """
    form = MessageForm()
    chat_id = current_chat_id()
    try:
        chat = chats.chat_of(staff(), chat_id)
    except ChatNotFound as gone:
        return _composer_back(form, ChatSession(id=chat_id), gone.sentence, "gone", 404)
    if not form.validate():
        if form.request_id.errors:
            form.request_id.data = MessageForm.fresh(chat.id).request_id.data
            form.text.errors = [*form.text.errors, STALE]
        return _composer_back(form, chat, None, None, 422)
    try:
        turn = conversation.ask(chat, staff(), str(form.text.data), str(form.request_id.data), viewer_zone())
    except ChatEnded as ended:
        return _composer_back(form, chat, ended.sentence, "ended", 409)
    queue.tell_places([turn.reply])
    if not turn.repeated:
        after_commit(submit, turn.reply.id)
        tell(chat.id, "changed")
    if not wants_fragment():
        return redirect(url_for("chat.show", chat_id=chat.id), 303)
    return render_template(
        "chat/_turn.html",
        chat=chat,
        turn=turn,
        form=MessageForm.fresh(chat.id),
        suggestions=usual_questions(),
        notice=MASKED if turn.masked else None,
    )


def _composer_back(
    form: MessageForm, chat: ChatSession, problem: str | None, ended: str | None, status: int
) -> ResponseReturnValue:
    """The composer with its text and the reason, as a fragment or on a page of its own."""
    if ended:
        form.request_id.data = MessageForm.fresh(chat.id).request_id.data  # for the new session it offers
    template = "chat/_composer.html" if wants_fragment() else "chat/unsent.html"
    page = render_template(template, chat=chat, form=form, problem=problem, ended=ended, suggestions=[], notice=None)
    return page, status


@bp.get("/chat/<chat:chat_id>/messages")
@passive
def messages_after(chat_id: str) -> ResponseReturnValue:
    """What was said after a seq, for a page that missed something, and how the replies named in `also` stand now.

    A browser opening this address gets the page.
    """
    chat = chats.readable_chat(staff(), chat_id)
    if not wants_fragment():
        return redirect(url_for("chat.show", chat_id=chat.id))
    record_following(chat)
    after = _seq_from(request.args, "after") or 0
    also = [int(part) for part in request.args.get("also", "").split("-")[:20] if part.isdecimal() and len(part) < 10]
    messages = [*conversation.replies_in(chat, also), *conversation.messages(chat, after=after)]
    queue.tell_places(messages)
    return render_template("chat/_messages.html", chat=chat, messages=messages, may_write=may_write(chat))


@bp.get("/chat/<chat:chat_id>/replies/<row:reply_id>")
@passive
def reply(chat_id: str, reply_id: int) -> ResponseReturnValue:
    """One reply as it stands now."""
    chat = chats.readable_chat(staff(), chat_id)
    if not wants_fragment():
        return redirect(url_for("chat.show", chat_id=chat.id, _anchor=f"message-{reply_id}"))
    record_following(chat)
    found = conversation.reply_in(chat, reply_id)
    return _message(found, chat)


@bp.post("/chat/<chat:chat_id>/replies/<row:reply_id>/retry")
def retry(chat_id: str, reply_id: int) -> ResponseReturnValue:
    """Have a failed or stopped reply made again; a second click changes nothing."""
    chat = chats.chat_of(staff(), chat_id)
    found = conversation.reply_in(chat, reply_id)
    if replies.retry(staff(), found):
        after_commit(submit, found.id)
        tell(chat.id, "changed")
    return _message_or_page(found, chat)


@bp.post("/chat/<chat:chat_id>/replies/<row:reply_id>/stop")
def stop(chat_id: str, reply_id: int) -> ResponseReturnValue:
    """Have no more of a reply made; what it said so far stays. One that was finished first is shown as it is."""
    chat = chats.chat_of(staff(), chat_id)
    found = conversation.reply_in(chat, reply_id)
    if replies.stop(staff(), found):
        after_commit(stop_making, found.id)
        tell(chat.id, "changed")
    return _message_or_page(found, chat)


def _message_or_page(reply: Reply, chat: ChatSession) -> ResponseReturnValue:
    if not wants_fragment():
        return redirect(url_for("chat.show", chat_id=chat.id), 303)
    return _message(reply, chat)


def _seq_from(fields: MultiDict[str, str], name: str) -> int | None:
    """A message's number as sent, None without one; raises `BadInput` for what can be none."""
    value = fields.get(name, "")
    if not value:
        return None
    if not re.fullmatch(r"[0-9]{1,10}", value) or int(value) > LARGEST_NUMBER:
        raise BadInput
    return int(value)


def _message(message: Message, chat: ChatSession) -> str:
    queue.tell_places([message])
    return render_template("chat/_message.html", message=message, chat=chat, may_write=may_write(chat))


@bp.post("/chat/<chat:chat_id>/draft")
def save_draft(chat_id: str) -> ResponseReturnValue:
    """Keep what is being typed."""
    text = plain_breaks(request.form.get("text")) or ""
    if len(text) > LONGEST * 2:
        raise BadInput("That is too long to keep as a draft.", "Use at most 4,000 characters.")
    conversation.save_draft(chats.chat_of(staff(), chat_id), staff(), text)
    return "", 204


@bp.post("/chat/<chat:chat_id>/seen")
@passive
def seen(chat_id: str) -> ResponseReturnValue:
    """Remember how far the person has read."""
    seq = _seq_from(request.form, "seq")
    if seq is None:
        raise BadInput
    conversation.mark_read(chats.chat_of(staff(), chat_id), staff(), seq)
    return "", 204


@bp.get("/chat/<chat:chat_id>/sources/<row:citation_id>")
def source(chat_id: str, citation_id: int) -> ResponseReturnValue:
    """A cited passage as it was when it was quoted, in the panel or as a page."""
    chat = chats.readable_chat(staff(), chat_id)
    record_following(chat)
    citation = conversation.citation_in(chat, citation_id)
    return _source(chat, citation)


@bp.get("/chat/<chat:chat_id>/sources/<row:citation_id>/now")
def source_now(chat_id: str, citation_id: int) -> ResponseReturnValue:
    """What the handbook says today in place of a cited passage; 404 when the article was withdrawn."""
    chat = chats.readable_chat(staff(), chat_id)
    record_following(chat)
    citation = conversation.citation_in(chat, citation_id)
    found = current_text(citation)
    if found is None:
        raise MessageNotFound("This article is not in the handbook any more.", "The passage stays as it was quoted.")
    return _source(chat, found, quoted=citation)


def _source(
    chat: ChatSession, source: CitedPassage | Current, quoted: CitedPassage | None = None
) -> ResponseReturnValue:
    template = "chat/_source.html" if wants_fragment() else "chat/source.html"
    return render_template(template, chat=chat, source=source, quoted=quoted)
