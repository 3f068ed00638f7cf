"""What repeats in a customer's life: rent, contracts, savings plans; and what is left to spend."""

from __future__ import annotations

import random
from dataclasses import dataclass

from webapp.bank.sandbox import merchants
from webapp.bank.sandbox.cast import Character
from webapp.bank.sandbox.terms import HOME_LOAN, JUNIOR_SAVER, annuity

STANDING_ORDER = "standing order"
DIRECT_DEBIT = "direct debit"


@dataclass(frozen=True, slots=True)
class Regular:
    """A standing order or direct debit from the current account. Weekends push it to the next working day."""

    slot: int  # its place among the customer's; part of its id
    kind: str
    to_name: str
    amount: int  # cents, positive
    every: str  # "month" or "quarter"
    day: int  # of the month
    category: str
    text: str
    to_junior_saver: bool = False

    def due_in(self, month: int) -> bool:
        """Whether it falls due in this month of the year; quarterly ones in January, April, July, October."""
        return self.every == "month" or month % 3 == 1


@dataclass(frozen=True, slots=True)
class Household:
    """The regular payments, and the monthly budget for cards and cash, in cents."""

    regulars: tuple[Regular, ...]
    spending: int
    cash: int


class _Contracts:
    """Collects regular payments and numbers them."""

    def __init__(self) -> None:
        self.signed: list[Regular] = []

    def sign(self, kind: str, name: str, amount: int, day: int, category: str, text: str, **more: object) -> None:
        every = str(more.get("every", "month"))
        junior = bool(more.get("to_junior_saver", False))
        self.signed.append(Regular(len(self.signed) + 1, kind, name, amount, every, day, category, text, junior))

    @property
    def monthly(self) -> int:
        return sum(regular.amount // (3 if regular.every == "quarter" else 1) for regular in self.signed)


def furnish(character: Character, rng: random.Random) -> Household:
    """Draw the household of a character; the same for the same random stream."""
    return _firm(character, rng) if character.segment == "business" else _home(character, rng)


def _home(character: Character, rng: random.Random) -> Household:
    """A private household: somewhat less goes out than comes in."""
    contracts = _Contracts()
    income = character.income
    owns = any(loan.product == HOME_LOAN for loan in character.loans)
    loans = sum(annuity(loan.principal, loan.rate, loan.months) for loan in character.loans)
    if owns:
        contracts.sign(DIRECT_DEBIT, "Hausgemeinschaft Am Speicher", rng.randrange(18_000, 32_000, 500), 3, "housing",
                       "Service charge, flat owners' association")  # fmt: skip
    else:
        rent = max(31_000, int(income * rng.uniform(0.24, 0.31)) // 500 * 500)
        contracts.sign(STANDING_ORDER, rng.choice(merchants.LANDLORDS), rent, 1, "rent", "Rent including heating")
    contracts.sign(DIRECT_DEBIT, rng.choice(merchants.ELECTRICITY), rng.randrange(3_800, 8_900, 100), 5, "utilities",
                   "Electricity, monthly instalment")  # fmt: skip
    contracts.sign(DIRECT_DEBIT, rng.choice(merchants.MOBILE), rng.choice((999, 1499, 1999, 2499)), 8, "phone",
                   "Mobile contract")  # fmt: skip
    contracts.sign(DIRECT_DEBIT, rng.choice(merchants.INTERNET), rng.choice((2995, 3495, 3995)), 12, "phone",
                   "Home internet")  # fmt: skip
    contracts.sign(DIRECT_DEBIT, rng.choice(merchants.INSURERS), rng.randrange(1_890, 5_400, 30), 15, "insurance",
                   "Liability and household insurance", every="quarter")  # fmt: skip
    if character.subscription:
        contracts.sign(DIRECT_DEBIT, *character.subscription, 10, "leisure", "Membership fee")
    elif rng.random() < 0.3:
        contracts.sign(DIRECT_DEBIT, *rng.choice(merchants.GYMS), 10, "leisure", "Membership fee")
    for name, price in rng.sample(merchants.STREAMING, rng.choice((0, 1, 1, 2))):
        contracts.sign(DIRECT_DEBIT, name, price, rng.randint(16, 22), "subscriptions", "Monthly subscription")
    if income > 300_000 or rng.random() < 0.15:
        contracts.sign(STANDING_ORDER, rng.choice(merchants.CHARITIES), rng.choice((1_500, 2_500, 5_000)), 15,
                       "donations", "Donation", every="quarter")  # fmt: skip
    if any(saver.product == JUNIOR_SAVER for saver in character.savings):
        contracts.sign(
            STANDING_ORDER, "Junior Saver", 2_500, 2, "savings", "Savings plan for a child", to_junior_saver=True
        )
    cash = min(26_000, max(4_000, int(income * rng.uniform(0.04, 0.09)) // 1_000 * 1_000))
    left = income - contracts.monthly - loans - cash - 8_000
    return Household(tuple(contracts.signed), max(24_000, int(left * rng.uniform(0.74, 0.9))), cash)


def _firm(character: Character, rng: random.Random) -> Household:
    """A small firm: rent, wages, taxes, insurance, and what it buys by card."""
    contracts = _Contracts()
    income = character.income
    contracts.sign(STANDING_ORDER, rng.choice(merchants.LANDLORDS), int(income * 0.08) // 1_000 * 1_000, 1, "rent",
                   "Rent for business premises")  # fmt: skip
    contracts.sign(DIRECT_DEBIT, rng.choice(merchants.ELECTRICITY), rng.randrange(14_000, 48_000, 500), 5, "utilities",
                   "Electricity, business tariff")  # fmt: skip
    contracts.sign(DIRECT_DEBIT, rng.choice(merchants.INTERNET), 5_990, 12, "phone", "Business internet and telephone")
    contracts.sign(DIRECT_DEBIT, rng.choice(merchants.INSURERS), rng.randrange(28_000, 76_000, 1_000), 15, "insurance",
                   "Business insurance", every="quarter")  # fmt: skip
    contracts.sign(DIRECT_DEBIT, "Tax Office Nordhafen", int(income * 0.11) // 1_000 * 1_000, 10, "taxes",
                   "Advance turnover tax")  # fmt: skip
    wage = rng.randrange(190_000, 260_000, 2_000)
    for worker in range(max(1, min(4, int(income * 0.36) // wage))):
        contracts.sign(
            STANDING_ORDER, f"Wages, employee {worker + 1}", wage - worker * 12_000, 27, "wages", "Monthly wages"
        )
    return Household(tuple(contracts.signed), int(income * 0.12), 0)
