"""Pieces that more than one room shows: the customer panel and the status menu."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import Length

from webapp.bank.values import CustomerMatch
from webapp.http.access import staff
from webapp.http.events import log
from webapp.http.settings import config, core_banking, order_desk
from webapp.models import ChatSession
from webapp.services import caller_checks, chats

BANK_SILENT = "The bank's records did not answer. Reload the page in a moment."


class FindCustomerForm(FlaskForm):
    """Whom to look for."""

    class Meta:
        csrf = False  # a search changes nothing

    q = StringField(validators=[Length(max=80, message="Use at most 80 characters.")])


def may_write(chat: ChatSession) -> bool:
    """Whether the person may do anything in this session but read: it is theirs, and their role still uses sessions."""
    return chat.staff_id == staff().id and staff().may("sessions.use")


def customer_panel(chat: ChatSession, searched: str | None = None) -> dict[str, Any]:
    """What the customer panel shows: the attached customer's records, and matches when somebody searched.

    A bank that is silent, or whose adapter breaks, leaves the panel empty with a sentence saying so; the conversation
    goes on without it.
    """
    bank = core_banking()
    context: dict[str, Any] = {
        "customer": None,
        "accounts": [],
        "cards": [],
        "bank_problem": None,
        "matches": None,
        "find_form": FindCustomerForm(formdata=None, data={"q": searched or ""}),
        "may_change": may_write(chat) and chats.may_change_customer(chat),
        "checked": caller_checked(chat),
        "may_check": may_write(chat) and chat.is_open and order_desk() is not None,
    }
    try:
        if chat.customer_number:
            context["customer"] = bank.customer(chat.customer_number)
            context["accounts"] = bank.accounts(chat.customer_number)
            context["cards"] = bank.cards(chat.customer_number)
        if searched:
            context["matches"] = _matches(searched)
    except Exception as error:
        log.error("bank.failed", kind=type(error).__name__, endpoint=request.endpoint, exc_info=error)
        context["bank_problem"] = BANK_SILENT
    return context


def caller_checked(chat: ChatSession) -> caller_checks.Checked:
    """How well the caller of a session is checked now."""
    return caller_checks.checked(chat, timedelta(minutes=config().verification_minutes))


def _matches(searched: str) -> Sequence[CustomerMatch]:
    return core_banking().search_customers(searched, limit=8)


def status_context(chat: ChatSession) -> dict[str, object]:
    """What the status menu needs."""
    return {
        "moves": [(str(move), chats.STATUS_LABELS[move]) for move in chat.moves],
        "may_write": may_write(chat),
        "may_delete": chats.may_delete(staff(), chat),
    }
