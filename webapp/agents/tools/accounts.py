"""Balances, account details, overdrafts, and the customer's own record."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

from webapp.agents.tools.registry import ToolResult, reads
from webapp.agents.tools.subject import accounts_meant, customer_of, no_such_account
from webapp.agents.transcript import Desk, Json
from webapp.agents.wording import (
    account_name,
    count,
    day,
    figure,
    listed,
    masked_iban,
    money,
    owes,
    percent,
    plain,
    sentence,
    table,
    together,
)
from webapp.bank.values import Account, AccountKind, AccountStatus

_ABOUT_PAPERS = re.compile(r"\b(?:proof|document|passport|paper|review|reminder|missing)", re.I)


def _shown(accounts: Sequence[Account]) -> dict[str, Json]:
    facts: dict[str, Json] = {"shown": {"kind": "account", "ids": [account.last_four for account in accounts]}}
    if len(accounts) == 1:
        facts["account"] = accounts[0].last_four
    return facts


def _currency(accounts: Sequence[Account]) -> str:
    """The accounts' currency for a heading; "" when they differ."""
    currencies = {account.currency for account in accounts}
    return plain(currencies.pop()) if len(currencies) == 1 else ""


def _amount(account: Account, amount: Decimal, common: str) -> str:
    return figure(amount) if common else money(amount, account.currency)


def _heading(words: str, common: str) -> str:
    return f"{words} ({common})" if common else words


def _state(account: Account) -> str:
    return "" if account.status is AccountStatus.OPEN else f"The account is {plain(account.status)}"


def _balance_sentence(account: Account) -> str:
    name = account_name(account)
    booked = money(account.balance, account.currency)
    free = money(account.available, account.currency)
    if account.kind is AccountKind.LOAN:
        return f"{name} stands at {booked}."
    if account.kind is AccountKind.CREDIT:
        limit = money(account.overdraft_limit, account.currency)
        return f"{name} stands at {booked}; {free} of the {limit} credit limit are available."
    if account.available == account.balance:
        return f"{name} holds {booked}, all of it available."
    counted = "pending payments and the arranged overdraft" if account.overdraft_limit else "pending payments"
    return f"{name} holds {booked}; {free} are available, counting {counted}."


@reads(label="balance", doing="Looking at the balance")
def balance(desk: Desk, account: str | None = None) -> ToolResult:
    """Booked and available balance of the customer's accounts.

    account: last four digits, a name ("Instant Saver") or a kind ("current", "savings", "credit", "loan"); all if left
    out.
    """
    accounts = accounts_meant(desk, account)
    if not accounts and account:
        return no_such_account(desk, account)
    if not accounts:
        return ToolResult("The customer has no accounts.", outcome="not found")
    if len(accounts) == 1:
        only = accounts[0]
        return ToolResult(
            together(_balance_sentence(only), sentence(_state(only)) if _state(only) else ""), facts=_shown(accounts)
        )
    if account is None:
        # Asked for "the balance", staff mean the current account; the others follow in the table.
        first = next((one for one in accounts if one.kind is AccountKind.CHECKING), accounts[0])
        return ToolResult(together(_balance_sentence(first), _balances(accounts)), facts=_shown(accounts))
    return ToolResult(_balances(accounts), facts=_shown(accounts))


def _balances(accounts: Sequence[Account]) -> str:
    common = _currency(accounts)
    rows = [
        (
            account_name(one),
            _amount(one, one.balance, common),
            "" if one.kind is AccountKind.LOAN else _amount(one, one.available, common),
        )
        for one in accounts
    ]
    return table(("Account", _heading("Booked", common), _heading("Available", common)), rows, right=(1, 2))


@reads(label="accounts", doing="Looking at the accounts")
def accounts_overview(desk: Desk) -> ToolResult:
    """All accounts of the customer with kind, status and balance, and the sums held and owed."""
    accounts = accounts_meant(desk, None)
    if not accounts:
        return ToolResult("The customer has no accounts.", outcome="not found")
    common = _currency(accounts)
    rows = [
        (account_name(one), plain(one.kind), plain(one.status), _amount(one, one.balance, common)) for one in accounts
    ]
    closed = [account_name(one) for one in accounts if one.status is not AccountStatus.OPEN]
    lead = f"The customer has {count(len(accounts), 'account')}"
    lead += f"; {listed(closed)} {'is' if len(closed) == 1 else 'are'} not open." if closed else ", all open."
    sums = ""
    if common and len(accounts) > 1:
        held = sum((one.balance for one in accounts if not owes(one)), Decimal(0))
        owed = -sum((one.balance for one in accounts if owes(one)), Decimal(0))
        sums = f"Current and savings accounts together: {money(held, common)}."
        sums += f" Owed on credit cards and loans: {money(owed, common)}." if any(map(owes, accounts)) else ""
    overview = table(("Account", "Kind", "Status", _heading("Booked", common)), rows, right=(3,))
    return ToolResult(together(lead, overview, sums), facts=_shown(accounts))


@reads(label="account details", doing="Looking at the account")
def account_details(desk: Desk, account: str | None = None) -> ToolResult:
    """IBAN ending, status, interest rate, overdraft and opening day of the customer's accounts.

    account: last four digits, a name or a kind ("current", "savings", "credit", "loan"); all if left out.
    """
    accounts = accounts_meant(desk, account)
    if not accounts:
        return (
            no_such_account(desk, account)
            if account
            else ToolResult("The customer has no accounts.", outcome="not found")
        )
    if len(accounts) == 1:
        return ToolResult(_one_account(accounts[0]), facts=_shown(accounts))
    rows = [
        (account_name(one), masked_iban(one), plain(one.status), percent(one.interest_rate), day(one.opened_on))
        for one in accounts
    ]
    details = table(("Account", "IBAN", "Status", "Rate a year", "Opened"), rows, right=(3,))
    return ToolResult(together(f"The customer has {count(len(accounts), 'account')}.", details), facts=_shown(accounts))


def _one_account(account: Account) -> str:
    rows = [
        ("IBAN", masked_iban(account)),
        ("Kind", plain(account.kind)),
        ("Status", plain(account.status)),
        ("Opened", day(account.opened_on)),
        ("Interest rate a year", percent(account.interest_rate)),
        ("Booked balance", money(account.balance, account.currency)),
    ]
    if account.kind is AccountKind.CHECKING:
        rows.append(("Arranged overdraft", money(account.overdraft_limit, account.currency)))
    elif account.kind is AccountKind.CREDIT:
        rows.append(("Credit limit", money(account.overdraft_limit, account.currency)))
    lead = f"{account_name(account)} is {plain(account.status)}; its IBAN ends in {plain(account.last_four)}."
    return together(lead, table(("Detail", "Value"), rows))


@reads(label="overdraft", doing="Looking at the overdraft")
def overdraft(desk: Desk, account: str | None = None) -> ToolResult:
    """Arranged overdraft of the customer's current accounts: the limit, how much is used, how much is left.

    account: last four digits or a name; all current accounts if left out.
    """
    found = accounts_meant(desk, account)
    accounts = [one for one in found if one.kind is AccountKind.CHECKING]
    if not accounts:
        if account and not found:
            return no_such_account(desk, account)
        return ToolResult(
            "Only current accounts have an overdraft, and the customer has none here.", outcome="not found"
        )
    return ToolResult(together(*map(_overdraft_sentence, accounts)), facts=_shown(accounts))


def _overdraft_sentence(account: Account) -> str:
    name = account_name(account)
    limit, used = account.overdraft_limit, max(Decimal(0), -account.balance)
    booked = money(account.balance, account.currency)
    arranged = money(limit, account.currency)
    if not limit:
        state = f"it is overdrawn by {money(used, account.currency)}" if used else f"it holds {booked}"
        return f"{name} has no arranged overdraft; {state}."
    if used > limit:
        over = money(used - limit, account.currency)
        return f"{name} is {over} beyond its arranged overdraft of {arranged}; it stands at {booked}."
    left = money(limit - used, account.currency)
    return f"{name} uses {money(used, account.currency)} of its arranged overdraft of {arranged}; {left} are left."


def _years(since: date, today: date) -> int:
    return today.year - since.year - ((today.month, today.day) < (since.month, since.day))


@reads(label="customer profile", doing="Looking at the customer's record")
def customer_profile(
    desk: Desk, part: Literal["all", "contact", "kyc", "verification", "branch"] = "all"
) -> ToolResult:
    """Who the customer is: contact details, branch, segment, KYC review, and how callers are verified.

    part: "contact", "kyc", "verification", "branch" (home branch and town) or "all".
    """
    who = desk.bank.customer(customer_of(desk).number)
    if part == "branch":
        home = f"The customer lives in {plain(who.town)}; the home branch is {plain(who.branch)}."
        return ToolResult(home, facts={"town": who.town, "branch": who.branch})
    today = desk.now.date()
    due = "was due" if who.kyc_review_due < today else "is due"
    kyc = f"KYC status: {plain(who.kyc_status)}; the next review {due} on {day(who.kyc_review_due)}."
    check = (
        f"Verification: {plain(who.verification_note)}"
        if who.verification_note
        else "No verification note is recorded."
    )
    vulnerable = "Marked as vulnerable: take time, and offer a person." if who.vulnerable else ""
    if part == "kyc":
        about = _ABOUT_PAPERS.search(who.verification_note)
        return ToolResult(together(kyc, f"Noted: {plain(who.verification_note)}" if about else ""))
    if part == "verification":
        return ToolResult(together(check, vulnerable), facts={"vulnerable": who.vulnerable})
    contact = [
        ("Phone", plain(who.phone)),
        ("Email", plain(who.email)),
        ("Address", f"{plain(who.street)}, {plain(who.postcode)} {plain(who.town)}"),
        ("Preferred language", plain(who.language)),
    ]
    kind = f"{plain(who.segment)} customer of the {plain(who.branch)} branch"
    lead = f"{plain(who.name)}, customer {plain(who.number)}, {kind}."
    if part == "contact":
        return ToolResult(together(lead, table(("Detail", "Value"), contact)))
    rows = [
        ("Born", f"{day(who.birth_date)} ({_years(who.birth_date, today)} years old)"),
        ("Customer since", day(who.since)),
        *contact,
    ]
    return ToolResult(together(lead, table(("Detail", "Value"), rows), kyc, check, vulnerable))
