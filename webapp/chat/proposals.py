"""Confirm or decline what the assistant proposes, and ask the bank what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.chat.views import bp
from webapp.http.access import staff
from webapp.http.fragments import wants_fragment
from webapp.http.panels import caller_checked, may_write
from webapp.http.settings import order_desk, tell
from webapp.http.unit_of_work import after_commit, reading, unit_of_work
from webapp.models import ChatSession, Proposal
from webapp.models.proposal import ProposalState
from webapp.services import audit, chats, conversation, errands, proposals
from webapp.services.errors import DomainError, ProposalClosed
from webapp.work.carrying import check, start, start_and_wait


@bp.post("/chat/<chat:chat_id>/proposals/<row:proposal_id>/confirm")
def confirm_proposal(chat_id: str, proposal_id: int) -> ResponseReturnValue:
    """Have a proposal carried out as it was shown; a second click changes nothing."""
    chat = chats.readable_chat(staff(), chat_id)
    proposal = proposals.proposal_in(chat, proposal_id)
    with _refusals_noted(proposal):
        if order_desk() is None:
            raise ProposalClosed("This installation only reads; nothing is carried out.")
        level = caller_checked(chat).level
        confirmed = proposals.confirm(staff(), chat, proposal, request.form.get("digest", "")[:64], level)
    if confirmed:
        tell(chat.id, "changed")
        after_commit(start if wants_fragment() else start_and_wait, proposal.id)
    return _as_it_stands(chat, proposal)


@bp.post("/chat/<chat:chat_id>/proposals/<row:proposal_id>/decline")
def decline_proposal(chat_id: str, proposal_id: int) -> ResponseReturnValue:
    """Say no to a proposal; nothing happens in the bank."""
    chat = chats.readable_chat(staff(), chat_id)
    proposal = proposals.proposal_in(chat, proposal_id)
    with _refusals_noted(proposal):
        declined = proposals.decline(staff(), chat, proposal)
    if declined:
        tell(chat.id, "changed")
    return _as_it_stands(chat, proposal)


@bp.post("/chat/<chat:chat_id>/proposals/<row:proposal_id>/check")
def check_proposal(chat_id: str, proposal_id: int) -> ResponseReturnValue:
    """Ask the bank what became of an order whose outcome is not known. Never sends anything."""
    with reading():
        chat = chats.readable_chat(staff(), chat_id)
        proposal = proposals.proposal_in(chat, proposal_id)
        asked = errands.errand(proposal.id) if proposal.state == ProposalState.UNKNOWN else None
    if asked is not None:
        sentence = check(current_app._get_current_object(), asked)  # type: ignore[attr-defined]
        if sentence:
            flash(sentence, "care")
    return redirect(url_for("chat.show", chat_id=chat_id), 303)


@contextmanager
def _refusals_noted(proposal: Proposal) -> Iterator[None]:
    """A refused decision stays in the audit trail although the request is undone."""
    who, key, chat_id = staff(), proposal.key, proposal.chat_id
    try:
        yield
    except DomainError as refusal:
        with unit_of_work():
            audit.record(who, "proposal.refused", key, chat=chat_id, why=type(refusal).__name__)
        raise


def _as_it_stands(chat: ChatSession, proposal: Proposal) -> ResponseReturnValue:
    """The reply with its cards, or the page."""
    if not wants_fragment():
        return redirect(url_for("chat.show", chat_id=chat.id, _anchor=f"proposal-{proposal.id}"), 303)
    reply = conversation.reply_in(chat, proposal.reply_id)
    return render_template("chat/_message.html", message=reply, chat=chat, may_write=may_write(chat))
