"""Statements that add up, pay that comes or does not, what is open on an account, a payment gone through."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from webapp.agents.tools import TOOLS
from webapp.agents.tools.registry import BadArgument, ToolResult
from webapp.agents.transcript import Json
from webapp.bank.core_banking import TransactionQuery
from webapp.bank.values import Transaction, TransactionKind

from .fakes import BusyBank, FakeBank, desk
from .rows import TRANSACTIONS


def used(name: str, customer: str = "10-2041", bank: FakeBank | None = None, **arguments: Json) -> ToolResult:
    tool = TOOLS.get(name)
    assert tool is not None
    return tool(desk(customer, bank=bank), arguments)


def balances(text: str) -> tuple[Decimal, Decimal]:
    found = re.search(r"opening balance (-?[\d,.]+) EUR, closing balance (-?[\d,.]+) EUR", text)
    assert found, text
    opening, closing = (Decimal(one.replace(",", "")) for one in found.groups())
    return opening, closing


def test_a_statement_closes_where_the_next_one_opens() -> None:
    september, october, november = (
        balances(used("statement", since=since, until=until).text)
        for since, until in (
            ("2026-09-01", "2026-09-30"), ("2026-10-01", "2026-10-31"), ("2026-11-01", "2026-11-18")
        )
    )  # fmt: skip
    assert september[1] == october[0]
    assert october[1] == november[0]
    assert november[1] == Decimal("1204.55")  # today's booked balance


def test_a_statement_s_balances_differ_by_what_was_booked() -> None:
    text = used("statement", since="2026-10-01", until="2026-10-31").text
    opening, closing = balances(text)
    sums = [Decimal(one.replace(",", "")) for one in re.findall(r"\| \d+ \| (-?[\d,.]+) \|", text)]
    assert closing - opening == sum(sums)


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [("2026-12-01", "2026-12-31", "lies ahead"), ("2026-10-10", "2026-10-01", "ends before it begins")],
)
def test_a_period_that_cannot_be_is_refused(since: str, until: str, said: str) -> None:
    with pytest.raises(BadArgument, match=said):
        used("statement", since=since, until=until)


def test_a_statement_goes_no_further_than_today() -> None:
    assert "since 1 Nov 2026" in used("statement", since="2026-11-01", until="2026-11-30").text


def test_sums_that_cannot_be_complete_are_not_given() -> None:
    result = used("statement", bank=BusyBank(12_000), since="2020-01-01")
    assert result.outcome == "failed"
    assert "more bookings" in result.text


class PaidBank(FakeBank):
    """Pay on given days, besides everything else."""

    def __init__(self, *days: str) -> None:
        super().__init__()
        sample = next(row for row in TRANSACTIONS if row.kind is TransactionKind.SALARY)
        self._pays = [
            replace(sample, id=f"P{on}", booked_at=datetime.fromisoformat(on).replace(tzinfo=UTC, hour=5))
            for on in days
        ]

    def transactions(self, customer_number: str, query: TransactionQuery) -> Sequence[Transaction]:
        if TransactionKind.SALARY not in query.kinds:
            return super().transactions(customer_number, query)
        return sorted(self._pays, key=lambda one: one.booked_at, reverse=True)[: query.limit]


def test_pay_that_comes_on_the_same_day_is_expected_then() -> None:
    result = used("pay", bank=PaidBank("2026-10-27", "2026-09-25", "2026-08-27", "2026-07-27"))
    assert result.text.startswith("This month's has not come yet: it usually comes about the 27th.")
    assert "Before that: 25 Sep 2026 (2,680.00), 27 Aug 2026 (2,680.00) and 27 Jul 2026 (2,680.00)." in result.text
    assert result.facts["late"] is False


def test_pay_that_is_overdue_is_called_late() -> None:
    result = used("pay", bank=PaidBank("2026-10-05", "2026-09-05", "2026-08-05"))
    assert result.text.startswith("This month's has not come, which is late: it usually comes about the 5th.")
    assert result.facts["late"] is True


def test_pay_that_varies_is_compared_with_the_longest_gap() -> None:
    result = used("pay", bank=PaidBank("2026-10-23", "2026-09-30", "2026-08-25"))
    assert "the last one came 26 days ago, and the longest gap before was 36 days" in result.text


def test_pay_of_this_month_has_come() -> None:
    assert used("pay", bank=PaidBank("2026-11-16", "2026-10-16")).text.startswith("This month's has come.")


def test_what_is_open_may_be_told_without_amounts() -> None:
    told, kept = used("open_ends").text, used("open_ends", amounts=False).text
    assert "7,450.20 EUR on Personal Loan ..7745 (loan)" in told
    assert "EUR" not in kept
    assert "TR-204120 to Eileen Bishop" in kept


def test_an_account_that_is_not_there_has_no_open_ends() -> None:
    assert used("open_ends", account="5555").outcome == "not found"


def test_a_payment_of_an_open_alert_is_found_without_being_named() -> None:
    result = used("payment_in_question", customer="10-2042")
    assert result.facts["alert"] == "F1"
    assert result.facts["choices"] == ["yes", "no", "unsure"]
    assert "Paid there 1 time otherwise" in result.text


def test_another_customers_payment_is_not_found_by_its_id() -> None:
    assert used("payment_in_question", transaction_id="T03").facts["merchant"] == "Seestern Restaurant"
    assert used("payment_in_question", customer="10-2042", transaction_id="T03").outcome == "not found"


def test_several_payments_that_fit_are_asked_about_newest_first() -> None:
    result = used("payment_in_question", merchant="Grünhof")
    assert result.facts["ask"] == "item"
    assert result.facts["choices"] == ["T02", "T11"]


def test_the_months_of_spending_end_with_this_one() -> None:
    text = used("spending_by_month", months=2).text
    assert [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| ")][2:] == [
        "| September 2026", "| October 2026", "| November 2026",
    ]  # fmt: skip
    assert text.startswith("98.00 EUR a month on average over the last 2 full months.")


def test_sections_are_quoted_by_their_headings_in_the_order_asked_for() -> None:
    result = used("handbook", question="when a customer has died", sections="Heirs / First talk")
    assert [one.section for one in result.citations] == ["Heirs", "First talk"]
    assert result.text.index("certificate of inheritance") < result.text.index("sorry for your loss")


def test_headings_an_article_does_not_have_leave_its_best_passage() -> None:
    result = used("handbook", question="when a customer has died", sections="Nothing of the kind")
    assert result.citations[0].article_id == "kyc-deceased"


def test_age_is_counted_in_full_years() -> None:
    assert "17 Apr 1986 (40 years old)" in used("customer_profile").text
    assert date(2026, 11, 18) == desk("10-2041").now.date()
