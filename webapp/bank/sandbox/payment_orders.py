"""Transfers, taking them back, and stopping what is due. Money moves between ledgers that balance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, insert, select, update

from webapp.bank.errors import OrderRefused
from webapp.bank.iban import masked, read_iban
from webapp.bank.orders import CancelTransfer, StopPayment, TransferMoney
from webapp.bank.previews import Change, Preview
from webapp.bank.sandbox import reading, tables
from webapp.bank.sandbox.bank_days import bank_day_until, bank_days_after
from webapp.bank.sandbox.counter import NOTHING, Counter, Plan, euros, sepa_day_of, written_day
from webapp.bank.sandbox.dates import ONE_DAY
from webapp.bank.sandbox.ledger import FEES, OTHER_BANKS, Leg, charge, post
from webapp.bank.sandbox.terms import (
    CASH_ADVANCE_LEAST,
    CASH_ADVANCE_PERCENT,
    COUNTER_TRANSFER_FEE,
    CURRENCY,
    FIXED_SAVER,
    NOTICE_SAVER,
    SEPA_CUT_OFF_HOUR,
    cents,
    share,
)
from webapp.bank.values import Account, AccountKind, AccountStatus, TransactionKind, TransferState

LONGEST_REFERENCE = 140
MOST_TRANSFERRED = Decimal("10000000.00")
RECALL = "It has been executed. A recall costs 12.00 EUR and needs the recipient's consent."


def transfer(counter: Counter, order: TransferMoney) -> Plan:
    """Move money, at once within the bank; to another bank it is executed on a working day and arrives on the next."""
    iban = read_iban(order.to_iban)
    source = counter.account(order.account_id, beside=iban)
    if iban is None:
        raise OrderRefused("The IBAN is not valid: its length or check digits are wrong.")
    check_sender(source)
    check_words(order.amount, order.to_name, order.reference)
    target = own_bank_account(counter, source, iban)
    fee = transfer_fee(source, target, order.amount)
    check_money(source, order.amount, fee)
    own = target is not None and target.customer_number == counter.customer.number
    execute_on = counter.today if target is not None else counter.sepa_day
    arrives_on = execute_on if target is not None else bank_days_after(execute_on, 1)
    to = named(target) if own and target is not None else f"{order.to_name}, {masked(iban)}"
    changes = [Change(named(source), euros(source.balance), euros(source.balance - order.amount - fee))]
    if own and target is not None:
        changes.append(Change(named(target), euros(target.balance), euros(target.balance + order.amount)))
    preview = Preview(
        f"Transfer {euros(order.amount)} from {named(source)} to {to}",
        "Send the transfer",
        (*changes, Change("Reference", "", order.reference or "none")),
        fee=fee,
        amount=NOTHING if own else order.amount,  # money that stays the customer's own
        notes=_notes(counter, source, target, own, execute_on, arrives_on),
    )

    def act() -> tuple[str, str]:
        state = TransferState.COMPLETED if target is not None else TransferState.PROCESSING
        kind = "internal" if target is not None else "SEPA"
        sending = Sending(source, target, order.to_name, iban, order.amount, fee, order.reference, kind)
        number = record(counter, sending, execute_on, arrives_on, state)
        book(counter, sending, number)
        when = "is there" if target is not None else f"arrives {written_day(arrives_on)}"
        return number, f"Transfer {number}: {euros(order.amount)} to {to}; the money {when}."

    return Plan(preview, act)


def named(account: Account) -> str:
    """An account as it is named: "Everyday Current ..3310"."""
    return f"{account.name} ..{account.last_four}"


@dataclass(frozen=True, slots=True)
class Sending:
    """Money on its way: from where, to whom, how much. `to_account` is an IBAN or a foreign account number."""

    source: Account
    target: Account | None  # with this bank
    to_name: str
    to_account: str
    amount: Decimal
    fee: Decimal
    reference: str
    kind: str
    fee_from_amount: bool = False  # the recipient bears it


def record(counter: Counter, sending: Sending, execute_on: date, arrives_on: date, state: TransferState) -> str:
    """Write the order down; its number."""
    number = counter.new_number("TR", 6, tables.transfers)
    counter.connection.execute(
        insert(tables.transfers).values(
            id=number, account_id=sending.source.id, to_name=sending.to_name[:120],
            to_iban_masked=masked(sending.to_account), amount=sending.amount, currency=CURRENCY,
            ordered_at=counter.now, execute_on=execute_on, arrives_on=arrives_on, state=state.value,
            kind=sending.kind, reference=sending.reference[:LONGEST_REFERENCE],
        )
    )  # fmt: skip
    counter.connection.execute(
        insert(tables.transfer_orders).values(
            transfer_id=number, to_iban=sending.to_account, order_key=counter.key
        )
    )  # fmt: skip
    return number


def book(counter: Counter, sending: Sending, number: str, charging: bool = True) -> None:
    """Let the money leave, and take the fee."""
    text = f"{sending.reference or 'Transfer'}, {number}"
    source, amount = sending.source, sending.amount
    own = sending.target is not None and sending.target.customer_number == source.customer_number
    out = Leg(source.id, -amount, TransactionKind.TRANSFER_OUT, sending.to_name, text)
    if sending.target is not None:
        payer, category = counter.customer.name, "own transfer" if own else "transfer"
        legs = [out, Leg(sending.target.id, amount, TransactionKind.TRANSFER_IN, payer, text, category)]
    elif sending.fee_from_amount:
        legs = [out, Leg(OTHER_BANKS, amount - sending.fee), Leg(FEES, sending.fee)]
    else:
        legs = [out, Leg(OTHER_BANKS, amount)]
    post(counter, legs)
    if charging and not sending.fee_from_amount:
        charge(counter, source.id, sending.fee, f"Fee for transfer {number}")


def check_sender(source: Account) -> None:
    """Whether money may leave this account by an order; raises `OrderRefused`."""
    if source.status is not AccountStatus.OPEN:
        raise OrderRefused(f"{named(source)} is {source.status.value}; nothing can leave it.")
    if source.kind is AccountKind.LOAN:
        raise OrderRefused("A loan account cannot be debited.")
    if source.name == NOTICE_SAVER:
        raise OrderRefused("From a Notice Saver money can be moved only after 35 days notice.")
    if source.name == FIXED_SAVER:
        raise OrderRefused("From a Fixed Saver money cannot be moved before maturity.")


def check_words(amount: Decimal, to_name: str, reference: str) -> None:
    """Whether amount, recipient and reference can be; raises `OrderRefused`."""
    if amount <= 0 or amount > MOST_TRANSFERRED or amount != amount.quantize(NOTHING):
        raise OrderRefused("The amount has to be above nothing, with two decimal places at most.")
    if not to_name.strip():
        raise OrderRefused("The recipient's name is missing.")
    if len(reference) > LONGEST_REFERENCE:
        raise OrderRefused(f"The reference may have {LONGEST_REFERENCE} characters.")


def check_money(source: Account, amount: Decimal, fee: Decimal) -> None:
    """Whether there is enough of it; raises `OrderRefused`."""
    if amount + fee > source.available:
        with_fee = f" and {euros(fee)} of fees" if fee else ""
        raise OrderRefused(
            f"There is not enough money: {euros(source.available)} are available on {named(source)}, "
            f"{euros(amount)}{with_fee} are needed."
        )


def own_bank_account(counter: Counter, source: Account, iban: str) -> Account | None:
    """The account with this bank that has the IBAN, if it has one; raises `OrderRefused` if it cannot be paid into."""
    row = counter.account_row(tables.accounts.c.iban, iban)
    if row is None:
        return None
    target = counter.account_of(row)
    _check_target(source, target)
    return target


def _check_target(source: Account, target: Account) -> None:
    if target.id == source.id:
        raise OrderRefused("Both accounts are the same.")
    if target.status is not AccountStatus.OPEN:
        raise OrderRefused("The recipient's account cannot take money.")
    if target.kind in (AccountKind.CREDIT, AccountKind.LOAN) and target.customer_number != source.customer_number:
        raise OrderRefused("Another customer's credit or loan account cannot be paid into by transfer.")


def transfer_fee(source: Account, target: Account | None, amount: Decimal) -> Decimal:
    """What the counter takes, and what a credit account costs on top."""
    fee = COUNTER_TRANSFER_FEE if target is None else NOTHING
    return fee + cash_advance(source, amount)


def cash_advance(source: Account, amount: Decimal) -> Decimal:
    """What it costs to take the money from a credit account; nothing from any other."""
    if source.kind is not AccountKind.CREDIT:
        return NOTHING
    return max(CASH_ADVANCE_LEAST, Decimal(share(cents(amount), CASH_ADVANCE_PERCENT)).scaleb(-2))


def _notes(
    counter: Counter, source: Account, target: Account | None, own: bool, execute_on: date, arrives_on: date
) -> tuple[str, ...]:
    advance = ("It is a cash advance from the credit card.",) if source.kind is AccountKind.CREDIT else ()
    if target is not None:
        return (*advance, "It is executed at once and cannot be cancelled." if not own else "It is executed at once.")
    late = "" if execute_on == counter.today else " (today's cut-off of 16:00 on working days has passed)"
    return (*advance, f"It is executed {written_day(execute_on)}{late} and arrives {written_day(arrives_on)}.")


def cancel_transfer(counter: Counter, order: CancelTransfer) -> Plan:
    """Take back what has not been executed; money that had left comes back."""
    row = counter.row_on_accounts(tables.transfers, order.transfer_id, "transfer")
    found = reading.transfer_from(row)
    if found.state in (TransferState.CANCELLED, TransferState.FAILED):
        raise OrderRefused(f"Transfer {found.id} is {found.state.value} already.")
    sent_by = counter.one(select(tables.transfer_orders).where(tables.transfer_orders.c.transfer_id == found.id))
    if found.state is not TransferState.SCHEDULED and not (
        found.state is TransferState.PROCESSING
        and sent_by is not None
        and found.kind == "SEPA"
        and found.execute_on <= sepa_day_of(found.ordered_at)  # what was scheduled left in the morning
        and _before_execution(counter, found.execute_on)
    ):
        raise OrderRefused(f"Transfer {found.id} to {found.to_name} cannot be cancelled. {RECALL}")
    if found.state is TransferState.SCHEDULED and found.execute_on <= counter.today:
        raise OrderRefused(f"A scheduled transfer is cancelled until the day before. {RECALL}")
    back = _money_to_return(counter, found.id) if sent_by is not None else NOTHING
    preview = Preview(
        f"Cancel transfer {found.id}: {euros(found.amount)} to {found.to_name}", "Cancel the transfer",
        (Change("State", found.state.value, "cancelled"),),
        notes=(f"{euros(back)} come back to the account at once.",) if back else ("No money has left yet.",),
    )  # fmt: skip

    def act() -> tuple[str, str]:
        if back and sent_by is not None:
            _give_back(counter, row, sent_by.order_key)
        transfers = tables.transfers
        counter.connection.execute(
            update(transfers).where(transfers.c.id == found.id).values(state=TransferState.CANCELLED.value)
        )
        return found.id, f"Transfer {found.id} to {found.to_name} is cancelled."

    return Plan(preview, act)


def _before_execution(counter: Counter, execute_on: date) -> bool:
    if counter.today != execute_on:
        return counter.today < execute_on
    return (counter.local.hour, counter.local.minute) <= (SEPA_CUT_OFF_HOUR, 0)


def _posted(counter: Counter, order_key: str) -> list[Row[Any]]:
    postings = tables.postings
    return list(counter.connection.execute(select(postings).where(postings.c.order_key == order_key)))


def _money_to_return(counter: Counter, transfer_id: str) -> Decimal:
    orders = tables.transfer_orders
    key = counter.connection.scalar(select(orders.c.order_key).where(orders.c.transfer_id == transfer_id))
    return sum((row.amount for row in _posted(counter, str(key)) if row.ledger.startswith("bank:")), NOTHING)


def _give_back(counter: Counter, transfer_row: Row[Any], order_key: str) -> None:
    """Everything that was posted for the transfer, its fee too, the other way round."""
    legs = []
    for row in _posted(counter, order_key):
        text = f"Transfer {transfer_row.id} cancelled"
        kind = TransactionKind.REFUND
        legs.append(Leg(row.ledger, -row.amount, kind, transfer_row.to_name, text, "own transfer"))
    post(counter, legs)


def stop_payment(counter: Counter, order: StopPayment) -> Plan:
    """End a standing order, or keep a direct debit from being booked: a working day before it is due at the latest."""
    row = counter.row_on_accounts(tables.standing_instructions, order.instruction_id, "standing order or direct debit")
    found = reading.instruction_from(row)
    if counter.one(select(tables.stops).where(tables.stops.c.instruction_id == found.id)) is not None:
        raise OrderRefused(f"The {found.kind} to {found.to_name} is stopped already.")
    is_debit = found.kind == "direct debit"
    if order.only_next and not is_debit:
        raise OrderRefused("A standing order is ended, or changed; a single one is not stopped.")
    last_day = bank_day_until(found.next_on - ONE_DAY)
    late_today = is_debit and counter.local.hour >= SEPA_CUT_OFF_HOUR
    if counter.today > last_day or (counter.today == last_day and late_today):
        after = "It can be returned within 8 weeks." if is_debit else "It can be ended after that day."
        raise OrderRefused(f"It is too late for the one due {written_day(found.next_on)}. {after}")
    what = (
        "Stop the next direct debit"
        if order.only_next
        else "Stop the direct debits"
        if is_debit
        else "End the standing order"
    )
    after = f"stopped on {written_day(found.next_on)}" if order.only_next else "stopped" if is_debit else "ended"
    note = (
        "The contract goes on: the customer tells the recipient in writing."
        if is_debit
        else "The last one has been paid."
    )
    preview = Preview(
        f"{what} {'of' if is_debit else 'to'} {found.to_name}", what,
        (Change(f"{euros(found.amount)} every {found.every}", f"next {written_day(found.next_on)}", after),),
        notes=(note,),
    )  # fmt: skip

    def act() -> tuple[str, str]:
        only_on = found.next_on if order.only_next else None
        counter.connection.execute(
            insert(tables.stops).values(instruction_id=found.id, only_on=only_on, placed_on=counter.today)
        )
        return counter.new_number(
            "ST", 6, tables.standing_instructions
        ), f"{found.to_name}: the {found.kind} is {after}."

    return Plan(preview, act)
