"""Who banks here, as the generator thinks of them: their means, their products, and what repeats every month.

Amounts are whole cents throughout the generator; they become Decimals when rows are written.
"""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Final

from faker import Faker

from webapp.bank.sandbox import merchants
from webapp.bank.sandbox.cast import CAST, Character, CreditLine, LoanDeal, Saver
from webapp.bank.sandbox.household import Regular, furnish
from webapp.bank.sandbox.terms import (
    BRANCHES,
    BUSINESS_CURRENT,
    CAR_LOAN,
    CAR_LOAN_RATE,
    EVERYDAY_CURRENT,
    FIXED_SAVER,
    HOME_LOAN,
    HOME_LOAN_RATE,
    INSTANT_SAVER,
    JUNIOR_SAVER,
    NOTICE_SAVER,
    PERSONAL_LOAN,
    PERSONAL_LOAN_RATES,
    PREMIUM_CURRENT,
    STUDENT_CURRENT,
)

CROWD_SIZE: Final = 38
CURRENT_ACCOUNTS: Final = {
    "personal": EVERYDAY_CURRENT,
    "premium": PREMIUM_CURRENT,
    "student": STUDENT_CURRENT,
    "business": BUSINESS_CURRENT,
}
NOTES: Final = (
    "Basic check by name, date of birth and postcode is enough for balances; full check before any payment.",
    "Prefers confirmation in the app. Security answers were last changed more than a year ago.",
    "Calls from a work number that is not on file; ask for the customer number.",
    "Full check in branch with national ID; signature card on file.",
    "Has set a telephone password. Ask for it before the security questions.",
)
BUSINESS_NOTE: Final = "Only the persons on the signature card may give instructions; call back on the number on file."
# Number ranges set aside for films and books: nobody answers there.
PHONES: Final = ("+49 30 23125 {:03d}", "+49 40 66969 {:03d}", "+49 89 99998 {:03d}", "+49 69 90009 {:03d}")


@dataclass(frozen=True, slots=True)
class Payee:
    """Somebody the customer sends money to now and then."""

    name: str
    iban_masked: str


@dataclass(frozen=True, slots=True)
class Person:
    """A customer with everything the generator needs to know to live their days."""

    position: int
    character: Character
    email: str
    phone: str
    street: str
    postcode: str
    town: str
    since: date
    note: str
    kyc_due_after: int  # days after the first day of the books
    checking_name: str
    regulars: tuple[Regular, ...]
    payees: tuple[Payee, ...]
    spending: int  # cents a month by card
    cash: int  # cents a month from cash machines
    debit_ending: str
    credit_ending: str
    checking_ending: str
    other_endings: tuple[str, ...]  # of the remaining accounts, in order

    @property
    def number(self) -> str:
        """The customer number."""
        return self.character.number

    @property
    def digits(self) -> str:
        """The customer number without its dash."""
        return self.number.replace("-", "")

    @property
    def is_business(self) -> bool:
        """Whether this is a firm."""
        return self.character.segment == "business"


def stream(*key: object) -> random.Random:
    """The random numbers that belong to this key, always the same ones."""
    return random.Random("|".join(str(part) for part in key))  # noqa: S311 - invented lives, no secrets


def people(seed: int) -> tuple[Person, ...]:
    """Everybody who banks here: the cast first, then the crowd; the same for the same seed."""
    names = Faker(["de_DE", "en_GB"], use_weighting=False)
    names.seed_instance(seed)
    crowd = _crowd(seed, names)
    everybody = (*CAST, *crowd)
    endings = _endings(seed, everybody)
    return tuple(_settle(position, character, seed, names, endings) for position, character in enumerate(everybody))


def slug(text: str) -> str:
    """Lower-case ASCII with dots, for the local part of an invented e-mail address."""
    plain = text.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return ".".join("".join(letter if letter.isalnum() else " " for letter in plain).split())


def _new_name(names: Faker, taken: set[str]) -> str:
    """A first and a last name that nobody here has yet, and no last name of the cast."""
    while True:
        first, last = names.first_name(), names.last_name()
        if last not in taken and f"{first} {last}" not in taken and " " not in last:
            taken.add(f"{first} {last}")
            return f"{first} {last}"


def _crowd(seed: int, names: Faker) -> list[Character]:
    """The customers without a story of their own."""
    rng = stream(seed, "crowd")
    taken = {word for character in CAST for word in character.name.split()}
    trades = ("Metallbau", "Gartenbau", "Elektrotechnik", "Floristik")
    crowd = []
    for place in range(CROWD_SIZE):
        name = _new_name(names, taken)
        number = f"10-{3004 + place * 17:04d}"
        branch = BRANCHES[place % len(BRANCHES)]
        crowd.append(_ordinary(rng, place, number, name, branch, trades))
    return crowd


def _ordinary(
    rng: random.Random, place: int, number: str, name: str, branch: str, trades: tuple[str, ...]
) -> Character:
    """An ordinary customer: mostly employed, some retired, some studying, a few firms."""
    born = date(rng.randint(1958, 1999), rng.randint(1, 12), rng.randint(1, 28))
    if place % 11 == 3:
        firm = f"{name.split()[-1]} {trades[place // 11 % len(trades)]} GmbH"
        founded = born.replace(year=rng.randint(1996, 2018))
        return Character(
            number, firm, branch, founded, "business", rng.randrange(900_000, 2_600_000, 50_000), keep=1_400_000,
            overdraft=1_000_000, savings=(Saver(INSTANT_SAVER, rng.randrange(800_000, 4_000_000, 12_500)),),
            credit=CreditLine(500_000), kyc_due=620 + rng.randrange(250),
        )  # fmt: skip
    if place % 9 == 5:
        return Character(
            number, name, branch, born.replace(year=rng.randint(2001, 2006)), "student",
            rng.randrange(88_000, 124_000, 500), keep=rng.randrange(24_000, 50_000, 500), overdraft=0,
            savings=() if rng.random() < 0.4 else (Saver(INSTANT_SAVER, rng.randrange(20_000, 150_000, 2_500)),),
        )  # fmt: skip
    if place % 7 == 2:
        return Character(
            number, name, branch, born.replace(year=rng.randint(1940, 1957)), "personal",
            rng.randrange(128_000, 212_000, 700), "pension", keep=rng.randrange(60_000, 190_000, 5_000),
            savings=(Saver(INSTANT_SAVER, rng.randrange(300_000, 2_400_000, 12_300)),),
            paper=rng.random() < 0.5,
        )  # fmt: skip
    premium = place % 6 == 4
    income = rng.randrange(420_000, 690_000, 1_000) if premium else rng.randrange(176_000, 348_000, 700)
    savings = [Saver(INSTANT_SAVER, rng.randrange(60_000, 1_400_000, 4_100))]
    if rng.random() < (0.7 if premium else 0.2):
        savings.append(Saver(NOTICE_SAVER, rng.randrange(400_000, 2_500_000, 50_000)))
    if rng.random() < (0.4 if premium else 0.1):
        savings.append(Saver(FIXED_SAVER, rng.randrange(500_000, 3_000_000, 100_000)))
    if rng.random() < 0.2:
        savings.append(Saver(JUNIOR_SAVER, rng.randrange(20_000, 300_000, 2_500)))
    return Character(
        number, name, branch, born, "premium" if premium else "personal", income,
        keep=rng.randrange(25_000, 110_000, 1_000),
        overdraft=200_000 if premium else 50_000 + rng.randrange(3) * 25_000,
        savings=tuple(savings) if rng.random() < 0.9 else (),
        credit=CreditLine(rng.choice((200_000, 300_000, 500_000))) if premium or rng.random() < 0.5 else None,
        loans=_loans(rng, premium),
    )  # fmt: skip


def _loans(rng: random.Random, premium: bool) -> tuple[LoanDeal, ...]:
    """A loan for about every third of them."""
    draw = rng.random()
    if premium and draw < 0.45:
        return (LoanDeal(HOME_LOAN, rng.randrange(16_000_000, 24_000_000, 500_000), HOME_LOAN_RATE, 300, 40),)
    if draw < 0.15:
        return (LoanDeal(CAR_LOAN, rng.randrange(800_000, 1_900_000, 50_000), CAR_LOAN_RATE, 60, rng.randint(3, 30)),)
    if draw < 0.32:
        rate = rng.choice(PERSONAL_LOAN_RATES)
        return (LoanDeal(PERSONAL_LOAN, rng.randrange(300_000, 900_000, 50_000), rate, 72, rng.randint(2, 40)),)
    return ()


def _endings(seed: int, everybody: tuple[Character, ...]) -> list[str]:
    """Four digits that nothing else here ends in, to be taken from the end."""
    spoken_for = {
        ending
        for character in everybody
        for ending in (
            character.debit_ending,
            character.new_debit_ending,
            character.credit_ending,
            character.checking_ending,
        )
    }
    spoken_for |= {saver.ending for character in everybody for saver in character.savings}
    free = [f"{n:04d}" for n in range(1000, 10_000) if f"{n:04d}" not in spoken_for]
    stream(seed, "endings").shuffle(free)
    return free


def _settle(position: int, character: Character, seed: int, names: Faker, endings: list[str]) -> Person:
    """Give a character a home, a household, and endings for accounts and cards."""
    rng = stream(seed, character.number, "settle")
    business = character.segment == "business"
    household = furnish(character, rng)
    taken: set[str] = set()
    payees = tuple(
        Payee(rng.choice(merchants.SUPPLIERS) if business and n < 2 else _new_name(names, taken), _masked(rng))
        for n in range(4)
    )
    adult = character.born.year + (1 if business else 18)
    town = rng.choice(merchants.TOWNS[character.branch])
    others = [saver.ending or endings.pop() for saver in character.savings]
    others += [endings.pop() for _ in range((character.credit is not None) + len(character.loans))]
    return Person(
        position=position,
        character=character,
        email=f"{slug(character.name)}@example.org",
        phone=rng.choice(PHONES).format(position * 7 + 11),
        street=f"{rng.choice(merchants.STREETS)} {rng.randint(1, 98)}",
        postcode=f"00{BRANCHES.index(character.branch) + 1}{rng.randint(10, 59)}",
        town=town,
        since=date(min(max(adult, 1996) + rng.randint(0, 6), 2023), rng.randint(1, 12), rng.randint(1, 28)),
        note=character.note or (BUSINESS_NOTE if business else rng.choice(NOTES)),
        kyc_due_after=character.kyc_due or 620 + rng.randrange(1_150),
        checking_name=CURRENT_ACCOUNTS[character.segment],
        regulars=household.regulars,
        payees=payees,
        spending=household.spending,
        cash=household.cash,
        debit_ending=character.debit_ending or endings.pop(),
        credit_ending=(character.credit_ending or endings.pop()) if character.credit else "",
        checking_ending=character.checking_ending or endings.pop(),
        other_endings=tuple(others),
    )


def _masked(rng: random.Random) -> str:
    """An IBAN as orders show it: country and last four digits."""
    return f"DE** **** **** {rng.randint(1000, 9999)}"
