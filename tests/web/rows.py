"""The database behind the pages, for tests: look at what was stored, and move clocks by changing rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from webapp.extensions import db
from webapp.http.unit_of_work import reading, unit_of_work
from webapp.models import AuditEntry, ChatSession, Message, Question, Role, SignIn, StaffUser
from webapp.models.base import now

# For tests of what does not depend on the kind of database: they run once instead of twice.
ON_SQLITE = pytest.mark.parametrize("place", ["sqlite"], indirect=True)


@contextmanager
def changing(app: Flask) -> Iterator[Any]:
    """Change rows behind the pages' back."""
    with app.app_context(), unit_of_work():
        yield db.session


def count(app: Flask, model: type[Any], *conditions: Any) -> int:
    """How many rows there are."""
    with app.app_context(), reading():
        return db.session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


def all_of(app: Flask, statement: Any) -> Sequence[Any]:
    """What a query finds."""
    with app.app_context(), reading():
        return db.session.scalars(statement).all()


def chat_row(app: Flask, chat_id: str) -> ChatSession:
    """A session as stored."""
    with app.app_context(), reading():
        return db.session.get_one(ChatSession, chat_id)


def questions(app: Flask, chat_id: str) -> list[str]:
    """What was asked in a session, in order."""
    return list(all_of(app, select(Question.text).where(Question.chat_id == chat_id).order_by(Question.seq)))


def audited(app: Flask, action: str) -> list[AuditEntry]:
    """The audit entries of one kind, oldest first."""
    return list(all_of(app, select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)))


def person(app: Flask, username: str) -> StaffUser:
    """A member of staff as stored."""
    return next(iter(all_of(app, select(StaffUser).where(StaffUser.username == username))))


def living_sign_ins(app: Flask, username: str) -> list[SignIn]:
    """The person's sign-ins that have not ended, oldest first."""
    statement = select(SignIn).where(SignIn.staff_id == person(app, username).id, SignIn.ended_at.is_(None))
    return list(all_of(app, statement.order_by(SignIn.id)))


def let_time_pass(app: Flask, idle: timedelta = timedelta(), since_sign_in: timedelta = timedelta()) -> None:
    """As if everybody had been away for so long, or had signed in so much earlier."""
    with changing(app) as session:
        moment = now()
        if idle:
            session.execute(update(SignIn).values(last_seen_at=moment - idle))
        if since_sign_in:
            session.execute(update(SignIn).values(created_at=moment - since_sign_in))


@contextmanager
def rights_of(app: Flask, role: str, rights: Sequence[str]) -> Iterator[None]:
    """A role with other rights for a while; roles outlive a test's reset of the database."""
    with changing(app) as session:
        row = session.get_one(Role, role)
        before, row.rights = row.rights, list(rights)
    try:
        yield
    finally:
        with changing(app) as session:
            session.get_one(Role, role).rights = before


@contextmanager
def as_role(app: Flask, username: str, role: str) -> Iterator[None]:
    """A person in another role for a while."""
    with changing(app) as session:
        row = session.scalars(select(StaffUser).where(StaffUser.username == username)).one()
        before, row.role_name = row.role_name, role
    try:
        yield
    finally:
        with changing(app) as session:
            session.execute(update(StaffUser).where(StaffUser.username == username).values(role_name=before))


def stored(app: Flask) -> tuple[int, int, int]:
    """How much there is: sessions, messages, audit entries. What is refused changes none of them."""
    return count(app, ChatSession), count(app, Message), count(app, AuditEntry)
