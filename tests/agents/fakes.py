"""A small bank and a small handbook in memory: real logic on a handful of rows, for tests of the assistant."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from webapp.agents.transcript import Desk
from webapp.bank.core_banking import TransactionQuery
from webapp.bank.errors import BankUnavailable, CardNotFound, CustomerNotFound
from webapp.bank.policy_library import Passage
from webapp.bank.values import (
    Account,
    Card,
    Customer,
    CustomerMatch,
    Dispute,
    FraudAlert,
    StandingInstruction,
    Transaction,
    TransactionKind,
    Transfer,
)

from .rows import ACCOUNTS, ALERTS, CARDS, CUSTOMERS, DISPUTES, INSTRUCTIONS, PASSAGES, TRANSACTIONS, TRANSFERS

NOW = datetime(2026, 11, 18, 10, 30, tzinfo=ZoneInfo("Europe/Berlin"))  # a Wednesday


class FakeBank:
    """Implements `CoreBanking` over lists."""

    def __init__(self) -> None:
        self.calls = 0

    def _known(self, number: str) -> str:
        self.calls += 1
        if number not in CUSTOMERS:
            raise CustomerNotFound
        return number

    def search_customers(self, text: str, limit: int = 8) -> Sequence[CustomerMatch]:
        found = [one for one in CUSTOMERS.values() if text.casefold() in f"{one.name} {one.number}".casefold()]
        return [CustomerMatch(one.number, one.name, one.town, one.branch, "name") for one in found[:limit]]

    def customer(self, customer_number: str) -> Customer:
        return CUSTOMERS[self._known(customer_number)]

    def accounts(self, customer_number: str) -> Sequence[Account]:
        return [one for one in ACCOUNTS if one.customer_number == self._known(customer_number)]

    def cards(self, customer_number: str) -> Sequence[Card]:
        return [one for one in CARDS if one.customer_number == self._known(customer_number)]

    def card(self, customer_number: str, last_four: str) -> Card:
        found = next((one for one in self.cards(customer_number) if one.last_four == last_four), None)
        if found is None:
            raise CardNotFound
        return found

    def transactions(self, customer_number: str, query: TransactionQuery) -> Sequence[Transaction]:
        own = {one.id for one in self.accounts(customer_number)}
        found = [one for one in TRANSACTIONS if one.account_id in own and _fits(one, query)]
        return sorted(found, key=lambda one: one.booked_at, reverse=True)[: query.limit]

    def transfers(self, customer_number: str, limit: int = 20) -> Sequence[Transfer]:
        own = {one.id for one in self.accounts(customer_number)}
        found = [one for one in TRANSFERS if one.account_id in own]
        return sorted(found, key=lambda one: one.ordered_at, reverse=True)[:limit]

    def standing_instructions(self, customer_number: str) -> Sequence[StandingInstruction]:
        own = {one.id for one in self.accounts(customer_number)}
        return sorted((one for one in INSTRUCTIONS if one.account_id in own), key=lambda one: one.next_on)

    def fraud_alerts(self, customer_number: str) -> Sequence[FraudAlert]:
        return [one for one in ALERTS if one.customer_number == self._known(customer_number)]

    def disputes(self, customer_number: str) -> Sequence[Dispute]:
        return [one for one in DISPUTES if one.customer_number == self._known(customer_number)]


def _fits(row: Transaction, query: TransactionQuery) -> bool:
    day, size = row.booked_at.astimezone(UTC).date(), abs(row.amount)
    return (
        (query.account_id is None or row.account_id == query.account_id)
        and (query.since is None or day >= query.since)
        and (query.until is None or day <= query.until)
        and (query.min_amount is None or size >= query.min_amount)
        and (query.max_amount is None or size <= query.max_amount)
        and (query.text is None or query.text.casefold() in f"{row.counterparty} {row.text}".casefold())
        and (not query.kinds or row.kind in query.kinds)
        and (query.direction is None or (row.amount > 0) == (query.direction == "in"))
        and (query.card_last_four is None or row.card_last_four == query.card_last_four)
    )


class SilentBank(FakeBank):
    """A bank that does not answer."""

    def _known(self, number: str) -> str:
        raise BankUnavailable


class BusyBank(FakeBank):
    """A bank with more movements than fit on one page: one every hour."""

    def __init__(self, number: int) -> None:
        super().__init__()
        start = datetime(2026, 11, 17, 12, tzinfo=UTC).timestamp()
        sample = next(row for row in TRANSACTIONS if row.kind is TransactionKind.CARD_PAYMENT)
        self._rows = [
            replace(
                sample, id=f"B{n}", booked_at=datetime.fromtimestamp(start - 3600 * n, UTC), amount=Decimal("-1.00")
            )
            for n in range(number)
        ]

    def transactions(self, customer_number: str, query: TransactionQuery) -> Sequence[Transaction]:
        self._known(customer_number)
        return [row for row in self._rows if _fits(row, query)][: query.limit]


class FakeLibrary:
    """Implements `PolicyLibrary` over a few passages: the share of the question's words a passage has."""

    def __init__(self, passages: Sequence[Passage] = PASSAGES) -> None:
        self._passages = passages

    def search(self, question: str, limit: int = 5) -> Sequence[Passage]:
        wanted = _words(question)
        scored = [(len(wanted & _words(f"{one.title} {one.section} {one.text}")), one) for one in self._passages]
        best = max((score for score, _ in scored), default=0)
        ranked = sorted((pair for pair in scored if pair[0]), key=lambda pair: -pair[0])
        return [replace(one, score=score / best) for score, one in ranked[:limit]]

    def article(self, article_id: str, version: int | None = None) -> Sequence[Passage]:
        return [one for one in self._passages if one.article_id == article_id and version in (None, one.version)]


def _words(text: str) -> set[str]:
    """Words of three letters and more, cut at five: a crude stem."""
    return {word[:5] for word in re.findall(r"[a-z]{3,}", text.lower())}


def desk(customer: str | None = "10-2041", bank: FakeBank | None = None, library: FakeLibrary | None = None) -> Desk:
    """A teller's desk, about a customer or nobody."""
    return Desk(
        staff_name="A. Stein",
        staff_role="teller",
        customer=CUSTOMERS[customer] if customer else None,
        bank=bank or FakeBank(),
        library=library or FakeLibrary(),
        now=NOW,
    )


def day(text: str) -> date:
    """A day from "2026-11-03"."""
    return date.fromisoformat(text)
