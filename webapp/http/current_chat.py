"""The session in the signed cookie: the one opened last in this browser. A form that names its session wins over it."""

from __future__ import annotations

from flask import request, session

from webapp.http.unit_of_work import after_commit

KEY = "chat_id"


def remember_once_stored(chat_id: str) -> None:
    """Put a new session's id into the cookie when, and only when, its row is committed."""
    after_commit(remember, chat_id)


def remember(chat_id: str) -> None:
    """Put a session's id into the cookie."""
    if session.get(KEY) != chat_id:
        session[KEY] = chat_id


def forget(chat_id: str) -> None:
    """Take a session that is gone out of the cookie."""
    if session.get(KEY) == chat_id:
        session.pop(KEY)


def current_chat_id() -> str:
    """The session the form names, else the cookie's, else ""."""
    return request.form.get("chat_id") or str(session.get(KEY, ""))
