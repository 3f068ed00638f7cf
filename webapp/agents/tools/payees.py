"""Who is paid for something: the landlord, the energy supplier, the insurance."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from webapp.agents.tools.movements import movements
from webapp.agents.tools.registry import BadArgument, ToolResult, reads
from webapp.agents.transcript import Desk
from webapp.agents.wording import count, day, local_day, money, plain, table, together
from webapp.bank.core_banking import TransactionQuery
from webapp.bank.values import Transaction, TransactionStatus

_DAYS = 366
_MOST = 8
PURPOSES = ("rent", "energy", "insurance", "phone", "salary")


@reads(label="payees", doing="Looking for who is paid")
def payees(desk: Desk, purpose: str) -> ToolResult:
    """Who the customer pays for something, or is paid by, in the last year: the landlord, the energy supplier.

    purpose: the category of the movements: "rent", "energy", "insurance", "phone" or "salary".
    """
    if purpose not in PURPOSES:
        raise BadArgument(f"purpose has to be one of {', '.join(PURPOSES)}.")
    since = desk.now.date() - timedelta(days=_DAYS)
    found = movements(desk, TransactionQuery(since=since))
    by_name: dict[str, list[Transaction]] = defaultdict(list)
    for row in found.rows:
        if row.category.lower() == purpose and row.status is not TransactionStatus.REVERSED:
            by_name[row.counterparty].append(row)
    short = "" if found.complete else "There were more movements than could be read at once; the newest were looked at."
    if not by_name:
        none = f"No movements for {plain(purpose)} since {day(since)}, so the records do not name anybody."
        return ToolResult(together(none, short), outcome="not found")
    newest = sorted(by_name.items(), key=lambda one: max(row.booked_at for row in one[1]), reverse=True)
    if len(newest) == 1:
        name, rows = newest[0]
        last = max(rows, key=lambda row: row.booked_at)
        way = "comes from" if last.amount > 0 else "goes to"
        text = (
            f"{plain(purpose).capitalize()} {way} {plain(name)}: {count(len(rows), 'movement')} since {day(since)}, "
            f"the last on {day(local_day(last.booked_at, desk.now))} over {money(abs(last.amount))}."
        )
        return ToolResult(together(text, short), facts={"payee": name, "merchant": name})
    written = []
    for name, rows in newest[:_MOST]:
        last = max(rows, key=lambda row: row.booked_at)
        written.append((plain(name), str(len(rows)), day(local_day(last.booked_at, desk.now)), money(abs(last.amount))))
    lead = f"{count(len(newest), 'name')} for {plain(purpose)} since {day(since)}:"
    return ToolResult(together(lead, table(("Name", "Movements", "Last", "Amount"), written, right=(1, 3)), short))
