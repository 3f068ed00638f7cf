"""The searches of the sandbox bank as statements. Whatever comes from outside is a parameter, never SQL."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, literal, or_, select

from webapp.bank.core_banking import TransactionQuery
from webapp.bank.sandbox import tables
from webapp.bank.sandbox.folding import fold, like_pattern

MOST_MATCHES: Final = 50
MOST_TRANSACTIONS: Final = 1_000
LONGEST_TEXT: Final = 100
MOST_WORDS: Final = 8
LARGEST_AMOUNT: Final = Decimal("999999999999.99")  # as large as the column takes
ESCAPE: Final = "\\"

Match = tuple[ColumnElement[bool], int, str]  # the condition, its rank (0 is best), what it matched on

_NUMBER: Final = re.compile(r"[0-9]{2}[- ]?[0-9]{1,4}")
_ENDING: Final = re.compile(r"[0-9]{4}")
_IBAN: Final = re.compile(r"[a-z]{2}[0-9]{2}[a-z0-9]{10,30}")


def within(limit: int, most: int) -> int:
    """The limit, at least 0 and at most `most`."""
    return max(0, min(limit, most))


def customers_matching(text: str, limit: int) -> Select[Any] | None:
    """Customers with what they were matched on and how well (0 is best); None when nothing can match."""
    sought = fold(text[:LONGEST_TEXT])
    if not sought or limit <= 0:
        return None
    matches = [*_by_number(sought), *_by_ending(sought), *_by_iban(sought), _by_name(sought)]
    customers = tables.customers
    rank = case(*((condition, literal(rank)) for condition, rank, _ in matches), else_=9).label("rank")
    matched_on = case(*((condition, literal(on)) for condition, _, on in matches), else_="name").label("matched_on")
    return (
        select(customers.c.number, customers.c.name, customers.c.town, customers.c.branch, matched_on)
        .where(or_(false(), *(condition for condition, _, _ in matches)))
        .order_by(rank, _name_rank(sought), customers.c.folded_name, customers.c.number)
        .limit(within(limit, MOST_MATCHES))
    )


def _by_number(sought: str) -> list[Match]:
    """A whole customer number, or the beginning of one, with or without its dash."""
    if not _NUMBER.fullmatch(sought):
        return []
    digits = re.sub(r"[^0-9]", "", sought)
    beginning = f"{digits[:2]}-{digits[2:]}"
    number = tables.customers.c.number
    if len(digits) == 6:
        return [(number == beginning, 0, "customer number")]
    if "-" in sought or " " in sought or len(digits) == 5:
        return [(number.like(f"{beginning}%"), 4, "customer number")]
    return []


def _by_ending(sought: str) -> list[Match]:
    """The last four digits of an account or a card."""
    if not _ENDING.fullmatch(sought):
        return []
    number, accounts, cards = tables.customers.c.number, tables.accounts, tables.cards
    account = exists().where(accounts.c.customer_number == number, accounts.c.last_four == sought)
    card = exists().where(cards.c.customer_number == number, cards.c.last_four == sought)
    return [(account, 1, "account ending"), (card, 2, "card ending")]


def _by_iban(sought: str) -> list[Match]:
    """A whole IBAN, spaced or not."""
    tight = sought.replace(" ", "")
    if not _IBAN.fullmatch(tight):
        return []
    accounts = tables.accounts
    owns = exists().where(accounts.c.customer_number == tables.customers.c.number, accounts.c.iban == tight.upper())
    return [(owns, 0, "IBAN")]


def _by_name(sought: str) -> Match:
    """Every word is somewhere in the name."""
    words = sought.split()[:MOST_WORDS]
    name = tables.customers.c.folded_name
    return and_(*(name.like(like_pattern(word, ESCAPE), escape=ESCAPE) for word in words)), 5, "name"


def _name_rank(sought: str) -> ColumnElement[int]:
    """Names that begin with the text come first, then those with a word that does."""
    name = tables.customers.c.folded_name
    inside = like_pattern(sought, ESCAPE)
    return case(
        (name == sought, 0),
        (name.like(inside[1:], escape=ESCAPE), 1),
        (name.like(f"% {inside[1:]}", escape=ESCAPE), 2),
        else_=3,
    )


def transactions_matching(account_ids: list[str], query: TransactionQuery) -> Select[Any]:
    """The movements asked for, newest first."""
    table = tables.transactions
    found = select(table).where(table.c.account_id.in_(account_ids))
    if query.since is not None:
        found = found.where(table.c.booked_at >= _midnight(query.since))
    if query.until is not None and query.until < date.max:
        found = found.where(table.c.booked_at < _midnight(query.until + timedelta(days=1)))
    if query.min_amount is not None:
        least = _two_places(query.min_amount, ROUND_CEILING)
        found = found.where(or_(table.c.amount >= least, table.c.amount <= -least))
    if query.max_amount is not None:
        most = _two_places(query.max_amount, ROUND_FLOOR)
        found = found.where(table.c.amount.between(-most, most))
    if query.text:
        words = fold(query.text[:LONGEST_TEXT])
        found = found.where(table.c.folded_text.like(like_pattern(words, ESCAPE), escape=ESCAPE))
    if query.kinds:
        found = found.where(table.c.kind.in_([kind.value for kind in query.kinds]))
    if query.direction == "in":
        found = found.where(table.c.amount > Decimal("0.00"))
    elif query.direction == "out":
        found = found.where(table.c.amount < Decimal("0.00"))
    if query.card_last_four is not None:
        found = found.where(table.c.card_last_four == fold(query.card_last_four))
    return found.order_by(table.c.booked_at.desc(), table.c.id.desc()).limit(within(query.limit, MOST_TRANSACTIONS))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _two_places(amount: Decimal, rounding: str) -> Decimal:
    """A bound with two places that the column can be compared with; rounding never widens what is found."""
    if amount.is_nan():
        raise ValueError("an amount that is not a number bounds nothing")
    bounded = max(-LARGEST_AMOUNT, min(LARGEST_AMOUNT, amount))
    return bounded.quantize(Decimal("0.01"), rounding=rounding)


def pending_sums() -> Select[Any]:
    """The sum of pending payments of each account that has some."""
    table = tables.transactions
    return (
        select(table.c.account_id, func.sum(table.c.amount, type_=tables.Cents).label("pending"))
        .where(table.c.status == "pending")
        .group_by(table.c.account_id)
    )
