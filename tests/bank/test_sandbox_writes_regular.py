"""Direct debits go back within their deadlines, once; standing orders rest, are left out meanwhile, and go on."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from tests.bank.conftest import TODAY, MakeBank
from tests.bank.orders_at import ELSEWHERE, MARIA, Bank
from tests.bank.stored_rows import assert_books_add_up
from webapp.bank.core_banking import TransactionQuery
from webapp.bank.errors import OrderRefused
from webapp.bank.order_choices import ReturnReason, Rhythm
from webapp.bank.orders import ORDERS, ChangeStandingOrder, SetUpStandingOrder, StopPayment, arguments_of, order_from
from webapp.bank.regular_orders import PauseStandingOrder, ResumeStandingOrder, ReturnDirectDebit
from webapp.bank.sandbox.dates import add_months
from webapp.bank.sandbox.order_desk import PLANS
from webapp.bank.sandbox.seeding import roll_forward
from webapp.bank.values import StandingInstruction, Transaction, TransactionKind

WANTED, NONE = ReturnReason.WANTED_BACK, ReturnReason.NO_MANDATE


@pytest.fixture
def bank(make_bank: MakeBank) -> Bank:
    return Bank(make_bank(TODAY), datetime(TODAY.year, TODAY.month, TODAY.day, 11, 0))


def debits(bank: Bank) -> list[Transaction]:
    """Maria's direct debits, newest first."""
    query = TransactionQuery(kinds=(TransactionKind.DIRECT_DEBIT,), direction="out", limit=500)
    return list(bank.reads.transactions(MARIA, query))


def days_old(bank: Bank, least: int, most: int) -> Transaction:
    """One booked so many days ago."""
    found = [one for one in debits(bank) if least <= (bank.time.date() - one.booked_at.date()).days <= most]
    assert found, "the story has become poor in direct debits"
    return found[0]


def rent(bank: Bank) -> StandingInstruction:
    return next(one for one in bank.reads.standing_instructions(MARIA) if "Hausverwaltung" in one.to_name)


def refused(bank: Bank, order: ReturnDirectDebit | PauseStandingOrder | ResumeStandingOrder) -> str:
    """Why the bank will not; preview and order agree, and nothing is changed."""
    money = bank.money()
    with pytest.raises(OrderRefused) as before:
        bank.desk.preview(MARIA, order)
    with pytest.raises(OrderRefused) as after:
        bank.send(order)
    assert str(before.value) == str(after.value)
    assert bank.money() == money
    return str(after.value)


def test_every_kind_of_order_is_carried_out_here_and_comes_back_from_its_arguments() -> None:
    assert set(PLANS) == set(ORDERS)
    for order in (
        ReturnDirectDebit("TX-1", NONE),
        PauseStandingOrder("SI-1"),
        PauseStandingOrder("SI-1", TODAY),
        ResumeStandingOrder("SI-1"),
    ):
        assert order_from(order.kind, arguments_of(order)) == order


# Direct debits


def test_a_direct_debit_comes_back_the_same_day_and_is_marked(bank: Bank) -> None:
    payment = debits(bank)[0]
    before = bank.balance(payment.account_id)
    preview = bank.desk.preview(MARIA, ReturnDirectDebit(payment.id, WANTED))
    assert (preview.amount, preview.fee) == (-payment.amount, Decimal("0.00"))
    assert bank.balance(payment.account_id) == before
    receipt = bank.send(ReturnDirectDebit(payment.id, WANTED))
    assert receipt.number.startswith("RD-9")
    assert bank.balance(payment.account_id) == before - payment.amount
    assert debits(bank)[0].returned == "returned on 18 Mar 2026"
    credit = bank.reads.transactions(MARIA, TransactionQuery(text=receipt.number))[0]
    assert (credit.amount, credit.kind.value, credit.counterparty) == (-payment.amount, "refund", payment.counterparty)
    assert bank.posted() == 0
    assert bank.posted("bank:clearing") == payment.amount
    assert_books_add_up(bank.engine)


def test_a_direct_debit_comes_back_once(bank: Bank) -> None:
    payment = debits(bank)[0]
    one = bank.send(ReturnDirectDebit(payment.id, WANTED), key="once")
    assert bank.send(ReturnDirectDebit(payment.id, WANTED), key="once") == one
    assert "returned on 18 Mar 2026 already" in refused(bank, ReturnDirectDebit(payment.id, NONE))
    assert bank.rows("debit_returns") == 1


def test_eight_weeks_are_fifty_six_days(bank: Bank) -> None:
    payment = debits(bank)[0]
    booked = payment.booked_at.date()
    order = ReturnDirectDebit(payment.id, WANTED)
    bank.time = datetime.combine(booked + timedelta(days=56), bank.time.time())
    assert bank.desk.preview(MARIA, order).act == "Return the direct debit"
    bank.time += timedelta(days=1)
    assert "the 8 weeks are over" in refused(bank, order)
    assert "states there was no mandate" in refused(bank, order)


def test_without_a_mandate_it_is_claimed_for_thirteen_months_and_the_recipient_is_asked(bank: Bank) -> None:
    payment = days_old(bank, 60, 300)
    order, before = ReturnDirectDebit(payment.id, NONE), bank.balance(payment.account_id)
    preview = bank.desk.preview(MARIA, order)
    assert preview.changes[0].after == "claimed, answer by 17 Apr 2026"
    receipt = bank.send(order)
    assert bank.balance(payment.account_id) == before, "the money comes when the recipient has answered"
    assert "claimed on 18 Mar 2026" in refused(bank, order)
    roll_forward(bank.engine, TODAY + timedelta(days=21))
    bank.time = datetime.combine(TODAY + timedelta(days=21), bank.time.time())
    marked = next(one for one in debits(bank) if one.id == payment.id)
    back = list(bank.reads.transactions(MARIA, TransactionQuery(text=receipt.number)))
    assert marked.returned is not None
    assert [one.amount for one in back] == ([-payment.amount] if "money is back" in marked.returned else [])
    assert "answered on 8 Apr 2026" in marked.returned
    assert bank.posted() == 0
    assert_books_add_up(bank.engine)


def test_after_thirteen_months_nothing_comes_back(bank: Bank) -> None:
    payment = debits(bank)[-1]
    last_day = add_months(payment.booked_at.date(), 13)
    bank.time = datetime.combine(last_day, bank.time.time())
    assert bank.desk.preview(MARIA, ReturnDirectDebit(payment.id, NONE)).act == "Ask for the mandate"
    bank.time += timedelta(days=1)
    assert "so are the 13 months" in refused(bank, ReturnDirectDebit(payment.id, NONE))


def test_only_direct_debits_of_the_customer_are_returned(bank: Bank) -> None:
    card = bank.reads.transactions(MARIA, TransactionQuery(kinds=(TransactionKind.CARD_PAYMENT,), limit=1))[0]
    assert "card payments are disputed" in refused(bank, ReturnDirectDebit(card.id, WANTED))
    assert refused(bank, ReturnDirectDebit("TX-none", WANTED)) == "The customer has no such direct debit."
    with pytest.raises(OrderRefused):
        bank.send(ReturnDirectDebit(debits(bank)[0].id, WANTED), "10-2063")


# Standing orders that rest


def paid(bank: Bank, to_name: str) -> list[date]:
    """The days on which a standing order has paid since TODAY."""
    query = TransactionQuery(text=to_name, since=TODAY, kinds=(TransactionKind.STANDING_ORDER,), limit=50)
    return sorted(one.booked_at.date() for one in bank.reads.transactions(MARIA, query))


def test_a_paused_standing_order_of_the_books_is_left_out_and_goes_on_by_itself(bank: Bank) -> None:
    found = rent(bank)
    resume_on = add_months(found.next_on, 2)
    preview = bank.desk.preview(MARIA, PauseStandingOrder(found.id, resume_on))
    assert len(preview.notes[0].split(", ")) == 2
    assert preview.amount == 0
    bank.send(PauseStandingOrder(found.id, resume_on))
    assert (rent(bank).paused_until, rent(bank).next_on) == (resume_on, resume_on)
    roll_forward(bank.engine, resume_on - timedelta(days=1))
    assert paid(bank, found.to_name) == []
    roll_forward(bank.engine, resume_on + timedelta(days=5))
    assert len(paid(bank, found.to_name)) == 1
    assert rent(bank).paused_until is None
    assert bank.posted() == 0


def test_a_standing_order_set_up_here_rests_too_and_can_be_resumed_before(bank: Bank) -> None:
    order = SetUpStandingOrder(
        bank.account().id, ELSEWHERE, "Robin Vale", Decimal("5.00"), Rhythm.WEEK, date(2026, 3, 20)
    )
    number = bank.send(order).number
    bank.send(PauseStandingOrder(number, date(2026, 5, 1)))
    roll_forward(bank.engine, date(2026, 4, 7))
    bank.time = datetime(2026, 4, 7, 11, 0)
    assert paid(bank, "Robin Vale") == []
    receipt = bank.send(ResumeStandingOrder(number))
    assert "the next one is on 10 Apr 2026" in receipt.text
    assert "is not paused" in refused(bank, ResumeStandingOrder(number))
    for day in (10, 17, 18):
        roll_forward(bank.engine, date(2026, 4, day))
    assert paid(bank, "Robin Vale") == [date(2026, 4, 10), date(2026, 4, 17)]


def test_one_alone_is_left_out(bank: Bank) -> None:
    found = rent(bank)
    bank.send(PauseStandingOrder(found.id, found.next_on + timedelta(days=1)))
    assert rent(bank).next_on == add_months(found.next_on, 1)


def test_without_a_day_it_rests_for_six_months_and_no_longer(bank: Bank) -> None:
    found = rent(bank)
    assert "6 months at most" in refused(bank, PauseStandingOrder(found.id, date(2026, 9, 19)))
    bank.send(PauseStandingOrder(found.id))
    assert rent(bank).paused_until == date(2026, 9, 18)
    assert "paused already" in refused(bank, PauseStandingOrder(found.id, date(2026, 6, 1)))


def test_what_cannot_rest_is_refused_with_the_reason(bank: Bank) -> None:
    found = rent(bank)
    assert "leaves none out" in refused(bank, PauseStandingOrder(found.id, found.next_on))
    debit = next(one for one in bank.reads.standing_instructions(MARIA) if one.kind == "direct debit")
    assert "can be stopped" in refused(bank, PauseStandingOrder(debit.id))
    assert "is not paused" in refused(bank, ResumeStandingOrder(found.id))
    assert "no such standing order" in refused(bank, ResumeStandingOrder("SO-none"))
    bank.time = datetime.combine(found.next_on, bank.time.time())
    assert "too late" in refused(bank, PauseStandingOrder(found.id))
    bank.time = datetime.combine(TODAY, bank.time.time())
    bank.send(StopPayment(found.id))
    assert "has ended" in refused(bank, PauseStandingOrder(found.id))


def test_one_that_ends_within_the_pause_is_ended_instead(bank: Bank) -> None:
    found = rent(bank)
    bank.send(ChangeStandingOrder(found.id, found.amount + 1, add_months(found.next_on, 1)))
    assert "end it instead" in refused(bank, PauseStandingOrder(found.id, add_months(found.next_on, 2)))
    assert bank.desk.preview(MARIA, PauseStandingOrder(found.id, found.next_on + timedelta(days=2))).changes


def test_a_paused_one_is_changed_and_ended_like_any_other(bank: Bank) -> None:
    found = rent(bank)
    bank.send(PauseStandingOrder(found.id, add_months(found.next_on, 2)))
    bank.send(ChangeStandingOrder(found.id, found.amount + 5))
    assert rent(bank).amount == found.amount + 5
    bank.send(StopPayment(found.id))
    assert "has ended" in refused(bank, ResumeStandingOrder(found.id))
