"""Passwords: hashed with argon2id, checked in constant effort, refused when weak."""

from __future__ import annotations

import threading

import zxcvbn
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from webapp.services.errors import PasswordRefused

SHORTEST = 15  # NIST SP 800-63B-4 for passwords without a second factor
LONGEST = 128
WEAKEST_SCORE = 3  # of zxcvbn's 0..4
AT_ONCE = 2  # a hash takes 64 MiB and a core; a burst of sign-ins must not take the machine


class Passwords:
    """Hashes with one set of argon2 parameters; older hashes are still verified and reported as outdated."""

    def __init__(self, time_cost: int, memory_kib: int) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._nobodys_hash = self.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """The argon2id hash to store."""
        with self._turns:
            return self._hasher.hash(password)

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password fits; takes the same time when there is no stored hash to compare with."""
        if len(password) > LONGEST:
            return False
        with self._turns:
            try:
                self._hasher.verify(stored or self._nobodys_hash, password)
            except (VerifyMismatchError, VerificationError, InvalidHashError):
                return False
        return stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters and should be made anew."""
        return self._hasher.check_needs_rehash(stored)


def check_strength(password: str, username: str, display_name: str) -> None:
    """Raise `PasswordRefused`, with what would be better, unless the password is long and hard to guess."""
    if len(password) < SHORTEST:
        raise PasswordRefused(f"The new password needs at least {SHORTEST} characters.", "A few unrelated words work.")
    if len(password) > LONGEST:
        raise PasswordRefused(f"The new password may have at most {LONGEST} characters.", "Choose a shorter one.")
    own_words = [username, *display_name.split(), "bankside"]
    rest = password.casefold()
    for word in own_words:
        rest = rest.replace(word.casefold(), "")
    if min(_score(password, own_words), _score(rest, own_words)) < WEAKEST_SCORE:
        raise PasswordRefused("That password is easy to guess.", "Take a few unrelated words of your own.")


def _score(password: str, own_words: list[str]) -> int:
    """0 (guessed at once) to 4; the library takes one's own words for chosen from a short list, but repeats for new."""
    return int(zxcvbn.zxcvbn(password[:72], user_inputs=own_words)["score"]) if password.strip() else 0
