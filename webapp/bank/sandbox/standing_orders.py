"""Standing orders: set up, changed, and what their next days are."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import insert, select, update

from webapp.bank.errors import OrderRefused
from webapp.bank.iban import masked, read_iban
from webapp.bank.order_choices import Rhythm
from webapp.bank.orders import ChangeStandingOrder, SetUpStandingOrder
from webapp.bank.previews import Change, Preview
from webapp.bank.sandbox import reading, tables
from webapp.bank.sandbox.bank_days import bank_day_from, bank_days_before
from webapp.bank.sandbox.counter import NOTHING, Counter, Plan, euros, written_day
from webapp.bank.sandbox.dates import add_months, day_in_month
from webapp.bank.sandbox.payment_orders import check_sender, check_words, named, own_bank_account
from webapp.bank.sandbox.terms import CURRENCY, MONTHS_AHEAD

MONTHS = {Rhythm.MONTH.value: 1, Rhythm.QUARTER.value: 3, Rhythm.HALF_YEAR.value: 6, Rhythm.YEAR.value: 12}
MISSED = "If there is not enough money it is tried once more on the next working day, then left out."


def next_after(day: date, every: str, anchor: int) -> date:
    """The next due day. `anchor` is the day of the month it was set up for."""
    if every == Rhythm.WEEK.value:
        return day + timedelta(days=7)
    later = add_months(day.replace(day=1), MONTHS[every])
    return day_in_month(later.year, later.month, anchor)


def set_up(counter: Counter, order: SetUpStandingOrder) -> Plan:
    """Free of charge, from the next working day on."""
    iban = read_iban(order.to_iban)
    source = counter.account(order.account_id, beside=iban)
    if iban is None:
        raise OrderRefused("The IBAN is not valid: its length or check digits are wrong.")
    check_sender(source)
    check_words(order.amount, order.to_name, order.reference)
    target = own_bank_account(counter, source, iban)
    if order.first_on <= counter.today:
        raise OrderRefused("The first day has to be tomorrow at the earliest.")
    if order.first_on > add_months(counter.today, MONTHS_AHEAD):
        raise OrderRefused(f"The first day may be {MONTHS_AHEAD} months ahead at most.")
    _check_end(order.last_on, order.first_on)
    own = target is not None and target.customer_number == counter.customer.number
    to = named(target) if own and target is not None else f"{order.to_name}, {masked(iban)}"
    preview = Preview(
        f"Standing order of {euros(order.amount)} every {order.every.value} to {to}", "Set up the standing order",
        (
            Change("Standing order", "none", f"first on {written_day(order.first_on)}, {_until(order.last_on)}"),
            Change("From", "", named(source)),
            Change("Reference", "", order.reference or "none"),
        ),
        amount=NOTHING if own else order.amount,
        notes=(*_weekend(order.first_on), MISSED),
    )  # fmt: skip

    def act() -> tuple[str, str]:
        number = counter.new_number("SO", 6, tables.standing_instructions)
        counter.connection.execute(
            insert(tables.standing_instructions).values(
                id=number, account_id=source.id, kind="standing order", to_name=order.to_name[:120],
                amount=order.amount, currency=CURRENCY, every=order.every.value, next_on=order.first_on,
            )
        )  # fmt: skip
        counter.connection.execute(
            insert(tables.standing_orders).values(
                instruction_id=number, order_key=counter.key, to_iban=iban, reference=order.reference,
                day=order.first_on.day, last_on=order.last_on,
            )
        )  # fmt: skip
        return number, (
            f"Standing order {number}: {euros(order.amount)} every {order.every.value} to {to}, first on "
            f"{written_day(order.first_on)}."
        )

    return Plan(preview, act)


def change(counter: Counter, order: ChangeStandingOrder) -> Plan:
    """Another amount, another end: up to one working day before it is due."""
    row = counter.row_on_accounts(tables.standing_instructions, order.instruction_id, "standing order")
    found = reading.instruction_from(row)
    ours = counter.one(select(tables.standing_orders).where(tables.standing_orders.c.instruction_id == found.id))
    if found.kind != "standing order":
        raise OrderRefused("A direct debit's amount is the recipient's; it can only be stopped or returned.")
    if counter.one(select(tables.stops).where(tables.stops.c.instruction_id == found.id)) is not None:
        raise OrderRefused(f"The standing order to {found.to_name} has ended.")
    if ours is None and is_savings_plan(counter, found.to_name):
        raise OrderRefused("A savings plan into an own account is ended and set up anew; it is not changed.")
    check_words(order.amount, found.to_name, "")
    if counter.today > bank_days_before(found.next_on, 1):
        raise OrderRefused(
            f"It is too late for the one due {written_day(found.next_on)}. It can be changed after that day."
        )
    last_on = order.last_on or (ours.last_on if ours is not None else None)
    _check_end(order.last_on, found.next_on)
    if order.amount == found.amount and order.last_on is None:
        raise OrderRefused(f"The standing order is {euros(found.amount)} already.")
    changes = [Change("Amount", euros(found.amount), euros(order.amount))] if order.amount != found.amount else []
    if order.last_on is not None:
        before = _until(ours.last_on if ours is not None else None)
        changes.append(Change("End", before, _until(order.last_on)))
    preview = Preview(
        f"Change the standing order to {found.to_name}", "Change the standing order", tuple(changes),
        amount=order.amount if order.amount > found.amount else NOTHING,
        notes=(f"First with this amount: {written_day(found.next_on)}.", *_weekend(found.next_on)),
    )  # fmt: skip

    def act() -> tuple[str, str]:
        instructions, orders = tables.standing_instructions, tables.standing_orders
        counter.connection.execute(
            update(instructions).where(instructions.c.id == found.id).values(amount=order.amount)
        )
        if ours is None:  # until now the books paid it by themselves
            counter.connection.execute(
                insert(orders).values(
                    instruction_id=found.id, order_key=counter.key, reference="", day=found.next_on.day,
                    last_on=last_on, taken_over_on=counter.today,
                )
            )  # fmt: skip
        else:
            counter.connection.execute(
                update(orders).where(orders.c.instruction_id == found.id).values(last_on=last_on)
            )
        return counter.new_number("SC", 6, instructions), (
            f"The standing order to {found.to_name} is {euros(order.amount)} every {found.every} from "
            f"{written_day(found.next_on)} on, {_until(last_on)}."
        )

    return Plan(preview, act)


def is_savings_plan(counter: Counter, to_name: str) -> bool:
    """Whether the recipient is an account of the customer's own: then the books keep both sides."""
    accounts = tables.accounts
    own = select(accounts.c.id).where(
        accounts.c.customer_number == counter.customer.number, accounts.c.name == to_name
    )  # fmt: skip
    return counter.one(own) is not None


def _check_end(last_on: date | None, first_on: date) -> None:
    if last_on is not None and last_on < first_on:
        raise OrderRefused("The last day is before the next one it would be paid on.")


def _until(last_on: date | None) -> str:
    return f"last on {written_day(last_on)}" if last_on else "until it is ended"


def _weekend(day: date) -> tuple[str, ...]:
    paid = bank_day_from(day)
    return () if paid == day else (f"{written_day(day)} is no working day; it is paid on {written_day(paid)}.",)
