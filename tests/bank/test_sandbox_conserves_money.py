"""Whatever is ordered, and whatever days go by: what leaves one ledger arrives on another."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.bank.conftest import TODAY, MakeBank
from tests.bank.orders_at import ELSEWHERE, MARIA, Bank
from tests.bank.stored_rows import assert_books_add_up
from tests.bank.test_sandbox_writes_money import out, payments
from webapp.bank.core_banking import TransactionQuery
from webapp.bank.errors import OrderRefused
from webapp.bank.order_choices import Charges, PinLetterReason, RecallReason, ReturnReason, Rhythm
from webapp.bank.orders import (
    CancelTransfer,
    ChangeStandingOrder,
    DisputeReason,
    InstantTransfer,
    InternationalTransfer,
    OpenDispute,
    PayBill,
    RecallTransfer,
    ReplaceCard,
    ReplaceReason,
    ScheduleTransfer,
    SendPinLetter,
    SetUpStandingOrder,
    StopPayment,
)
from webapp.bank.regular_orders import PauseStandingOrder, ResumeStandingOrder, ReturnDirectDebit
from webapp.bank.sandbox import tables
from webapp.bank.sandbox.seeding import roll_forward
from webapp.bank.values import AccountKind, TransactionKind

DEBITS = (TransactionKind.DIRECT_DEBIT,)


def abroad(bank: Bank, amount: Decimal, charges: Charges) -> InternationalTransfer:
    return InternationalTransfer(
        bank.account().id, "0123456789", "ROYCCAT2", "Robin Vale", "1 Bay Street, Toronto", amount, "CAD", charges,
        "Rent",
    )  # fmt: skip


SOME_ORDERS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "own",
                "customer",
                "elsewhere",
                "cancel",
                "fraud",
                "card",
                "instant",
                "later",
                "bill",
                "abroad",
                "standing",
                "change",
                "recall",
                "letter",
                "return",
                "pause",
                "resume",
            ]
        ),
        st.decimals(min_value=Decimal("0.01"), max_value=Decimal("3000"), places=2),
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture(scope="module")
def shared(make_lasting_bank: MakeBank) -> Bank:
    return Bank(make_lasting_bank(TODAY), datetime(TODAY.year, TODAY.month, TODAY.day, 11, 0))


@given(SOME_ORDERS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_money_is_conserved_whatever_is_ordered(shared: Bank, orders: list[tuple[str, Decimal]]) -> None:
    money, ours = shared.money(), shared.posted("bank:clearing", "bank:fees", "bank:disputes")
    number, source = "", shared.account().id
    for what, amount in orders:
        try:
            match what:
                case "own":
                    shared.send(out(shared, str(amount), shared.account(AccountKind.SAVINGS).iban))
                case "customer":
                    shared.send(out(shared, str(amount), shared.account(customer="10-2063").iban))
                case "elsewhere":
                    number = shared.send(out(shared, str(amount))).number
                case "cancel":
                    shared.send(CancelTransfer(number))
                case "fraud":
                    shared.send(OpenDispute(payments(shared)[int(amount) % 5].id, DisputeReason.FRAUD))
                case "instant":
                    number = shared.send(InstantTransfer(source, ELSEWHERE, "Robin Vale", amount)).number
                case "later":
                    on = shared.time.date() + timedelta(days=int(amount) % 9)
                    number = shared.send(ScheduleTransfer(source, ELSEWHERE, "Robin Vale", amount, on)).number
                case "bill":
                    due = shared.time.date() + timedelta(days=int(amount) % 9)
                    shared.send(PayBill(source, ELSEWHERE, "Stadtwerke", amount, "R-1", "", due))
                case "abroad":
                    shared.send(abroad(shared, amount, list(Charges)[int(amount) % 3]))
                case "standing":
                    first = shared.time.date() + timedelta(days=2)
                    to = (ELSEWHERE, shared.account(customer="10-2063").iban)[int(amount) % 2]
                    shared.send(SetUpStandingOrder(source, to, "Robin Vale", amount, Rhythm.WEEK, first))
                case "change":
                    kept = [one for one in shared.reads.standing_instructions(MARIA) if one.kind == "standing order"]
                    shared.send(ChangeStandingOrder(kept[int(amount) % len(kept)].id, amount))
                case "return":
                    taken = shared.reads.transactions(MARIA, TransactionQuery(kinds=DEBITS, direction="out", limit=40))
                    why = list(ReturnReason)[int(amount) % 2]
                    shared.send(ReturnDirectDebit(taken[int(amount) % len(taken)].id, why))
                case "pause" | "resume":
                    kept = [one for one in shared.reads.standing_instructions(MARIA) if one.kind == "standing order"]
                    one = kept[int(amount) % len(kept)]
                    shared.send(PauseStandingOrder(one.id) if what == "pause" else ResumeStandingOrder(one.id))
                case "recall":
                    shared.send(RecallTransfer(number, RecallReason.ACCOUNT))
                case "letter":
                    shared.send(SendPinLetter(shared.card().id, PinLetterReason.NEW))
                case "card":
                    shared.send(ReplaceCard(shared.card().id, ReplaceReason.DAMAGED))
        except OrderRefused:
            continue
    assert shared.posted() == 0
    assert shared.money() - money == ours - shared.posted("bank:clearing", "bank:fees", "bank:disputes")
    account = shared.account()
    newest = shared.reads.transactions(MARIA, TransactionQuery(account_id=account.id, limit=20))
    assert account.available >= 0 or newest[0].balance_after is not None


def test_days_that_go_by_keep_every_ledger(make_bank: MakeBank) -> None:
    """Weeks of standing orders, scheduled transfers and recalls: postings make nothing, statements add up."""
    bank = Bank(make_bank(TODAY), datetime(TODAY.year, TODAY.month, TODAY.day, 11, 0))
    source, other = bank.account().id, bank.account(customer="10-2063").iban
    weekly = bank.send(
        SetUpStandingOrder(source, other, "Jonas Ritter", Decimal("10.00"), Rhythm.WEEK, date(2026, 3, 20))
    ).number
    rent = next(one for one in bank.reads.standing_instructions(MARIA) if "Hausverwaltung" in one.to_name)
    bank.send(ChangeStandingOrder(rent.id, rent.amount + 20))
    number = bank.send(ScheduleTransfer(source, ELSEWHERE, "Robin Vale", Decimal("30.00"), date(2026, 3, 21))).number
    bank.time += timedelta(minutes=1)
    gone = bank.send(InstantTransfer(source, ELSEWHERE, "Robin Vale", Decimal("40.00"))).number
    bank.time += timedelta(minutes=1)
    bank.send(RecallTransfer(gone, RecallReason.TWICE))
    taken = bank.reads.transactions(MARIA, TransactionQuery(kinds=DEBITS, direction="out", limit=100))
    bank.send(ReturnDirectDebit(taken[0].id, ReturnReason.WANTED_BACK))
    old = next(one for one in taken if (TODAY - one.booked_at.date()).days > 60)
    bank.send(ReturnDirectDebit(old.id, ReturnReason.NO_MANDATE))
    resting = bank.send(
        SetUpStandingOrder(source, other, "Jonas Ritter", Decimal("7.00"), Rhythm.WEEK, date(2026, 3, 25))
    ).number
    bank.send(PauseStandingOrder(resting, date(2026, 4, 8)))
    for days in (1, 2, 5, 9, 30):
        roll_forward(bank.engine, TODAY + timedelta(days=days))
    assert bank.posted() == 0
    assert_books_add_up(bank.engine)
    states = {one.id: one for one in bank.reads.transfers(MARIA, 100)}
    assert states[number].state.value == "completed"
    assert "answered" in str(states[gone].recall)
    paid = bank.reads.transactions(MARIA, TransactionQuery(text=weekly, limit=100))
    assert [one.amount for one in paid] == [Decimal("-10.00")] * 5
    rested = bank.reads.transactions(MARIA, TransactionQuery(text=resting, limit=100))
    assert [one.amount for one in rested] == [Decimal("-7.00")] * 2
    rents = bank.reads.transactions(MARIA, TransactionQuery(text=rent.to_name, since=rent.next_on, limit=10))
    assert [one.amount for one in rents] == [-(rent.amount + 20)]


def test_a_savings_plan_that_is_ended_ends_on_both_accounts(make_bank: MakeBank) -> None:
    bank = Bank(make_bank(TODAY), datetime(TODAY.year, TODAY.month, TODAY.day, 11, 0))
    with bank.engine.connect() as connection:
        instructions, accounts = tables.standing_instructions, tables.accounts
        plan = connection.execute(
            select(instructions.c.id, accounts.c.customer_number)
            .join(accounts, accounts.c.id == instructions.c.account_id)
            .where(instructions.c.to_name == "Junior Saver")
        ).first()
    assert plan is not None
    bank.send(StopPayment(plan.id), plan.customer_number)
    roll_forward(bank.engine, TODAY + timedelta(days=70))
    query = TransactionQuery(text="Savings plan for a child", since=TODAY + timedelta(days=1), limit=10)
    assert list(bank.reads.transactions(plan.customer_number, query)) == []
