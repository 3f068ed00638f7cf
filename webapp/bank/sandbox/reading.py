"""From the sandbox bank's rows to the values that Bankside knows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from webapp.bank.values import (
    Account,
    AccountKind,
    AccountStatus,
    AlertState,
    Card,
    CardKind,
    CardStatus,
    Customer,
    Dispute,
    DisputeState,
    FraudAlert,
    Loan,
    StandingInstruction,
    Transaction,
    TransactionKind,
    TransactionStatus,
    Transfer,
    TransferState,
)

NOTHING = Decimal("0.00")


def customer_from(row: Row[Any]) -> Customer:
    """Who the customer is."""
    return Customer(
        number=row.number,
        name=row.name,
        birth_date=row.birth_date,
        email=row.email,
        phone=row.phone,
        street=row.street,
        postcode=row.postcode,
        town=row.town,
        branch=row.branch,
        segment=row.segment,
        since=row.since,
        kyc_status=row.kyc_status,
        kyc_review_due=row.kyc_review_due,
        verification_note=row.verification_note,
        language=row.language,
        vulnerable=row.vulnerable,
    )


def account_from(row: Row[Any], pending: Decimal) -> Account:
    """An account, what can be spent worked out; `pending` is the sum of its pending payments (negative)."""
    kind, status = AccountKind(row.kind), AccountStatus(row.status)
    usable = status is AccountStatus.OPEN and kind is not AccountKind.LOAN
    loan = None
    if kind is AccountKind.LOAN:
        loan = Loan(
            principal=row.loan_principal,
            outstanding=-row.balance,
            monthly_payment=row.loan_monthly_payment,
            next_payment_on=row.loan_next_payment_on,
            ends_on=row.loan_ends_on,
        )
    return Account(
        id=row.id,
        customer_number=row.customer_number,
        kind=kind,
        name=row.name,
        iban=row.iban,
        currency=row.currency,
        balance=row.balance,
        available=row.balance + row.overdraft_limit + pending if usable else NOTHING,
        overdraft_limit=row.overdraft_limit,
        interest_rate=row.interest_rate,
        status=status,
        opened_on=row.opened_on,
        loan=loan,
    )


def card_from(row: Row[Any]) -> Card:
    """A card."""
    return Card(
        id=row.id,
        customer_number=row.customer_number,
        account_id=row.account_id,
        kind=CardKind(row.kind),
        name=row.name,
        last_four=row.last_four,
        status=CardStatus(row.status),
        status_reason=row.status_reason,
        expires_on=row.expires_on,
        daily_limit=row.daily_limit,
        wrong_pin_attempts=row.wrong_pin_attempts,
        last_used_at=row.last_used_at,
        last_used_where=row.last_used_where,
        contactless=row.contactless,
    )


def transaction_from(row: Row[Any], returned: str | None = None) -> Transaction:
    """A movement; `returned` is what became of giving it back."""
    return Transaction(
        id=row.id,
        account_id=row.account_id,
        booked_at=row.booked_at,
        amount=row.amount,
        currency=row.currency,
        kind=TransactionKind(row.kind),
        status=TransactionStatus(row.status),
        counterparty=row.counterparty,
        text=row.text,
        category=row.category,
        balance_after=row.balance_after,
        card_last_four=row.card_last_four,
        returned=returned,
    )


def transfer_from(row: Row[Any], recall: str | None = None) -> Transfer:
    """A transfer order; `recall` is what became of asking for it back."""
    return Transfer(
        id=row.id,
        account_id=row.account_id,
        to_name=row.to_name,
        to_iban_masked=row.to_iban_masked,
        amount=row.amount,
        currency=row.currency,
        ordered_at=row.ordered_at,
        execute_on=row.execute_on,
        state=TransferState(row.state),
        kind=row.kind,
        reference=row.reference,
        failure_reason=row.failure_reason,
        recall=recall,
    )


def instruction_from(
    row: Row[Any], stopped: str | None = None, last_on: date | None = None, paused_until: date | None = None
) -> StandingInstruction:
    """A standing order or direct debit."""
    return StandingInstruction(
        id=row.id,
        account_id=row.account_id,
        kind=row.kind,
        to_name=row.to_name,
        amount=row.amount,
        currency=row.currency,
        every=row.every,
        next_on=row.next_on,
        last_on=last_on,
        stopped=stopped,
        paused_until=paused_until,
    )


def alert_from(row: Row[Any], transaction_ids: tuple[str, ...]) -> FraudAlert:
    """A fraud alert with the payments it is about."""
    return FraudAlert(
        id=row.id,
        customer_number=row.customer_number,
        card_last_four=row.card_last_four,
        raised_at=row.raised_at,
        state=AlertState(row.state),
        headline=row.headline,
        transaction_ids=transaction_ids,
    )


def dispute_from(row: Row[Any]) -> Dispute:
    """A dispute."""
    return Dispute(
        id=row.id,
        customer_number=row.customer_number,
        transaction_id=row.transaction_id,
        amount=row.amount,
        currency=row.currency,
        merchant=row.merchant,
        reason=row.reason,
        state=DisputeState(row.state),
        opened_on=row.opened_on,
        evidence_due_on=row.evidence_due_on,
        provisional_credit=row.provisional_credit,
    )
