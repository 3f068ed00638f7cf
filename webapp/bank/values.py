"""What a bank tells us: plain, immutable values. Amounts are Decimals in major units; times are aware and UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class AccountKind(StrEnum):
    """What an account is for."""

    CHECKING = "checking"
    SAVINGS = "savings"
    CREDIT = "credit"
    LOAN = "loan"


class AccountStatus(StrEnum):
    """Whether an account can be used."""

    OPEN = "open"
    FROZEN = "frozen"
    CLOSED = "closed"


class CardKind(StrEnum):
    """How a card is funded."""

    DEBIT = "debit"
    CREDIT = "credit"


class CardStatus(StrEnum):
    """What a card can do now."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    INACTIVE = "not activated"
    EXPIRED = "expired"


class TransactionKind(StrEnum):
    """What moved the money."""

    CARD_PAYMENT = "card payment"
    CASH_WITHDRAWAL = "cash withdrawal"
    TRANSFER_IN = "transfer in"
    TRANSFER_OUT = "transfer out"
    DIRECT_DEBIT = "direct debit"
    STANDING_ORDER = "standing order"
    SALARY = "salary"
    FEE = "fee"
    INTEREST = "interest"
    REFUND = "refund"
    LOAN_PAYMENT = "loan payment"


class TransactionStatus(StrEnum):
    """Whether the money has moved."""

    BOOKED = "booked"
    PENDING = "pending"
    REVERSED = "reversed"


class TransferState(StrEnum):
    """How far a transfer has come."""

    SCHEDULED = "scheduled"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class DisputeState(StrEnum):
    """How far a dispute has come."""

    OPEN = "open"
    EVIDENCE_NEEDED = "evidence needed"
    UNDER_REVIEW = "under review"
    WON = "decided for the customer"
    LOST = "decided for the merchant"
    WITHDRAWN = "withdrawn"


class AlertState(StrEnum):
    """What became of a fraud alert."""

    OPEN = "open"
    CONFIRMED = "confirmed as fraud"
    DISMISSED = "confirmed by the customer"


@dataclass(frozen=True, slots=True)
class Customer:
    """Whom the bank serves."""

    number: str  # "10-2041"
    name: str
    birth_date: date
    email: str
    phone: str
    street: str
    postcode: str
    town: str
    branch: str
    segment: str  # "personal", "premium", "student", "business"
    since: date
    kyc_status: str  # "verified", "documents due", "review"
    kyc_review_due: date
    verification_note: str  # how callers are checked, what to watch for
    language: str  # preferred language, "English"
    vulnerable: bool = False


@dataclass(frozen=True, slots=True)
class CustomerMatch:
    """A line in the answer to a customer search."""

    number: str
    name: str
    town: str
    branch: str
    matched_on: str  # "name", "customer number", "account ending", "card ending"


@dataclass(frozen=True, slots=True)
class Loan:
    """What only a loan has."""

    principal: Decimal
    outstanding: Decimal
    monthly_payment: Decimal
    next_payment_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Account:
    """Something with a balance. A credit or loan account's balance is negative when money is owed."""

    id: str  # opaque, stable
    customer_number: str
    kind: AccountKind
    name: str  # "Everyday current account"
    iban: str
    currency: str  # ISO 4217
    balance: Decimal  # booked
    available: Decimal  # what can be spent now: pending payments and overdraft or limit counted
    overdraft_limit: Decimal  # checking: arranged overdraft; credit: credit limit; else 0
    interest_rate: Decimal  # per year, in percent
    status: AccountStatus
    opened_on: date
    loan: Loan | None = None

    @property
    def last_four(self) -> str:
        """The last four digits, by which staff and customers name the account."""
        return self.iban[-4:]


@dataclass(frozen=True, slots=True)
class Card:
    """A payment card. The full number never crosses this door."""

    id: str
    customer_number: str
    account_id: str
    kind: CardKind
    name: str  # "Debit Mastercard"-like, but an invented scheme: "Bankside Debit"
    last_four: str
    status: CardStatus
    status_reason: str | None  # "blocked after three wrong PINs"
    expires_on: date
    daily_limit: Decimal
    wrong_pin_attempts: int
    last_used_at: datetime | None
    last_used_where: str | None
    contactless: bool = True


@dataclass(frozen=True, slots=True)
class Transaction:
    """One movement on one account: negative when money left."""

    id: str
    account_id: str
    booked_at: datetime
    amount: Decimal
    currency: str
    kind: TransactionKind
    status: TransactionStatus
    counterparty: str  # merchant or person
    text: str  # as on the statement
    category: str  # "groceries", "rent", ...
    balance_after: Decimal | None  # None while pending
    card_last_four: str | None = None
    returned: str | None = None  # of a direct debit that was given back: "returned on 18 Mar 2026"


@dataclass(frozen=True, slots=True)
class Transfer:
    """An order to move money out of (or between) the customer's accounts."""

    id: str  # what staff quote: "TR-204118"
    account_id: str
    to_name: str
    to_iban_masked: str
    amount: Decimal
    currency: str
    ordered_at: datetime
    execute_on: date
    state: TransferState
    kind: str  # "internal", "SEPA", "instant", "international"
    reference: str
    failure_reason: str | None = None
    recall: str | None = None  # "asked on 18 Mar 2026, answer by 8 Apr 2026", once somebody has asked for it back


@dataclass(frozen=True, slots=True)
class FraudAlert:
    """Something the fraud system noticed and wants a person to look at."""

    id: str
    customer_number: str
    card_last_four: str | None
    raised_at: datetime
    state: AlertState
    headline: str
    transaction_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dispute:
    """A payment the customer contests."""

    id: str  # "DP-1042"
    customer_number: str
    transaction_id: str
    amount: Decimal
    currency: str
    merchant: str
    reason: str
    state: DisputeState
    opened_on: date
    evidence_due_on: date | None
    provisional_credit: Decimal | None


@dataclass(frozen=True, slots=True)
class StandingInstruction:
    """A standing order or a direct debit mandate."""

    id: str
    account_id: str
    kind: str  # "standing order" or "direct debit"
    to_name: str
    amount: Decimal
    currency: str
    every: str  # "month", "quarter"
    next_on: date
    last_on: date | None = None
    stopped: str | None = None  # "the next one" or "until cancelled"; a standing order that was ended is not told
    paused_until: date | None = None  # a standing order that rests until then; `next_on` is the day it pays again
