"""From what the generator thinks in (local times, cents) to rows (UTC, Decimals)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from webapp.bank.sandbox.accounts import LOAN_DAY, Ledger, Plastic, loan_end
from webapp.bank.sandbox.books import Books, LastUse
from webapp.bank.sandbox.dates import add_months, run_of, to_utc, working_day_from
from webapp.bank.sandbox.entries import Act, Alert, Claim, Entry, Order
from webapp.bank.sandbox.folding import fold, fold_name
from webapp.bank.sandbox.people import Person
from webapp.bank.sandbox.plans import next_due
from webapp.bank.sandbox.terms import CURRENCY
from webapp.bank.values import AccountStatus, TransferState

Row = dict[str, Any]


def euros(cents: int) -> Decimal:
    """Cents as an amount with two places."""
    return Decimal(cents).scaleb(-2)


def customer_row(person: Person, first_day: date) -> Row:
    """Who the customer is."""
    character = person.character
    return {
        "number": person.number,
        "name": character.name,
        "folded_name": fold_name(character.name),
        "birth_date": character.born,
        "email": person.email,
        "phone": person.phone,
        "street": person.street,
        "postcode": person.postcode,
        "town": person.town,
        "branch": character.branch,
        "segment": character.segment,
        "since": person.since,
        "kyc_status": character.kyc_status,
        "kyc_review_due": first_day + timedelta(days=person.kyc_due_after),
        "verification_note": person.note,
        "language": character.language,
        "vulnerable": character.vulnerable,
    }


def account_row(number: str, ledger: Ledger, first_day: date, today: date) -> Row:
    """An account as its books stand."""
    deal = ledger.loan
    return {
        "id": ledger.id,
        "customer_number": number,
        "kind": ledger.kind.value,
        "name": ledger.product,
        "iban": ledger.iban,
        "last_four": ledger.last_four,
        "currency": CURRENCY,
        "opening_balance": euros(ledger.opening_balance),
        "balance": euros(ledger.balance),
        "interest_numbers": ledger.interest_numbers,
        "overdraft_limit": euros(ledger.limit),
        "interest_rate": euros(ledger.rate),
        "status": ledger.status.value,
        "opened_on": ledger.opened_on,
        "loan_principal": euros(deal.principal) if deal else None,
        "loan_monthly_payment": euros(ledger.instalment) if deal else None,
        "loan_next_payment_on": next_instalment(ledger, first_day, today) if deal else None,
        "loan_ends_on": loan_end(first_day, deal) if deal else None,
    }


def next_instalment(ledger: Ledger, first_day: date, today: date) -> date:
    """When the next instalment is taken, after today; of a loan that is paid off, when the last one was due."""
    if ledger.loan and ledger.status is AccountStatus.CLOSED:
        return loan_end(first_day, ledger.loan)
    due = working_day_from(today.replace(day=LOAN_DAY))
    return due if due > today else working_day_from(add_months(today.replace(day=LOAN_DAY), 1))


def card_row(number: str, card: Plastic, use: LastUse | None) -> Row:
    """A card and where it was last used."""
    return {
        "id": card.id,
        "customer_number": number,
        "account_id": card.account_id,
        "kind": card.kind.value,
        "name": card.name,
        "last_four": card.last_four,
        "status": card.status.value,
        "status_reason": card.status_reason,
        "expires_on": card.expires_on,
        "daily_limit": card.daily_limit,
        "wrong_pin_attempts": 0,
        "last_used_at": to_utc(use.at) if use else None,
        "last_used_where": use.where if use else None,
        "contactless": card.contactless,
    }


def transaction_row(entry: Entry, balance_after: int | None) -> Row:
    """A movement; money that has not moved has no balance after it."""
    return {
        "id": entry.id,
        "account_id": entry.account_id,
        "booked_at": to_utc(entry.booked_at),
        "amount": euros(entry.amount),
        "currency": CURRENCY,
        "kind": entry.kind.value,
        "status": entry.status.value,
        "counterparty": entry.counterparty,
        "text": entry.text,
        "folded_text": fold(f"{entry.counterparty} {entry.text}"),
        "category": entry.category,
        "balance_after": None if balance_after is None else euros(balance_after),
        "card_last_four": entry.card,
    }


def transfer_rows(person: Person, orders: Iterable[Order], given_before: int, today: date) -> Iterator[Row]:
    """Transfer orders, numbered in the order in which they were given."""
    ordered = sorted(orders, key=lambda order: (order.ordered_at, order.account_id))
    for place, order in enumerate(ordered, start=given_before + 1):
        state = order.state_on(today)
        yield {
            "id": f"TR-{person.position + 10:02d}{place:04d}",
            "account_id": order.account_id,
            "to_name": order.to_name,
            "to_iban_masked": order.to_iban_masked,
            "amount": euros(order.amount),
            "currency": CURRENCY,
            "ordered_at": to_utc(order.ordered_at),
            "execute_on": order.execute_on,
            "arrives_on": order.arrives_on,
            "state": state.value,
            "kind": order.kind,
            "reference": order.reference,
            "failure_reason": order.failure_reason if state is TransferState.FAILED else None,
        }


def instruction_rows(person: Person, checking: Ledger, today: date) -> Iterator[Row]:
    """Standing orders and direct debits; none on an account that is frozen."""
    if checking.status is not AccountStatus.OPEN:
        return
    for regular in person.regulars:
        yield {
            "id": f"SI-{person.digits}-{regular.slot}",
            "account_id": checking.id,
            "kind": regular.kind,
            "to_name": regular.to_name,
            "amount": euros(regular.amount),
            "currency": CURRENCY,
            "every": regular.every,
            "next_on": next_due(regular, today),
        }


def alert_row(number: str, alert: Alert) -> Row:
    """A fraud alert, without its payments."""
    return {
        "id": alert.id,
        "customer_number": number,
        "card_last_four": alert.card,
        "raised_at": to_utc(alert.raised_at),
        "state": alert.state.value,
        "headline": alert.headline,
    }


def alert_links(alert: Alert) -> list[Row]:
    """The payments a fraud alert is about, in order."""
    return [
        {"alert_id": alert.id, "position": place, "transaction_id": transaction_id}
        for place, transaction_id in enumerate(alert.transaction_ids)
    ]


def claim_row(number: str, claim: Claim) -> Row:
    """A dispute."""
    credit = claim.provisional_credit
    return {
        "id": claim.id,
        "customer_number": number,
        "transaction_id": claim.transaction_id,
        "amount": euros(claim.amount),
        "currency": CURRENCY,
        "merchant": claim.merchant,
        "reason": claim.reason,
        "state": claim.state.value,
        "opened_on": claim.opened_on,
        "evidence_due_on": claim.evidence_due_on,
        "provisional_credit": None if credit is None else euros(credit),
    }


def fallen_within(acts: Iterable[Act], first: date, last: date) -> Iterator[Alert | Claim]:
    """The alerts and disputes of these acts that come into the records from first to last, both included."""
    for act in acts:
        for alert in act.alerts:
            if first <= run_of(alert.raised_at) <= last:
                yield alert
        for claim in act.claims:
            if first <= (claim.known_from or claim.opened_on) <= last:
                yield claim


def card_changes(books: Books, first: date, last: date) -> Iterator[Row]:
    """What changes on the customer's cards from first to last, by the card's id."""
    ids = {card.last_four: card.id for card in books.cards}
    for act in books.acts:
        for change in act.card_changes:
            if first <= run_of(change.changed_at) <= last:
                yield {
                    "card_id": ids[change.card],
                    "status": change.status.value,
                    "status_reason": change.reason,
                    "wrong_pin_attempts": change.wrong_pin_attempts,
                    "last_used_at": to_utc(change.changed_at),
                    "last_used_where": change.where,
                }
