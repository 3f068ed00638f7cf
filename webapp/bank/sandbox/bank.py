"""`SandboxBank`: the invented bank behind the `CoreBanking` port, read from its tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, Select, Table, case, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from webapp.bank.core_banking import TransactionQuery
from webapp.bank.errors import AccountNotFound, BankUnavailable, CardNotFound, CustomerNotFound
from webapp.bank.sandbox import reading, tables
from webapp.bank.sandbox.counter import written_day
from webapp.bank.sandbox.debit_orders import said_of
from webapp.bank.sandbox.folding import fold
from webapp.bank.sandbox.searching import customers_matching, pending_sums, transactions_matching, within
from webapp.bank.values import (
    Account,
    AccountKind,
    AlertState,
    Card,
    CardStatus,
    Customer,
    CustomerMatch,
    Dispute,
    DisputeState,
    FraudAlert,
    StandingInstruction,
    Transaction,
    Transfer,
)

MOST_TRANSFERS: Final = 500
DIRECTIONS: Final = frozenset({None, "in", "out"})
OPEN_DISPUTES: Final = (DisputeState.OPEN, DisputeState.EVIDENCE_NEEDED, DisputeState.UNDER_REVIEW)


def connect(engine: Engine) -> SandboxBank:
    """The sandbox bank kept in this database."""
    return SandboxBank(engine)


class SandboxBank:
    """Implements `CoreBanking` over the sandbox tables. Every method reads on a connection of its own and returns it.

    Raises `BankUnavailable` when the database does not answer.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def search_customers(self, text: str, limit: int = 8) -> Sequence[CustomerMatch]:
        """Part of a name (case and accents don't matter), customer number, IBAN, or the ending of account or card."""
        statement = customers_matching(text, limit)
        if statement is None:
            return []
        with self._reading() as connection:
            found = connection.execute(statement).all()
        return [CustomerMatch(row.number, row.name, row.town, row.branch, row.matched_on) for row in found]

    def customer(self, customer_number: str) -> Customer:
        """Who the customer is."""
        customers = tables.customers
        with self._reading() as connection:
            row = connection.execute(select(customers).where(customers.c.number == _plain(customer_number))).first()
        if row is None:
            raise CustomerNotFound(customer_number)
        return reading.customer_from(row)

    def accounts(self, customer_number: str) -> Sequence[Account]:
        """Checking, savings, credit, loan; oldest first within a kind; loans and frozen ones have nothing available."""
        accounts = tables.accounts
        pending = pending_sums().subquery()
        order = case({kind.value: place for place, kind in enumerate(AccountKind)}, value=accounts.c.kind)
        statement = (
            _of_customer(accounts, customer_number)
            .add_columns(pending.c.pending)
            .outerjoin(pending, pending.c.account_id == accounts.c.id)
            .order_by(order, accounts.c.opened_on, accounts.c.id)
        )
        rows = self._rows_of_customer(statement, customer_number)
        return [reading.account_from(row, row.pending or Decimal("0.00")) for row in rows]

    def cards(self, customer_number: str) -> Sequence[Card]:
        """The customer's cards, active ones first."""
        cards = tables.cards
        order = case({status.value: place for place, status in enumerate(CardStatus)}, value=cards.c.status)
        statement = _of_customer(cards, customer_number).order_by(order, cards.c.id)
        return [reading.card_from(row) for row in self._rows_of_customer(statement, customer_number)]

    def card(self, customer_number: str, last_four: str) -> Card:
        """The customer's card ending in these digits, the active one if two do."""
        for card in self.cards(customer_number):
            if card.last_four == last_four:
                return card
        raise CardNotFound(last_four)

    def transactions(self, customer_number: str, query: TransactionQuery) -> Sequence[Transaction]:
        """Movements on the customer's accounts, newest first; a `direction` other than in and out is a ValueError."""
        if query.direction not in DIRECTIONS:
            raise ValueError(f"a payment goes in or out, not {query.direction!r}")
        owned = _of_customer(tables.accounts, customer_number)
        with self._reading() as connection:
            ids = [row.id for row in _existing(connection.execute(owned).all(), customer_number)]
            if query.account_id is not None:
                if query.account_id not in ids:
                    raise AccountNotFound(query.account_id)
                ids = [query.account_id]
            found = connection.execute(_with_returns(transactions_matching(ids, query))).all()
        return [reading.transaction_from(row, said_of(row) if row.asked_on else None) for row in found]

    def transfers(self, customer_number: str, limit: int = 20) -> Sequence[Transfer]:
        """The customer's transfer orders, newest first."""
        transfers, recalls = tables.transfers, tables.recalls
        statement = (
            _through_accounts(transfers, customer_number)
            .add_columns(recalls.c.asked_on, recalls.c.answer_by, recalls.c.answered_on, recalls.c.agreed)
            .outerjoin(recalls, recalls.c.transfer_id == transfers.c.id)
            .order_by(transfers.c.ordered_at.desc(), transfers.c.id.desc())
            .limit(within(limit, MOST_TRANSFERS) or 1)  # one row still tells whether there is such a customer
        )
        rows = self._rows_of_customer(statement, customer_number)
        return [reading.transfer_from(row, _recall(row)) for row in rows[: within(limit, MOST_TRANSFERS)]]

    def standing_instructions(self, customer_number: str) -> Sequence[StandingInstruction]:
        """The customer's standing orders and direct debits, next due first."""
        instructions, stops, ours = tables.standing_instructions, tables.stops, tables.standing_orders
        pauses = tables.pauses
        statement = (
            _through_accounts(instructions, customer_number)
            .add_columns(stops.c.placed_on, stops.c.only_on, ours.c.last_on, pauses.c.resume_on)
            .outerjoin(ours, ours.c.instruction_id == instructions.c.id)
            .outerjoin(stops, stops.c.instruction_id == instructions.c.id)
            .outerjoin(pauses, pauses.c.instruction_id == instructions.c.id)
            .order_by(instructions.c.next_on, instructions.c.id)
        )
        return [
            reading.instruction_from(row, _stopped(row), row.last_on, row.resume_on)
            for row in self._rows_of_customer(statement, customer_number)
            if row.placed_on is None or row.kind == "direct debit"
        ]

    def fraud_alerts(self, customer_number: str) -> Sequence[FraudAlert]:
        """Fraud alerts on the customer with their payments, open ones first, then newest."""
        alerts, links = tables.fraud_alerts, tables.fraud_alert_transactions
        statement = (
            _of_customer(alerts, customer_number)
            .add_columns(links.c.transaction_id)
            .outerjoin(links, links.c.alert_id == alerts.c.id)
            .order_by(
                case((alerts.c.state == AlertState.OPEN.value, 0), else_=1),
                alerts.c.raised_at.desc(),
                alerts.c.id,
                links.c.position,
            )
        )
        by_alert: defaultdict[str, list[Row[Any]]] = defaultdict(list)
        for row in self._rows_of_customer(statement, customer_number):
            by_alert[row.id].append(row)
        return [
            reading.alert_from(rows[0], tuple(row.transaction_id for row in rows if row.transaction_id is not None))
            for rows in by_alert.values()
        ]

    def disputes(self, customer_number: str) -> Sequence[Dispute]:
        """The customer's disputes, open ones first, then newest."""
        disputes = tables.disputes
        still_open = disputes.c.state.in_([state.value for state in OPEN_DISPUTES])
        statement = _of_customer(disputes, customer_number).order_by(
            case((still_open, 0), else_=1), disputes.c.opened_on.desc(), disputes.c.id.desc()
        )
        return [reading.dispute_from(row) for row in self._rows_of_customer(statement, customer_number)]

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """A connection for one question; a database that does not answer is a bank that is unavailable."""
        try:
            with self._engine.connect() as connection:
                yield connection
        except (OperationalError, InterfaceError, PoolTimeoutError) as failure:
            raise BankUnavailable("the sandbox bank's database does not answer") from failure

    def _rows_of_customer(self, statement: Select[Any], customer_number: str) -> list[Row[Any]]:
        """The rows a statement of `_of_customer` or `_through_accounts` finds."""
        with self._reading() as connection:
            return _existing(connection.execute(statement).all(), customer_number)


def _stopped(row: Row[Any]) -> str | None:
    """How far a direct debit is stopped; a stop of one day is over when that day is no longer the next."""
    if row.placed_on is None or (row.only_on is not None and row.only_on < row.next_on):
        return None
    return "until cancelled" if row.only_on is None else "the next one"


def _recall(row: Row[Any]) -> str | None:
    """What became of asking for the money back."""
    if row.asked_on is None:
        return None
    asked = f"asked on {written_day(row.asked_on)}"
    if row.answered_on is None:
        return f"{asked}, answer by {written_day(row.answer_by)}"
    answer = "the recipient agreed, the money is back" if row.agreed else "the recipient refused"
    return f"{asked}, answered {written_day(row.answered_on)}: {answer}"


def _with_returns(statement: Select[Any]) -> Select[Any]:
    """Movements with what became of giving direct debits back."""
    transactions, returns = tables.transactions, tables.debit_returns
    return statement.outerjoin(returns, returns.c.transaction_id == transactions.c.id).add_columns(
        returns.c.asked_on, returns.c.answer_by, returns.c.answered_on, returns.c.agreed
    )


def _plain(customer_number: str) -> str:
    """The number without anything that a database would refuse to look for."""
    return fold(customer_number)


def _of_customer(table: Table, customer_number: str) -> Select[Any]:
    """All rows of the customer, and one row of nothing when the customer has none: so one query tells both."""
    customers = tables.customers
    joined = customers.outerjoin(table, table.c.customer_number == customers.c.number)
    return select(table).select_from(joined).where(customers.c.number == _plain(customer_number))


def _through_accounts(table: Table, customer_number: str) -> Select[Any]:
    """The same for what hangs on the customer's accounts."""
    customers, accounts = tables.customers, tables.accounts
    on_accounts = accounts.join(table, table.c.account_id == accounts.c.id)
    joined = customers.outerjoin(on_accounts, accounts.c.customer_number == customers.c.number)
    return select(table).select_from(joined).where(customers.c.number == _plain(customer_number))


def _existing(rows: Sequence[Row[Any]], customer_number: str) -> list[Row[Any]]:
    """The rows of things that exist; raises `CustomerNotFound` if not even the customer does."""
    if not rows:
        raise CustomerNotFound(customer_number)
    return [row for row in rows if row.id is not None]
