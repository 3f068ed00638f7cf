"""Accounts and cards as they stand on the first day of the books."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from webapp.bank.sandbox.cast import LoanDeal
from webapp.bank.sandbox.dates import add_months, day_in_month, last_of_month
from webapp.bank.sandbox.people import Person, stream
from webapp.bank.sandbox.terms import (
    ARRANGED_OVERDRAFT_RATE,
    BANK_CODE,
    CREDIT_CARD,
    CREDIT_RATE,
    DEBIT_CARD,
    DEBIT_DAILY_LIMIT,
    FIXED_SAVER,
    INSTANT_SAVER,
    JUNIOR_SAVER,
    SAVINGS_RATES,
    annuity,
    cents,
)
from webapp.bank.values import AccountKind, AccountStatus, CardKind, CardStatus

HISTORY_MONTHS: Final = 18
LOAN_DAY: Final = 4  # of the month, on which instalments are taken
RENEWAL_YEARS: Final = 4  # how long a new card lasts


@dataclass(slots=True)
class Ledger:
    """One account while its books are being written. Amounts are cents, the rate is basis points."""

    id: str
    kind: AccountKind
    product: str
    iban: str
    opening_balance: int
    balance: int
    interest_numbers: int  # cents x basis points x days since interest was last settled
    limit: int
    rate: int
    status: AccountStatus
    opened_on: date
    loan: LoanDeal | None = None
    instalment: int = 0
    dormant: bool = False

    @property
    def last_four(self) -> str:
        """By which people name the account."""
        return self.iban[-4:]


@dataclass(slots=True)
class Plastic:
    """One card while the books are being written."""

    id: str
    account_id: str
    kind: CardKind
    name: str
    last_four: str
    status: CardStatus
    status_reason: str | None
    expires_on: date
    daily_limit: Decimal
    contactless: bool = True


def iban(account_number: str) -> str:
    """The bank's IBAN for a ten-digit account number, check digits computed."""
    basic = BANK_CODE + account_number
    check = 98 - int(basic + "131400") % 97  # "DE" as digits, and 00 in place of the check digits
    return f"DE{check:02d}{basic}"


def first_day_of_books(today: date) -> date:
    """Where the kept history begins: the first of the month, eighteen months before today's."""
    return add_months(today.replace(day=1), -HISTORY_MONTHS)


def open_accounts(person: Person, first_day: date) -> list[Ledger]:
    """The person's accounts on the first day of the books: current, savings, credit, loans."""
    rng = stream(person.number, "accounts")
    character = person.character
    status = AccountStatus.FROZEN if character.frozen else AccountStatus.OPEN
    overdraft_rate = cents(ARRANGED_OVERDRAFT_RATE) if character.overdraft else 0
    endings = iter(person.other_endings)
    opening = character.keep + round(character.income * 0.55)

    def account(
        kind: AccountKind, product: str, ending: str, balance: int, limit: int, rate: int, opened: date
    ) -> Ledger:
        number = person.digits + ending
        place = len(opened_so_far) + 1
        return Ledger(
            f"AC-{person.digits}-{place}", kind, product, iban(number), balance, balance, 0, limit, rate, status, opened
        )

    opened_so_far: list[Ledger] = []
    opened_so_far.append(
        account(
            AccountKind.CHECKING,
            person.checking_name,
            person.checking_ending,
            opening,
            character.overdraft,
            overdraft_rate,
            person.since,
        )
    )
    for saver in character.savings:
        later = min(person.since + timedelta(days=rng.randrange(30, 900)), date(2024, 3, 1))
        if saver.product == FIXED_SAVER:  # renewed every year; the current term began some months ago
            later = add_months(first_day, -rng.randint(1, 10)) + timedelta(days=rng.randint(0, 20))
        rate = cents(SAVINGS_RATES[saver.product])
        ledger = account(AccountKind.SAVINGS, saver.product, next(endings), saver.opening, 0, rate, later)
        ledger.dormant = saver.dormant
        ledger.interest_numbers = saver.opening * rate * _days_earning(ledger, first_day)
        opened_so_far.append(ledger)
    if character.credit:
        line = character.credit
        opened = min(person.since + timedelta(days=rng.randrange(200, 1_400)), date(2024, 4, 1))
        opened_so_far.append(
            account(AccountKind.CREDIT, CREDIT_CARD, next(endings), -line.owed, line.limit, cents(CREDIT_RATE), opened)
        )
    for deal in character.loans:
        paid_out = day_in_month(*_year_month(add_months(first_day, -deal.paid - 1)), LOAN_DAY)
        rate = cents(deal.rate)
        ledger = account(AccountKind.LOAN, deal.product, next(endings), -outstanding(deal), 0, rate, paid_out)
        ledger.loan, ledger.instalment = deal, annuity(deal.principal, deal.rate, deal.months)
        opened_so_far.append(ledger)
    return opened_so_far


def _year_month(day: date) -> tuple[int, int]:
    return day.year, day.month


def _days_earning(ledger: Ledger, first_day: date) -> int:
    """Days for which savings have earned interest that was not credited before the books begin."""
    if ledger.product == FIXED_SAVER:
        return (first_day - ledger.opened_on).days
    return (first_day - first_day.replace(month=1, day=1)).days


def outstanding(deal: LoanDeal) -> int:
    """What is still owed, in cents, after the instalments paid before the books begin."""
    owed, instalment, rate = deal.principal, annuity(deal.principal, deal.rate, deal.months), cents(deal.rate)
    for _ in range(deal.paid):
        owed += monthly_interest(owed, rate) - instalment
    return owed


def monthly_interest(owed: int, rate: int) -> int:
    """A twelfth of a year's interest on so many cents at so many basis points, rounded half up."""
    return (owed * rate + 60_000) // 120_000


def loan_end(first_day: date, deal: LoanDeal) -> date:
    """When the last instalment falls due."""
    return day_in_month(*_year_month(add_months(first_day, deal.months - deal.paid - 1)), LOAN_DAY)


def issue_cards(person: Person, ledgers: list[Ledger], first_day: date) -> list[Plastic]:
    """The person's cards; expiry dates lie after the books' first eighteen months, but for the expired card."""
    rng = stream(person.number, "cards")
    character = person.character
    checking = ledgers[0]
    expires = last_of_month(add_months(first_day, HISTORY_MONTHS + rng.randint(4, 40)))
    reasons = {
        CardStatus.BLOCKED: "Blocked: account holder deceased",
        CardStatus.EXPIRED: "Expired; replacement sent by post",
    }
    if character.debit_status is CardStatus.EXPIRED:
        expires = add_months(first_day, HISTORY_MONTHS) - timedelta(days=1)
    limit = DEBIT_DAILY_LIMIT * 2 if person.is_business else DEBIT_DAILY_LIMIT
    cards = [
        Plastic(
            f"CA-{person.digits}-1",
            checking.id,
            CardKind.DEBIT,
            DEBIT_CARD,
            person.debit_ending,
            character.debit_status,
            reasons.get(character.debit_status),
            expires,
            limit,
            contactless=rng.random() > 0.06,
        )
    ]
    if character.new_debit_ending:
        cards.append(
            Plastic(
                f"CA-{person.digits}-2",
                checking.id,
                CardKind.DEBIT,
                DEBIT_CARD,
                character.new_debit_ending,
                CardStatus.INACTIVE,
                "Sent by post, not yet activated",
                last_of_month(add_months(expires, 48)),
                limit,
            )
        )
    for ledger in ledgers:
        if ledger.kind is AccountKind.CREDIT:
            ends = last_of_month(add_months(first_day, HISTORY_MONTHS + rng.randint(4, 40)))
            cards.append(
                Plastic(
                    f"CA-{person.digits}-9",
                    ledger.id,
                    CardKind.CREDIT,
                    CREDIT_CARD,
                    person.credit_ending,
                    CardStatus.ACTIVE,
                    None,
                    ends,
                    Decimal(ledger.limit).scaleb(-2),
                )
            )
    return cards


def sweep_account(ledgers: list[Ledger]) -> Ledger | None:
    """Where the month's surplus goes: the savings account that takes money at any time, if there is one."""
    return next((a for a in ledgers if a.product == INSTANT_SAVER and not a.dormant), None)


def junior_account(ledgers: list[Ledger]) -> Ledger | None:
    """The child's savings account, if there is one."""
    return next((a for a in ledgers if a.product == JUNIOR_SAVER), None)
