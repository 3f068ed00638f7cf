"""What a customer pays by card on one day. Depends on nothing but the seed, the customer and the day."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from webapp.bank.sandbox import merchants
from webapp.bank.sandbox.accounts import Ledger
from webapp.bank.sandbox.dates import ONE_DAY, at
from webapp.bank.sandbox.entries import Entry
from webapp.bank.sandbox.merchants import Habit
from webapp.bank.sandbox.people import Person, stream
from webapp.bank.sandbox.terms import CONTACTLESS_LIMIT, FOREIGN_PAYMENT_PERCENT, cents, share
from webapp.bank.values import AccountKind, TransactionKind

NIGHTS_UNTIL_BOOKED = 2
SMALL_THINGS = frozenset({"clothing", "leisure"})
ABROAD_CHANCE = 0.012  # of an online purchase abroad, per day


class Shopper:
    """A customer on their way through the shops."""

    def __init__(self, seed: int, person: Person, ledgers: list[Ledger]) -> None:
        self._seed = seed
        self._person = person
        self._checking = ledgers[0].id
        self._credit = next((a.id for a in ledgers if a.kind is AccountKind.CREDIT), None)
        line = person.character.credit
        self._careful = line is not None and not line.in_full  # owes much: only small things by credit card
        habits = merchants.BUSINESS_HABITS if person.is_business else merchants.PRIVATE_HABITS
        self._chances = [[(habit, habit.chance(weekday)) for habit in habits] for weekday in range(7)]
        expected = sum(habit.monthly for habit in habits)
        self._scale = min(2.2, max(0.35, person.spending / expected))
        self._places = [f"{town} DE" for town in (*merchants.TOWNS[person.character.branch], person.town)]

    def payments_made(self, day: date) -> Iterator[Entry]:
        """The card payments made on a day, in order of time; they are booked two nights later."""
        person = self._person
        rng = stream(self._seed, person.number, day, "payments")
        visits = [
            (_opening_hour(rng, habit, day), habit)
            for habit, chance in self._chances[day.weekday()]
            if rng.random() < chance
        ]
        visits.sort(key=lambda visit: visit[0])
        prefix = f"TX-{person.digits}-{day:%y%m%d}-c"
        for place, (moment, habit) in enumerate(visits, start=1):
            merchant = rng.choice(habit.merchants)
            amount = _price(rng, habit, self._scale)
            account, card = self._means(habit)
            where = "online" if merchant in merchants.ONLINE else rng.choice(self._places)
            yield card_payment(f"{prefix}{place}", account, card, moment, amount, merchant, where, habit.category)
        last = f"{prefix}{len(visits) + 1}"
        favourite = person.character.stops_daily_at
        if favourite:
            moment = at(day, 18, rng.randint(31, 57), rng.randint(0, 59))
            price = rng.randrange(290, 920, 5)
            card = person.debit_ending
            yield card_payment(last, self._checking, card, moment, price, favourite, "Nordhafen DE", "bakery")
        elif self._credit and not self._careful and rng.random() < ABROAD_CHANCE:
            moment = at(day, 19, rng.randint(0, 59))
            price, merchant_abroad = rng.randrange(1_900, 16_000, 10), rng.choice(merchants.ABROAD)
            card = person.credit_ending
            yield from paid_abroad(last, self._credit, card, moment, price, merchant_abroad, "online shopping")

    def _means(self, habit: Habit) -> tuple[str, str]:
        """Which account and card such a payment is made with."""
        if self._credit and habit.by_credit and (not self._careful or habit.category in SMALL_THINGS):
            return self._credit, self._person.credit_ending
        return self._checking, self._person.debit_ending


def _opening_hour(rng: random.Random, habit: Habit, day: date) -> datetime:
    """A time at which such a shop is open, never after six in the evening but for restaurants."""
    first, last = {"bakery": (6, 10), "cafés": (9, 17), "restaurants": (11, 13), "leisure": (13, 17)}.get(
        habit.category, (8, 17)
    )
    if habit.category == "restaurants" and rng.random() < 0.6:
        first, last = 17, 18
    return at(day, rng.randint(first, last), rng.randint(0, 29), rng.randint(0, 59))


def _price(rng: random.Random, habit: Habit, scale: float) -> int:
    """A price in cents with the endings that shops like."""
    amount = int(habit.typical * scale * (0.35 + rng.gammavariate(2.6, 0.25)))
    if habit.category in {"restaurants", "cafés", "bakery"}:
        return max(120, amount // 10 * 10)
    if habit.category in {"clothing", "home", "online shopping"}:
        return max(490, amount // 100 * 100 + rng.choice((90, 95, 99)))
    return max(150, amount)


def card_payment(
    entry_id: str,
    account_id: str,
    card: str,
    made_at: datetime,
    amount: int,
    merchant: str,
    where: str,
    category: str,
) -> Entry:
    """A card payment in euros. `amount` is positive cents."""
    how = "" if where == "online" else ", contactless" if amount <= cents(CONTACTLESS_LIMIT) else ", chip and PIN"
    text = f"Card payment {merchant}, {where}, {made_at:%d %b %Y %H:%M}{how}"
    return Entry(
        entry_id, account_id, booking_night(made_at), -amount, TransactionKind.CARD_PAYMENT, merchant, text, category,
        made_at, card,
    )  # fmt: skip


def paid_abroad(
    entry_id: str,
    account_id: str,
    card: str,
    made_at: datetime,
    amount: int,
    merchant: tuple[str, str, str, int],
    category: str,
) -> Iterator[Entry]:
    """A card payment in another currency, and the fee for it."""
    name, where, currency, units = merchant
    original = f"{amount * units // 10_000 / 100:.2f} {currency}"
    rate = f"{units / 10_000:.4f}"
    text = f"Card payment {name}, {where}, {made_at:%d %b %Y %H:%M}, {original} at {rate} {currency} per EUR"
    night = booking_night(made_at)
    yield Entry(entry_id, account_id, night, -amount, TransactionKind.CARD_PAYMENT, name, text, category, made_at, card)
    fee = share(amount, FOREIGN_PAYMENT_PERCENT)
    yield Entry(
        f"{entry_id}f", account_id, night + timedelta(milliseconds=5), -fee, TransactionKind.FEE, "Nordhafen Bank",
        f"Foreign currency fee {FOREIGN_PAYMENT_PERCENT} % on {amount / 100:.2f} EUR, {name}", "bank fees", None, card,
    )  # fmt: skip


def booking_night(made_at: datetime) -> datetime:
    """When a payment is booked: two nights after it was made, in the order in which payments were made."""
    night = at(made_at.date() + NIGHTS_UNTIL_BOOKED * ONE_DAY, 4, 30)
    return night + timedelta(seconds=made_at.hour * 60 + made_at.minute, milliseconds=made_at.second * 10)
