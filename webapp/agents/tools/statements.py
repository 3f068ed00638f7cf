"""Statements of a period with opening and closing balance, and the pay that comes in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from webapp.agents.tools.movements import movements
from webapp.agents.tools.registry import BadArgument, ToolResult, reads
from webapp.agents.tools.subject import accounts_meant, no_such_account
from webapp.agents.transcript import Desk
from webapp.agents.wording import (
    account_name,
    count,
    day,
    figure,
    listed,
    local_day,
    money,
    period,
    plain,
    sentence,
    table,
    together,
)
from webapp.bank.core_banking import TransactionQuery
from webapp.bank.values import Account, AccountKind, Transaction, TransactionKind, TransactionStatus

_SHOWN_PAYS = 3
_LOOKED_AT_PAYS = 6
_STEADY = 4  # days: pay that varies by no more comes "about the 27th"
_OVERDUE = 35  # days after the newest pay


@dataclass(frozen=True, slots=True)
class _Sums:
    """What a statement says of one account."""

    account: Account
    opening: Decimal
    closing: Decimal
    rows: Sequence[Transaction]

    @property
    def money_in(self) -> Decimal:
        return sum((row.amount for row in self.rows if row.amount > 0), Decimal(0))

    @property
    def money_out(self) -> Decimal:
        return sum((row.amount for row in self.rows if row.amount < 0), Decimal(0))


@reads(label="statement", doing="Drawing up the statement")
def statement(
    desk: Desk, account: str | None = None, since: date | None = None, until: date | None = None
) -> ToolResult:
    """A statement of a period from the records: opening balance, money in and out by kind, closing balance.

    account: last four digits, a name or a kind ("savings"); the current account if left out. since, until: days,
    inclusive; the last full month if left out. It is for information; the printed statement is made by the bank.
    """
    since, until = _days(desk.now.date(), since, until)
    accounts = accounts_meant(desk, account)
    if account is None:
        accounts = [one for one in accounts if one.kind is AccountKind.CHECKING] or accounts
    if not accounts:
        return (
            no_such_account(desk, account)
            if account
            else ToolResult("The customer has no accounts.", outcome="not found")
        )
    summed: list[_Sums] = []
    for one in accounts:
        found = _sums(desk, one, since, until)
        if found is None:
            return ToolResult(
                f"There are more bookings on {account_name(one)} than can be added up here. Ask for a shorter and more "
                "recent period.",
                outcome="failed",
            )
        summed.append(found)
    when = period(since, until, desk.now.date())
    facts = {"account": accounts[0].last_four} if len(accounts) == 1 else {}
    return ToolResult(_one(summed[0], when, since, until) if len(summed) == 1 else _several(summed, when), facts=facts)


def _days(today: date, since: date | None, until: date | None) -> tuple[date, date]:
    """The period meant, never beyond today; raises `BadArgument` when it lies ahead or ends before it begins."""
    if since is None and until is None:
        until = today.replace(day=1) - timedelta(days=1)
    until = min(until or today, today)
    since = since or until.replace(day=1)
    if since > today:
        raise BadArgument(f"A statement cannot begin after today: {day(since)} lies ahead.")
    if since > until:
        raise BadArgument(f"The period ends before it begins: {day(since)} to {day(until)}.")
    return since, until


def _sums(desk: Desk, account: Account, since: date, until: date) -> _Sums | None:
    """Counted back from today's booked balance; None when not all bookings since then could be read."""
    found = movements(desk, TransactionQuery(account_id=account.id, since=since))
    if not found.complete:
        return None
    booked = [row for row in found.rows if row.status is TransactionStatus.BOOKED]
    within = [row for row in booked if local_day(row.booked_at, desk.now) <= until]
    after = sum((row.amount for row in booked if local_day(row.booked_at, desk.now) > until), Decimal(0))
    closing = account.balance - after
    return _Sums(account, closing - sum((row.amount for row in within), Decimal(0)), closing, within)


def _one(sums: _Sums, when: str, since: date, until: date) -> str:
    account = sums.account
    lead = (
        f"Statement of {account_name(account)} {when}: opening balance {money(sums.opening, account.currency)}, "
        f"closing balance {money(sums.closing, account.currency)}."
    )
    by_kind: dict[str, list[Decimal]] = defaultdict(list)
    for row in sums.rows:
        by_kind[plain(row.kind)].append(row.amount)
    ordered = sorted(by_kind.items(), key=lambda one: -sum(one[1], Decimal(0)))
    rows = [
        (f"Opening balance, {day(since)}", "", figure(sums.opening)),
        *((kind, str(len(amounts)), figure(sum(amounts, Decimal(0)))) for kind, amounts in ordered),
        (f"Closing balance, {day(until)}", "", figure(sums.closing)),
    ]
    total = (
        f"{money(sums.money_in, account.currency)} came in and {money(-sums.money_out, account.currency)} went out, in "
        f"{count(len(sums.rows), 'booking')}."
        if sums.rows
        else "Nothing was booked."
    )
    return together(lead, table(("", "Bookings", f"Sum ({plain(account.currency)})"), rows, right=(1, 2)), total)


def _several(summed: Sequence[_Sums], when: str) -> str:
    rows = [
        (
            account_name(one.account),
            figure(one.opening),
            figure(one.money_in),
            figure(one.money_out),
            figure(one.closing),
        )
        for one in summed
    ]
    headings = ("Account", "Opening", "In", "Out", "Closing")
    return together(sentence("Statements", when), table(headings, rows, right=(1, 2, 3, 4)))


@reads(label="pay coming in", doing="Looking for salary and pension")
def pay(desk: Desk) -> ToolResult:
    """Salary and pension credited to the customer: the newest ones, who pays, how much, and when the next is usual."""
    query = TransactionQuery(kinds=(TransactionKind.SALARY,), direction="in")
    rows = [row for row in movements(desk, query).rows if row.status is not TransactionStatus.REVERSED]
    if not rows:
        return ToolResult("No salary or pension is on record for this customer.", facts={"pays": 0})
    newest = rows[0]
    came = local_day(newest.booked_at, desk.now)
    same = [row for row in rows if row.counterparty == newest.counterparty]
    days = [local_day(row.booked_at, desk.now) for row in same[:_LOOKED_AT_PAYS]]
    where = "is pending" if newest.status is TransactionStatus.PENDING else f"came on {day(came)}"
    amount, payer = money(newest.amount, newest.currency), plain(newest.counterparty)
    what = f"The newest salary or pension, {amount} from {payer}, {where}."
    older = list(zip(days, same, strict=False))[1 : 1 + _SHOWN_PAYS]
    before = [f"{day(on)} ({figure(row.amount)})" for on, row in older]
    expected, late = _outlook(days, desk.now.date())
    return ToolResult(
        " ".join(part for part in (expected, what, sentence("Before that:", listed(before)) if before else "") if part),
        facts={"pays": len(rows), "late": late, "transaction": newest.id, "merchant": newest.counterparty},
    )


def _outlook(days: Sequence[date], today: date) -> tuple[str, bool]:
    """Whether this month's pay has come, in words, and whether it is late; `days` are those of the newest pays."""
    if (days[0].year, days[0].month) == (today.year, today.month):
        return "This month's has come.", False
    ago = (today - days[0]).days
    numbers = [one.day for one in days]
    if len(days) >= _SHOWN_PAYS and max(numbers) - min(numbers) <= _STEADY:
        usual = sorted(numbers)[len(numbers) // 2]
        late = today.day > usual + _STEADY or ago > _OVERDUE
        about = f"it usually comes about the {_ordinal(usual)}"
        return f"This month's has not come{', which is late' if late else ' yet'}: {about}.", late
    gaps = [(later - earlier).days for later, earlier in pairwise(days)]
    if not gaps:
        return "", ago > _OVERDUE
    late = ago > max(gaps)
    comparison = f"the last one came {count(ago, 'day')} ago, and the longest gap before was {count(max(gaps), 'day')}"
    return f"This month's has not come{', which is late' if late else ' yet'}: {comparison}.", late


def _ordinal(number: int) -> str:
    return f"{number}{'th' if 11 <= number <= 13 else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
