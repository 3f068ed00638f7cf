"""Movements on the customer's accounts: lists with filters, one movement, and the names in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Literal

from webapp.agents.tools.movements import Movements, movements, names_meant
from webapp.agents.tools.registry import BadArgument, ToolResult, reads
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
    sentence,
    table,
    together,
    when,
)
from webapp.bank.core_banking import TransactionQuery
from webapp.bank.values import Account, Transaction, TransactionKind, TransactionStatus

_CENT = Decimal("0.01")
_MOST_SHOWN = 50
_TOWARDS = {"in": "from", "out": "to"}
_KINDS: dict[str, tuple[TransactionKind, ...]] = {kind.value: (kind,) for kind in TransactionKind}
_KINDS["transfer"] = (TransactionKind.TRANSFER_IN, TransactionKind.TRANSFER_OUT)
_PLURALS = {
    "salary": "salary payments",
    "interest": "interest bookings",
    "transfer in": "transfers in",
    "transfer out": "transfers out",
}
_SINGULARS = {"salary": "salary payment", "interest": "interest booking"}


@reads(label="transactions", doing="Looking through the movements")
def transactions(
    desk: Desk,
    since: date | None = None,
    until: date | None = None,
    over: Decimal | None = None,
    under: Decimal | None = None,
    at_least: Decimal | None = None,
    at_most: Decimal | None = None,
    merchant: str | None = None,
    direction: Literal["in", "out"] | None = None,
    kind: Literal[
        "card payment", "cash withdrawal", "transfer", "transfer in", "transfer out", "direct debit", "standing order",
        "salary", "fee", "interest", "refund", "loan payment",
    ] | None = None,
    status: Literal["pending", "booked", "reversed"] | None = None,
    account: str | None = None,
    ending_in: str | None = None,
    order: Literal["newest", "largest"] = "newest",
    limit: int = 10,
) -> ToolResult:  # fmt: skip
    """Movements on the customer's accounts, newest first, with honest counts.

    since, until: days, inclusive. over, under: amounts, exclusive; at_least, at_most: inclusive; equal for an exact
    amount. merchant: a shop, firm or person, spelling does not matter. direction: "in" or "out". status: "pending".
    order: "newest" or "largest" first.
    account: a name or kind ("savings"). ending_in: last four digits of an account or a card. limit: how many to show.
    """
    query = TransactionQuery(
        since=since,
        until=until,
        min_amount=over + _CENT if over is not None else at_least,
        max_amount=under - _CENT if under is not None else at_most,
        kinds=_KINDS[kind] if kind else (),
        direction=direction,
    )
    place, where = _place(desk, account, ending_in)
    if isinstance(place, ToolResult):
        return place
    shown = max(1, min(limit, _MOST_SHOWN))
    found: list[Transaction] = []
    complete = True
    for account_id, card in place:
        part = movements(
            desk,
            replace(query, account_id=account_id, card_last_four=card),
            # Only a question for the newest few needs no count of all.
            newest=shown if where == "" and order == "newest" and _asks_newest(query, merchant, status) else None,
        )
        found.extend(part.rows)
        complete &= part.complete
    found.sort(key=lambda row: abs(row.amount) if order == "largest" else row.booked_at.timestamp(), reverse=True)
    if status:
        found = [row for row in found if row.status.value == status]
    at = ""
    if merchant:
        names = names_meant((row.counterparty for row in found), merchant)
        if names:
            found = [row for row in found if row.counterparty in names]
            at = f"{_TOWARDS.get(direction or '', 'with')} {listed([plain(name) for name in names[:3]])}"
        else:
            found = [row for row in found if merchant.casefold() in row.text.casefold()]
            at = f"naming “{plain(merchant)}”"
    what = _Wanted(
        kind,
        direction,
        status,
        _amounts(over, under, at_least, at_most),
        at,
        where,
        period(since, until, desk.now.date()),
    )
    return _answer(desk, what, Movements(found, complete), shown, order)


def _asks_newest(query: TransactionQuery, merchant: str | None, status: str | None) -> bool:
    bounds = (query.since, query.until, query.min_amount, query.max_amount, merchant, status)
    return all(bound is None for bound in bounds)


def _place(
    desk: Desk, account: str | None, ending_in: str | None
) -> tuple[list[tuple[str | None, str | None]] | ToolResult, str]:
    """(account id, card ending) pairs to look in, and how to name the place."""
    if ending_in:
        accounts = accounts_meant(desk, ending_in)
        if accounts:
            return [(accounts[0].id, None)], f"on {account_name(accounts[0])}"
        digits = "".join(c for c in ending_in if c.isdigit())[-4:]
        if any(card.last_four == digits for card in desk.bank.cards(customer_of(desk).number)):
            return [(None, digits)], f"with card {ending(digits)}"
        text = f"No account and no card of this customer ends in {plain(ending_in)}."
        return ToolResult(text, outcome="not found"), ""
    if account:
        accounts = accounts_meant(desk, account)
        if not accounts:
            return ToolResult(f"The customer has no {plain(account)} account.", outcome="not found"), ""
        return [(one.id, None) for one in accounts], f"on {listed([account_name(one) for one in accounts])}"
    return [(None, None)], ""


def _amounts(over: Decimal | None, under: Decimal | None, at_least: Decimal | None, at_most: Decimal | None) -> str:
    if at_least is not None and at_least == at_most:
        return f"of {money(at_least)}"
    if at_least is not None and at_most is not None:
        return f"between {money(at_least)} and {money(at_most)}"
    words = [
        f"{word} {money(amount)}"
        for word, amount in (("over", over), ("under", under), ("of at least", at_least), ("of at most", at_most))
        if amount is not None
    ]
    return listed(words)


class _Wanted:
    """What was asked for, in the words of the answer."""

    def __init__(
        self, kind: str | None, direction: str | None, status: str | None, amounts: str, at: str, where: str, days: str
    ) -> None:
        noun = kind or {"in": "incoming payment", "out": "payment"}.get(direction or "", "transaction")
        self._status = f"{status} " if status else ""
        self._one, self._many = _SINGULARS.get(noun, noun), _PLURALS.get(noun, f"{noun}s")
        self._rest = " ".join(part for part in (amounts, at, where, days) if part)

    def none(self) -> str:
        return sentence("No", f"{self._status}{self._many}", self._rest)

    def newest(self, number: int) -> str:
        """Of a number that was not counted."""
        many = f"{number} {self._status}{self._many}" if number > 1 else f"{self._status}{self._one}"
        return f"The newest {many} {self._rest}".rstrip()

    def some(self, number: int) -> str:
        return f"{count(number, self._status + self._one, self._status + self._many)} {self._rest}".rstrip()


def _answer(desk: Desk, wanted: _Wanted, found: Movements, limit: int, order: str = "newest") -> ToolResult:
    rows, total = found.rows[:limit], len(found.rows)
    if not rows:
        return ToolResult(wanted.none(), facts={"shown": {"kind": "transaction", "ids": []}})
    facts: dict[str, Json] = {"shown": {"kind": "transaction", "ids": [row.id for row in rows]}}
    if len(rows) == 1:
        lead = (
            wanted.newest(1)
            if not found.complete
            else wanted.some(1)
            if total == 1
            else f"The {order} of {wanted.some(total)}"
        )
        return ToolResult(f"{lead}: {_one(desk, rows[0])}", facts=facts)
    if not found.complete and total <= limit:
        lead = f"{wanted.newest(total)}:"
    elif total > limit:
        whole = wanted.some(total) if found.complete else f"more than {wanted.some(total)}"
        lead = f"The {order} {limit} of {whole}:"
    else:
        currencies = {row.currency for row in rows}
        sums = (
            f", {money(sum((row.amount for row in rows), Decimal(0)), currencies.pop())} in sum"
            if len(currencies) == 1
            else ""
        )
        lead = f"{wanted.some(total)}{sums}:"
    return ToolResult(together(lead, _rows(desk, rows)), facts=facts)


def _state(row: Transaction) -> str:
    return "" if row.status is TransactionStatus.BOOKED else f", {plain(row.status)}"


def _one(desk: Desk, row: Transaction) -> str:
    card = f" with card {ending(row.card_last_four)}" if row.card_last_four else ""
    booked = day(local_day(row.booked_at, desk.now))
    return (
        f"{money(row.amount, row.currency)}, {plain(row.counterparty)}, {plain(row.kind)}{card}, {booked}{_state(row)}."
    )


def _rows(desk: Desk, rows: Sequence[Transaction]) -> str:
    accounts = {one.id: one for one in accounts_meant(desk, None)}
    several = len({row.account_id for row in rows}) > 1
    currencies = {row.currency for row in rows}
    common = plain(currencies.pop()) if len(currencies) == 1 else ""
    headings = [
        "Date",
        "To or from",
        "Kind",
        *(["Account"] if several else []),
        f"Amount ({common})" if common else "Amount",
    ]
    written = [
        (
            day(local_day(row.booked_at, desk.now)),
            plain(row.counterparty),
            f"{plain(row.kind)}{_state(row)}",
            *((_ending_of(accounts, row),) if several else ()),
            figure(row.amount) if common else money(row.amount, row.currency),
        )
        for row in rows
    ]
    return table(headings, written, right=(len(headings) - 1,))


def _ending_of(accounts: dict[str, Account], row: Transaction) -> str:
    return ending(accounts[row.account_id].last_four) if row.account_id in accounts else ""


@reads(label="transaction", doing="Looking at the movement")
def transaction(desk: Desk, transaction_id: str) -> ToolResult:
    """One movement in full. transaction_id: as a list gave it."""
    rows = movements(desk, TransactionQuery()).rows
    row = next((one for one in rows if one.id == transaction_id), None)
    if row is None:
        return ToolResult("This movement is no longer in the list.", outcome="not found")
    account = next((one for one in accounts_meant(desk, None) if one.id == row.account_id), None)
    details = [
        ("Booked", when(row.booked_at, desk.now)),
        ("Kind", plain(row.kind)),
        ("Status", plain(row.status)),
        ("Given back", plain(row.returned or "")),
        ("Statement text", plain(row.text)),
        ("Category", plain(row.category)),
        ("Account", account_name(account) if account else ""),
        ("Card", ending(row.card_last_four) if row.card_last_four else ""),
        ("Balance afterwards", money(row.balance_after, row.currency) if row.balance_after is not None else ""),
    ]
    lead = f"{plain(row.counterparty)}, {money(row.amount, row.currency)}, {day(local_day(row.booked_at, desk.now))}."
    facts: dict[str, Json] = {"transaction": row.id, "merchant": row.counterparty, "amount": str(abs(row.amount))}
    if row.card_last_four:
        facts["card"] = row.card_last_four
    return ToolResult(together(lead, table(("Detail", "Value"), [line for line in details if line[1]])), facts=facts)


@reads(label="merchant names", doing="Looking for the name")
def find_merchant(desk: Desk, text: str) -> ToolResult:
    """Which shops, firms and people in the customer's movements a name may mean. text: the name as heard."""
    if not text.strip():
        raise BadArgument("text is empty.")
    names = names_meant((row.counterparty for row in movements(desk, TransactionQuery()).rows), text)
    if not names:
        return ToolResult(f"Nobody in the customer's movements is called “{plain(text)}”.", outcome="not found")
    return ToolResult(
        sentence("Meant may be", listed([plain(name) for name in names], "or")), facts={"names": list(names[:3])}
    )
