"""Where an order is looked at: the customer, the moment, and the records it is about.

Every order is first planned, which only reads and refuses what cannot be done, and then carried out by its plan. A
preview is a plan that is not carried out, so that what is promised and what is done come from the same lines.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Column, Connection, Row, Select, Table, or_, select

from webapp.bank.errors import OrderRefused
from webapp.bank.previews import Preview
from webapp.bank.sandbox import reading, tables
from webapp.bank.sandbox.bank_days import bank_day_from, bank_days_after
from webapp.bank.sandbox.dates import BANK_ZONE
from webapp.bank.sandbox.searching import pending_sums
from webapp.bank.sandbox.terms import SEPA_CUT_OFF_HOUR
from webapp.bank.values import Account, Card, Customer

NOTHING: Final = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done, and the doing of it, which gives the receipt's number and sentence."""

    preview: Preview
    act: Callable[[], tuple[str, str]]


@dataclass(slots=True)
class Counter:
    """One order being looked at. `acting`: it will be carried out, so the rows it reads are locked."""

    connection: Connection
    customer: Customer
    key: str
    now: datetime  # aware
    acting: bool

    @property
    def local(self) -> datetime:
        """The bank's clock."""
        return self.now.astimezone(BANK_ZONE)

    @property
    def today(self) -> date:
        """The bank's day."""
        return self.local.date()

    def one(self, statement: Select[Any]) -> Row[Any] | None:
        """The first row found."""
        return self.connection.execute(statement.with_for_update() if self.acting else statement).first()

    def account(self, account_id: str, beside: str | None = None) -> Account:
        """An account of the customer's; raises `OrderRefused`. `beside`: the IBAN that money will go to."""
        if self.acting and beside:
            self._hold(account_id, beside)
        row = self.account_row(tables.accounts.c.id, account_id)
        if row is None or row.customer_number != self.customer.number:
            raise OrderRefused("The customer has no such account.")
        return self.account_of(row)

    def _hold(self, account_id: str, iban: str) -> None:
        """Lock both ends in the order of their ids: two orders the other way round wait, and are no deadlock."""
        accounts = tables.accounts
        both = select(accounts.c.id).where(or_(accounts.c.id == account_id, accounts.c.iban == iban))
        self.connection.execute(both.order_by(accounts.c.id).with_for_update()).all()

    def account_row(self, column: Column[Any], value: str) -> Row[Any] | None:
        """Any account of the bank, by id or IBAN."""
        return self.one(select(tables.accounts).where(column == value))

    def account_of(self, row: Row[Any]) -> Account:
        """The account's value, with what is pending counted."""
        sums = pending_sums().subquery()
        pending = self.connection.scalar(select(sums.c.pending).where(sums.c.account_id == row.id))
        return reading.account_from(row, pending or NOTHING)

    def card(self, card_id: str) -> Card:
        """A card of the customer's; raises `OrderRefused`."""
        row = self.one(self._own(tables.cards, card_id))
        if row is None:
            raise OrderRefused("The customer has no such card.")
        return reading.card_from(row)

    def own_row(self, table: Table, row_id: str, what: str) -> Row[Any]:
        """A row of a table with a customer number; raises `OrderRefused` naming what is missing."""
        row = self.one(self._own(table, row_id))
        if row is None:
            raise OrderRefused(f"The customer has no such {what}.")
        return row

    def row_on_accounts(self, table: Table, row_id: str, what: str) -> Row[Any]:
        """A row of a table that hangs on one of the customer's accounts; raises `OrderRefused`."""
        accounts = tables.accounts
        own = select(accounts.c.id).where(accounts.c.customer_number == self.customer.number)
        row = self.one(select(table).where(table.c.id == row_id, table.c.account_id.in_(own)))
        if row is None:
            raise OrderRefused(f"The customer has no such {what}.")
        return row

    def _own(self, table: Table, row_id: str) -> Select[Any]:
        return select(table).where(table.c.id == row_id, table.c.customer_number == self.customer.number)

    def new_number(self, prefix: str, digits: int, table: Table) -> str:
        """An id nobody has, the same for the same key: numbers given here begin with 9."""
        for number in self.draws(digits - 1):
            made = f"{prefix}-9{number}"
            if self.connection.scalar(select(table.c.id).where(table.c.id == made)) is None:
                return made
        raise OrderRefused("The bank has run out of numbers.")

    def draws(self, digits: int) -> Iterator[str]:
        """Numbers of so many digits that follow from the key."""
        for attempt in range(1_000):
            drawn = int.from_bytes(hashlib.sha256(f"{self.key} {attempt}".encode()).digest()[:8])
            yield f"{drawn % 10**digits:0{digits}}"

    @property
    def sepa_day(self) -> date:
        """The working day on which a transfer ordered now is executed: today until the cut-off."""
        return sepa_day_of(self.now)


def sepa_day_of(moment: datetime) -> date:
    """The working day on which a transfer ordered at an (aware) moment is executed."""
    local = moment.astimezone(BANK_ZONE)
    working = bank_day_from(local.date())
    if working == local.date() and (local.hour, local.minute) > (SEPA_CUT_OFF_HOUR, 0):
        return bank_days_after(working, 1)
    return working


def euros(amount: Decimal) -> str:
    """An amount as it is written: "1,204.55 EUR"."""
    return f"{amount:,.2f} EUR"


def written_day(day: date) -> str:
    """A day as it is written: "16 Nov 2026"."""
    return f"{day.day} {day:%b %Y}"
