"""Asking for money back that has gone out: a request, whose outcome is the recipient's."""

from __future__ import annotations

from sqlalchemy import insert, select

from webapp.bank.errors import OrderRefused
from webapp.bank.orders import RecallTransfer
from webapp.bank.previews import Change, Preview
from webapp.bank.sandbox import reading, tables
from webapp.bank.sandbox.bank_days import bank_days_after
from webapp.bank.sandbox.counter import Counter, Plan, euros, written_day
from webapp.bank.sandbox.ledger import charge
from webapp.bank.sandbox.payment_orders import check_money
from webapp.bank.sandbox.terms import RECALL_ANSWER_DAYS, RECALL_FEE
from webapp.bank.values import TransferState


def recall(counter: Counter, order: RecallTransfer) -> Plan:
    """Ask the recipient's bank, which asks the recipient. The fee is for asking."""
    row = counter.row_on_accounts(tables.transfers, order.transfer_id, "transfer")
    found = reading.transfer_from(row)
    recalls = tables.recalls
    earlier = counter.one(select(recalls).where(recalls.c.transfer_id == found.id))
    if earlier is not None:
        raise OrderRefused(f"Transfer {found.id} has been recalled already, on {written_day(earlier.asked_on)}.")
    if found.state in (TransferState.CANCELLED, TransferState.FAILED):
        raise OrderRefused(f"Transfer {found.id} is {found.state.value}: the money has not gone out.")
    if found.state is TransferState.SCHEDULED or (
        found.state is TransferState.PROCESSING and counter.today < found.execute_on
    ):
        raise OrderRefused(f"Transfer {found.id} has not been executed: cancel it, free of charge.")
    source = counter.account(found.account_id)
    check_money(source, RECALL_FEE, RECALL_FEE - RECALL_FEE)
    answer_by = bank_days_after(counter.today, RECALL_ANSWER_DAYS)
    preview = Preview(
        f"Recall transfer {found.id}: {euros(found.amount)} to {found.to_name}, {order.reason.value}",
        "Ask for the money back",
        (Change("Recall", "none", f"asked for, answer by {written_day(answer_by)}"),),
        fee=RECALL_FEE,
        notes=(
            "It is a request: the recipient has to agree, and the fee is due whatever the answer is.",
            "If the customer was deceived into the transfer this is not a recall: call the fraud line, extension 4400.",
        ),
    )

    def act() -> tuple[str, str]:
        number = counter.new_number("RC", 6, recalls)
        counter.connection.execute(
            insert(recalls).values(
                id=number, transfer_id=found.id, order_key=counter.key, reason=order.reason.value,
                asked_on=counter.today, answer_by=answer_by,
            )
        )  # fmt: skip
        charge(counter, source.id, RECALL_FEE, f"Recall {number} of transfer {found.id}")
        return number, f"Recall {number} of transfer {found.id} is sent; the answer comes by {written_day(answer_by)}."

    return Plan(preview, act)
