"""Money moves between ledgers that balance, within limits and cut-off times, and comes back when it is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from tests.bank.conftest import TODAY, MakeBank
from tests.bank.orders_at import ELSEWHERE, MARIA, Bank
from webapp.bank.core_banking import TransactionQuery
from webapp.bank.errors import OrderRefused
from webapp.bank.iban import find_iban, masked, read_iban
from webapp.bank.orders import (
    AlertAnswer,
    CancelTransfer,
    ContactField,
    DisputeReason,
    OpenDispute,
    ReportFraud,
    ResolveAlert,
    StopPayment,
    TransferMoney,
    UpdateContact,
    WithdrawDispute,
)
from webapp.bank.sandbox.bank_days import bank_days_before
from webapp.bank.sandbox.seeding import roll_forward
from webapp.bank.values import (
    AccountKind,
    AlertState,
    CardStatus,
    DisputeState,
    Transaction,
    TransactionKind,
    TransactionStatus,
    TransferState,
)

AMELIA = "10-2121"  # has an open fraud alert


@pytest.fixture
def bank(make_bank: MakeBank) -> Bank:
    return Bank(make_bank(TODAY), datetime(TODAY.year, TODAY.month, TODAY.day, 11, 0))


def out(bank: Bank, amount: str = "50.00", to: str = ELSEWHERE, name: str = "Robin Vale") -> TransferMoney:
    return TransferMoney(bank.account().id, to, name, Decimal(amount), "Lunch")


def payments(bank: Bank, customer: str = MARIA, **wanted: object) -> Sequence[Transaction]:
    query = TransactionQuery(kinds=(TransactionKind.CARD_PAYMENT,), limit=500, **wanted)  # type: ignore[arg-type]
    return [one for one in bank.reads.transactions(customer, query) if one.status is TransactionStatus.BOOKED]


# Transfers


def test_money_between_own_accounts_is_there_at_once_and_free(bank: Bank) -> None:
    current, savings = bank.account(), bank.account(AccountKind.SAVINGS)
    receipt = bank.send(TransferMoney(current.id, savings.iban, "Maria Keller", Decimal("50.00"), "Saving"))
    assert bank.balance(current.id) == current.balance - Decimal("50.00")
    assert bank.balance(savings.id) == savings.balance + Decimal("50.00")
    order = bank.reads.transfers(MARIA)[0]
    assert (order.id, order.state, order.kind) == (receipt.number, TransferState.COMPLETED, "internal")


def test_money_to_another_customer_arrives_with_the_payers_name(bank: Bank) -> None:
    other = bank.account(customer="10-2063")
    bank.send(out(bank, to=other.iban, name="Jonas Ritter"))
    newest = bank.reads.transactions("10-2063", TransactionQuery(account_id=other.id, direction="in", limit=1))[0]
    assert (newest.amount, newest.counterparty) == (Decimal("50.00"), "Maria Keller")
    assert newest.balance_after == other.balance + Decimal("50.00")


def test_money_to_another_bank_leaves_at_once_and_costs_the_counter_fee(bank: Bank) -> None:
    before = bank.account().balance
    bank.send(out(bank))
    assert bank.account().balance == before - Decimal("51.50")
    assert bank.posted("bank:clearing") == Decimal("50.00")
    assert bank.posted("bank:fees") == Decimal("1.50")


@pytest.mark.parametrize(
    ("hour", "minute", "days", "executed", "arrives"),
    [(16, 0, 0, 18, 19), (16, 1, 0, 19, 20), (9, 0, 2, 20, 23), (9, 0, 3, 23, 24), (17, 0, 2, 23, 24)],
)
def test_the_cut_off_decides_when_it_is_executed(
    bank: Bank, hour: int, minute: int, days: int, executed: int, arrives: int
) -> None:
    bank.time = bank.time.replace(hour=hour, minute=minute) + timedelta(days=days)
    bank.send(out(bank))
    order = bank.reads.transfers(MARIA)[0]
    assert order.execute_on.day == executed
    roll_forward(bank.engine, TODAY.replace(day=arrives))
    arrived = next(one for one in bank.reads.transfers(MARIA, 50) if one.id == order.id)
    assert arrived.state is TransferState.COMPLETED


def test_more_than_there_is_cannot_be_sent(bank: Bank) -> None:
    current = bank.account()
    fee = Decimal("1.50")
    with pytest.raises(OrderRefused, match="not enough money"):
        bank.send(out(bank, str(current.available)))
    bank.send(out(bank, str(current.available - fee)))
    assert bank.account().available == 0


@pytest.mark.parametrize("amount", ["0.00", "-5.00", "1.001", "99999999.00"])
def test_an_amount_that_cannot_be_is_refused(bank: Bank, amount: str) -> None:
    with pytest.raises(OrderRefused):
        bank.send(out(bank, amount))
    assert bank.rows("postings") == 0


@pytest.mark.parametrize("iban", ["DE89370400440532013001", "XX89370400440532013000", "", "DE89"])
def test_a_wrong_iban_is_refused(bank: Bank, iban: str) -> None:
    with pytest.raises(OrderRefused, match="IBAN"):
        bank.send(out(bank, to=iban))


def test_ibans_are_read_as_people_write_them() -> None:
    assert read_iban("de89 3704 0044 0532 0130 00") == ELSEWHERE
    assert find_iban("send it to DE89 3704 0044 0532 0130 00 please") == (ELSEWHERE, True)
    assert find_iban("to DE88370400440532013000, today") == ("DE88370400440532013000", False)
    assert find_iban("card 4417 and TR-204118") is None
    assert masked(ELSEWHERE) == "DE** **** **** 3000"


# Taking back and stopping


def test_a_transfer_is_taken_back_until_it_is_executed(bank: Bank) -> None:
    before = bank.account().balance
    number = bank.send(out(bank)).number
    bank.send(CancelTransfer(number))
    assert bank.account().balance == before
    assert bank.posted("bank:clearing") == 0
    assert next(one for one in bank.reads.transfers(MARIA) if one.id == number).state is TransferState.CANCELLED
    with pytest.raises(OrderRefused, match="cancelled already"):
        bank.send(CancelTransfer(number))


def test_an_executed_transfer_has_to_be_recalled(bank: Bank) -> None:
    number = bank.send(out(bank)).number
    bank.time = bank.time.replace(hour=17)
    with pytest.raises(OrderRefused, match="recall costs"):
        bank.send(CancelTransfer(number))
    own = bank.send(out(bank, to=bank.account(AccountKind.SAVINGS).iban)).number
    with pytest.raises(OrderRefused, match="recall costs"):
        bank.send(CancelTransfer(own))


def test_a_scheduled_transfer_that_is_cancelled_never_leaves(bank: Bank) -> None:
    monika = "10-2269"
    scheduled = next(one for one in bank.reads.transfers(monika, 100) if one.state is TransferState.SCHEDULED)
    bank.send(CancelTransfer(scheduled.id), monika)
    roll_forward(bank.engine, scheduled.execute_on + timedelta(days=3))
    sent = bank.reads.transactions(monika, TransactionQuery(since=TODAY, text=scheduled.to_name, direction="out"))
    assert [one for one in sent if -one.amount == scheduled.amount] == []


def test_a_stopped_direct_debit_is_not_booked_any_more(bank: Bank) -> None:
    debit = next(
        one
        for one in bank.reads.standing_instructions(MARIA)
        if one.kind == "direct debit" and one.next_on > TODAY + timedelta(days=1)
    )
    bank.send(StopPayment(debit.id))
    assert (
        next(one for one in bank.reads.standing_instructions(MARIA) if one.id == debit.id).stopped == "until cancelled"
    )
    roll_forward(bank.engine, debit.next_on + timedelta(days=5))
    query = TransactionQuery(since=TODAY, text=debit.to_name, kinds=(TransactionKind.DIRECT_DEBIT,))
    assert bank.reads.transactions(MARIA, query) == []
    with pytest.raises(OrderRefused, match="stopped already"):
        bank.send(StopPayment(debit.id))


def test_a_standing_order_that_is_ended_is_gone(bank: Bank) -> None:
    standing = next(
        one
        for one in bank.reads.standing_instructions(MARIA)
        if one.kind == "standing order" and one.next_on > TODAY + timedelta(days=1)
    )
    with pytest.raises(OrderRefused, match="ended"):
        bank.send(StopPayment(standing.id, only_next=True))
    bank.send(StopPayment(standing.id))
    assert standing.id not in {one.id for one in bank.reads.standing_instructions(MARIA)}


def test_what_is_due_tomorrow_is_stopped_by_four_o_clock(bank: Bank) -> None:
    debit = next(one for one in bank.reads.standing_instructions(MARIA) if one.kind == "direct debit")
    eve = bank_days_before(debit.next_on, 1)
    bank.time = datetime(eve.year, eve.month, eve.day, 16, 0)
    with pytest.raises(OrderRefused, match="too late"):
        bank.send(StopPayment(debit.id))
    bank.time = bank.time.replace(hour=15, minute=59)
    bank.send(StopPayment(debit.id, only_next=True))


# Cases


def test_a_dispute_opens_with_its_deadline_and_only_once(bank: Bank) -> None:
    payment = payments(bank)[0]
    number = bank.send(OpenDispute(payment.id, DisputeReason.NOT_RECEIVED)).number
    found = next(one for one in bank.reads.disputes(MARIA) if one.id == number)
    assert found.evidence_due_on == TODAY + timedelta(days=14)
    assert found.provisional_credit is None
    with pytest.raises(OrderRefused, match="already"):
        bank.send(OpenDispute(payment.id, DisputeReason.FRAUD))


def test_fraud_is_credited_at_once_and_other_disputes_give_the_credit_back(bank: Bank) -> None:
    payment, account = payments(bank)[0], bank.account()
    number = bank.send(OpenDispute(payment.id, DisputeReason.FRAUD)).number
    assert bank.balance(payment.account_id) == account.balance - payment.amount
    assert bank.posted("bank:disputes") == payment.amount
    with pytest.raises(OrderRefused, match="4400"):
        bank.send(WithdrawDispute(number))


def test_a_withdrawn_dispute_can_be_opened_again(bank: Bank) -> None:
    payment = payments(bank)[0]
    number = bank.send(OpenDispute(payment.id, DisputeReason.AMOUNT)).number
    bank.send(WithdrawDispute(number))
    assert next(one for one in bank.reads.disputes(MARIA) if one.id == number).state is DisputeState.WITHDRAWN
    bank.send(OpenDispute(payment.id, DisputeReason.AMOUNT))


def test_what_cannot_be_disputed_is_refused_with_the_way_that_is_open(bank: Bank) -> None:
    old = payments(bank, until=TODAY - timedelta(days=130))[0]
    with pytest.raises(OrderRefused, match="120 days"):
        bank.send(OpenDispute(old.id, DisputeReason.AMOUNT))
    debit = bank.reads.transactions(MARIA, TransactionQuery(kinds=(TransactionKind.DIRECT_DEBIT,), limit=1))[0]
    with pytest.raises(OrderRefused, match="direct debits are returned"):
        bank.send(OpenDispute(debit.id, DisputeReason.AMOUNT))


@pytest.mark.parametrize(
    ("answer", "state", "card_status"),
    [
        (AlertAnswer.YES, AlertState.DISMISSED, CardStatus.ACTIVE),
        (AlertAnswer.NO, AlertState.CONFIRMED, CardStatus.BLOCKED),
        (AlertAnswer.UNSURE, AlertState.OPEN, CardStatus.BLOCKED),
    ],
)
def test_an_alert_becomes_what_the_customer_says(
    bank: Bank, answer: AlertAnswer, state: AlertState, card_status: CardStatus
) -> None:
    alert = bank.reads.fraud_alerts(AMELIA)[0]
    bank.send(ResolveAlert(alert.id, answer), AMELIA)
    after = next(one for one in bank.reads.fraud_alerts(AMELIA) if one.id == alert.id)
    assert after.state is state
    assert bank.reads.card(AMELIA, str(alert.card_last_four)).status is card_status


def test_an_unsure_customer_may_still_say_yes_and_gets_the_card_back(bank: Bank) -> None:
    alert = bank.reads.fraud_alerts(AMELIA)[0]
    bank.send(ResolveAlert(alert.id, AlertAnswer.UNSURE), AMELIA)
    bank.send(ResolveAlert(alert.id, AlertAnswer.YES), AMELIA)
    assert bank.reads.card(AMELIA, str(alert.card_last_four)).status is CardStatus.ACTIVE
    with pytest.raises(OrderRefused, match="answered already"):
        bank.send(ResolveAlert(alert.id, AlertAnswer.NO), AMELIA)


def test_a_fraud_report_blocks_credits_and_leaves_a_case(bank: Bank) -> None:
    payment = next(one for one in payments(bank) if one.card_last_four == "4417")
    before = bank.balance(payment.account_id)
    bank.send(ReportFraud(bank.card().id, (payment.id,)))
    assert bank.card().status_reason == "Blocked for fraud"
    assert bank.balance(payment.account_id) == before - payment.amount
    assert bank.reads.fraud_alerts(MARIA)[0].transaction_ids == (payment.id,)


def test_contact_details_change(bank: Bank) -> None:
    bank.send(UpdateContact(ContactField.EMAIL, "maria@example.org"))
    bank.send(UpdateContact(ContactField.ADDRESS, "Am Kai 3, 20999 Nordhafen"))
    found = bank.reads.customer(MARIA)
    assert (found.email, found.street, found.postcode, found.town) == (
        "maria@example.org", "Am Kai 3", "20999", "Nordhafen",
    )  # fmt: skip
    for part, wrong in ((ContactField.EMAIL, "nobody"), (ContactField.PHONE, "x"), (ContactField.ADDRESS, "here")):
        with pytest.raises(OrderRefused):
            bank.send(UpdateContact(part, wrong))
