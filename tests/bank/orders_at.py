"""An order desk at a moment of one's choosing, and what the books say afterwards."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from itertools import count

from sqlalchemy import Engine, func, select

from webapp.bank.order_desk import Receipt
from webapp.bank.orders import Order
from webapp.bank.sandbox import tables
from webapp.bank.sandbox.bank import SandboxBank, connect
from webapp.bank.sandbox.dates import BANK_ZONE
from webapp.bank.sandbox.order_desk import SandboxOrderDesk
from webapp.bank.values import Account, AccountKind, Card

MARIA = "10-2041"
ELSEWHERE = "DE89370400440532013000"  # a valid number of another bank
_keys = count(1)


class Bank:
    """A sandbox bank that can be looked at and given orders; `time` is the bank's local time."""

    def __init__(self, engine: Engine, time: datetime) -> None:
        self.engine = engine
        self.time = time
        self.reads: SandboxBank = connect(engine)
        self.desk = SandboxOrderDesk(engine, clock=lambda: self.time.replace(tzinfo=BANK_ZONE))

    def send(self, order: Order, customer: str = MARIA, key: str = "") -> Receipt:
        """Have an order carried out under a key of its own."""
        return self.desk.carry_out(key or f"key-{next(_keys)}", customer, order)

    def account(self, kind: AccountKind = AccountKind.CHECKING, customer: str = MARIA) -> Account:
        """The customer's first account of a kind."""
        return next(one for one in self.reads.accounts(customer) if one.kind is kind)

    def card(self, last_four: str = "4417", customer: str = MARIA) -> Card:
        """A card by its ending."""
        return self.reads.card(customer, last_four)

    def balance(self, account_id: str) -> Decimal:
        """What is booked on any account."""
        accounts = tables.accounts
        with self.engine.connect() as connection:
            found = connection.scalar(select(accounts.c.balance).where(accounts.c.id == account_id))
        assert found is not None
        return found

    def money(self) -> Decimal:
        """Everything on all customers' accounts."""
        with self.engine.connect() as connection:
            return connection.scalar(select(func.sum(tables.accounts.c.balance, type_=tables.Cents))) or Decimal(0)

    def posted(self, *ledgers: str) -> Decimal:
        """The sum of what was posted on these ledgers; of all postings for none."""
        statement = select(func.sum(tables.postings.c.amount, type_=tables.Cents))
        if ledgers:
            statement = statement.where(tables.postings.c.ledger.in_(ledgers))
        with self.engine.connect() as connection:
            return connection.scalar(statement) or Decimal("0.00")

    def rows(self, table_name: str) -> int:
        """How many rows a table has."""
        table = getattr(tables, table_name)
        with self.engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(table)) or 0
