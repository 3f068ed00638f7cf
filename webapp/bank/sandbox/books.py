"""Keeping a customer's books: day after day, what was planned is booked and what follows from balances is added.

A day's run covers yesterday's daytime, yesterday's close (interest), and this morning's bookings, in that order, so
that an account's entries are written in the order of their times and every balance follows from the one before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from webapp.bank.sandbox.accounts import (
    LOAN_DAY,
    RENEWAL_YEARS,
    Ledger,
    Plastic,
    monthly_interest,
    sweep_account,
)
from webapp.bank.sandbox.dates import (
    ONE_DAY,
    add_months,
    at,
    days,
    last_of_month,
    run_of,
    working_day_from,
    working_day_until,
)
from webapp.bank.sandbox.entries import Act, Entry, Halt, Order
from webapp.bank.sandbox.payments import NIGHTS_UNTIL_BOOKED, Shopper
from webapp.bank.sandbox.people import Person
from webapp.bank.sandbox.plans import MonthPlanner
from webapp.bank.sandbox.terms import (
    CREDIT_MINIMUM_PAYMENT,
    CREDIT_MINIMUM_SHARE,
    FIXED_SAVER,
    JUNIOR_SAVER,
    JUNIOR_SAVER_CEILING,
    UNARRANGED_OVERDRAFT_RATE,
    cents,
    share,
)
from webapp.bank.values import AccountKind, AccountStatus, CardStatus, TransactionKind, TransactionStatus

NUMBERS_PER_CENT = 10_000 * 365  # interest numbers that make one cent
CREDIT_DAY = 3  # of the month: the credit card's statement is drawn up and paid
SWEEP_DAY = 20  # of the month: what is left over goes to savings
SWEEP_LEAST = 3_000
CREDIT_USED_AT_MOST = Decimal(90)  # percent of the limit: who owes more pays more than the minimum


@dataclass(slots=True)
class LastUse:
    """Where and when a card was last used."""

    at: datetime
    where: str


@dataclass(slots=True)
class Books:
    """One customer's books being written."""

    seed: int
    person: Person
    ledgers: list[Ledger]
    cards: list[Plastic]
    acts: tuple[Act, ...] = ()
    halts: tuple[Halt, ...] = ()
    booked: list[tuple[Entry, int | None]] = field(default_factory=list)  # with the balance after it
    orders: list[Order] = field(default_factory=list)
    last_use: dict[str, LastUse] = field(default_factory=dict)
    _extra: int = 0

    def run(self, first: date, last: date) -> None:
        """Write the days from first to last, both included; afterwards `booked` also holds what is pending then."""
        planner = MonthPlanner(self.seed, self.person, self.ledgers)
        shopper = Shopper(self.seed, self.person, self.ledgers)
        for day in days(first, last):
            self._extra = 0
            due = sorted(self._due(planner, shopper, day), key=lambda entry: (entry.booked_at, entry.id))
            evening = at(day - ONE_DAY, 23, 30)
            for entry in due:
                if entry.booked_at < evening:
                    self._post(entry)
            self._close(day - ONE_DAY)
            for entry in due:
                if entry.booked_at >= evening:
                    self._post(entry)
            self._settle_obligations(day)
            self.orders += self._told(planner.orders_on(day))
            self.orders += [order for act in self.acts for order in act.orders if order.recorded_by == day]
        for entry in self._pending(shopper, last):
            self.booked.append((entry, None))
            self._remember_use(entry)

    # What is due

    def _due(self, planner: MonthPlanner, shopper: Shopper, day: date) -> Iterator[Entry]:
        """Everything this day's run books, ordinary life and stories."""
        payments = shopper.payments_made(day - NIGHTS_UNTIL_BOOKED * ONE_DAY)
        yield from self._allowed((*planner.entries_on(day), *payments))
        for entry in self._told_entries():
            moment = entry.made_at if entry.status is TransactionStatus.REVERSED else entry.booked_at
            if moment is not None and run_of(moment) == day:
                yield entry

    def _pending(self, shopper: Shopper, last: date) -> Iterator[Entry]:
        """Card payments made but not booked in the morning of the last day."""
        for entry in (*self._allowed(shopper.payments_made(last - ONE_DAY)), *self._told_entries()):
            if entry.made_at is None or entry.status is not TransactionStatus.BOOKED:
                continue
            if run_of(entry.made_at) <= last < run_of(entry.booked_at):
                yield _as_pending(entry)

    def _told_entries(self) -> Iterator[Entry]:
        for act in self.acts:
            yield from (entry for entry in act.entries if not any(halt.holds(entry) for halt in self.halts))

    def _allowed(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Ordinary life, but for cards and accounts that a story or an expiry date has silenced."""
        expired = {card.last_four: card.expires_on for card in self.cards if card.status is CardStatus.EXPIRED}
        for entry in entries:
            moment = entry.made_at or entry.booked_at
            if entry.card in expired and moment.date() > expired[entry.card]:
                continue
            if any(halt.holds(entry) for halt in self.halts):
                continue
            if any(
                act.silent_since and moment > act.silent_since and act.silent_card in {None, entry.card}
                for act in self.acts
            ):
                continue
            yield entry

    def _told(self, orders: Iterable[Order]) -> Iterator[Order]:
        """Ordinary orders, but for those of accounts that a story has silenced."""
        silenced = [act.silent_since for act in self.acts if act.silent_since and act.silent_card is None]
        return (order for order in orders if not any(order.ordered_at > since for since in silenced))

    # Booking

    def _post(self, entry: Entry) -> None:
        if entry.status is not TransactionStatus.BOOKED:
            self.booked.append((entry, None))
            return
        ledger = next(ledger for ledger in self.ledgers if ledger.id == entry.account_id)
        ledger.balance += entry.amount
        self.booked.append((entry, ledger.balance))
        self._remember_use(entry)

    def _remember_use(self, entry: Entry) -> None:
        if entry.card is None or entry.made_at is None:
            return
        known = self.last_use.get(entry.card)
        if known is None or known.at < entry.made_at:
            self.last_use[entry.card] = LastUse(entry.made_at, entry.counterparty)

    def _add(
        self, ledger: Ledger, moment: datetime, amount: int, kind: TransactionKind, who: str, text: str, category: str
    ) -> None:
        """Book something that follows from balances."""
        self._extra += 1
        entry_id = f"TX-{self.person.digits}-{moment:%y%m%d}-b{self._extra}"
        self._post(Entry(entry_id, ledger.id, moment, amount, kind, who, text, category))

    # The close of a day

    def _close(self, day: date) -> None:
        """Let interest grow by one day, and settle it when its day has come."""
        evening = at(day, 23, 45)
        for ledger in self.ledgers:
            if ledger.kind is AccountKind.CHECKING:
                self._close_checking(ledger, day, evening)
            elif ledger.kind is AccountKind.SAVINGS:
                self._close_savings(ledger, day, evening)

    def _close_checking(self, ledger: Ledger, day: date, evening: datetime) -> None:
        if ledger.balance < 0 and ledger.status is AccountStatus.OPEN:
            arranged = min(-ledger.balance, ledger.limit)
            beyond = -ledger.balance - arranged
            ledger.interest_numbers += arranged * ledger.rate + beyond * cents(UNARRANGED_OVERDRAFT_RATE)
        if day == last_of_month(day):
            interest = _whole_cents(ledger)
            if interest:
                text = f"Overdraft interest {day:%B %Y}"
                self._add(ledger, evening, -interest, TransactionKind.INTEREST, "Nordhafen Bank", text, "interest")

    def _close_savings(self, ledger: Ledger, day: date, evening: datetime) -> None:
        earning = ledger.balance
        if ledger.product == JUNIOR_SAVER:
            earning = min(earning, cents(JUNIOR_SAVER_CEILING))
        ledger.interest_numbers += earning * ledger.rate
        if ledger.product == FIXED_SAVER:
            settles = (day.month, day.day) == (ledger.opened_on.month, ledger.opened_on.day)
            text = f"Interest at maturity, renewed for 12 months, {day:%d %B %Y}"
        else:
            settles = (day.month, day.day) == (12, 31)
            text = f"Interest {day:%Y}"
        if settles:
            interest = _whole_cents(ledger)
            if interest:
                self._add(ledger, evening, interest, TransactionKind.INTEREST, "Nordhafen Bank", text, "interest")

    # The morning

    def _settle_obligations(self, day: date) -> None:
        """Credit card statement, loan instalments, and the surplus of the month."""
        checking = self.ledgers[0]
        if checking.status is not AccountStatus.OPEN:
            return
        for ledger in self.ledgers:
            if ledger.kind is AccountKind.CREDIT and day.day == CREDIT_DAY:
                self._settle_credit_card(checking, ledger, day)
            elif ledger.kind is AccountKind.LOAN and day == working_day_from(day.replace(day=LOAN_DAY)):
                self._take_instalment(checking, ledger, day)
        if day == working_day_until(day.replace(day=SWEEP_DAY)):
            self._sweep(checking, day)

    def _settle_credit_card(self, checking: Ledger, credit: Ledger, day: date) -> None:
        line = self.person.character.credit
        moment = at(day, 5, 10)
        statement = add_months(day, -1)
        if line is not None and not line.in_full and credit.balance < 0:
            interest = monthly_interest(-credit.balance, credit.rate)
            text = f"Interest on the amount carried over, {statement:%B %Y}"
            self._add(credit, moment, -interest, TransactionKind.INTEREST, "Nordhafen Bank", text, "interest")
        owed = -credit.balance
        if owed <= 0:
            return
        payment = owed
        if line is not None and not line.in_full:
            least = max(cents(CREDIT_MINIMUM_PAYMENT), share(owed, CREDIT_MINIMUM_SHARE))
            payment = min(owed, max(least, owed - share(credit.limit, CREDIT_USED_AT_MOST)))
        text = f"Nordhafen Credit statement {statement:%B %Y}, card {self.person.credit_ending}"
        moment += timedelta(minutes=1)
        self._add(checking, moment, -payment, TransactionKind.DIRECT_DEBIT, "Nordhafen Credit", text, "credit card")
        text = f"Payment received for statement {statement:%B %Y}, thank you"
        name = self.person.character.name
        self._add(credit, moment, payment, TransactionKind.TRANSFER_IN, name, text, "credit card")

    def _take_instalment(self, checking: Ledger, loan: Ledger, day: date) -> None:
        if loan.balance >= 0:
            return
        moment = at(day, 5, 20)
        interest = monthly_interest(-loan.balance, loan.rate)
        text = f"{loan.product} interest {day:%B %Y}"
        self._add(loan, moment, -interest, TransactionKind.INTEREST, "Nordhafen Bank", text, "interest")
        payment = min(loan.instalment, -loan.balance)
        text = f"{loan.product} instalment {day:%B %Y}"
        moment += timedelta(minutes=1)
        self._add(checking, moment, -payment, TransactionKind.LOAN_PAYMENT, "Nordhafen Bank", text, "loan")
        self._add(loan, moment, payment, TransactionKind.LOAN_PAYMENT, self.person.character.name, text, "loan")
        if loan.balance == 0:
            loan.status = AccountStatus.CLOSED

    def _sweep(self, checking: Ledger, day: date) -> None:
        """Bring the current account back to what its owner likes to keep there."""
        spare = checking.balance - self.person.character.keep
        if abs(spare) < SWEEP_LEAST:
            return
        savings = sweep_account(self.ledgers)
        amount = abs(spare) // 1_000 * 1_000
        name = self.person.character.name
        moment = at(day, 5, 30)
        if spare > 0:
            self._move_out(checking, savings, amount, moment)
        elif savings is None or savings.balance < amount:
            text = "Instant transfer from own account elsewhere"
            self._add(checking, moment, amount, TransactionKind.TRANSFER_IN, name, text, "own transfer")
        else:
            text = f"Transfer from {savings.product} {savings.last_four}"
            self._add(savings, moment, -amount, TransactionKind.TRANSFER_OUT, name, f"Transfer to current account "
                      f"{checking.last_four}", "own transfer")  # fmt: skip
            self._add(checking, moment, amount, TransactionKind.TRANSFER_IN, name, text, "own transfer")
            masked = f"DE** **** **** {checking.last_four}"
            self.orders.append(Order(savings.id, name, masked, amount, moment, day, day, "internal", "For the month"))

    def _move_out(self, checking: Ledger, savings: Ledger | None, amount: int, moment: datetime) -> None:
        name, day = self.person.character.name, moment.date()
        ending = savings.last_four if savings else f"{int(self.person.digits) * 37 % 9_000 + 1_000}"
        kind = "internal" if savings else "instant"
        text = f"Transfer to {savings.product} {ending}" if savings else "Instant transfer to own account elsewhere"
        self._add(checking, moment, -amount, TransactionKind.TRANSFER_OUT, name, text, "own transfer")
        if savings:
            text = f"Transfer from current account {checking.last_four}"
            self._add(savings, moment, amount, TransactionKind.TRANSFER_IN, name, text, "own transfer")
        masked = f"DE** **** **** {ending}"
        self.orders.append(Order(checking.id, name, masked, amount, moment, day, day, kind, "What is left over"))

    def renew_cards(self, today: date) -> None:
        """Replace active cards past their date, as the bank does by itself; the number's ending stays."""
        for card in self.cards:
            while card.status is not CardStatus.EXPIRED and card.expires_on < today:
                card.expires_on = last_of_month(add_months(card.expires_on, 12 * RENEWAL_YEARS))


def _whole_cents(ledger: Ledger) -> int:
    """Take the interest that has grown, rounded half up, out of the account's interest numbers."""
    interest = (2 * ledger.interest_numbers + NUMBERS_PER_CENT) // (2 * NUMBERS_PER_CENT)
    ledger.interest_numbers = 0
    return interest


def _as_pending(entry: Entry) -> Entry:
    """The payment as it is shown before it is booked: at the time it was made."""
    return Entry(
        entry.id, entry.account_id, entry.made_at or entry.booked_at, entry.amount, entry.kind, entry.counterparty,
        entry.text, entry.category, entry.made_at, entry.card, TransactionStatus.PENDING,
    )  # fmt: skip
