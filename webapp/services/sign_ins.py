"""Sign-ins: begun with a password, alive on the server, ended there. The cookie holds only a random token."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, update

from webapp.extensions import db
from webapp.models import SignIn, StaffUser
from webapp.models.base import now
from webapp.services import access_tokens, audit
from webapp.services.errors import WrongPassword
from webapp.services.passwords import Passwords, check_strength

SEEN_EVERY = timedelta(seconds=30)  # how exact `last_seen_at` is; saves a write on nearly every request


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def staff_named(username: str) -> StaffUser | None:
    """The member of staff with this user name, letter case aside."""
    return db.session.scalar(select(StaffUser).where(StaffUser.username == username.strip().casefold()))


def begin(staff: StaffUser, device: str, address: str, time_zone: str | None) -> str:
    """Sign somebody in whose password was verified; returns the token for the cookie."""
    token = secrets.token_urlsafe(32)
    sign_in = SignIn(
        staff_id=staff.id,
        token_hash=_digest(token),
        device=device[:120],
        address=address[:64],
        time_zone=time_zone,
    )
    db.session.add(sign_in)
    db.session.flush()
    audit.record(staff, "sign_in.begun", sign_in.id)
    return token


def alive(token: str, idle: timedelta, absolute: timedelta) -> SignIn | None:
    """The sign-in this token stands for, if it has not ended, idled out, grown too old or been locked."""
    sign_in = db.session.scalar(select(SignIn).where(SignIn.token_hash == _digest(token)))
    if sign_in is None or sign_in.ended_at is not None or sign_in.staff.locked:
        return None
    moment = now()
    if moment - sign_in.last_seen_at > idle or moment - sign_in.created_at > absolute:
        return None
    return sign_in


def username_behind(token: str) -> str:
    """Whose sign-in this token stood for, although it may have ended; "" if it never was one."""
    found = select(StaffUser.username).join(SignIn, SignIn.staff_id == StaffUser.id)
    return db.session.scalar(found.where(SignIn.token_hash == _digest(token))) or ""


def needs_touch(sign_in: SignIn) -> bool:
    """Whether `last_seen_at` is old enough to be worth a write."""
    return now() - sign_in.last_seen_at > SEEN_EVERY


def touch(sign_in_id: int) -> None:
    """Remember that the person is still there."""
    db.session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(last_seen_at=now()))


def of(staff: StaffUser, idle: timedelta, absolute: timedelta) -> Sequence[SignIn]:
    """The person's sign-ins that are alive, last used first."""
    moment = now()
    return db.session.scalars(
        select(SignIn)
        .where(SignIn.staff_id == staff.id, SignIn.ended_at.is_(None))
        .where(SignIn.last_seen_at >= moment - idle, SignIn.created_at >= moment - absolute)
        .order_by(SignIn.last_seen_at.desc())
    ).all()


def end(staff: StaffUser, sign_in_id: int) -> bool:
    """End one of the person's own sign-ins; False if it is not theirs or has ended."""
    ended = db.session.execute(
        update(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.staff_id == staff.id, SignIn.ended_at.is_(None))
        .values(ended_at=now())
    )
    if ended.rowcount:  # type: ignore[attr-defined]
        audit.record(staff, "sign_in.ended", sign_in_id)
    return bool(ended.rowcount)  # type: ignore[attr-defined]


def end_token(token: str) -> None:
    """End the sign-in this token stands for, if it is alive."""
    db.session.execute(
        update(SignIn).where(SignIn.token_hash == _digest(token), SignIn.ended_at.is_(None)).values(ended_at=now())
    )


def end_all(staff: StaffUser, by: StaffUser | None, keep: int | None = None) -> int:
    """End every sign-in of a person, except the one to keep; returns how many were ended. Programs that signed in with
    the person's password are signed out, too."""
    access_tokens.revoke_all(staff, by, sign_ins_only=True)
    statement = update(SignIn).where(SignIn.staff_id == staff.id, SignIn.ended_at.is_(None))
    if keep is not None:
        statement = statement.where(SignIn.id != keep)
    count = int(db.session.execute(statement.values(ended_at=now())).rowcount)  # type: ignore[attr-defined]
    audit.record(by, "sign_in.all_ended", staff.id, count=count)
    return count


def change_password(staff: StaffUser, passwords: Passwords, current: str, new: str) -> str:
    """The hash of the new password, after checking the current one and the new one's strength.

    Raises `WrongPassword` or `PasswordRefused`. Stores nothing: hashing takes a fifth of a second, in which no
    transaction may be open; the caller stores the hash with `store_password`.
    """
    if not passwords.verify(staff.password_hash, current):
        raise WrongPassword("The current password is not right.", "Type it again.")
    check_strength(new, staff.username, staff.display_name)
    return passwords.hash(new)


def store_password(staff_id: int, password_hash: str, by: StaffUser | None = None) -> None:
    """Keep a new hash and say so in the audit trail (unless it is only the same password with new parameters)."""
    db.session.execute(update(StaffUser).where(StaffUser.id == staff_id).values(password_hash=password_hash))
    if by is not None:
        audit.record(by, "password.changed", staff_id)
