"""Transfers and their state, standing orders, direct debits, and what is due next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from dateutil.relativedelta import relativedelta

from webapp.agents.tools.movements import names_meant
from webapp.agents.tools.registry import ToolResult, reads
from webapp.agents.tools.subject import accounts_meant, customer_of
from webapp.agents.transcript import Desk, Json
from webapp.agents.wording import (
    account_name,
    count,
    day,
    ending,
    figure,
    listed,
    local_day,
    money,
    period,
    plain,
    table,
    together,
    when,
)
from webapp.bank.values import AccountKind, StandingInstruction, Transfer, TransferState

_OPEN = (TransferState.SCHEDULED, TransferState.PROCESSING)
_MOST_READ = 500
_DEFAULT_DAYS = 30
_STATES = {
    TransferState.SCHEDULED: "is scheduled for {day}",
    TransferState.PROCESSING: "is being processed since {day}",
    TransferState.COMPLETED: "was completed on {day}",
    TransferState.FAILED: "failed on {day}",
    TransferState.CANCELLED: "was cancelled; it was to go out on {day}",
}


@reads(label="transfers", doing="Looking at the transfers")
def transfers(
    desk: Desk,
    state: Literal["open", "scheduled", "processing", "completed", "failed", "cancelled"] | None = None,
    to: str | None = None,
    amount: Decimal | None = None,
    over: Decimal | None = None,
    since: date | None = None,
    until: date | None = None,
    limit: int = 10,
) -> ToolResult:
    """The customer's transfer orders with their state, newest first.

    state: only those in it; "open" is scheduled or processing. to: the payee, spelling does not matter. amount:
    exactly; over: more than. since, until: days on which they were ordered. limit: how many to show.
    """
    read = desk.bank.transfers(customer_of(desk).number, limit=_MOST_READ)
    rows = [row for row in read if _fits(desk, row, state, amount, over, since, until)]
    whom = ""
    if to:
        names = names_meant((row.to_name for row in rows), to)
        rows = [row for row in rows if row.to_name in names]
        whom = f"to {listed([plain(name) for name in names[:3]]) if names else '“' + plain(to) + '”'}"
    how_much = f"of {money(amount)}" if amount is not None else f"over {money(over)}" if over is not None else ""
    rest = " ".join(part for part in (how_much, whom, period(since, until, desk.now.date())) if part)
    what = f"{state} transfer" if state else "transfer"
    if not rows:
        return ToolResult(f"No {what}s {rest}".rstrip() + ".", facts={"shown": {"kind": "transfer", "ids": []}})
    shown = rows[: max(1, min(limit, 50))]
    facts: dict[str, Json] = {"shown": {"kind": "transfer", "ids": [row.id for row in shown]}}
    if len(rows) == 1:
        facts |= _facts(rows[0])
        return ToolResult(_in_full(desk, rows[0]), facts=facts)
    if len(shown) == 1:
        facts |= _facts(shown[0])
        return ToolResult(
            f"The newest of {len(rows)} {what}s {rest}".rstrip() + f": {_in_full(desk, shown[0])}", facts=facts
        )
    more = f"The newest {len(shown)} of {count(len(rows), what)}" if len(rows) > len(shown) else count(len(rows), what)
    return ToolResult(together(f"{more} {rest}".rstrip() + ":", _list(desk, shown)), facts=facts)


def _fits(
    desk: Desk,
    row: Transfer,
    state: str | None,
    amount: Decimal | None,
    over: Decimal | None,
    since: date | None,
    until: date | None,
) -> bool:
    ordered = local_day(row.ordered_at, desk.now)
    return (
        (state is None or row.state.value == state or (state == "open" and row.state in _OPEN))
        and (amount is None or row.amount == amount)
        and (over is None or row.amount > over)
        and (since is None or ordered >= since)
        and (until is None or ordered <= until)
    )


def _list(desk: Desk, rows: Sequence[Transfer]) -> str:
    written = [
        (
            plain(row.id),
            day(local_day(row.ordered_at, desk.now)),
            plain(row.to_name),
            plain(row.kind),
            plain(row.state),
            figure(row.amount),
        )
        for row in rows
    ]
    return table(("Transfer", "Ordered", "To", "Kind", "State", "Amount (EUR)"), written, right=(5,))


def _facts(row: Transfer) -> dict[str, Json]:
    return {"transfer": row.id, "state": str(row.state), "reason": row.failure_reason}


def _in_full(desk: Desk, row: Transfer) -> str:
    state = _STATES[row.state].format(day=day(row.execute_on))
    why = f": {plain(row.failure_reason).rstrip('.')}" if row.failure_reason else ""
    text = f"Transfer {plain(row.id)} of {money(row.amount, row.currency)} to {plain(row.to_name)} {state}{why}."
    text += f" {plain(row.kind[:1].upper() + row.kind[1:])} transfer, ordered {when(row.ordered_at, desk.now)}"
    text += f", to {plain(row.to_iban_masked)}" if row.to_iban_masked else ""
    recall = f" Recall: {plain(row.recall)}." if row.recall else ""
    return f"{text}, reference “{plain(row.reference)}”.{recall}" if row.reference else f"{text}.{recall}"


@reads(label="transfer", doing="Looking at the transfer")
def transfer(desk: Desk, transfer_id: str) -> ToolResult:
    """One transfer: its state, and why it failed if it did. transfer_id: as staff quote it, "TR-204118"."""
    read = desk.bank.transfers(customer_of(desk).number, limit=_MOST_READ)
    digits = "".join(c for c in transfer_id if c.isdigit())
    row = next((one for one in read if "".join(c for c in one.id if c.isdigit()) == digits), None)
    if row is None:
        newest = listed([plain(one.id) for one in read[:3]])
        tail = f" The newest are {newest}." if newest else " The customer has made no transfers."
        return ToolResult(f"This customer has no transfer {plain(transfer_id)}.{tail}", outcome="not found")
    return ToolResult(_in_full(desk, row), facts=_facts(row))


@reads(label="standing orders and direct debits", doing="Looking at standing orders and direct debits")
def standing_instructions(
    desk: Desk, kind: Literal["standing order", "direct debit"] | None = None, to: str | None = None
) -> ToolResult:
    """The customer's standing orders and direct debits, next due first. kind: only these. to: only this payee."""
    read = desk.bank.standing_instructions(customer_of(desk).number)
    rows = [row for row in read if kind is None or row.kind == kind]
    noun = kind or "standing order or direct debit"
    if to:
        names = names_meant((row.to_name for row in rows), to)
        if not names:
            return ToolResult(f"The customer has no {noun} to “{plain(to)}”.")
        rows = [row for row in rows if row.to_name in names]
    if not rows:
        return ToolResult(
            f"The customer has no {kind}s." if kind else "The customer has no standing orders and no direct debits."
        )
    if len(rows) == 1:
        row = rows[0]
        lead = f"{plain(row.kind[:1].upper() + row.kind[1:])} to {plain(row.to_name)}"
        last = f", last on {day(row.last_on)}" if row.last_on else ""
        rests = f"paused until {day(row.paused_until)}, " if row.paused_until else ""
        amount = f"{money(row.amount, row.currency)} every {plain(row.every)}"
        text = f"{lead}: {amount}, {rests}next on {day(row.next_on)}{last}."
        return ToolResult(text, facts={"payee": row.to_name})
    many = [count(sum(row.kind == one for row in rows), one) for one in ("standing order", "direct debit")]
    lead = listed([words for words in many if not words.startswith("0 ")])
    accounts = {one.id: one for one in accounts_meant(desk, None)}
    written = [
        (
            plain(row.to_name),
            plain(row.kind),
            plain(row.every),
            f"{day(row.next_on)} (paused)" if row.paused_until else day(row.next_on),
            ending(accounts[row.account_id].last_four) if row.account_id in accounts else "",
            figure(row.amount),
        )
        for row in rows
    ]
    shown = table(("To", "Kind", "Every", "Next", "Account", "Amount (EUR)"), written, right=(5,))
    return ToolResult(together(f"The customer has {lead}.", shown))


@dataclass(frozen=True, slots=True)
class _Due:
    on: date
    whom: str
    what: str
    amount: Decimal


@reads(label="upcoming payments", doing="Looking at what is due")
def upcoming_payments(desk: Desk, until: date | None = None, since: date | None = None) -> ToolResult:
    """What will leave the customer's accounts: scheduled transfers, standing orders, direct debits, loan payments.

    since, until: days, inclusive; from today for the next 30 days if left out.
    """
    today = desk.now.date()
    first = max(since or today, today)
    last = until or first + timedelta(days=_DEFAULT_DAYS)
    due = sorted(_due(desk, first, last), key=lambda one: (one.on, one.whom))
    days = f"until {day(last)}" if first == today else period(first, last, date.min)
    if not due:
        return ToolResult(f"Nothing is due {days}.")
    whole = sum((one.amount for one in due), Decimal(0))
    lead = f"{count(len(due), 'payment')} due {days}, {money(whole)} in sum."
    rows = [(day(one.on), plain(one.whom), plain(one.what), figure(one.amount)) for one in due]
    return ToolResult(
        together(lead, table(("Due", "To", "Kind", "Amount (EUR)"), rows, right=(3,)), _covered(desk, whole))
    )


def _covered(desk: Desk, whole: Decimal) -> str:
    checking = [one for one in accounts_meant(desk, None) if one.kind is AccountKind.CHECKING]
    if len(checking) != 1:
        return ""
    account = checking[0]
    enough = (
        "which covers this"
        if account.available >= whole
        else f"which is {money(whole - account.available)} short of this"
    )
    has = f"{account_name(account)} has {money(account.available, account.currency)} available today"
    return f"{has}, {enough}; income until then is not counted."


def _due(desk: Desk, first: date, last: date) -> list[_Due]:
    number = customer_of(desk).number
    due = [
        _Due(row.execute_on, row.to_name, f"{row.kind} transfer", row.amount)
        for row in desk.bank.transfers(number, limit=_MOST_READ)
        if row.state is TransferState.SCHEDULED and first <= row.execute_on <= last
    ]
    for one in desk.bank.standing_instructions(number):
        due.extend(_Due(on, one.to_name, one.kind, one.amount) for on in _dates(one, last) if on >= first)
    for account in accounts_meant(desk, None):
        if account.loan and first <= account.loan.next_payment_on <= last:
            due.append(_Due(account.loan.next_payment_on, account.name, "loan payment", account.loan.monthly_payment))
    return due


def _dates(one: StandingInstruction, last: date) -> list[date]:
    """The next date, and those after it while they fall before the end; only the first is certain for odd rhythms."""
    months = {"month": 1, "quarter": 3, "half year": 6, "year": 12}.get(one.every)
    dates, on = [], one.next_on
    while on <= last:
        dates.append(on)
        if months is None or len(dates) >= 24:
            break
        on = one.next_on + relativedelta(months=months * len(dates))
    return dates
