"""`SandboxOrderDesk`: the invented bank takes orders and carries them out, once for each key, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from webapp.bank.errors import BankUnavailable, CustomerNotFound, OrderRefused
from webapp.bank.order_desk import Outcome, Receipt
from webapp.bank.orders import Order, arguments_of, digest_of
from webapp.bank.previews import Preview
from webapp.bank.sandbox import (
    card_orders,
    case_orders,
    debit_orders,
    outward_orders,
    pauses,
    payment_orders,
    pin_orders,
    reading,
    recall_orders,
    standing_orders,
    tables,
)
from webapp.bank.sandbox.counter import Counter, Plan
from webapp.bank.sandbox.folding import fold

LONGEST_KEY = 64
ATTEMPTS = 3
GIVEN_UP = ("40001", "40P01")  # SQLSTATE of a serialization failure and of a deadlock: the transaction was undone
ANOTHER_ORDER = "This key was used for another order."
PLANS: Mapping[str, Callable[[Counter, Any], Plan]] = {
    "block_card": card_orders.block,
    "unblock_card": card_orders.unblock,
    "replace_card": card_orders.replace,
    "activate_card": card_orders.activate,
    "set_card_limit": card_orders.set_limit,
    "transfer_money": payment_orders.transfer,
    "cancel_transfer": payment_orders.cancel_transfer,
    "stop_payment": payment_orders.stop_payment,
    "open_dispute": case_orders.open_dispute,
    "withdraw_dispute": case_orders.withdraw_dispute,
    "resolve_alert": case_orders.resolve_alert,
    "report_fraud": case_orders.report_fraud,
    "update_contact": case_orders.update_contact,
    "instant_transfer": outward_orders.instant,
    "schedule_transfer": outward_orders.schedule,
    "pay_bill": outward_orders.pay_bill,
    "international_transfer": outward_orders.international,
    "set_up_standing_order": standing_orders.set_up,
    "change_standing_order": standing_orders.change,
    "recall_transfer": recall_orders.recall,
    "reset_pin_count": pin_orders.reset_count,
    "send_pin_letter": pin_orders.send_letter,
    "return_direct_debit": debit_orders.give_back,
    "pause_standing_order": pauses.pause,
    "resume_standing_order": pauses.resume,
}


def connect(engine: Engine) -> SandboxOrderDesk:
    """The order desk of the sandbox bank kept in this database."""
    return SandboxOrderDesk(engine)


class SandboxOrderDesk:
    """Implements `OrderDesk` over the sandbox tables. `clock` gives an aware time; cut-offs are local."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._clock = clock

    def preview(self, customer_number: str, order: Order) -> Preview:
        """What the order would do; raises `OrderRefused`, `CustomerNotFound`, `BankUnavailable`."""
        with self._answering(), self._engine.connect() as connection:
            return self._plan(connection, "preview", customer_number, order, acting=False).preview

    def carry_out(self, key: str, customer_number: str, order: Order) -> Receipt:
        """Do it, once for each key; a repeat gets what the first one got."""
        if not 0 < len(key) <= LONGEST_KEY:
            raise ValueError("a key has 1 to 64 characters")
        digest = digest_of([customer_number, order.kind, arguments_of(order)])
        with self._answering():
            try:
                self._attempt(key, customer_number, order, digest)
            except IntegrityError:
                with self._engine.connect() as connection:
                    if self._row(connection, key) is None:
                        raise  # it was something else
            with self._engine.connect() as connection:
                row = self._row(connection, key)
        if row is None or row.digest != digest:
            raise OrderRefused(ANOTHER_ORDER)
        if row.state == "refused":
            raise OrderRefused(row.text)
        return Receipt(row.receipt_number, row.at, row.text)

    def _attempt(self, key: str, customer_number: str, order: Order, digest: str) -> None:
        """One transaction; again from the start if the database gave it up so that another could go on."""
        for again in range(ATTEMPTS - 1, -1, -1):
            try:
                with self._engine.begin() as connection:
                    self._take(connection, key, customer_number, order, digest)
                    self._decide(connection, key, customer_number, order)
                return
            except OperationalError as failure:
                if not again or getattr(failure.orig, "sqlstate", "") not in GIVEN_UP:
                    raise

    def outcome(self, key: str) -> Outcome:
        """What became of a key."""
        with self._answering(), self._engine.connect() as connection:
            row = self._row(connection, key[:LONGEST_KEY])
        if row is None:
            return Outcome("not known")
        if row.state == "refused":
            return Outcome("refused", reason=row.text)
        return Outcome("done", Receipt(row.receipt_number, row.at, row.text))

    def _take(self, connection: Connection, key: str, customer_number: str, order: Order, digest: str) -> None:
        """Write the key first: of two that come at once, one waits here and then finds the other's row."""
        if self._customer(connection, customer_number) is None:
            raise CustomerNotFound(customer_number)
        connection.execute(
            insert(tables.orders).values(
                key=key, customer_number=fold(customer_number), kind=order.kind, digest=digest, state="taken", text="",
                at=self._clock(),
            )
        )  # fmt: skip

    def _decide(self, connection: Connection, key: str, customer_number: str, order: Order) -> None:
        """Carry it out, or note the refusal. A plan refuses before it changes anything."""
        try:
            plan = self._plan(connection, key, customer_number, order, acting=True)
        except OrderRefused as refused:
            decided: dict[str, Any] = {"state": "refused", "text": str(refused)[:400]}
        else:
            number, text = plan.act()
            decided = {"state": "done", "receipt_number": number, "text": text[:400]}
        connection.execute(update(tables.orders).where(tables.orders.c.key == key).values(**decided))

    def _plan(self, connection: Connection, key: str, customer_number: str, order: Order, *, acting: bool) -> Plan:
        row = self._customer(connection, customer_number)
        if row is None:
            raise CustomerNotFound(customer_number)
        counter = Counter(connection, reading.customer_from(row), key, self._clock(), acting)
        return PLANS[order.kind](counter, order)

    @staticmethod
    def _customer(connection: Connection, customer_number: str) -> Any:
        customers = tables.customers
        return connection.execute(select(customers).where(customers.c.number == fold(customer_number))).first()

    @staticmethod
    def _row(connection: Connection, key: str) -> Any:
        return connection.execute(select(tables.orders).where(tables.orders.c.key == key)).first()

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """A database that does not answer is a bank that does not; its transaction is rolled back, nothing changed."""
        try:
            yield
        except (OperationalError, InterfaceError, PoolTimeoutError) as failure:
            raise BankUnavailable("the sandbox bank's database does not answer") from failure
