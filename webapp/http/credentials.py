"""Name and password, checked the same way for people and for programs: slowed down, logged, audited."""

from __future__ import annotations

from webapp.http import throttle
from webapp.http.events import log
from webapp.http.settings import passwords
from webapp.http.unit_of_work import reading, unit_of_work
from webapp.models import StaffUser
from webapp.services import audit, sign_ins
from webapp.services.errors import DomainError, WrongPassword


class TooManyAttempts(DomainError):
    """Too many wrong passwords for this name or from this address; `seconds` until the next may be tried."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        minutes = -(-seconds // 60)
        super().__init__(f"Too many attempts. Try again in {minutes} minute{'s' if minutes > 1 else ''}.", " ")


def verified(name: str, password: str, address: str) -> StaffUser:
    """The member of staff whose name and password these are; raises `TooManyAttempts` or `WrongPassword`.

    Unknown names, wrong passwords and locked accounts get the same answer in about the same time.
    """
    name = name.strip().casefold()
    wait = throttle.seconds_to_wait(name, address)
    if wait:
        log.warning("sign_in.throttled", address=address)
        raise TooManyAttempts(wait)
    with reading():
        person = sign_ins.staff_named(name)
    if not passwords().verify(person.password_hash if person else None, password) or person is None or person.locked:
        _refused(person, address)
        raise WrongPassword
    throttle.succeeded(name)
    return person


def _refused(person: StaffUser | None, address: str) -> None:
    throttle.failed(address)
    reason = "unknown" if person is None else "locked" if person.locked else "password"
    log.warning("sign_in.failed", reason=reason, address=address, actor=person.username if person else "")
    if person is not None:
        with unit_of_work():
            audit.record(person, "sign_in.failed", person.id, reason=reason)


def keep_up_to_date(person: StaffUser, password: str) -> None:
    """Store the password's hash anew if it was made with weaker settings."""
    hasher = passwords()
    new_hash = hasher.hash(password) if hasher.is_outdated(person.password_hash) else None
    if new_hash:
        sign_ins.store_password(person.id, new_hash)
