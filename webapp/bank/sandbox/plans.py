"""What a calendar month holds for a customer: income, regular payments, cash, transfers, fees.

Depends on nothing but the seed, the customer and the month, so that a day looks the same whenever it is generated.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from webapp.bank.sandbox import merchants
from webapp.bank.sandbox.accounts import Ledger, junior_account
from webapp.bank.sandbox.dates import (
    add_months,
    at,
    day_in_month,
    is_working_day,
    last_of_month,
    run_of,
    working_day_from,
    working_day_until,
    working_days_after,
)
from webapp.bank.sandbox.entries import Entry, Order
from webapp.bank.sandbox.household import Regular
from webapp.bank.sandbox.people import Person, stream
from webapp.bank.sandbox.terms import (
    CREDIT_YEARLY_FEE,
    EVERYDAY_CURRENT,
    EVERYDAY_FREE_FROM_INCOME,
    MONTHLY_FEES,
    OTHER_BANKS_ATM_FEE,
    PAPER_STATEMENT_FEE,
    SEPA_CUT_OFF_HOUR,
    cents,
)
from webapp.bank.values import AccountKind, TransactionKind

SALARY_DELAY_DAYS = 5


@dataclass(slots=True)
class Plan:
    """A month's entries by the night that books them, and orders by the night after they were given."""

    entries: defaultdict[date, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    orders: defaultdict[date, list[Order]] = field(default_factory=lambda: defaultdict(list))


class MonthPlanner:
    """Plans one customer's months and remembers the ones in use."""

    def __init__(self, seed: int, person: Person, ledgers: list[Ledger]) -> None:
        self.seed = seed
        self.person = person
        self.checking = ledgers[0]
        self.junior = junior_account(ledgers)
        self.credit = next((a for a in ledgers if a.kind is AccountKind.CREDIT), None)
        self._plans: dict[date, Plan] = {}
        self._neighbours: dict[date, tuple[Plan, Plan, Plan]] = {}

    def entries_on(self, night: date) -> Iterator[Entry]:
        """Everything planned that this night's run books; weekends may move things into the neighbouring month."""
        for plan in self._around(night):
            yield from plan.entries.get(night, ())

    def orders_on(self, night: date) -> Iterator[Order]:
        """Transfer orders given on the day before this night."""
        for plan in self._around(night):
            yield from plan.orders.get(night, ())

    def _around(self, night: date) -> tuple[Plan, Plan, Plan]:
        """The plans of the month before, of this month, and of the next."""
        this = night.replace(day=1)
        if this not in self._neighbours:
            before, now, after = (self._plan_of(add_months(this, months)) for months in (-1, 0, 1))
            self._neighbours[this] = (before, now, after)
        return self._neighbours[this]

    def _plan_of(self, month: date) -> Plan:
        if month not in self._plans:
            self._plans[month] = self._plan(month)
        return self._plans[month]

    def _plan(self, month: date) -> Plan:
        plan = Plan()
        rng = stream(self.seed, self.person.number, f"{month:%Y-%m}", "plan")
        entries = [*self._income(rng, month), *self._regulars(month), *self._cash(rng, month), *self._fees(month)]
        for order, entry in self._transfers(rng, month):
            plan.orders[run_of(order.ordered_at)].append(order)
            entries.append(entry)
        entries += self._money_from_friends(rng, month)
        for entry in entries:
            plan.entries[run_of(entry.booked_at)].append(entry)
        return plan

    def _entry(
        self, tag: str, moment: datetime, amount: int, kind: TransactionKind, who: str, text: str, category: str
    ) -> Entry:
        entry_id = f"TX-{self.person.digits}-{moment:%y%m%d}-{tag}"
        return Entry(entry_id, self.checking.id, moment, amount, kind, who, text, category)

    def _income(self, rng: random.Random, month: date) -> Iterator[Entry]:
        """Salary or pension once a month; a firm's invoices are paid throughout it."""
        character = self.person.character
        if character.segment == "business":
            yield from self._turnover(rng, month)
            return
        day = working_day_until(day_in_month(month.year, month.month, character.pay_day))
        late = character.pays_late and month.month % 2 == 1
        if late:
            day = working_day_from(day + timedelta(days=SALARY_DELAY_DAYS))
        payer = character.payer or stream(self.seed, self.person.number, "payer").choice(merchants.EMPLOYERS)
        if character.income_kind == "pension":
            payer = "Pension Fund Nordhafen"
        elif character.segment == "student":
            half = character.income * 6 // 10 // 500 * 500
            day_of_help = working_day_from(day_in_month(month.year, month.month, 1))
            family = f"Family {character.name.split()[-1]}"
            yield self._entry("g1", at(day_of_help, 4, 2), half, TransactionKind.TRANSFER_IN, family,
                              "Monthly allowance for studies", "family")  # fmt: skip
            text = f"Wages {month:%B %Y}, student job"
            yield self._entry(
                "s1", at(day, 4, 0), character.income - half, TransactionKind.SALARY, payer, text, "salary"
            )
            return
        word = "Pension" if character.income_kind == "pension" else "Salary"
        text = f"{word} {month:%B %Y}" + (", payroll run delayed" if late else "")
        yield self._entry("s1", at(day, 4, 0), character.income, TransactionKind.SALARY, payer, text, word.lower())

    def _turnover(self, rng: random.Random, month: date) -> Iterator[Entry]:
        """Invoices paid by the firm's own customers; together the usual turnover."""
        parts = [rng.uniform(0.5, 1.5) for _ in range(rng.randint(6, 10))]
        left = round(self.person.character.income * rng.uniform(0.92, 1.08))
        for place, part in enumerate(parts, start=1):
            amount = left if place == len(parts) else round(self.person.character.income * part / sum(parts))
            left -= amount
            day = working_day_from(day_in_month(month.year, month.month, rng.randint(1, 26)))
            text = f"Invoice {month:%y%m}-{rng.randint(100, 999)}"
            client = rng.choice(merchants.BUSINESS_CLIENTS)
            if amount > 0:
                moment = at(day, 4, 3, place)
                yield self._entry(f"i{place}", moment, amount, TransactionKind.TRANSFER_IN, client, text, "turnover")

    def _regulars(self, month: date) -> Iterator[Entry]:
        """Standing orders and direct debits that fall due."""
        for regular in self.person.regulars:
            if not regular.due_in(month.month):
                continue
            day = due_date(regular, month)
            kind = TransactionKind.STANDING_ORDER if regular.kind == "standing order" else TransactionKind.DIRECT_DEBIT
            text = f"{regular.text}, {month:%B %Y}"
            moment = at(day, 4, 10, regular.slot)
            tag = f"r{regular.slot}"
            yield self._entry(tag, moment, -regular.amount, kind, regular.to_name, text, regular.category)
            if regular.to_junior_saver and self.junior:
                yield Entry(
                    f"TX-{self.person.digits}-{day:%y%m%d}-j{regular.slot}", self.junior.id, moment, regular.amount,
                    TransactionKind.TRANSFER_IN, self.person.character.name, text, regular.category,
                )  # fmt: skip

    def _cash(self, rng: random.Random, month: date) -> Iterator[Entry]:
        """Money from cash machines, mostly the bank's own; others charge a fee. Never two on one day."""
        if not self.person.cash:
            return
        times = rng.randint(2, 3)
        for place, day_number in enumerate(sorted(rng.sample(range(1, 28), times)), start=1):
            day = day_in_month(month.year, month.month, day_number)
            moment = at(day, rng.randint(9, 17), rng.randint(0, 59), rng.randint(0, 59))
            amount = max(1_000, self.person.cash // times // 1_000 * 1_000)
            elsewhere = rng.random() < 0.08
            machine = merchants.OTHER_ATM if elsewhere else rng.choice(merchants.ATMS)
            yield Entry(
                f"TX-{self.person.digits}-{day:%y%m%d}-a{place}", self.checking.id, moment, -amount,
                TransactionKind.CASH_WITHDRAWAL, machine, f"Cash withdrawal, {machine}, {moment:%d %b %Y %H:%M}",
                "cash", moment, self.person.debit_ending,
            )  # fmt: skip
            if elsewhere:
                text = f"Fee for a cash machine of another bank, {machine}"
                fee = -cents(OTHER_BANKS_ATM_FEE)
                moment += timedelta(seconds=1)
                yield self._entry(f"f{place}", moment, fee, TransactionKind.FEE, "Nordhafen Bank", text, "bank fees")

    def _fees(self, month: date) -> Iterator[Entry]:
        """The account's monthly fee, paper statements, and the credit card's yearly fee."""
        last = last_of_month(month)
        fee = cents(MONTHLY_FEES[self.person.checking_name])
        free = self.person.character.income >= cents(EVERYDAY_FREE_FROM_INCOME)
        if fee and not (free and self.person.checking_name == EVERYDAY_CURRENT):
            text = f"Account fee {self.person.checking_name}, {month:%B %Y}"
            yield self._entry("k1", at(last, 22, 30), -fee, TransactionKind.FEE, "Nordhafen Bank", text, "bank fees")
        if self.person.character.paper:
            text = f"Paper statement, {month:%B %Y}"
            fee = -cents(PAPER_STATEMENT_FEE)
            yield self._entry("k2", at(last, 22, 31), fee, TransactionKind.FEE, "Nordhafen Bank", text, "bank fees")
        if self.credit and month.month == self.credit.opened_on.month:
            yield Entry(
                f"TX-{self.person.digits}-{month:%y%m}15-k3", self.credit.id, at(month.replace(day=15), 4, 5),
                -cents(CREDIT_YEARLY_FEE), TransactionKind.FEE, "Nordhafen Bank",
                f"Yearly fee Nordhafen Credit {month:%Y}", "bank fees",
            )  # fmt: skip

    def _transfers(self, rng: random.Random, month: date) -> Iterator[tuple[Order, Entry]]:
        """Transfer orders given in the month, at most one a day, with the entries that carry them out."""
        business = self.person.is_business
        reasons = (
            ("Invoice", "Advance", "Delivery")
            if business
            else ("Thank you", "Dinner", "Concert tickets", "Repair", "Gift")
        )
        count = rng.randint(3, 5) if business else rng.choice((0, 1, 1, 2))
        for place, day_number in enumerate(sorted(rng.sample(range(1, 27), count)), start=1):
            day = day_in_month(month.year, month.month, day_number)
            ordered = at(day, rng.randint(7, 21), rng.randint(0, 59), rng.randint(0, 59))
            payee = rng.choice(self.person.payees)
            share_of_income = self.person.character.income // 14
            amount = (
                rng.randrange(share_of_income // 2, share_of_income, 1_117)
                if business
                else rng.randrange(1_500, 14_000, 250)
            )
            kind = rng.choice(("SEPA", "SEPA", "SEPA", "instant"))
            reference = f"{rng.choice(reasons)} {rng.randint(2_000, 9_999)}" if business else rng.choice(reasons)
            later = rng.random() < 0.12
            execute_on, arrives_on = transfer_dates(ordered, kind, working_days_after(day, 6) if later else None)
            order = Order(
                self.checking.id,
                payee.name,
                payee.iban_masked,
                amount,
                ordered,
                execute_on,
                arrives_on,
                kind,
                reference,
            )
            yield order, self._carried_out(order, f"t{place}")

    def _carried_out(self, order: Order, tag: str) -> Entry:
        same_day = order.execute_on == order.ordered_at.date()
        moment = order.ordered_at + timedelta(seconds=4) if same_day else at(order.execute_on, 4, 20)
        text = f"{order.kind} transfer to {order.to_name}, {order.reference}"
        category = "suppliers" if self.person.is_business else "transfers"
        return Entry(
            f"TX-{self.person.digits}-{order.ordered_at:%y%m%d}-{tag}", order.account_id, moment, -order.amount,
            TransactionKind.TRANSFER_OUT, order.to_name, text, category,
        )  # fmt: skip

    def _money_from_friends(self, rng: random.Random, month: date) -> Iterator[Entry]:
        """Now and then somebody pays their share."""
        if self.person.is_business or rng.random() > 0.45:
            return
        day = day_in_month(month.year, month.month, rng.randint(2, 26))
        moment = at(day, rng.randint(9, 21), rng.randint(0, 59))
        payee = rng.choice(self.person.payees).name
        amount = rng.randrange(800, 6_500, 50)
        text = f"Instant transfer from {payee}, my share"
        yield self._entry("p1", moment, amount, TransactionKind.TRANSFER_IN, payee, text, "transfers")


def transfer_dates(ordered: datetime, kind: str, wanted: date | None = None) -> tuple[date, date]:
    """When an order is carried out and when the money arrives, by the bank's cut-off times."""
    day = ordered.date()
    if kind in {"instant", "internal"}:
        return (wanted, wanted) if wanted else (day, day)
    if wanted:
        execute_on = working_day_from(wanted)
    elif is_working_day(day) and ordered.hour < SEPA_CUT_OFF_HOUR:
        execute_on = day
    else:
        execute_on = working_days_after(day, 1)
    return execute_on, working_days_after(execute_on, 3 if kind == "international" else 1)


def due_date(regular: Regular, month: date) -> date:
    """When a regular payment is carried out in a month."""
    return working_day_from(day_in_month(month.year, month.month, regular.day))


def next_due(regular: Regular, today: date) -> date:
    """The next time a regular payment is carried out, after today."""
    month = today.replace(day=1)
    while True:
        if regular.due_in(month.month) and due_date(regular, month) > today:
            return due_date(regular, month)
        month = add_months(month, 1)
