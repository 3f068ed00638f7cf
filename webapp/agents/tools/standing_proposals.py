"""Proposals about standing orders: set up, change, pause, resume. None of them changes anything."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from dateutil.relativedelta import relativedelta

from webapp.agents.tools.movements import names_meant
from webapp.agents.tools.proposed import ask_for, proposed
from webapp.agents.tools.registry import ToolResult, proposes
from webapp.agents.tools.subject import customer_of
from webapp.agents.tools.transfer_proposals import UNSET, ends_of
from webapp.agents.transcript import Desk
from webapp.agents.wording import day, money, plain
from webapp.bank.order_choices import Rhythm
from webapp.bank.orders import ChangeStandingOrder, SetUpStandingOrder
from webapp.bank.regular_orders import PauseStandingOrder, ResumeStandingOrder
from webapp.bank.values import StandingInstruction

_RULE = ("payments-standing-orders", "Set up, change, end")


@proposes(label="a standing order", doing="Preparing the standing order", level="full")
def propose_standing_order(
    desk: Desk,
    amount: Decimal = UNSET,
    to_iban: str | None = None,
    to_name: str | None = None,
    to_account: str | None = None,
    every: Literal["week", "month", "quarter", "half year", "year"] | None = None,
    first_on: date | None = None,
    last_on: date | None = None,
    from_account: str | None = None,
    reference: str | None = None,
) -> ToolResult:
    """Propose a new standing order. A person confirms it.

    to_iban and to_name: the recipient; to_account: an own account by last four digits or kind. first_on: the first day.
    last_on: until when; left out: until it is ended.
    """
    ends = ends_of(desk, amount, from_account, to_iban, to_name, to_account)
    if isinstance(ends, ToolResult):
        return ends
    if every is None:
        return ask_for("every", "How often?", [one.value for one in Rhythm])
    if first_on is None:
        return ask_for("on", f"On which day for the first time? Then every {every}.")
    order = SetUpStandingOrder(
        ends.source.id, ends.iban, ends.name, ends.amount, Rhythm(every), first_on, last_on, (reference or "").strip()
    )
    return proposed(desk, order, _RULE, "full", {"account": ends.source.last_four})


@proposes(label="changing a standing order", doing="Looking for the standing order", level="full")
def propose_standing_order_change(
    desk: Desk,
    to: str | None = None,
    amount: Decimal = UNSET,
    raise_by: Decimal = UNSET,
    lower_by: Decimal = UNSET,
    last_on: date | None = None,
) -> ToolResult:
    """Propose to change a standing order's amount or end. A person confirms it.

    to: the recipient. amount: the new one; or raise_by, lower_by: how much more or less. last_on: its last day.
    """
    row = _one_standing_order(desk, to)
    if isinstance(row, ToolResult):
        return row
    wanted = amount or (row.amount + raise_by - lower_by if raise_by or lower_by else UNSET)
    if wanted <= 0 and last_on is None:
        question = (
            f"The standing order to {plain(row.to_name)} pays {money(row.amount, row.currency)} every {row.every}, "
            f"next on {day(row.next_on)}. What shall the amount be?"
        )
        return ask_for("amount", question)
    order = ChangeStandingOrder(row.id, wanted if wanted > 0 else row.amount, last_on)
    return proposed(desk, order, _RULE, "full", {"merchant": row.to_name})


@proposes(label="pausing a standing order", doing="Looking for the standing order", level="full")
def propose_standing_order_pause(
    desk: Desk,
    to: str | None = None,
    resume_on: date | None = None,
    months: int | None = None,
    weeks: int | None = None,
    only_next: bool = False,
    open_end: bool = False,
) -> ToolResult:
    """Propose to let a standing order rest: what is due meanwhile is left out. A person confirms it.

    to: the recipient. resume_on: the day from which it pays again; or months, weeks: for how long; or only_next: leave
    out one only; or open_end: until it is resumed, six months at most.
    """
    row = _one_standing_order(desk, to)
    if isinstance(row, ToolResult):
        return row
    if only_next:
        resume_on = row.next_on + timedelta(days=1)
    elif months or weeks:
        resume_on = desk.now.date() + relativedelta(months=min(months or 0, 120), weeks=min(weeks or 0, 500))
    elif resume_on is None and not open_end:
        amount = f"{money(row.amount, row.currency)} every {plain(row.every)}"
        question = (
            f"The standing order to {plain(row.to_name)} pays {amount}, next on {day(row.next_on)}. "
            "From which day shall it pay again? Six months is the longest."
        )
        return ask_for("resume", question)
    order = PauseStandingOrder(row.id, resume_on)
    return proposed(desk, order, _RULE, "full", {"merchant": row.to_name})


@proposes(label="resuming a standing order", doing="Looking for the standing order", level="full")
def propose_standing_order_resumption(desk: Desk, to: str | None = None) -> ToolResult:
    """Propose to let a standing order that is paused pay again. A person confirms it. to: the recipient."""
    row = _one_standing_order(desk, to, paused=True)
    if isinstance(row, ToolResult):
        return row
    return proposed(desk, ResumeStandingOrder(row.id), _RULE, "full", {"merchant": row.to_name})


def _one_standing_order(desk: Desk, to: str | None, paused: bool = False) -> StandingInstruction | ToolResult:
    """The standing order meant; of several, one that is paused if that is wanted."""
    rows = [row for row in desk.bank.standing_instructions(customer_of(desk).number) if row.kind == "standing order"]
    if to:
        names = names_meant((row.to_name for row in rows), to)
        rows = [row for row in rows if row.to_name in names]
    if not rows:
        whom = f" to “{plain(to)}”" if to else ""
        return ToolResult(f"The customer has no standing order{whom}.", outcome="not found")
    if paused:
        rows = [row for row in rows if row.paused_until] or rows
    if len(rows) > 1:
        labels = [f"{plain(row.to_name)}, {money(row.amount, row.currency)}" for row in rows[:8]]
        choices = [row.to_name for row in rows[:8]]
        return ask_for("payee", f"Which standing order? {'; '.join(labels)}.", choices, labels)
    return rows[0]
