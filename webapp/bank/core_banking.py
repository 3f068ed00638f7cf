"""The port to a bank's core systems: one class per bank implements it, and nothing else of ours changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

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


@dataclass(frozen=True, slots=True)
class TransactionQuery:
    """Which transactions are wanted. Bounds are inclusive; amounts are absolute values; None means any."""

    account_id: str | None = None
    since: date | None = None
    until: date | None = None
    min_amount: Decimal | None = None
    max_amount: Decimal | None = None
    text: str | None = None  # part of counterparty or statement text, case-insensitive
    kinds: tuple[TransactionKind, ...] = ()
    direction: str | None = None  # "in", "out"
    card_last_four: str | None = None
    limit: int = 50


class CoreBanking(Protocol):
    """What Bankside reads from a bank.

    Every method may raise `BankUnavailable`. Methods taking a customer number raise `CustomerNotFound`
    when there is no such customer. Nothing here changes the bank.
    """

    def search_customers(self, text: str, limit: int = 8) -> Sequence[CustomerMatch]:
        """Customers whose name, number, account ending or card ending matches; best first; [] for nothing."""
        ...

    def customer(self, customer_number: str) -> Customer:
        """Who the customer is."""
        ...

    def accounts(self, customer_number: str) -> Sequence[Account]:
        """The customer's accounts: checking, savings, credit, loan; oldest first within a kind."""
        ...

    def cards(self, customer_number: str) -> Sequence[Card]:
        """The customer's cards, active ones first."""
        ...

    def card(self, customer_number: str, last_four: str) -> Card:
        """The customer's card ending in these digits (the active one if two do); raises `CardNotFound`."""
        ...

    def transactions(self, customer_number: str, query: TransactionQuery) -> Sequence[Transaction]:
        """Movements on the customer's accounts, newest first, at most `query.limit`; raises `AccountNotFound`."""
        ...

    def transfers(self, customer_number: str, limit: int = 20) -> Sequence[Transfer]:
        """The customer's transfer orders, newest first."""
        ...

    def standing_instructions(self, customer_number: str) -> Sequence[StandingInstruction]:
        """The customer's standing orders and direct debits, next due first."""
        ...

    def fraud_alerts(self, customer_number: str) -> Sequence[FraudAlert]:
        """Fraud alerts on the customer, open ones first, then newest."""
        ...

    def disputes(self, customer_number: str) -> Sequence[Dispute]:
        """The customer's disputes, open ones first, then newest."""
        ...
