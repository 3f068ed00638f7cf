"""What is still open on a customer's accounts: what has to be settled before closing, or looked after for an estate."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from webapp.agents.tools.movements import movements
from webapp.agents.tools.registry import ToolResult, reads
from webapp.agents.tools.subject import accounts_meant, card_words, customer_of, no_such_account
from webapp.agents.transcript import Desk
from webapp.agents.wording import account_name, count, listed, money, plain, together
from webapp.bank.core_banking import TransactionQuery
from webapp.bank.values import (
    Account,
    AccountKind,
    AccountStatus,
    Card,
    CardStatus,
    DisputeState,
    TransactionStatus,
    TransferState,
)

_UNDER_WAY = (TransferState.SCHEDULED, TransferState.PROCESSING)
_OPEN_DISPUTES = (DisputeState.OPEN, DisputeState.EVIDENCE_NEEDED, DisputeState.UNDER_REVIEW)
_USABLE = (CardStatus.ACTIVE, CardStatus.INACTIVE)


@reads(label="what is still open", doing="Looking at what is still open")
def open_ends(desk: Desk, account: str | None = None, amounts: bool = True) -> ToolResult:
    """What is still open on the customer's accounts: debts, pending payments, standing orders, direct debits, transfers
    under way, cards, disputes.

    account: last four digits, a name or a kind; all accounts if left out. amounts: false leaves balances out.
    """
    accounts = [one for one in accounts_meant(desk, account) if one.status is not AccountStatus.CLOSED]
    if not accounts:
        return (
            no_such_account(desk, account)
            if account
            else ToolResult("The customer has no open account.", outcome="not found")
        )
    points = [
        _state(accounts),
        _debts(accounts) if amounts else "",
        _pending(desk, accounts),
        _regular(desk, accounts),
        _transfers(desk, accounts),
        _cards(desk, accounts),
        _disputes(desk) if account is None or len(accounts_meant(desk, None)) == len(accounts) else "",
    ]
    listing = "\n".join(f"- {point}" for point in points if point)
    what = account_name(accounts[0]) if len(accounts) == 1 else "the customer's accounts"
    facts = {"account": accounts[0].last_four} if len(accounts) == 1 else {}
    return ToolResult(together(f"As it stands on {what}:", listing), facts=facts)


def _state(accounts: Sequence[Account]) -> str:
    if len(accounts) == 1:
        return f"the account is {plain(accounts[0].status)}"
    frozen = [account_name(one) for one in accounts if one.status is AccountStatus.FROZEN]
    if len(frozen) == len(accounts):
        return f"all accounts are frozen ({len(accounts)})"
    return f"{count(len(accounts), 'account')}, " + (f"frozen: {listed(frozen)}" if frozen else "none frozen")


def _debts(accounts: Sequence[Account]) -> str:
    owed = [one for one in accounts if one.balance < 0]
    if not owed:
        sums = sum((one.balance for one in accounts), Decimal(0))
        return f"{money(sums, accounts[0].currency)} to pay out, nothing owed" if len(accounts) == 1 else "nothing owed"
    words = [
        f"{money(-one.balance, one.currency)} on {account_name(one)}"
        + (" (loan)" if one.kind is AccountKind.LOAN else "")
        for one in owed
    ]
    return f"owed: {listed(words)}"


def _pending(desk: Desk, accounts: Sequence[Account]) -> str:
    ids = {one.id for one in accounts}
    rows = [
        row
        for row in movements(desk, TransactionQuery(), newest=50).rows
        if row.account_id in ids and row.status is TransactionStatus.PENDING
    ]
    return f"{count(len(rows), 'payment')} pending, still to be booked" if rows else "no pending payments"


def _regular(desk: Desk, accounts: Sequence[Account]) -> str:
    ids = {one.id for one in accounts}
    found = [one for one in desk.bank.standing_instructions(customer_of(desk).number) if one.account_id in ids]
    orders = sum(one.kind == "standing order" for one in found)
    debits = len(found) - orders
    if not found:
        return "no standing orders or direct debits"
    words = [count(orders, "standing order")] * bool(orders) + [count(debits, "direct debit")] * bool(debits)
    return f"{listed(words)}: {listed([plain(one.to_name) for one in found])}"


def _transfers(desk: Desk, accounts: Sequence[Account]) -> str:
    ids = {one.id for one in accounts}
    found = [
        one
        for one in desk.bank.transfers(customer_of(desk).number)
        if one.account_id in ids and one.state in _UNDER_WAY
    ]
    words = [f"{plain(one.id)} to {plain(one.to_name)}" for one in found]
    return f"{count(len(found), 'transfer')} under way: {listed(words)}" if found else ""


def _cards(desk: Desk, accounts: Sequence[Account]) -> str:
    ids = {one.id for one in accounts}
    cards: list[Card] = [one for one in desk.bank.cards(customer_of(desk).number) if one.account_id in ids]
    usable = [card_words(one) for one in cards if one.status in _USABLE]
    if usable:
        return f"{count(len(usable), 'card')} that can be used: {listed(usable)}"
    return "no card that can be used"


def _disputes(desk: Desk) -> str:
    found = [one for one in desk.bank.disputes(customer_of(desk).number) if one.state in _OPEN_DISPUTES]
    return f"{count(len(found), 'open dispute')}: {listed([plain(one.id) for one in found])}" if found else ""
