"""Passwords are hashed with argon2id, verified in constant effort, and refused when they are easy to guess."""

from __future__ import annotations

import threading

import pytest

from webapp.services import passwords as module
from webapp.services.errors import PasswordRefused
from webapp.services.passwords import AT_ONCE, LONGEST, SHORTEST, Passwords, check_strength

GOOD = "quartz lantern nineteen ferries"


@pytest.fixture(scope="module")
def hasher() -> Passwords:
    """Cheap, or each hash would take a fifth of a second."""
    return Passwords(time_cost=1, memory_kib=64)


def test_a_password_fits_its_own_hash_and_no_other(hasher: Passwords) -> None:
    stored = hasher.hash(GOOD)
    assert stored.startswith("$argon2id$")
    assert GOOD not in stored
    assert hasher.verify(stored, GOOD)
    assert not hasher.verify(stored, GOOD + " ")
    assert not hasher.verify(stored, GOOD.upper())
    assert not hasher.verify(stored, "")
    assert hasher.hash(GOOD) != stored, "every hash has a salt of its own"


def test_nobody_has_a_password_not_even_the_one_that_stands_in_for_them(hasher: Passwords) -> None:
    assert not hasher.verify(None, "nobody has this password")
    assert not hasher.verify(None, GOOD)


def test_an_unknown_name_costs_as_many_hashes_as_a_wrong_password(
    hasher: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    real = hasher._hasher.verify

    class Counting:
        def verify(self, stored: str, password: str) -> bool:
            verified.append(stored.split("$")[3])  # the parameters
            return real(stored, password)

    stored = hasher.hash(GOOD)
    monkeypatch.setattr(hasher, "_hasher", Counting())
    hasher.verify(stored, "wrong")
    hasher.verify(None, "wrong")
    assert len(verified) == 2
    assert verified[0] == verified[1]


@pytest.mark.parametrize("stored", ["", "not a hash", "$argon2id$v=19$broken", "plain:Password123!"])
def test_a_broken_hash_lets_nobody_in(hasher: Passwords, stored: str) -> None:
    assert not hasher.verify(stored, "Password123!")


def test_a_hash_with_other_parameters_still_fits_and_is_reported_as_outdated(hasher: Passwords) -> None:
    older = Passwords(time_cost=2, memory_kib=64).hash(GOOD)
    assert hasher.verify(older, GOOD)
    assert hasher.is_outdated(older)
    assert not hasher.is_outdated(hasher.hash(GOOD))


def test_an_overlong_password_is_refused_before_it_costs_anything(hasher: Passwords) -> None:
    huge = "x" * (LONGEST + 1)
    assert not hasher.verify(hasher.hash(huge), huge)
    assert hasher.verify(hasher.hash("x" * LONGEST), "x" * LONGEST)


def test_only_a_few_hashes_are_made_at_once(hasher: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most = 0, 0
    counting, enough = threading.Lock(), threading.Event()

    class Slow:
        def hash(self, _password: str) -> str:
            nonlocal inside, most
            with counting:
                inside += 1
                most = max(most, inside)
            enough.wait(0.05)
            with counting:
                inside -= 1
            return "hash"

    monkeypatch.setattr(hasher, "_hasher", Slow())
    threads = [threading.Thread(target=hasher.hash, args=("x",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == AT_ONCE


@pytest.mark.parametrize(
    "password",
    [
        "Short1!",
        "x" * (SHORTEST - 1),
        "passwordpassword",
        "aaaaaaaaaaaaaaaaaaaa",
        "1234567890123456",
        "qwertyuiopasdfghjkl",
        "Tom Reuter teller",
        "bankside bankside",
        "y" * (LONGEST + 1),
    ],
)
def test_a_password_that_is_short_or_easy_to_guess_is_refused_with_advice(password: str) -> None:
    with pytest.raises(PasswordRefused) as refused:
        check_strength(password, "teller", "Tom Reuter")
    assert refused.value.sentence.endswith(".")
    assert refused.value.next_step.endswith(".")


def test_a_few_unrelated_words_are_accepted() -> None:
    check_strength(GOOD, "teller", "Tom Reuter")
    check_strength("korrekt Pferd Batterie \u00fcber Klammer", "teller", "Tom Reuter")


def test_the_bar_is_fifteen_characters() -> None:
    assert (module.SHORTEST, module.LONGEST >= 64) == (15, True)
