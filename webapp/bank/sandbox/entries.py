"""What the generator writes into the books: entries, orders, cases. Times are local, amounts are cents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from webapp.bank.sandbox.dates import run_of
from webapp.bank.values import AlertState, CardStatus, DisputeState, TransactionKind, TransactionStatus, TransferState


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement. A card payment is made first and booked some nights later; in between it is pending."""

    id: str
    account_id: str
    booked_at: datetime
    amount: int
    kind: TransactionKind
    counterparty: str
    text: str
    category: str
    made_at: datetime | None = None  # card payments and cash withdrawals
    card: str | None = None
    status: TransactionStatus = TransactionStatus.BOOKED


@dataclass(frozen=True, slots=True)
class Order:
    """A transfer order. Its money moves by an entry of its own, if it moves."""

    account_id: str
    to_name: str
    to_iban_masked: str
    amount: int
    ordered_at: datetime
    execute_on: date
    arrives_on: date
    kind: str
    reference: str
    state: TransferState | None = None  # its end, if it does not simply arrive
    failure_reason: str | None = None

    @property
    def recorded_by(self) -> date:
        """The day whose run takes it into the records: an order that fails is recorded when it has failed."""
        return self.arrives_on if self.state is not None else run_of(self.ordered_at)

    def state_on(self, today: date) -> TransferState:
        """How far the order has come in the morning of a day."""
        if self.state is not None:
            return self.state
        if self.execute_on > today:
            return TransferState.SCHEDULED
        return TransferState.PROCESSING if self.arrives_on > today else TransferState.COMPLETED


@dataclass(frozen=True, slots=True)
class Halt:
    """What a person has stopped: from this day on no such movement is made."""

    kind: TransactionKind | None  # None: every payment with the card
    name: str  # the card's ending, or the counterparty
    since: date
    until: date | None = None
    tag: str = ""  # instead of kind and name: how the ids of the movements end, "-j3"

    def holds(self, entry: Entry) -> bool:
        """Whether an entry is one of those that are not made any more."""
        made_on = (entry.made_at or entry.booked_at).date()
        named = (
            entry.id.endswith(self.tag)
            if self.tag
            else (
                entry.card == self.name
                if self.kind is None
                else (entry.kind, entry.counterparty) == (self.kind, self.name)
            )
        )
        return named and made_on >= self.since and (self.until is None or made_on <= self.until)


@dataclass(frozen=True, slots=True)
class Alert:
    """A fraud alert to be raised."""

    id: str
    card: str
    raised_at: datetime
    state: AlertState
    headline: str
    transaction_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """A dispute to be opened."""

    id: str
    transaction_id: str
    amount: int
    merchant: str
    reason: str
    state: DisputeState
    opened_on: date
    evidence_due_on: date | None = None
    provisional_credit: int | None = None
    known_from: date | None = None  # shown from this day on; None: from the day it was opened


@dataclass(frozen=True, slots=True)
class CardChange:
    """Something that happened to a card."""

    card: str
    changed_at: datetime
    status: CardStatus
    reason: str
    wrong_pin_attempts: int
    where: str


@dataclass(frozen=True, slots=True)
class Act:
    """A story as told once, from its first day."""

    entries: tuple[Entry, ...] = ()
    orders: tuple[Order, ...] = ()
    alerts: tuple[Alert, ...] = ()
    claims: tuple[Claim, ...] = ()
    card_changes: tuple[CardChange, ...] = ()
    silent_card: str | None = None  # not used any more from here on
    silent_since: datetime | None = None  # with no card named: nothing moves any more
