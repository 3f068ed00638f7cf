"""The small stories of real life are really in the bank's records, on the first day and on later ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from sqlalchemy import Engine, select

from tests.bank.conftest import MUCH_LATER, TODAY, MakeBank
from webapp.bank.core_banking import CoreBanking, TransactionQuery
from webapp.bank.sandbox import tables
from webapp.bank.sandbox.bank import connect
from webapp.bank.sandbox.seeding import roll_forward
from webapp.bank.sandbox.stories import STORIES
from webapp.bank.values import (
    AccountKind,
    AccountStatus,
    AlertState,
    CardStatus,
    DisputeState,
    Transaction,
    TransactionKind,
    TransactionStatus,
    TransferState,
)

RECENTLY = timedelta(days=75)


def recent(bank: CoreBanking, number: str, today: date, text: str | None = None) -> Sequence[Transaction]:
    """The customer's movements of the last weeks, newest first."""
    return bank.transactions(number, TransactionQuery(since=today - RECENTLY, text=text, limit=1000))


def lost_card(bank: CoreBanking, number: str, today: date) -> None:
    card = bank.card(number, "4417")
    assert card.status is CardStatus.ACTIVE
    assert card.last_used_where == "Hafen Bakery"
    assert card.last_used_at
    assert today - card.last_used_at.date() <= timedelta(days=2)
    assert bank.customer(number).branch == "Nordhafen"
    endings = {account.kind: account.last_four for account in bank.accounts(number)}
    assert endings == {AccountKind.CHECKING: "3310", AccountKind.SAVINGS: "9021"}


def duplicate_charge(bank: CoreBanking, number: str, today: date) -> None:
    second, first = recent(bank, number, today, "Fahrradwerk Altmarkt")[:2]
    assert first.amount == second.amount == Decimal("-64.90")
    assert first.status is second.status is TransactionStatus.BOOKED
    assert second.booked_at - first.booked_at < timedelta(minutes=3)


def wrong_amount(bank: CoreBanking, number: str, today: date) -> None:
    moved = recent(bank, number, today, "Zur Alten Mole")
    booked = next(t for t in moved if t.amount == Decimal("-84.60"))
    authorised = next(t for t in moved if t.amount == Decimal("-48.60"))
    assert booked.status is TransactionStatus.BOOKED
    assert authorised.status is TransactionStatus.REVERSED
    assert authorised.balance_after is None


def blocked_card(bank: CoreBanking, number: str, today: date) -> None:
    card = bank.card(number, "9954")
    assert card.status is CardStatus.BLOCKED
    assert card.wrong_pin_attempts == 3
    assert "three wrong PINs" in str(card.status_reason)
    assert card.last_used_at
    since = card.last_used_at
    used = bank.transactions(number, TransactionQuery(card_last_four="9954", since=since.date() + timedelta(days=3)))
    assert not used


def failed_transfer(bank: CoreBanking, number: str, today: date) -> None:
    failed = next(order for order in bank.transfers(number) if order.state is TransferState.FAILED)
    assert "Insufficient funds" in str(failed.failure_reason)
    checking = bank.accounts(number)[0]
    moved = recent(bank, number, today)
    that_day = [
        t for t in moved if t.account_id == checking.id and abs(t.booked_at.date() - failed.execute_on) <= RECENTLY
    ]
    assert all((t.balance_after or 0) + checking.overdraft_limit < failed.amount for t in that_day)
    assert not [t for t in moved if t.amount == -failed.amount]


def overdraft_interest(bank: CoreBanking, number: str, today: date) -> None:
    charged = recent(bank, number, today, "Overdraft interest")
    assert len(charged) >= 2
    assert all(Decimal("-15") < t.amount < Decimal("-1") for t in charged)
    assert any((t.balance_after or 0) < 0 for t in recent(bank, number, today))


def late_salary(bank: CoreBanking, number: str, today: date) -> None:
    salaries = bank.transactions(number, TransactionQuery(kinds=(TransactionKind.SALARY,), limit=6))
    late = ["payroll run delayed" in t.text for t in salaries]
    assert all(one != other for one, other in pairwise(late))
    for salary, is_late in zip(salaries, late, strict=True):
        assert (salary.booked_at.day > 25 or salary.booked_at.day < 6) == is_late


def declined_abroad(bank: CoreBanking, number: str, today: date) -> None:
    alert = bank.fraud_alerts(number)[0]
    assert alert.state is AlertState.DISMISSED
    declined = next(t for t in recent(bank, number, today, "Declined") if t.id in alert.transaction_ids)
    assert declined.status is TransactionStatus.REVERSED
    assert "Lisbon" in declined.text
    assert bank.card(number, str(declined.card_last_four)).status is CardStatus.ACTIVE


def subscription_not_ended(bank: CoreBanking, number: str, today: date) -> None:
    moved = list(reversed(recent(bank, number, today, "Studio Vitalis")))
    ended = next(n for n, t in enumerate(moved) if t.kind is TransactionKind.REFUND)
    assert any(t.kind is TransactionKind.DIRECT_DEBIT and t.amount < 0 for t in moved[ended + 1 :])


def open_fraud_alert(bank: CoreBanking, number: str, today: date) -> None:
    alert = bank.fraud_alerts(number)[0]
    assert alert.state is AlertState.OPEN
    assert len(alert.transaction_ids) == 3
    suspicious = [t for t in recent(bank, number, today) if t.id in alert.transaction_ids]
    assert sum(t.amount for t in suspicious) == Decimal("-837.90")
    assert {t.card_last_four for t in suspicious} == {alert.card_last_four}


def vulnerable_customer(bank: CoreBanking, number: str, today: date) -> None:
    customer = bank.customer(number)
    assert customer.vulnerable
    assert "power of attorney" in customer.verification_note


def deceased_customer(bank: CoreBanking, number: str, today: date) -> None:
    assert {account.status for account in bank.accounts(number)} == {AccountStatus.FROZEN}
    assert {account.available for account in bank.accounts(number)} == {Decimal("0.00")}
    assert {card.status for card in bank.cards(number)} == {CardStatus.BLOCKED}
    checking = bank.accounts(number)[0].id
    newest = bank.transactions(number, TransactionQuery(account_id=checking, limit=2))
    assert [t.text.split()[0] for t in newest] == ["Pension", "Pension"]
    assert sum(t.amount for t in newest) == 0
    assert not bank.standing_instructions(number)


def card_not_activated(bank: CoreBanking, number: str, today: date) -> None:
    assert bank.card(number, "4930").status is CardStatus.EXPIRED
    assert bank.card(number, "8215").status is CardStatus.INACTIVE
    assert bank.card(number, "8215").last_used_at is None
    expired_on = bank.card(number, "4930").expires_on
    used = bank.transactions(number, TransactionQuery(since=expired_on + timedelta(days=3), card_last_four="4930"))
    assert not used


def review_overdue(bank: CoreBanking, number: str, today: date) -> None:
    customer = bank.customer(number)
    assert customer.kyc_status == "review"
    assert customer.kyc_review_due < today


def student(bank: CoreBanking, number: str, today: date) -> None:
    assert bank.customer(number).segment == "student"
    assert bank.accounts(number)[0].overdraft_limit == 0
    assert not [t for t in recent(bank, number, today, "Account fee") if t.amount]


def international_transfer(bank: CoreBanking, number: str, today: date) -> None:
    abroad = [order for order in bank.transfers(number, 50) if order.kind == "international"]
    assert abroad
    assert today - abroad[0].ordered_at.date() <= timedelta(days=8)
    fees = recent(bank, number, today, "Fee for international transfer")
    assert {fee.amount for fee in fees} == {Decimal("-12.00")}


def business(bank: CoreBanking, number: str, today: date) -> None:
    assert bank.customer(number).segment == "business"
    categories = {t.category for t in recent(bank, number, today)}
    assert {"turnover", "wages", "taxes", "supplies"} <= categories
    assert recent(bank, number, today, "Account fee Business Current")[0].amount == Decimal("-12.50")


def no_cash_dispensed(bank: CoreBanking, number: str, today: date) -> None:
    dispute = bank.disputes(number)[0]
    assert dispute.reason == "ATM cash not dispensed"
    assert dispute.state is DisputeState.EVIDENCE_NEEDED
    assert dispute.evidence_due_on == dispute.opened_on + timedelta(days=14)
    booked = next(t for t in recent(bank, number, today) if t.id == dispute.transaction_id)
    assert (booked.kind, booked.amount) == (TransactionKind.CASH_WITHDRAWAL, -dispute.amount)


def goods_not_received(bank: CoreBanking, number: str, today: date) -> None:
    dispute = bank.disputes(number)[0]
    assert dispute.state is DisputeState.UNDER_REVIEW
    assert dispute.provisional_credit == dispute.amount == Decimal("349.00")
    paid = next(t for t in recent(bank, number, today) if t.id == dispute.transaction_id)
    assert paid.counterparty == dispute.merchant
    credited = recent(bank, number, today, f"Provisional credit, dispute {dispute.id}")
    assert [t.amount for t in credited] == [dispute.amount]


def dispute_won(bank: CoreBanking, number: str, today: date) -> None:
    dispute = bank.disputes(number)[0]
    assert dispute.state is DisputeState.WON
    assert recent(bank, number, today, f"dispute {dispute.id}")[0].amount == dispute.amount


def personal_loan(bank: CoreBanking, number: str, today: date) -> None:
    loan = next(account.loan for account in bank.accounts(number) if account.loan)
    assert Decimal(0) < loan.outstanding < loan.principal
    assert today < loan.next_payment_on <= today + timedelta(days=35)
    paid = bank.transactions(number, TransactionQuery(kinds=(TransactionKind.LOAN_PAYMENT,), direction="out"))
    assert {-t.amount for t in paid} == {loan.monthly_payment}


def premium_customer(bank: CoreBanking, number: str, today: date) -> None:
    names = {account.name for account in bank.accounts(number)}
    assert {"Premium Current", "Fixed Saver 12 months", "Junior Saver", "Home Loan"} <= names


def scheduled_transfer(bank: CoreBanking, number: str, today: date) -> None:
    order = next(order for order in bank.transfers(number) if order.to_name == "Fliesen Radtke")
    assert order.state is TransferState.SCHEDULED
    assert order.execute_on > today


def unknown_direct_debit(bank: CoreBanking, number: str, today: date) -> None:
    taken = recent(bank, number, today, "Prisma")[0]
    assert taken.kind is TransactionKind.DIRECT_DEBIT
    assert today - taken.booked_at.date() < timedelta(weeks=8)
    assert not [i for i in bank.standing_instructions(number) if "Prisma" in i.to_name]


def near_the_limit(bank: CoreBanking, number: str, today: date) -> None:
    credit = next(account for account in bank.accounts(number) if account.kind is AccountKind.CREDIT)
    assert Decimal("0.7") < -credit.balance / credit.overdraft_limit < Decimal(1)
    assert recent(bank, number, today, "carried over")
    payment = recent(bank, number, today, "Payment received for statement")[0]
    owed = payment.amount - (payment.balance_after or 0)
    assert owed * Decimal("0.049") < payment.amount < owed * Decimal("0.2")


def wrong_recipient(bank: CoreBanking, number: str, today: date) -> None:
    order = next(order for order in bank.transfers(number) if order.to_name == "L. Brenner")
    assert (order.state, order.amount) == (TransferState.COMPLETED, Decimal("480.00"))
    assert [t for t in recent(bank, number, today, "L. Brenner") if t.amount == -order.amount]


def dormant_savings(bank: CoreBanking, number: str, today: date) -> None:
    saver = next(account for account in bank.accounts(number) if account.name == "Instant Saver")
    moved = bank.transactions(number, TransactionQuery(account_id=saver.id, limit=1000))
    assert {t.kind for t in moved} == {TransactionKind.INTEREST}


def moved_house(bank: CoreBanking, number: str, today: date) -> None:
    customer = bank.customer(number)
    assert customer.kyc_status == "documents due"
    assert "proof of address" in customer.verification_note


def holiday_abroad(bank: CoreBanking, number: str, today: date) -> None:
    fees = recent(bank, number, today, "Foreign currency fee")
    assert len(fees) >= 5
    assert Decimal("-5.00") in {t.amount for t in recent(bank, number, today, "foreign cash machine")}


PROOFS: dict[str, Callable[[CoreBanking, str, date], None]] = {
    "lost card": lost_card,
    "duplicate charge": duplicate_charge,
    "wrong amount": wrong_amount,
    "blocked card": blocked_card,
    "failed transfer": failed_transfer,
    "overdraft interest": overdraft_interest,
    "late salary": late_salary,
    "declined abroad": declined_abroad,
    "subscription not ended": subscription_not_ended,
    "open fraud alert": open_fraud_alert,
    "vulnerable customer": vulnerable_customer,
    "deceased customer": deceased_customer,
    "card not activated": card_not_activated,
    "review overdue": review_overdue,
    "student": student,
    "international transfer": international_transfer,
    "small business": business,
    "print studio": business,
    "no cash dispensed": no_cash_dispensed,
    "goods not received": goods_not_received,
    "dispute won": dispute_won,
    "personal loan": personal_loan,
    "premium customer": premium_customer,
    "scheduled transfer": scheduled_transfer,
    "unknown direct debit": unknown_direct_debit,
    "near the limit": near_the_limit,
    "wrong recipient": wrong_recipient,
    "dormant savings": dormant_savings,
    "moved house": moved_house,
    "holiday abroad": holiday_abroad,
}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.key)
def test_the_story_is_in_the_records(bank: CoreBanking, story: object) -> None:
    told = next(s for s in STORIES if s is story)
    assert bank.customer(told.customer_number).name == told.customer_name
    PROOFS[told.key](bank, told.customer_number, TODAY)


def test_every_story_has_a_question_and_its_own_customer() -> None:
    assert all(story.ask.endswith("?") and story.summary.endswith(".") for story in STORIES)
    assert len({story.customer_number for story in STORIES}) == len(STORIES) == len({story.key for story in STORIES})


def test_stories_stay_true_and_are_told_again_in_the_weeks_that_follow(make_bank: MakeBank) -> None:
    engine = make_bank(TODAY)
    first = starts(engine)
    for days in (1, 2, 3, 7, 15, 33, 34, 36, 50, 66, 67):
        roll_forward(engine, TODAY + timedelta(days=days))
    today = TODAY + timedelta(days=67)
    told = starts(engine)
    again = {key for key in told if told[key] > first[key]}
    assert again == set(told) - {"deceased customer"}
    for story in STORIES:
        if story.key in again:
            assert today <= told[story.key] + timedelta(days=story.lasts + story.fresh_for)
    for key in ("duplicate charge", "wrong amount", "blocked card", "declined abroad", "holiday abroad", "lost card"):
        story = next(story for story in STORIES if story.key == key)
        PROOFS[key](connect(engine), story.customer_number, today)
    assert_one_open_case_each(engine)


def test_after_a_long_rest_every_story_is_recent_again(rested: Engine) -> None:
    engine, today = rested, MUCH_LATER
    for story in STORIES:
        PROOFS[story.key](connect(engine), story.customer_number, today)
    assert_one_open_case_each(engine)


def starts(engine: Engine) -> dict[str, date]:
    """When each dated story last began."""
    with engine.connect() as connection:
        return {row.key: row.started_on for row in connection.execute(select(tables.stories))}


def assert_one_open_case_each(engine: Engine) -> None:
    """Nobody collects open alerts or disputes: telling a story again closes the cases it left."""
    bank = connect(engine)
    cases: defaultdict[str, int] = defaultdict(int)
    for story in STORIES:
        number = story.customer_number
        cases[number] += sum(alert.state is AlertState.OPEN for alert in bank.fraud_alerts(number))
        cases[number] += sum(
            d.state in {DisputeState.EVIDENCE_NEEDED, DisputeState.UNDER_REVIEW} for d in bank.disputes(number)
        )
    assert set(cases.values()) == {0, 1}
