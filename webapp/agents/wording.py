"""How values are written in an answer: money, days, accounts, tables. Everything from a record is made inert here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from babel.dates import format_date

from webapp.bank.values import Account, AccountKind

_MARKUP = re.compile(r"([\\`*_\[\]<>|~#&])")
_LINK = re.compile(r"(?i)(:)(?=//)|(?<=\bwww)(\.)")

PANEL = "Attach one in the panel on the right, by name, customer number, or account or card ending"


def plain(text: str) -> str:
    """A value from a record, as it is, in Markdown: no markup, links, line breaks or invisible characters survive."""
    kept = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    marked = _MARKUP.sub(r"\\\1", " ".join(kept.split()))
    return _LINK.sub(lambda match: f"\\{match[0]}", marked)


def figure(amount: Decimal) -> str:
    """An amount without its currency: "1,204.55", "-12.80"."""
    return f"{amount:,.2f}"


def money(amount: Decimal, currency: str = "EUR") -> str:
    """An amount with its currency: "1,204.55 EUR"."""
    return f"{figure(amount)} {plain(currency)}"


def percent(rate: Decimal) -> str:
    """A yearly rate: "9.75 %"."""
    return f"{rate:.2f} %"


def day(value: date) -> str:
    """A day: "16 Nov 2026"."""
    return format_date(value, "d MMM y", locale="en")


def local_day(moment: datetime, now: datetime) -> date:
    """The day a moment falls on, where the reader is."""
    return moment.astimezone(now.tzinfo).date()


def when(moment: datetime, now: datetime) -> str:
    """A moment in the reader's zone: "16 Nov 2026, 17:40"."""
    local = moment.astimezone(now.tzinfo)
    return f"{day(local.date())}, {local:%H:%M}"


def period(since: date | None, until: date | None, today: date) -> str:
    """Two days in words, to stand behind a noun: "since 1 Nov 2026", "in October 2026"; "" when both are open."""
    if since is None and until is None:
        return ""
    if since is None:
        return f"until {day(until)}" if until else ""
    if until is None or (until == today and since != today):
        return f"since {day(since)}"
    if since == until:
        return f"on {day(since)}"
    if since.day == 1 and (until.year, until.month) == (since.year, since.month) and _ends_month(until):
        return f"in {format_date(since, 'MMMM y', locale='en')}"
    if (since.month, since.day, until.month, until.day) == (1, 1, 12, 31) and since.year == until.year:
        return f"in {since.year}"
    return f"from {day(since)} to {day(until)}"


def _ends_month(value: date) -> bool:
    return date.fromordinal(value.toordinal() + 1).month != value.month


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 payment", "3 payments"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def ending(last_four: str) -> str:
    """How the end of a card or account number is shown: "..4417"."""
    return f"..{plain(last_four)}"


def account_name(account: Account) -> str:
    """An account as staff name it: "Everyday Current ..3310"."""
    return f"{plain(account.name)} {ending(account.last_four)}"


def masked_iban(account: Account) -> str:
    """Country and last four: "DE ... 3310"."""
    return f"{plain(account.iban[:2])} ... {plain(account.last_four)}"


def owes(account: Account) -> bool:
    """Is this an account on which money is owed rather than held?"""
    return account.kind in (AccountKind.CREDIT, AccountKind.LOAN)


def is_and_why(state: str, reason: str | None) -> str:
    """A state with its reason, said once: "blocked after three wrong PINs", "active", "expired: replaced in May"."""
    if not reason or not reason.strip():
        return plain(state)
    why = plain(reason).rstrip(".")
    if why.lower().startswith(state.lower()):
        return why[:1].lower() + why[1:]
    return f"{plain(state)}: {why}"


def listed(words: Sequence[str], last: str = "and") -> str:
    """ "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> str:
    """A GitHub table; columns numbered in `right` (from 0) are set to the right. Cells are written already."""
    ruler = ["---:" if place in right else "---" for place in range(len(headings))]
    lines = [headings, ruler, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def sentence(*parts: str) -> str:
    """Words put together with one space, the empty ones left out, and a full stop."""
    return " ".join(part for part in parts if part).rstrip(".") + "."


def together(*paragraphs: str) -> str:
    """Paragraphs of one answer, the empty ones left out."""
    return "\n\n".join(paragraph.strip() for paragraph in paragraphs if paragraph.strip())
