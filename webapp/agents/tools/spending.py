"""What was spent, by category, and which fees the bank took."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from babel.dates import format_date

from webapp.agents.tools.movements import movements, names_meant
from webapp.agents.tools.registry import ToolResult, reads
from webapp.agents.tools.subject import accounts_meant
from webapp.agents.transcript import Desk, Json
from webapp.agents.wording import count, day, figure, listed, local_day, money, period, plain, table, together
from webapp.bank.core_banking import TransactionQuery
from webapp.bank.values import AccountKind, Transaction, TransactionKind, TransactionStatus

_DEFAULT_DAYS = 30
_FEE_DAYS = 365
_MOST_FEES = 20
_MOST_MONTHS = 12
# Words staff use for a category, and the words a bank may file it under.
_ALSO_CALLED = {
    "food": ("groceries", "restaurants"),
    "eating out": ("restaurants", "cafés"),
    "supermarket": ("groceries",),
    "petrol": ("fuel",),
    "gas": ("fuel",),
    "clothes": ("clothing",),
    "travelling": ("travel", "transport"),
    "holidays": ("travel",),
    "shopping": ("online shopping", "clothing"),
    "coffee": ("cafés",),
}


@reads(label="spending", doing="Adding up the spending")
def spending(
    desk: Desk, since: date | None = None, until: date | None = None, category: str | None = None
) -> ToolResult:
    """What the customer spent, summed by category; moves between own accounts are left out.

    since, until: days, inclusive; the last 30 days if left out. category: only this one ("groceries").
    """
    today = desk.now.date()
    if since is None and until is None:
        since = today - timedelta(days=_DEFAULT_DAYS - 1)
    found = movements(desk, TransactionQuery(since=since, until=until))
    days = period(since, until, today)
    spent = _spent(desk, found.rows)
    if not spent:
        return ToolResult(f"Nothing was spent {days}.")
    sums: dict[str, list[Decimal]] = defaultdict(list)
    for row in spent:
        sums[row.category].append(-row.amount)
    if category:
        wanted = _categories(sums, category)
        if not wanted:
            return ToolResult(
                f"Nothing was spent on {plain(category)} {days}. Categories in that time: "
                f"{listed([plain(one) for one in sorted(sums)])}."
            )
        sums = {name: sums[name] for name in wanted}
    return ToolResult(_summary(sums, days, found.complete), facts={"category": category})


@reads(label="spending by month", doing="Adding up the months")
def spending_by_month(desk: Desk, category: str | None = None, months: int = 6) -> ToolResult:
    """What the customer spent in each of the last months and on average; moves between own accounts are left out.

    category: only this one ("groceries"). months: how many full months, 2 to 12.
    """
    today = desk.now.date()
    months = max(2, min(months, _MOST_MONTHS))
    first = today.replace(day=1)
    for _ in range(months):
        first = (first - timedelta(days=1)).replace(day=1)
    spent = _spent(desk, movements(desk, TransactionQuery(since=first, until=today)).rows)
    on = ""
    if category:
        wanted = _categories({row.category: [] for row in spent}, category)
        spent = [row for row in spent if row.category in wanted]
        on = f" on {plain(category)}"
    sums: dict[str, Decimal] = {}
    day_of = first
    while day_of <= today:
        rows = [row.amount for row in spent if local_day(row.booked_at, desk.now).replace(day=1) == day_of]
        sums[format_date(day_of, "MMMM y", locale="en")] = -sum(rows, Decimal(0))
        day_of = (day_of + timedelta(days=31)).replace(day=1)
    full = list(sums.values())[:-1]
    lead = f"{money(sum(full, Decimal(0)) / len(full))} a month{on} on average over the last {len(full)} full months."
    shown = table(("Month", "Spent (EUR)"), [(name, figure(amount)) for name, amount in sums.items()], right=(1,))
    return ToolResult(together(lead, shown, "The current month is not over."))


def _categories(sums: dict[str, list[Decimal]], wanted: str) -> list[str]:
    found: list[str] = []
    for word in re.split(r",|\band\b", wanted.lower()):
        named = [name for name in _ALSO_CALLED.get(word.strip(), ()) if name in sums]
        found.extend(named or names_meant(sums, word))
    return list(dict.fromkeys(found))


def _summary(sums: dict[str, list[Decimal]], days: str, complete: bool) -> str:
    whole = sum((sum(amounts, Decimal(0)) for amounts in sums.values()), Decimal(0))
    number = sum(len(amounts) for amounts in sums.values())
    if len(sums) == 1:
        name = next(iter(sums))
        return f"{money(whole)} spent on {plain(name)} {days}, in {count(number, 'payment')}."
    ranked = sorted(sums.items(), key=lambda item: -sum(item[1]))
    rows = [
        (
            plain(name),
            str(len(amounts)),
            figure(sum(amounts, Decimal(0))),
            f"{100 * sum(amounts, Decimal(0)) / whole:.0f} %",
        )
        for name, amounts in ranked
    ]
    lead = f"{money(whole)} spent {days}, in {count(number, 'payment')}; moves between own accounts are left out."
    short = "" if complete else "There were more movements than could be read at once; the sums are of the newest only."
    return together(lead, table(("Category", "Payments", "Sum (EUR)", "Share"), rows, right=(1, 2, 3)), short)


def _spent(desk: Desk, rows: Sequence[Transaction]) -> list[Transaction]:
    """What left the customer's hands: no moves between own accounts, nothing reversed, no interest."""
    accounts = {one.id: one for one in accounts_meant(desk, None)}
    arrived: dict[Decimal, list[Transaction]] = defaultdict(list)
    for row in rows:
        if row.amount > 0 and row.kind is TransactionKind.TRANSFER_IN:
            arrived[row.amount].append(row)
    return [
        row
        for row in rows
        if row.amount < 0
        and row.status is not TransactionStatus.REVERSED
        and row.kind is not TransactionKind.INTEREST
        and row.account_id in accounts
        and accounts[row.account_id].kind in (AccountKind.CHECKING, AccountKind.CREDIT)
        and not _between_own(row, arrived[-row.amount])
    ]


def _between_own(row: Transaction, arrived: Sequence[Transaction]) -> bool:
    """Did the same amount arrive on another own account within a day, or does the bank call it an own transfer?"""
    if "own" in row.category.lower().split():
        return True
    return any(
        other.account_id != row.account_id and abs((other.booked_at - row.booked_at).total_seconds()) <= 86_400
        for other in arrived
    )


@reads(label="fees charged", doing="Looking for fees")
def fees_charged(
    desk: Desk, since: date | None = None, until: date | None = None, amount: Decimal | None = None
) -> ToolResult:
    """Fees the bank charged the customer, and what for.

    since, until: days, inclusive; the last 12 months if left out. amount: only fees of exactly this amount.
    """
    today = desk.now.date()
    if since is None and until is None:
        since = today - timedelta(days=_FEE_DAYS)
    query = TransactionQuery(
        since=since, until=until, kinds=(TransactionKind.FEE,), min_amount=amount, max_amount=amount
    )
    rows = movements(desk, query).rows
    days, exact = period(since, until, today), f" of {money(amount)}" if amount is not None else ""
    if not rows:
        return ToolResult(f"No fees{exact} were charged {days}.")
    whole = -sum((row.amount for row in rows), Decimal(0))
    facts: dict[str, Json] = {
        "fee": rows[0].text,
        "shown": {"kind": "transaction", "ids": [row.id for row in rows[:_MOST_FEES]]},
    }
    if len(rows) == 1:
        row = rows[0]
        booked = day(local_day(row.booked_at, desk.now))
        return ToolResult(
            f"One fee{exact} was charged {days}: {money(-row.amount, row.currency)} on {booked}, “{plain(row.text)}”.",
            facts=facts,
        )
    shown = [
        (day(local_day(row.booked_at, desk.now)), plain(row.text), figure(-row.amount)) for row in rows[:_MOST_FEES]
    ]
    more = f" The newest {_MOST_FEES} are shown." if len(rows) > _MOST_FEES else ""
    lead = f"{count(len(rows), 'fee')}{exact} were charged {days}, {money(whole)} in sum.{more}"
    return ToolResult(together(lead, table(("Date", "What for", "Fee (EUR)"), shown, right=(2,))), facts=facts)
