"""Contested payments, fraud alerts, and charges that were made twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from webapp.agents.tools.movements import movements, names_meant
from webapp.agents.tools.registry import ToolResult, reads
from webapp.agents.tools.subject import customer_of
from webapp.agents.transcript import Desk, Json
from webapp.agents.wording import count, day, ending, figure, local_day, money, period, plain, table, together, when
from webapp.bank.core_banking import TransactionQuery
from webapp.bank.values import AlertState, Dispute, DisputeState, Transaction, TransactionKind, TransactionStatus

_OPEN = (DisputeState.OPEN, DisputeState.EVIDENCE_NEEDED, DisputeState.UNDER_REVIEW)
_TWICE_WITHIN = 3  # days
_LOOK_BACK = 120  # days
_TAKEN = (TransactionKind.CARD_PAYMENT, TransactionKind.DIRECT_DEBIT)


@reads(label="disputes", doing="Looking at the disputes")
def disputes(desk: Desk, dispute_id: str | None = None, merchant: str | None = None) -> ToolResult:
    """The customer's disputes and how far they are.

    dispute_id: one of them, as staff quote it. merchant: only those with this merchant.
    """
    rows = list(desk.bank.disputes(customer_of(desk).number))
    if dispute_id:
        digits = "".join(c for c in dispute_id if c.isdigit())
        fitting = [row for row in rows if "".join(c for c in row.id if c.isdigit()) == digits]
        if not fitting:
            there = f" There {'is' if len(rows) == 1 else 'are'} {', '.join(plain(row.id) for row in rows[:5])}." if rows else " The customer has none."
            return ToolResult(f"This customer has no dispute {plain(dispute_id)}.{there}", outcome="not found")
        rows = fitting
    elif merchant and rows:
        names = names_meant((row.merchant for row in rows), merchant)
        if not names:
            return ToolResult(f"The customer has no dispute with “{plain(merchant)}”.")
        rows = [row for row in rows if row.merchant in names]
    if not rows:
        return ToolResult("The customer has no disputes.", facts={"disputes": 0})
    facts: dict[str, Json] = {"shown": {"kind": "dispute", "ids": [row.id for row in rows]}, "disputes": len(rows)}
    if len(rows) == 1:
        return ToolResult(_dispute_text(rows[0]), facts=facts)
    still = sum(row.state in _OPEN for row in rows)
    written = [(plain(row.id), plain(row.merchant), plain(row.reason), plain(row.state), day(row.opened_on), figure(row.amount)) for row in rows]
    shown = table(("Dispute", "Merchant", "Reason", "State", "Opened", "Amount (EUR)"), written, right=(5,))
    return ToolResult(together(f"The customer has {count(len(rows), 'dispute')}, {still} of them open.", shown), facts=facts)


def _dispute_text(row: Dispute) -> str:
    text = f"Dispute {plain(row.id)} with {plain(row.merchant)} over {money(row.amount, row.currency)} is {_dispute_state(row)}."
    text += f" Reason: {plain(row.reason)}. Opened {day(row.opened_on)}."
    if row.evidence_due_on and row.state in _OPEN:
        text += f" Evidence is due by {day(row.evidence_due_on)}."
    if row.provisional_credit:
        text += f" Provisional credit of {money(row.provisional_credit, row.currency)} was given."
    elif row.state in _OPEN:
        text += " No provisional credit has been given yet."
    return text


def _dispute_state(row: Dispute) -> str:
    return "open; evidence is needed" if row.state is DisputeState.EVIDENCE_NEEDED else plain(row.state)


@reads(label="fraud alerts", doing="Looking at the fraud alerts")
def fraud_alerts(desk: Desk, card: str | None = None) -> ToolResult:
    """Fraud alerts on the customer, with the payments they are about. card: last four digits, only alerts on this card."""
    read = desk.bank.fraud_alerts(customer_of(desk).number)
    digits = "".join(c for c in card if c.isdigit())[-4:] if card else ""
    rows = [row for row in read if not card or row.card_last_four == digits]
    on = f" on card {ending(digits)}" if card else ""
    if not rows:
        return ToolResult(f"There are no fraud alerts{on} for this customer.", facts={"open": 0})
    still = [row for row in rows if row.state is AlertState.OPEN]
    lead = f"{count(len(still), 'open fraud alert')}{on}." if still else f"No open fraud alerts{on}; {count(len(rows), 'earlier one')}."
    by_id = {row.id: row for row in movements(desk, TransactionQuery()).rows} if any(row.transaction_ids for row in rows) else {}
    parts = []
    for row in rows:
        where = f", card {ending(row.card_last_four)}" if row.card_last_four else ""
        parts.append(f"- **{plain(row.headline)}** ({plain(row.state)}), raised {when(row.raised_at, desk.now)}{where}.")
        parts.extend(f"  - {_payment(desk, by_id[one])}" for one in row.transaction_ids if one in by_id)
    facts: dict[str, Json] = {"open": len(still)}
    if rows[0].card_last_four:
        facts["card"] = rows[0].card_last_four
    return ToolResult(together(lead, "\n".join(parts)), facts=facts)


def _payment(desk: Desk, row: Transaction) -> str:
    return f"{plain(row.counterparty)}, {money(row.amount, row.currency)}, {day(local_day(row.booked_at, desk.now))} ({plain(row.status)})"


@reads(label="charges made twice", doing="Looking for charges made twice")
def duplicate_charges(
    desk: Desk,
    merchant: str | None = None,
    amount: Decimal | None = None,
    since: date | None = None,
    until: date | None = None,
) -> ToolResult:
    """Payments of the same amount to the same merchant within three days: they may have been taken twice.

    merchant, amount: only these. since, until: days, inclusive; the last 120 days if left out.
    """
    today = desk.now.date()
    if since is None and until is None:
        since = today - timedelta(days=_LOOK_BACK)
    query = TransactionQuery(since=since, until=until, kinds=_TAKEN, direction="out", min_amount=amount, max_amount=amount)
    rows = [row for row in movements(desk, query).rows if row.status is not TransactionStatus.REVERSED]
    at, days = "", period(since, until, today)
    if merchant:
        names = names_meant((row.counterparty for row in rows), merchant)
        at = f" at {plain(names[0]) if names else '“' + plain(merchant) + '”'}"
        rows = [row for row in rows if row.counterparty in names]
    pairs = _pairs(desk, rows)
    exact = f" of {money(amount)}" if amount is not None else ""
    if not pairs:
        looked = count(len(rows), "payment")
        return ToolResult(f"Nothing{exact} was charged twice{at} {days}: {looked} compared, none repeats within {_TWICE_WITHIN} days.", facts={"pairs": 0})
    first = pairs[0]
    if _same_day(desk, first):
        booked = day(local_day(first[-1].booked_at, desk.now))
        lead = f"Yes: {plain(first[0].counterparty)} took {money(-first[0].amount)} {_times(len(first))} on {booked}."
        lead += f" {count(len(pairs) - 1, 'more charge')} may have been made twice, days apart." if len(pairs) > 1 else ""
    else:
        lead = f"Not on one day; {count(len(pairs), 'charge')}{at} {'was' if len(pairs) == 1 else 'were'} made again within {_TWICE_WITHIN} days, {days}."
    ids: list[Json] = []
    ids.extend(row.id for pair in pairs for row in pair)
    facts: dict[str, Json] = {"pairs": len(pairs), "shown": {"kind": "transaction", "ids": ids[:20]}}
    written = [
        (when(row.booked_at, desk.now), plain(row.counterparty), ending(row.card_last_four) if row.card_last_four else "", plain(row.status), figure(row.amount))
        for pair in pairs
        for row in pair
    ]
    shown = table(("Booked", "Merchant", "Card", "Status", "Amount (EUR)"), written, right=(4,))
    return ToolResult(together(lead, shown, "Two equal purchases are possible; the customer has to say."), facts=facts)


def _times(number: int) -> str:
    return "twice" if number == 2 else f"{number} times"


def _pairs(desk: Desk, rows: Sequence[Transaction]) -> list[list[Transaction]]:
    """Groups of equal charges close together, those of one day first, then newest first; oldest charge first within."""
    alike: dict[tuple[str, Decimal], list[Transaction]] = defaultdict(list)
    for row in sorted(rows, key=lambda one: one.booked_at):
        alike[(row.counterparty.casefold(), row.amount)].append(row)
    found: list[list[Transaction]] = []
    for group in alike.values():
        run = [group[0]]
        for row in group[1:]:
            near = (local_day(row.booked_at, desk.now) - local_day(run[-1].booked_at, desk.now)).days <= _TWICE_WITHIN
            if near:
                run.append(row)
                continue
            found.append(run)
            run = [row]
        found.append(run)
    again = sorted((run for run in found if len(run) > 1), key=lambda run: run[-1].booked_at, reverse=True)
    return sorted(again, key=lambda run: not _same_day(desk, run))


def _same_day(desk: Desk, run: Sequence[Transaction]) -> bool:
    return local_day(run[0].booked_at, desk.now) == local_day(run[-1].booked_at, desk.now)
