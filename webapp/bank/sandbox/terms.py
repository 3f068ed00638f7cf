"""Fees, rates and limits of the invented bank, as its records apply them. Amounts in EUR, rates in percent per year."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

CURRENCY: Final = "EUR"
BANK_CODE: Final = "99990000"
BRANCHES: Final = ("Nordhafen", "Altmarkt", "Lindenau", "Seebrueck")

# Current accounts: monthly fee; Everyday is free for students and with this monthly income.
EVERYDAY_CURRENT: Final = "Everyday Current"
PREMIUM_CURRENT: Final = "Premium Current"
STUDENT_CURRENT: Final = "Student Current"
BUSINESS_CURRENT: Final = "Business Current"
MONTHLY_FEES: Final = {
    EVERYDAY_CURRENT: Decimal("2.90"),
    PREMIUM_CURRENT: Decimal("9.90"),
    STUDENT_CURRENT: Decimal("0.00"),
    BUSINESS_CURRENT: Decimal("12.50"),
}
EVERYDAY_FREE_FROM_INCOME: Final = Decimal("1500.00")
ARRANGED_OVERDRAFT_RATE: Final = Decimal("9.75")
UNARRANGED_OVERDRAFT_RATE: Final = Decimal("13.50")
PAPER_STATEMENT_FEE: Final = Decimal("1.20")

# Savings: interest is credited on 31 December, on the Fixed Saver at maturity.
INSTANT_SAVER: Final = "Instant Saver"
NOTICE_SAVER: Final = "Notice Saver"
FIXED_SAVER: Final = "Fixed Saver 12 months"
JUNIOR_SAVER: Final = "Junior Saver"
SAVINGS_RATES: Final = {
    INSTANT_SAVER: Decimal("1.60"),
    NOTICE_SAVER: Decimal("2.35"),
    FIXED_SAVER: Decimal("2.80"),
    JUNIOR_SAVER: Decimal("3.00"),
}
JUNIOR_SAVER_CEILING: Final = Decimal("5000.00")  # interest is paid up to here

# Cards
DEBIT_CARD: Final = "Nordhafen Debit"
CREDIT_CARD: Final = "Nordhafen Credit"
DEBIT_DAILY_LIMIT: Final = Decimal("2500.00")
CREDIT_RATE: Final = Decimal("18.90")
CREDIT_YEARLY_FEE: Final = Decimal("39.00")
CREDIT_MINIMUM_SHARE: Final = Decimal("5")  # percent of what is owed
CREDIT_MINIMUM_PAYMENT: Final = Decimal("25.00")
CONTACTLESS_LIMIT: Final = Decimal("50.00")
WRONG_PINS_TO_BLOCK: Final = 3
FOREIGN_PAYMENT_PERCENT: Final = Decimal("1.75")
FOREIGN_ATM_FEE: Final = Decimal("5.00")
OTHER_BANKS_ATM_FEE: Final = Decimal("3.95")
REPLACEMENT_CARD_FEE: Final = Decimal("10.00")
EXPRESS_CARD_FEE: Final = Decimal("15.00")
EXPRESS_CARD_HOUR: Final = 14  # ordered before, it arrives on the next working day
REPLACEMENT_DAYS: Final = 3  # working days
MOST_DAILY_LIMIT: Final = Decimal("5000.00")
LIMIT_RAISED_DAYS: Final = 30
NO_RAISE_AFTER_MOVE_DAYS: Final = 14

# International transfers
INTERNATIONAL_PERCENT: Final = Decimal("0.15")
INTERNATIONAL_LEAST: Final = Decimal("12.00")
INTERNATIONAL_MOST: Final = Decimal("60.00")
SEPA_CUT_OFF_HOUR: Final = 16
INTERNATIONAL_CUT_OFF_HOUR: Final = 13
INTERNATIONAL_DAYS: Final = (2, 4)  # working days
COUNTER_ONLY_FROM: Final = Decimal("10000.00")
# Units of the currency for one euro, as the invented bank sells them.
EXCHANGE_RATES: Final = {
    "AUD": Decimal("1.7310"),
    "CAD": Decimal("1.5620"),
    "CHF": Decimal("0.9415"),
    "DKK": Decimal("7.4410"),
    "EUR": Decimal("1.0000"),
    "GBP": Decimal("0.8630"),
    "JPY": Decimal("168.9000"),
    "NOK": Decimal("11.6200"),
    "SEK": Decimal("11.1800"),
    "TRY": Decimal("46.3000"),
    "USD": Decimal("1.1240"),
}
WITHOUT_CENTS: Final = frozenset({"JPY"})

# Instant and scheduled transfers, standing orders, recalls
MOST_INSTANT: Final = Decimal("100000.00")
MONTHS_AHEAD: Final = 12
RECALL_FEE: Final = Decimal("12.00")
RECALL_ANSWER_DAYS: Final = 15  # working days

# Direct debits that are returned, standing orders that rest
RETURN_WEEKS: Final = 8
RETURN_MONTHS: Final = 13  # if there was no mandate
MANDATE_ANSWER_DAYS: Final = 30
PAUSE_MONTHS: Final = 6

# PIN letters
PIN_LETTER_FEE: Final = Decimal("5.00")
PIN_LETTER_DAYS: Final = 3  # working days
PIN_LETTER_LATE_DAYS: Final = 5  # working days after which a letter has not arrived

# Transfers ordered by staff
COUNTER_TRANSFER_FEE: Final = Decimal("1.50")
CASH_ADVANCE_PERCENT: Final = Decimal("3.00")
CASH_ADVANCE_LEAST: Final = Decimal("5.00")

# Loans
PERSONAL_LOAN: Final = "Personal Loan"
CAR_LOAN: Final = "Car Loan"
HOME_LOAN: Final = "Home Loan"
PERSONAL_LOAN_RATES: Final = (Decimal("5.90"), Decimal("7.40"), Decimal("9.40"))
CAR_LOAN_RATE: Final = Decimal("4.95")
HOME_LOAN_RATE: Final = Decimal("3.65")

# Disputes
EVIDENCE_DUE_DAYS: Final = 14
DISPUTE_DAYS: Final = 120  # from booking
PROVISIONAL_CREDIT_MOST: Final = Decimal("1000.00")
PROVISIONAL_CREDIT_DAYS: Final = 10  # working days


def cents(amount: Decimal) -> int:
    """An exact amount (or percentage) as a whole number of hundredths."""
    return int(amount.scaleb(2))


def share(amount: int, percent: Decimal) -> int:
    """So many percent of an amount in cents, rounded half up to a cent; the sign of the amount is kept."""
    hundredths = cents(percent)
    size = (abs(amount) * hundredths + 5_000) // 10_000
    return size if amount >= 0 else -size


def annuity(principal: int, rate: Decimal, months: int) -> int:
    """The monthly payment, in cents, that repays so many cents at this yearly rate in so many months."""
    monthly = rate / 1200
    factor = (1 + monthly) ** months
    return int((principal * monthly * factor / (factor - 1)).to_integral_value(rounding=ROUND_HALF_UP))
