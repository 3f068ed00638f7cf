"""Loans with what is owed and due, and savings accounts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from webapp.agents.tools.movements import movements
from webapp.agents.tools.registry import ToolResult, reads
from webapp.agents.tools.subject import accounts_meant, no_such_account
from webapp.agents.transcript import Desk
from webapp.agents.wording import account_name, count, day, figure, money, percent, plain, table, together
from webapp.bank.core_banking import TransactionQuery
from webapp.bank.values import Account, AccountKind, TransactionKind


@reads(label="loans", doing="Looking at the loans")
def loans(desk: Desk, account: str | None = None) -> ToolResult:
    """The customer's loans: what is owed, the rate, the next instalment, the end.

    account: last four digits or a name ("car loan"); all loans if left out.
    """
    found = [one for one in accounts_meant(desk, account) if one.kind is AccountKind.LOAN]
    if not found and account:
        found = [one for one in accounts_meant(desk, None) if one.kind is AccountKind.LOAN]
        if found and account.isdigit():
            return no_such_account(desk, account)
    if not found:
        return ToolResult("The customer has no loan with us.")
    return ToolResult(together(*map(_loan_text, found)), facts={"account": found[0].last_four})


def _loan_text(account: Account) -> str:
    loan = account.loan
    if loan is None:
        return f"{account_name(account)} stands at {money(account.balance, account.currency)}; no terms are recorded."
    lead = f"{money(loan.outstanding, account.currency)} of {money(loan.principal, account.currency)} are outstanding on {account_name(account)}."
    repaid = loan.principal - loan.outstanding
    rows = [
        ("Interest rate a year", percent(account.interest_rate)),
        ("Monthly instalment", money(loan.monthly_payment, account.currency)),
        ("Next instalment", day(loan.next_payment_on)),
        ("Ends", day(loan.ends_on)),
        ("Repaid so far", money(repaid, account.currency)),
        ("Status", plain(account.status)),
    ]
    return together(lead, table(("Detail", "Value"), rows))


@reads(label="savings", doing="Looking at the savings")
def savings(desk: Desk, account: str | None = None) -> ToolResult:
    """The customer's savings accounts: balance, rate, interest credited this year and last.

    account: last four digits or a name ("Fixed Saver"); all savings accounts if left out.
    """
    every = [one for one in accounts_meant(desk, None) if one.kind is AccountKind.SAVINGS]
    found = [one for one in accounts_meant(desk, account) if one.kind is AccountKind.SAVINGS] if account else every
    if not every:
        return ToolResult("The customer has no savings account.")
    if not found and account:
        return no_such_account(desk, account)
    year = desk.now.year
    earned = {one.id: _interest(desk, one, date(year - 1, 1, 1)) for one in found}
    if len(found) == 1:
        only = found[0]
        text = f"{account_name(only)} holds {money(only.balance, only.currency)} at {percent(only.interest_rate)} a year."
        interest = earned[only.id]
        tail = f"Interest credited since 1 Jan {year - 1}: {money(interest, only.currency)}." if interest else f"No interest has been credited since 1 Jan {year - 1}."
        return ToolResult(f"{text} {tail}", facts={"account": only.last_four})
    whole = sum((one.balance for one in found), Decimal(0))
    rows = [(account_name(one), percent(one.interest_rate), figure(earned[one.id]), figure(one.balance)) for one in found]
    headings = ("Account", "Rate a year", f"Interest since 1 Jan {year - 1} (EUR)", "Balance (EUR)")
    lead = f"{money(whole)} in {count(len(found), 'savings account')}."
    return ToolResult(together(lead, table(headings, rows, right=(1, 2, 3))), facts={"shown": {"kind": "account", "ids": [one.last_four for one in found]}})


def _interest(desk: Desk, account: Account, since: date) -> Decimal:
    query = TransactionQuery(account_id=account.id, since=since, kinds=(TransactionKind.INTEREST,))
    return sum((row.amount for row in movements(desk, query).rows if row.amount > 0), Decimal(0))
