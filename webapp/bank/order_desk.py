"""The port through which a bank is changed. Thinking never gets it, only `webapp.bank.previews`, which change nothing.

An order is sent under an idempotency key. The bank carries the same key out once, however often it comes: a repeat gets
the first one's receipt or refusal. `outcome` tells what became of a key, for whoever lost the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from webapp.bank.orders import Order
from webapp.bank.previews import OrderPreviews


@dataclass(frozen=True, slots=True)
class Receipt:
    """That an order was carried out."""

    number: str  # what staff quote
    done_at: datetime
    text: str  # "Nordhafen Debit ..4417 is blocked."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a key."""

    state: Literal["done", "refused", "not known"]
    receipt: Receipt | None = None
    reason: str = ""


class OrderDesk(OrderPreviews, Protocol):
    """Where a bank takes orders. Only `webapp.work` calls `carry_out`, for proposals a person has confirmed."""

    def carry_out(self, key: str, customer_number: str, order: Order) -> Receipt:
        """Do it, once for each key.

        Raises `OrderRefused` (nothing changed), `BankUnavailable` (the order did not reach the bank, nothing changed),
        `OutcomeUnknown` (it was sent, and no answer came). Any other exception counts as `OutcomeUnknown`.
        """
        ...

    def outcome(self, key: str) -> Outcome:
        """What became of an order. "not known": the bank has never received it. Raises `BankUnavailable`."""
        ...
