"""Orders of other kinds keep the handbook's days, prices and limits: abroad, at once, later, bills, standing, PIN."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from tests.bank.conftest import TODAY, MakeBank
from tests.bank.orders_at import ELSEWHERE, MARIA, Bank
from webapp.bank.core_banking import TransactionQuery
from webapp.bank.errors import OrderRefused
from webapp.bank.iban import read_bic, read_foreign_account
from webapp.bank.order_choices import Charges, PinLetterReason, RecallReason, Rhythm
from webapp.bank.orders import (
    CancelTransfer,
    ChangeStandingOrder,
    InstantTransfer,
    InternationalTransfer,
    PayBill,
    RecallTransfer,
    ResetPinCount,
    ScheduleTransfer,
    SendPinLetter,
    SetUpStandingOrder,
    StopPayment,
    TransferMoney,
    arguments_of,
    order_from,
)
from webapp.bank.sandbox.bank_days import bank_days_after, is_bank_day
from webapp.bank.sandbox.seeding import roll_forward
from webapp.bank.values import AccountKind, CardStatus, TransferState

JONAS = "10-2063"  # his debit card is locked by three wrong PINs


@pytest.fixture
def bank(make_bank: MakeBank) -> Bank:
    return Bank(make_bank(TODAY), datetime(TODAY.year, TODAY.month, TODAY.day, 11, 0))


def abroad(bank: Bank, amount: str = "500.00", currency: str = "USD", **changed: object) -> InternationalTransfer:
    order = InternationalTransfer(
        bank.account().id, "0123456789", "CHASUS33", "Robin Vale", "270 Park Avenue, New York", Decimal(amount),
        currency, Charges.SHA, "Rent of a flat",
    )  # fmt: skip
    return replace(order, **changed)  # type: ignore[arg-type]


def later(bank: Bank, on: date, amount: str = "30.00") -> ScheduleTransfer:
    return ScheduleTransfer(bank.account().id, ELSEWHERE, "Robin Vale", Decimal(amount), on, "Later")


def bill(bank: Bank, due: date | None, amount: str = "60.00") -> PayBill:
    return PayBill(bank.account().id, ELSEWHERE, "Stadtwerke", Decimal(amount), "R-2026-17", "K-4410", due)


def standing(bank: Bank, first: date, amount: str = "25.00", last: date | None = None) -> SetUpStandingOrder:
    return SetUpStandingOrder(
        bank.account().id, ELSEWHERE, "Robin Vale", Decimal(amount), Rhythm.MONTH, first, last, "Rent"
    )


# Days


def test_holidays_are_no_working_days() -> None:
    assert not any(map(is_bank_day, (date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 14), date(2026, 12, 24))))
    assert bank_days_after(date(2026, 4, 2), 1) == date(2026, 4, 7)
    assert bank_days_after(date(2026, 12, 30), 1) == date(2027, 1, 4)


def test_a_transfer_before_easter_arrives_after_it(bank: Bank) -> None:
    bank.time = datetime(2026, 4, 2, 17, 0)
    bank.send(TransferMoney(bank.account().id, ELSEWHERE, "Robin Vale", Decimal("5.00")))
    assert bank.reads.transfers(MARIA)[0].execute_on == date(2026, 4, 7)


# Abroad


def test_money_goes_abroad_at_the_rate_and_price_that_were_shown(bank: Bank) -> None:
    before = bank.account().balance
    preview = bank.desk.preview(MARIA, abroad(bank))
    assert (preview.fee, preview.amount) == (Decimal("12.00"), Decimal("444.84"))
    assert "1.1240 USD for 1 EUR: 444.84 EUR" in {change.after for change in preview.changes}
    receipt = bank.send(abroad(bank))
    assert "500.00 USD at 1.1240 USD for 1 EUR, 444.84 EUR" in receipt.text
    assert "between 20 Mar 2026 and 24 Mar 2026" in receipt.text
    assert bank.account().balance == before - Decimal("456.84")
    order = bank.reads.transfers(MARIA)[0]
    assert (order.kind, order.state, order.currency, order.amount) == (
        "international", TransferState.PROCESSING, "EUR", Decimal("444.84"),
    )  # fmt: skip


@pytest.mark.parametrize(("charges", "leaves", "fee"), [("OUR", "512.00", "12.00"), ("BEN", "500.00", "12.00")])
def test_who_pays_the_charges_decides_what_leaves_the_account(bank: Bank, charges: str, leaves: str, fee: str) -> None:
    before = bank.account().balance
    bank.send(abroad(bank, currency="EUR", bic="TCZBTR2A", to_account="TR330006100519786457841326",
                     charges=Charges(charges)))  # fmt: skip
    assert bank.account().balance == before - Decimal(leaves)
    assert bank.posted("bank:fees") == Decimal(fee)


@pytest.mark.parametrize(("hour", "minute", "days", "executed"), [(13, 0, 0, 18), (13, 1, 0, 19), (10, 0, 3, 23)])
def test_the_cut_off_abroad_is_one_o_clock(bank: Bank, hour: int, minute: int, days: int, executed: int) -> None:
    bank.time = bank.time.replace(hour=hour, minute=minute) + timedelta(days=days)
    bank.send(abroad(bank))
    assert bank.reads.transfers(MARIA)[0].execute_on.day == executed


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"bic": "CHASUS3"}, "BIC"),
        ({"bic": "CHASXX33"}, "BIC"),
        ({"to_account": "TR330006100519786457841326"}, "another country"),
        ({"to_account": "TR330006100519786457841327", "bic": "TCZBTR2A"}, "account number"),
        ({"to_account": "x"}, "account number"),
        ({"currency": "XAU"}, "does not send XAU"),
        ({"currency": "JPY", "amount": Decimal("10.50")}, "no cents"),
        ({"currency": "EUR", "bic": "COBADEFF", "to_account": ELSEWHERE}, "SEPA"),
        ({"to_address": ""}, "address"),
        ({"purpose": " "}, "purpose"),
        ({"amount": Decimal("9999999.00")}, "not enough money"),
        ({"amount": Decimal("5.00"), "charges": Charges.BEN}, "Nothing would be left"),
    ],
)
def test_what_cannot_go_abroad_is_refused_with_the_reason(bank: Bank, changed: dict[str, object], why: str) -> None:
    with pytest.raises(OrderRefused, match=why):
        bank.send(abroad(bank, **changed))  # type: ignore[arg-type]
    assert bank.rows("postings") == 0


def test_bics_and_foreign_accounts_are_read_as_people_write_them() -> None:
    assert read_bic(" chasus33xxx ") == "CHASUS33XXX"
    assert read_bic("CHAS US 33") == "CHASUS33"
    assert [read_bic(wrong) for wrong in ("", "CHASUS3", "1HASUS33", "CHASUS33XX")] == [None] * 4
    assert read_foreign_account("tr33 0006 1005 1978 6457 8413 26") == "TR330006100519786457841326"
    assert read_foreign_account("012-345 6789") == "0123456789"
    assert read_foreign_account("DE89370400440532013") is None


# At once, and later


def test_an_instant_transfer_is_there_on_a_sunday_night_and_stays_there(bank: Bank) -> None:
    bank.time = datetime(2026, 3, 22, 23, 50)
    order = InstantTransfer(bank.account().id, ELSEWHERE, "Robin Vale", Decimal("50.00"), "Now")
    number = bank.send(order).number
    sent = bank.reads.transfers(MARIA)[0]
    assert (sent.state, sent.kind, sent.execute_on) == (TransferState.COMPLETED, "instant", date(2026, 3, 22))
    with pytest.raises(OrderRefused, match="cannot be cancelled"):
        bank.send(CancelTransfer(number))
    with pytest.raises(OrderRefused, match="at most"):
        bank.send(replace(order, amount=Decimal("100000.01")))


def test_a_scheduled_transfer_leaves_in_the_morning_of_its_day(bank: Bank) -> None:
    before = bank.account().balance
    number = bank.send(later(bank, date(2026, 3, 21))).number  # a Saturday: executed on Monday
    assert bank.account().balance == before - Decimal("1.50"), "only the fee has left"
    roll_forward(bank.engine, date(2026, 3, 22))
    waiting = next(one for one in bank.reads.transfers(MARIA) if one.id == number)
    assert waiting.state is TransferState.SCHEDULED
    roll_forward(bank.engine, date(2026, 3, 23))
    sent = next(one for one in bank.reads.transfers(MARIA) if one.id == number)
    assert (sent.state, sent.execute_on) == (TransferState.PROCESSING, date(2026, 3, 23))
    bank.time = datetime(2026, 3, 23, 9, 0)
    with pytest.raises(OrderRefused, match="has been executed"):
        bank.send(CancelTransfer(number))


def test_a_scheduled_transfer_is_cancelled_until_the_day_before_with_its_fee(bank: Bank) -> None:
    before = bank.account().balance
    number = bank.send(later(bank, date(2026, 3, 25))).number
    bank.send(CancelTransfer(number))
    assert bank.account().balance == before
    roll_forward(bank.engine, date(2026, 3, 27))
    assert bank.posted("bank:clearing") == 0


def test_a_scheduled_transfer_without_money_is_tried_twice(bank: Bank) -> None:
    number = bank.send(later(bank, date(2026, 3, 20), "900000.00")).number

    def state() -> TransferState:
        return next(one for one in bank.reads.transfers(MARIA) if one.id == number).state

    roll_forward(bank.engine, date(2026, 3, 20))
    assert state() is TransferState.SCHEDULED
    roll_forward(bank.engine, date(2026, 3, 22))
    assert state() is TransferState.SCHEDULED, "the next working day is Monday"
    roll_forward(bank.engine, date(2026, 3, 23))
    assert state() is TransferState.FAILED
    assert bank.posted("bank:clearing") == 0


@pytest.mark.parametrize("on", [TODAY, TODAY - timedelta(days=1), TODAY + timedelta(days=366)])
def test_a_day_that_cannot_be_scheduled_is_refused(bank: Bank, on: date) -> None:
    with pytest.raises(OrderRefused):
        bank.send(later(bank, on))


@pytest.mark.parametrize(
    ("due", "how", "state"),
    [
        (None, "by SEPA transfer", TransferState.PROCESSING),
        (TODAY, "by instant transfer", TransferState.COMPLETED),
        (TODAY + timedelta(days=1), "by SEPA transfer", TransferState.PROCESSING),
        (TODAY + timedelta(days=5), "scheduled for 20 Mar 2026", TransferState.SCHEDULED),
        (TODAY - timedelta(days=3), "by SEPA transfer", TransferState.PROCESSING),
    ],
)
def test_a_bill_is_paid_in_time_and_not_too_early(bank: Bank, due: date | None, how: str, state: TransferState) -> None:
    preview = bank.desk.preview(MARIA, bill(bank, due))
    assert how in preview.title
    assert preview.fee == Decimal("1.50")
    assert any("late fee" in note for note in preview.notes) is (due is not None and due < TODAY)
    bank.send(bill(bank, due))
    sent = bank.reads.transfers(MARIA)[0]
    assert (sent.state, sent.reference) == (state, "K-4410 R-2026-17")


def test_the_money_at_stake_is_said_in_euros_for_who_may_confirm_it(bank: Bank) -> None:
    amount = Decimal("6000.00")
    foreign = abroad(bank, "6000.00")
    instant = InstantTransfer(bank.account().id, ELSEWHERE, "Robin Vale", Decimal("20.00"))
    to_herself = replace(later(bank, TODAY + timedelta(days=5)), to_iban=bank.account(AccountKind.SAVINGS).iban)
    stakes = {
        later(bank, TODAY + timedelta(days=5), str(amount)): amount,
        standing(bank, TODAY + timedelta(days=5), str(amount)): amount,
        bill(bank, TODAY + timedelta(days=9), str(amount)): amount,
        instant: Decimal("20.00"),
        replace(foreign, amount=Decimal("500.00")): Decimal("444.84"),
        to_herself: Decimal("0.00"),
    }  # fmt: skip
    for order, at_stake in stakes.items():
        assert bank.desk.preview(MARIA, order).amount == at_stake, order.kind


# Standing orders


def test_a_standing_order_pays_on_its_days_until_its_end(bank: Bank) -> None:
    number = bank.send(standing(bank, date(2026, 3, 31), last=date(2026, 5, 1))).number
    roll_forward(bank.engine, date(2026, 3, 31))
    kept = next(one for one in bank.reads.standing_instructions(MARIA) if one.id == number)
    assert (kept.next_on, kept.last_on) == (date(2026, 4, 30), date(2026, 5, 1))
    roll_forward(bank.engine, date(2026, 7, 1))
    assert number not in {one.id for one in bank.reads.standing_instructions(MARIA)}
    paid = bank.reads.transactions(MARIA, TransactionQuery(text=number, limit=10))
    assert [one.amount for one in paid] == [Decimal("-25.00")] * 2


def test_a_standing_order_without_money_is_tried_once_more_and_left_out(bank: Bank) -> None:
    number = bank.send(standing(bank, date(2026, 3, 20), "900000.00")).number
    for day in (20, 23):
        roll_forward(bank.engine, date(2026, 3, day))
    kept = next(one for one in bank.reads.standing_instructions(MARIA) if one.id == number)
    assert kept.next_on == date(2026, 4, 20)
    assert bank.posted("bank:clearing") == 0


def test_a_changed_standing_order_pays_the_new_amount_once(bank: Bank) -> None:
    rent = next(one for one in bank.reads.standing_instructions(MARIA) if one.kind == "standing order")
    bank.send(ChangeStandingOrder(rent.id, rent.amount + 20))
    roll_forward(bank.engine, rent.next_on + timedelta(days=4))
    paid = bank.reads.transactions(MARIA, TransactionQuery(text=rent.to_name, since=TODAY, limit=10))
    assert [one.amount for one in paid] == [-(rent.amount + 20)]
    after = next(one for one in bank.reads.standing_instructions(MARIA) if one.id == rent.id)
    assert (after.amount, after.next_on > rent.next_on) == (rent.amount + 20, True)
    bank.time = datetime.combine(rent.next_on + timedelta(days=4), bank.time.time())
    bank.send(StopPayment(rent.id))
    roll_forward(bank.engine, rent.next_on + timedelta(days=70))
    assert len(bank.reads.transactions(MARIA, TransactionQuery(text=rent.to_name, since=TODAY, limit=10))) == 1


def test_a_standing_order_is_changed_a_working_day_before_at_the_latest(bank: Bank) -> None:
    number = bank.send(standing(bank, date(2026, 3, 23))).number
    bank.time = datetime(2026, 3, 21, 9, 0)  # a Saturday; Friday was the last day
    with pytest.raises(OrderRefused, match="too late"):
        bank.send(ChangeStandingOrder(number, Decimal("30.00")))
    bank.time = datetime(2026, 3, 20, 22, 0)
    bank.send(ChangeStandingOrder(number, Decimal("30.00"), date(2026, 12, 31)))
    for order in (ChangeStandingOrder(number, Decimal("30.00")), standing(bank, date(2026, 3, 20))):
        with pytest.raises(OrderRefused):
            bank.send(order)


def test_a_direct_debit_is_not_changed(bank: Bank) -> None:
    debit = next(one for one in bank.reads.standing_instructions(MARIA) if one.kind == "direct debit")
    with pytest.raises(OrderRefused, match="recipient's"):
        bank.send(ChangeStandingOrder(debit.id, Decimal("1.00")))


# Asking for it back


def test_a_recall_is_a_request_with_a_fee_and_an_answer(bank: Bank) -> None:
    before = bank.account().balance
    numbers = [
        bank.send(InstantTransfer(bank.account().id, ELSEWHERE, "Robin Vale", Decimal("10.00"))).number
        for _ in range(4)
    ]
    for number in numbers:
        bank.send(RecallTransfer(number, RecallReason.ACCOUNT))
    assert bank.account().balance == before - 4 * Decimal("23.50")
    assert bank.reads.transfers(MARIA)[0].recall == "asked on 18 Mar 2026, answer by 10 Apr 2026"
    with pytest.raises(OrderRefused, match="recalled already"):
        bank.send(RecallTransfer(numbers[0], RecallReason.TWICE))
    roll_forward(bank.engine, date(2026, 3, 27))
    answers = [str(one.recall) for one in bank.reads.transfers(MARIA, 50) if one.id in numbers]
    assert all("answered" in answer for answer in answers)
    agreed = sum("the recipient agreed" in answer for answer in answers)
    assert bank.posted("bank:clearing") == (4 - agreed) * Decimal("10.00")


def test_what_has_not_gone_out_is_cancelled_and_not_recalled(bank: Bank) -> None:
    number = bank.send(later(bank, date(2026, 3, 25))).number
    with pytest.raises(OrderRefused, match="cancel it"):
        bank.send(RecallTransfer(number, RecallReason.AMOUNT))
    bank.send(CancelTransfer(number))
    with pytest.raises(OrderRefused, match="has not gone out"):
        bank.send(RecallTransfer(number, RecallReason.AMOUNT))


# PINs


def test_a_card_locked_by_wrong_pins_is_unlocked_and_no_other(bank: Bank) -> None:
    locked = next(card for card in bank.reads.cards(JONAS) if card.status is CardStatus.BLOCKED)
    bank.send(ResetPinCount(locked.id), JONAS)
    after = bank.reads.card(JONAS, locked.last_four)
    assert (after.status, after.status_reason, after.wrong_pin_attempts) == (CardStatus.ACTIVE, None, 0)
    for card, owner in ((locked, JONAS), (bank.card(), MARIA)):
        with pytest.raises(OrderRefused, match="not locked by wrong PINs"):
            bank.send(ResetPinCount(card.id), owner)


def test_a_pin_letter_costs_five_euros_and_a_lost_one_nothing(bank: Bank) -> None:
    before = bank.account().balance
    order = SendPinLetter(bank.card().id, PinLetterReason.NEW)
    assert "23 Mar 2026" in bank.send(order).text
    assert bank.account().balance == before - Decimal("5.00")
    with pytest.raises(OrderRefused, match="on its way"):
        bank.send(replace(order, reason=PinLetterReason.MISSING))
    bank.time += timedelta(days=8)
    bank.send(replace(order, reason=PinLetterReason.MISSING))
    assert bank.account().balance == before - Decimal("5.00")
    bank.time += timedelta(days=8)
    with pytest.raises(OrderRefused, match="Two letters"):
        bank.send(replace(order, reason=PinLetterReason.MISSING))


@pytest.mark.parametrize("reason", list(PinLetterReason))
def test_every_order_comes_back_from_its_arguments(bank: Bank, reason: PinLetterReason) -> None:
    orders = (abroad(bank), later(bank, TODAY), bill(bank, None), bill(bank, TODAY), standing(bank, TODAY),
              SendPinLetter("CA-1", reason), ChangeStandingOrder("SI-1", Decimal("1.00")))  # fmt: skip
    for order in orders:
        assert order_from(order.kind, arguments_of(order)) == order
