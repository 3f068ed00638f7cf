"""The customer's movements as the reader counts days, and which of the names in them are meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from rapidfuzz import fuzz, process, utils

from webapp.agents.tools.subject import customer_of
from webapp.agents.transcript import Desk
from webapp.agents.wording import local_day
from webapp.bank.core_banking import TransactionQuery
from webapp.bank.values import Transaction

_PAGE = 500  # movements asked for at once
_MOST_PAGES = 20
_ALIKE = 84  # of 100: how alike a name has to be to be meant


@dataclass(frozen=True, slots=True)
class Movements:
    """What was found, newest first; `complete` is False when there is more than was read."""

    rows: Sequence[Transaction]
    complete: bool


def movements(desk: Desk, query: TransactionQuery, newest: int | None = None) -> Movements:
    """The customer's movements for a query whose days are days in the reader's time zone.

    All of them, page by page, so that counts are true; or only the `newest` few.
    """
    # A bank counts days in its own zone; one more day on either side is read, then cut exactly.
    since = query.since - timedelta(days=1) if query.since and query.since > date.min else query.since
    until = query.until + timedelta(days=1) if query.until and query.until < date.max else query.until
    wider = replace(query, since=since, until=until, limit=_PAGE)
    if newest is not None and query.since is None and query.until is None:
        rows = desk.bank.transactions(customer_of(desk).number, replace(wider, limit=newest + 1))
        return Movements(rows[:newest], complete=len(rows) <= newest)
    found: dict[str, Transaction] = {}
    for _ in range(_MOST_PAGES):
        page = desk.bank.transactions(customer_of(desk).number, wider)
        before = len(found)
        found.update((row.id, row) for row in page)
        if len(page) < _PAGE or len(found) == before:
            return Movements(_cut(desk, found, query), complete=len(page) < _PAGE)
        oldest = min(row.booked_at for row in page).date()
        wider = replace(wider, until=oldest + timedelta(days=1))
    return Movements(_cut(desk, found, query), complete=False)


def _cut(desk: Desk, found: Mapping[str, Transaction], query: TransactionQuery) -> list[Transaction]:
    rows = [row for row in found.values() if _within(local_day(row.booked_at, desk.now), query)]
    return sorted(rows, key=lambda row: row.booked_at, reverse=True)


def _within(booked: date, query: TransactionQuery) -> bool:
    return (query.since is None or booked >= query.since) and (query.until is None or booked <= query.until)


def names_meant(names: Iterable[str], wanted: str) -> list[str]:
    """The names that fit what somebody typed, typing mistakes included; best first."""
    distinct = sorted(set(names))
    sought = utils.default_process(wanted)
    if not sought:
        return []
    inside = [name for name in distinct if f" {sought} " in f" {utils.default_process(name)} "]
    if inside:
        return inside
    scorer = fuzz.partial_ratio if len(sought) >= 5 else fuzz.ratio
    scored = process.extract(sought, distinct, scorer=scorer, processor=utils.default_process, score_cutoff=_ALIKE, limit=5)
    if not scored:
        scored = process.extract(
            sought, distinct, scorer=fuzz.token_set_ratio, processor=utils.default_process, score_cutoff=_ALIKE, limit=5
        )
    return [name for name, _, _ in scored]
