"""Moving money: every movement has a counterpart, and what is posted under one order makes nothing in sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from sqlalchemy import func, insert, select, update

from webapp.bank.sandbox import tables
from webapp.bank.sandbox.counter import Counter
from webapp.bank.sandbox.folding import fold
from webapp.bank.sandbox.terms import CURRENCY
from webapp.bank.values import TransactionKind, TransactionStatus

# The bank's own ledgers. Accounts of customers are ledgers too, named by their ids.
OTHER_BANKS: Final = "bank:clearing"
FEES: Final = "bank:fees"
DISPUTES: Final = "bank:disputes"

_ONE_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of a movement; on a customer's account it is a line of the statement."""

    ledger: str
    amount: Decimal  # negative when money leaves the ledger
    kind: TransactionKind = TransactionKind.TRANSFER_OUT
    counterparty: str = ""
    text: str = ""
    category: str = "own transfer"

    @property
    def is_ours(self) -> bool:
        """Whether the ledger is the bank's own and has no statement."""
        return self.ledger.startswith("bank:")


def post(counter: Counter, legs: Sequence[Leg]) -> None:
    """Book the legs of one movement; raises ValueError if they do not make nothing in sum."""
    if sum(leg.amount for leg in legs):
        raise ValueError("a movement has to balance")
    connection, accounts = counter.connection, tables.accounts
    ids = sorted({leg.ledger for leg in legs if not leg.is_ours})
    locked = connection.execute(
        select(accounts.c.id, accounts.c.balance)
        .where(accounts.c.id.in_(ids))
        .order_by(accounts.c.id)
        .with_for_update()
    )
    balances = {row.id: row.balance for row in locked}
    booked_before = connection.scalars(select(tables.postings.c.id).where(tables.postings.c.order_key == counter.key))
    place = len(booked_before.all())
    for leg in legs:
        place += 1
        transaction_id = None
        if not leg.is_ours:
            balances[leg.ledger] += leg.amount
            transaction_id = _book(counter, leg, balances[leg.ledger], place)
        connection.execute(
            insert(tables.postings).values(
                order_key=counter.key, ledger=leg.ledger, amount=leg.amount, transaction_id=transaction_id
            )
        )


def _book(counter: Counter, leg: Leg, balance_after: Decimal, place: int) -> str:
    """Write a line of the statement. No two of an account share a moment: their order is that of their balances."""
    connection, transaction_id = counter.connection, f"TX-{next(counter.draws(14))}-{place}"
    lines, moment = tables.transactions, counter.now
    latest = connection.scalar(
        select(func.max(lines.c.booked_at)).where(
            lines.c.account_id == leg.ledger, lines.c.booked_at >= moment, lines.c.booked_at < moment + _ONE_SECOND
        )
    )
    if latest is not None:
        moment = latest + timedelta(microseconds=1)
    connection.execute(
        insert(tables.transactions).values(
            id=transaction_id,
            account_id=leg.ledger,
            booked_at=moment,
            amount=leg.amount,
            currency=CURRENCY,
            kind=leg.kind.value,
            status=TransactionStatus.BOOKED.value,
            counterparty=leg.counterparty[:120],
            text=leg.text[:240],
            folded_text=fold(f"{leg.counterparty} {leg.text}")[:500],
            category=leg.category,
            balance_after=balance_after,
        )
    )
    accounts = tables.accounts
    connection.execute(update(accounts).where(accounts.c.id == leg.ledger).values(balance=balance_after))
    return transaction_id


def charge(counter: Counter, account_id: str, fee: Decimal, text: str) -> None:
    """Take a fee from an account, if there is one to take."""
    if fee:
        leg = Leg(account_id, -fee, TransactionKind.FEE, "Nordhafen Bank", text, "fees")
        post(counter, (leg, Leg(FEES, fee)))
