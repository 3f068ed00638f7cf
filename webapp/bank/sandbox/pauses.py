"""Standing orders that rest for a while: what would be due is left out, and they go on by themselves."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from webapp.bank.errors import OrderRefused
from webapp.bank.previews import Change, Preview
from webapp.bank.regular_orders import PauseStandingOrder, ResumeStandingOrder
from webapp.bank.sandbox import reading, tables
from webapp.bank.sandbox.bank_days import bank_days_before
from webapp.bank.sandbox.counter import Counter, Plan, euros, written_day
from webapp.bank.sandbox.dates import add_months
from webapp.bank.sandbox.standing_orders import is_savings_plan, next_after
from webapp.bank.sandbox.terms import PAUSE_MONTHS
from webapp.bank.values import StandingInstruction


def pause(counter: Counter, order: PauseStandingOrder) -> Plan:
    """Leave out what is due before a day, at most for six months; up to one working day before the next is due."""
    found, ours = _standing_order(counter, order.instruction_id)
    if (resting := _pause_of(counter, found.id)) is not None:
        raise OrderRefused(
            f"The standing order to {found.to_name} is paused already, until {written_day(resting.resume_on)}."
        )
    if ours is None and is_savings_plan(counter, found.to_name):
        raise OrderRefused("A savings plan into an own account is ended and set up anew; it is not paused.")
    if counter.today > bank_days_before(found.next_on, 1):
        raise OrderRefused(
            f"It is too late for the one due {written_day(found.next_on)}. It can be paused after that day."
        )
    longest = add_months(counter.today, PAUSE_MONTHS)
    resume_on = order.resume_on or longest
    if resume_on > longest:
        raise OrderRefused(
            f"A standing order is paused for {PAUSE_MONTHS} months at most: until {written_day(longest)}."
        )
    if resume_on <= found.next_on:
        none = f"a pause until {written_day(resume_on)} leaves none out"
        raise OrderRefused(f"The next one is due on {written_day(found.next_on)}; {none}.")
    anchor = ours.day if ours is not None else found.next_on.day
    left_out, next_on = _left_out(found, anchor, resume_on)
    if ours is not None and ours.last_on is not None and next_on > ours.last_on:
        raise OrderRefused(f"Its last day is {written_day(ours.last_on)}, within the pause: end it instead.")
    preview = Preview(
        f"Pause the standing order to {found.to_name}", "Pause the standing order",
        (Change(f"{euros(found.amount)} every {found.every}", f"next {written_day(found.next_on)}",
                f"paused, next {written_day(next_on)}"),),
        notes=(f"Left out: {', '.join(written_day(day) for day in left_out)}.",
               f"It goes on by itself from {written_day(resume_on)} on, and can be resumed before.",
               "The contract goes on: whether the recipient agrees is between the two of them."),
    )  # fmt: skip

    def act() -> tuple[str, str]:
        if ours is None:  # until now the books paid it by themselves
            counter.connection.execute(
                insert(tables.standing_orders).values(
                    instruction_id=found.id, order_key=counter.key, reference="", day=anchor,
                    taken_over_on=counter.today,
                )
            )  # fmt: skip
        _end_pause(counter, found.id)
        counter.connection.execute(
            insert(tables.pauses).values(
                instruction_id=found.id, order_key=counter.key, paused_on=counter.today, resume_on=resume_on,
                was_next_on=found.next_on,
            )
        )  # fmt: skip
        _set_next(counter, found, next_on)
        return counter.new_number("SP", 6, tables.standing_instructions), (
            f"The standing order to {found.to_name} is paused; the next one is on {written_day(next_on)}."
        )

    return Plan(preview, act)


def resume(counter: Counter, order: ResumeStandingOrder) -> Plan:
    """Let it go on from the next regular day that is at least a working day away."""
    found, ours = _standing_order(counter, order.instruction_id)
    resting = _pause_of(counter, found.id)
    if ours is None or resting is None:
        raise OrderRefused(f"The standing order to {found.to_name} is not paused.")
    next_on: date = resting.was_next_on
    while counter.today > bank_days_before(next_on, 1):
        next_on = next_after(next_on, found.every, ours.day)
    preview = Preview(
        f"Resume the standing order to {found.to_name}", "Resume the standing order",
        (Change(f"{euros(found.amount)} every {found.every}",
                f"paused until {written_day(resting.resume_on)}, next {written_day(found.next_on)}",
                f"next {written_day(next_on)}"),),
        notes=("What was left out meanwhile is not paid later.",),
    )  # fmt: skip

    def act() -> tuple[str, str]:
        _end_pause(counter, found.id)
        _set_next(counter, found, next_on)
        return counter.new_number("SR", 6, tables.standing_instructions), (
            f"The standing order to {found.to_name} goes on; the next one is on {written_day(next_on)}."
        )

    return Plan(preview, act)


def end_pauses(connection: Connection, today: date) -> None:
    """Forget pauses that are over: the orders go on by the days they have."""
    connection.execute(delete(tables.pauses).where(tables.pauses.c.resume_on <= today))


def _standing_order(counter: Counter, instruction_id: str) -> tuple[StandingInstruction, Row[Any] | None]:
    row = counter.row_on_accounts(tables.standing_instructions, instruction_id, "standing order")
    found = reading.instruction_from(row)
    if found.kind != "standing order":
        raise OrderRefused("A direct debit is not paused: the next one can be stopped.")
    if counter.one(select(tables.stops).where(tables.stops.c.instruction_id == found.id)) is not None:
        raise OrderRefused(f"The standing order to {found.to_name} has ended.")
    return found, counter.one(select(tables.standing_orders).where(tables.standing_orders.c.instruction_id == found.id))


def _pause_of(counter: Counter, instruction_id: str) -> Row[Any] | None:
    return counter.one(
        select(tables.pauses).where(
            tables.pauses.c.instruction_id == instruction_id, tables.pauses.c.resume_on > counter.today
        )
    )


def _end_pause(counter: Counter, instruction_id: str) -> None:
    counter.connection.execute(delete(tables.pauses).where(tables.pauses.c.instruction_id == instruction_id))


def _left_out(found: StandingInstruction, anchor: int, resume_on: date) -> tuple[list[date], date]:
    """The days before `resume_on` on which nothing is paid, and the first one after them."""
    days, day = [], found.next_on
    while day < resume_on:
        days.append(day)
        day = next_after(day, found.every, anchor)
    return days, day


def _set_next(counter: Counter, found: StandingInstruction, next_on: date) -> None:
    instructions = tables.standing_instructions
    counter.connection.execute(update(instructions).where(instructions.c.id == found.id).values(next_on=next_on))
