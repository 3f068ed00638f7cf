"""What a customer pays by card on one day. Depends on nothing but the seed, the customer and the day."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache

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


@cache
def _expected(business: bool) -> float:
    """Cents a month that the habits cost before scaling."""
    return sum(habit.monthly for habit in (merchants.BUSINESS_HABITS if business else merchants.PRIVATE_HABITS))


def payments_made(seed: int, person: Person, ledgers: list[Ledger], day: date) -> Iterator[Entry]:
    """The card payments made on a day, in order of time; they are booked two nights later."""
    rng = stream(seed, person.number, day, "payments")
    credit = next((a for a in ledgers if a.kind is AccountKind.CREDIT), None)
    line = person.character.credit
    careful = line is not None and not line.in_full  # owes much already: only small things by credit card
    checking = ledgers[0]
    habits = merchants.BUSINESS_HABITS if person.is_business else merchants.PRIVATE_HABITS
    weekday = day.weekday()
    visits: list[tuple[datetime, Habit]] = [
        (_opening_hour(rng, habit, day), habit) for habit in habits if rng.random() < habit.chance(weekday)
    ]
    scale = min(2.2, max(0.35, person.spending / _expected(person.is_business)))
    place = 0
    for moment, habit in sorted(visits, key=lambda visit: visit[0]):
        place += 1
        merchant = rng.choice(habit.merchants)
        amount = _price(rng, habit, scale)
        by_credit = credit is not None and habit.by_credit and (not careful or habit.category in SMALL_THINGS)
        card = person.credit_ending if by_credit else person.debit_ending
        account = credit.id if credit is not None and by_credit else checking.id
        where = _place(rng, person, merchant)
        yield card_payment(
            f"TX-{person.digits}-{day:%y%m%d}-c{place}", account, card, moment, amount, merchant, where, habit.category
        )
    favourite = person.character.stops_daily_at
    if favourite and weekday < 6:
        moment = at(day, 18, rng.randint(31, 57), rng.randint(0, 59))
        price = rng.randrange(290, 920, 5)
        entry_id = f"TX-{person.digits}-{day:%y%m%d}-c{place + 1}"
        yield card_payment(
            entry_id, checking.id, person.debit_ending, moment, price, favourite, "Nordhafen DE", "bakery"
        )
    elif credit is not None and not careful and rng.random() < ABROAD_CHANCE:
        entry_id = f"TX-{person.digits}-{day:%y%m%d}-c{place + 1}"
        yield from paid_abroad(
            entry_id, credit.id, person.credit_ending, at(day, 19, rng.randint(0, 59)), rng.randrange(1_900, 16_000, 10),
            rng.choice(merchants.ABROAD), "online shopping",
        )  # fmt: skip


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


def _place(rng: random.Random, person: Person, merchant: str) -> str:
    """Where the merchant is, as on the statement."""
    if merchant in merchants.ONLINE:
        return "online"
    return f"{rng.choice((*merchants.TOWNS[person.character.branch], person.town))} DE"


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
