"""Access tokens of programs: made once shown once, stored hashed, ended by time, by their owner or with their owner."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, func, select, update

from webapp.extensions import db
from webapp.models import AccessToken, StaffUser
from webapp.models.base import now
from webapp.models.programs import Scope
from webapp.services import audit
from webapp.services.errors import BadInput

PREFIX = "bks_"  # so that a token is recognised where it should not be: in code, in a log, in a chat
USED_EVERY = timedelta(seconds=60)  # how exact `last_used_at` is; saves a write on nearly every request
MOST_PER_PERSON = 50  # alive at the same time
ALL_SCOPES = tuple(str(scope) for scope in Scope)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def issue(
    staff: StaffUser, name: str, scopes: Collection[str], lifetime: timedelta, *, by_sign_in: bool = False
) -> tuple[AccessToken, str]:
    """Make a token; returns its row and the token itself, which nobody can read again.

    Raises `BadInput` when the person has as many as they may; programs that sign in often end their oldest sign-in.
    """
    alive = db.session.scalars(
        select(AccessToken.id).where(AccessToken.staff_id == staff.id, _alive()).order_by(AccessToken.id)
    ).all()
    if len(alive) >= MOST_PER_PERSON and not (by_sign_in and _end_oldest_sign_in(staff)):
        raise BadInput(f"You have {MOST_PER_PERSON} access tokens.", "Revoke one that is not needed any more.")
    token = PREFIX + secrets.token_urlsafe(32)
    row = AccessToken(
        staff_id=staff.id,
        name=name[:80],
        token_hash=_digest(token),
        ending=token[-4:],
        scopes=[scope for scope in ALL_SCOPES if scope in scopes],
        by_sign_in=by_sign_in,
        expires_at=now() + lifetime,
    )
    db.session.add(row)
    db.session.flush()
    audit.record(staff, "token.created", row.id, scopes=" ".join(row.scopes), by_sign_in=by_sign_in)
    return row, token


def _end_oldest_sign_in(staff: StaffUser) -> bool:
    oldest = (
        select(func.min(AccessToken.id))
        .where(AccessToken.staff_id == staff.id, AccessToken.by_sign_in, _alive())
        .scalar_subquery()
    )
    ended = db.session.execute(update(AccessToken).where(AccessToken.id == oldest).values(revoked_at=now()))
    return bool(ended.rowcount)  # type: ignore[attr-defined]


def _alive() -> ColumnElement[bool]:
    return AccessToken.revoked_at.is_(None) & (AccessToken.expires_at > now())


def alive(token: str) -> AccessToken | None:
    """The row of a token that is neither revoked nor expired, and whose owner is not locked."""
    if not token.startswith(PREFIX) or len(token) > 100:
        return None
    row = db.session.scalar(select(AccessToken).where(AccessToken.token_hash == _digest(token), _alive()))
    return None if row is None or row.staff.locked else row


def still_alive(ids: Collection[int]) -> set[int]:
    """Which of these tokens are alive: asked for event streams, which outlast a request."""
    if not ids:
        return set()
    return set(
        db.session.scalars(
            select(AccessToken.id).join(StaffUser).where(AccessToken.id.in_(ids), _alive(), ~StaffUser.locked)
        )
    )


def needs_touch(row: AccessToken) -> bool:
    """Whether `last_used_at` is old enough to be worth a write."""
    return row.last_used_at is None or now() - row.last_used_at > USED_EVERY


def touch(token_id: int) -> None:
    """Remember that the token was used."""
    db.session.execute(update(AccessToken).where(AccessToken.id == token_id).values(last_used_at=now()))


def of(staff: StaffUser) -> Sequence[AccessToken]:
    """The person's tokens that are alive, newest first."""
    return db.session.scalars(
        select(AccessToken).where(AccessToken.staff_id == staff.id, _alive()).order_by(AccessToken.id.desc())
    ).all()


def revoke(staff: StaffUser, token_id: int) -> bool:
    """End one of the person's own tokens; False if it is not theirs or has ended."""
    ended = db.session.execute(
        update(AccessToken)
        .where(AccessToken.id == token_id, AccessToken.staff_id == staff.id, _alive())
        .values(revoked_at=now())
    )
    if ended.rowcount:  # type: ignore[attr-defined]
        audit.record(staff, "token.revoked", token_id)
    return bool(ended.rowcount)  # type: ignore[attr-defined]


def revoke_all(staff: StaffUser, by: StaffUser | None, *, sign_ins_only: bool = False) -> int:
    """End a person's tokens, or only those that programs signed in for; returns how many."""
    statement = update(AccessToken).where(AccessToken.staff_id == staff.id, _alive())
    if sign_ins_only:
        statement = statement.where(AccessToken.by_sign_in)
    count = int(db.session.execute(statement.values(revoked_at=now())).rowcount)  # type: ignore[attr-defined]
    if count:
        audit.record(by, "token.all_revoked", staff.id, count=count)
    return count
