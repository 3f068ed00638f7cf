"""What an order would do, asked without doing it. This is all that thinking ever gets of a bank's order desk."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from webapp.bank.orders import Order

NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing an order changes, in words: "Status", "active", "blocked"."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What an order would do if it were sent now."""

    title: str  # "Block Nordhafen Debit ..4417"
    act: str  # what the button says: "Block the card"
    changes: tuple[Change, ...]
    fee: Decimal = NOTHING
    amount: Decimal = NOTHING  # the money at stake, for limits of who may confirm
    currency: str = "EUR"
    notes: tuple[str, ...] = ()  # deadlines, delivery, what cannot be undone


class OrderPreviews(Protocol):
    """What an order would do. Reads only."""

    def preview(self, customer_number: str, order: Order) -> Preview:
        """Check an order without carrying it out.

        Raises `OrderRefused` with the reason if the bank would refuse it, `BankUnavailable` without an answer. A
        replacement for a lost card that is still to be blocked is previewed as if it were.
        """
        ...


class PreviewsOnly:
    """An order desk that has nothing to carry orders out with: what thinking gets."""

    def __init__(self, desk: OrderPreviews) -> None:
        self.preview = desk.preview
