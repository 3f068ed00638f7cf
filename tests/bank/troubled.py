"""The sandbox's order desk on a bad day: slow, failing, or silent after it has acted, as a file or a test says."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine

from webapp.bank.errors import BankUnavailable, OutcomeUnknown
from webapp.bank.order_desk import OrderDesk, Outcome, Receipt
from webapp.bank.orders import Order
from webapp.bank.previews import Preview
from webapp.bank.sandbox.order_desk import connect as sandbox

Trouble = Callable[[], None]


@dataclass
class TroubledDesk:
    """Passes everything on. `before` and `after` happen around the act; `sent` counts what reached it, by key."""

    desk: OrderDesk
    before: Trouble | None = None
    after: Trouble | None = None
    silent: bool = False  # about outcomes
    sent: list[str] = field(default_factory=list)

    def preview(self, customer_number: str, order: Order) -> Preview:
        return self.desk.preview(customer_number, order)

    def carry_out(self, key: str, customer_number: str, order: Order) -> Receipt:
        self.sent.append(key)
        if self.before:
            self.before()
        receipt = self.desk.carry_out(key, customer_number, order)
        if self.after:
            self.after()
        return receipt

    def outcome(self, key: str) -> Outcome:
        if self.silent:
            raise BankUnavailable("silent")
        return self.desk.outcome(key)


def fail() -> None:
    """The order does not reach the bank."""
    raise BankUnavailable("the line is down")


def lose_the_answer() -> None:
    """The bank has the order; its answer is lost."""
    raise OutcomeUnknown("no answer")


def connect(engine: Engine) -> TroubledDesk:
    """For a server of its own: what the file TROUBLE names happens, "before slow", "after slow", "after lost" ..."""
    path = Path(os.environ["TROUBLE"])

    def trouble(place: str) -> Trouble:
        def happen() -> None:
            words = path.read_text().split() if path.exists() else []
            if words[:1] != [place]:
                return
            match words[1]:
                case "slow":
                    path.with_suffix(".reached").touch()
                    time.sleep(60)
                case "lost":
                    lose_the_answer()
                case "down":
                    fail()

        return happen

    return TroubledDesk(sandbox(engine), trouble("before"), trouble("after"))
