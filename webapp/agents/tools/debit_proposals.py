"""The proposal to give a direct debit back. It changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from dateutil.relativedelta import relativedelta

from webapp.agents.tools.movements import movements, names_meant
from webapp.agents.tools.proposed import ask_for, proposed
from webapp.agents.tools.registry import ToolResult, proposes
from webapp.agents.transcript import Desk
from webapp.agents.wording import day, local_day, money, plain
from webapp.bank.core_banking import TransactionQuery
from webapp.bank.order_choices import ReturnReason
from webapp.bank.regular_orders import ReturnDirectDebit
from webapp.bank.values import Transaction, TransactionKind

_MOST_SHOWN = 5
_MONTHS = 14  # back; a month more than the longest deadline, so that one that is just too old is found and refused
_WEEKS = 8  # within which no reason is asked for, as the handbook says


@proposes(label="returning a direct debit", doing="Looking for the direct debit", level="full")
def propose_direct_debit_return(
    desk: Desk,
    to: str | None = None,
    amount: Decimal | None = None,
    since: date | None = None,
    until: date | None = None,
    newest: bool = False,
    transaction_id: str | None = None,
    reason: Literal["wanted back", "no mandate"] | None = None,
) -> ToolResult:
    """Propose to give back a direct debit that was booked: the money returns to the account. A person confirms it.

    to: who has collected it. amount, since, until: which one. newest: the last of those that fit. transaction_id: of a
    movement shown before. reason: no mandate, if the customer has never given one; only asked for after eight weeks.
    """
    row = _debit_meant(desk, to, amount, since, until, newest, transaction_id)
    if isinstance(row, ToolResult):
        return row
    booked = local_day(row.booked_at, desk.now)
    if reason is None and row.returned is None and booked + timedelta(weeks=_WEEKS) < desk.now.date():
        question = (
            f"{_label(desk, row)}: the {_WEEKS} weeks in which no reason is needed are over. Was there no mandate for "
            "it, or is it wanted back for another reason?"
        )
        return ask_for("reason", question, [one.value for one in (ReturnReason.NO_MANDATE, ReturnReason.WANTED_BACK)])
    order = ReturnDirectDebit(row.id, ReturnReason(reason or ReturnReason.WANTED_BACK))
    rule = ("payments-direct-debit-return", "How to return it")
    return proposed(desk, order, rule, "full", {"transaction": row.id, "merchant": row.counterparty})


def _debit_meant(
    desk: Desk,
    to: str | None,
    amount: Decimal | None,
    since: date | None,
    until: date | None,
    newest: bool,
    transaction_id: str | None,
) -> Transaction | ToolResult:
    first = since or desk.now.date() - relativedelta(months=_MONTHS)
    kinds = (TransactionKind.DIRECT_DEBIT,)
    query = TransactionQuery(
        since=first, until=until, min_amount=amount, max_amount=amount, kinds=kinds, direction="out"
    )
    rows: Sequence[Transaction] = movements(desk, query).rows
    if transaction_id:
        rows = [row for row in rows if row.id == transaction_id]
    if to:
        names = names_meant((row.counterparty for row in rows), to)
        rows = [row for row in rows if row.counterparty in names]
    if not rows:
        whom = f" by “{plain(to)}”" if to else ""
        return ToolResult(f"No such direct debit{whom} was booked in the last {_MONTHS} months.", outcome="not found")
    rows = [row for row in rows if row.returned is None] or rows
    if newest or len(rows) == 1:
        return rows[0]
    shown = rows[:_MOST_SHOWN]
    labels = [_label(desk, row) for row in shown]
    lines = "\n".join(f"{place}. {label}" for place, label in enumerate(labels, start=1))
    more = f"\n\n{len(rows) - _MOST_SHOWN} older ones fit too." if len(rows) > _MOST_SHOWN else ""
    return ask_for("item", f"Which direct debit?\n\n{lines}{more}", [row.id for row in shown], labels)


def _label(desk: Desk, row: Transaction) -> str:
    when = day(local_day(row.booked_at, desk.now))
    return f"{when}, {plain(row.counterparty)}, {money(-row.amount, row.currency)}"
