"""`HttpOrderDesk`: orders to a bank over HTTP, each sent once under its key; what is uncertain counts as not known."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Engine

from webapp.bank.address import BankAddress
from webapp.bank.errors import AnswerUnreadable, BankUnavailable, CustomerNotFound, OrderRefused, OutcomeUnknown
from webapp.bank.http.bank import NUMBER, missing
from webapp.bank.http.line import Line, Said
from webapp.bank.http.wire import read
from webapp.bank.order_desk import Outcome, Receipt
from webapp.bank.orders import Order, arguments_of
from webapp.bank.previews import NOTHING, Preview

LONGEST_REASON: Final = 400
NOT_UNDERSTOOD = "The bank does not take this kind of order; nothing was changed."


def connect(_engine: Engine, address: BankAddress) -> HttpOrderDesk:
    """The order desk of the bank at the configured address; raises ValueError without one."""
    return HttpOrderDesk(Line(address))


class HttpOrderDesk:
    """Implements `OrderDesk`."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def preview(self, customer_number: str, order: Order) -> Preview:
        """What the bank says the order would do. Changes nothing, so it may be asked again."""
        said = self._line.ask(_path(customer_number, "previews"), content=_order(order))
        _refused(said)
        if said.status != 200:
            missing(said)
        preview = read(Preview, said.body)
        if preview.amount < NOTHING or preview.fee < NOTHING or not preview.title or len(preview.currency) != 3:
            raise AnswerUnreadable("a preview that promises what cannot be")
        return preview

    def carry_out(self, key: str, customer_number: str, order: Order) -> Receipt:
        """Send it once. Whatever is not a receipt or a documented refusal is `OutcomeUnknown`."""
        said = self._line.order(_path(customer_number, "orders"), _order(order), key)
        _refused(said)
        if said.status == 404 and said.code == "customer_not_found":
            raise CustomerNotFound(customer_number)
        if said.status not in (200, 201):
            raise OutcomeUnknown(f"the bank answered {said.status}, which was not agreed")
        try:
            return _checked(read(Receipt, said.body))
        except AnswerUnreadable as error:
            raise OutcomeUnknown("the receipt cannot be read") from error

    def outcome(self, key: str) -> Outcome:
        """What became of a key. "not known" only if the bank says just that."""
        said = self._line.ask(f"/orders/{_checked_key(key)}")
        if said.status != 200:
            raise BankUnavailable(f"the bank answered {said.status} about an order")
        found = read(Outcome, said.body)
        if (found.state == "done") != (found.receipt is not None):
            raise AnswerUnreadable("an outcome that contradicts itself")
        if found.receipt is not None:
            _checked(found.receipt)
        return Outcome(found.state, found.receipt, found.reason[:LONGEST_REASON])


def _path(customer_number: str, what: str) -> str:
    if not NUMBER.fullmatch(customer_number):
        raise CustomerNotFound(customer_number)
    return f"/customers/{customer_number}/{what}"


def _order(order: Order) -> dict[str, object]:
    return {"kind": order.kind, "arguments": arguments_of(order)}


def _refused(said: Said) -> None:
    """Raise the bank's refusal, in its own words; or that it cannot read such an order."""
    if said.status == 409 and said.code == "order_refused":
        detail = said.body.get("detail")
        reason = " ".join(detail.split()) if isinstance(detail, str) else ""
        raise OrderRefused(reason[:LONGEST_REASON] or "The bank refuses this order and gives no reason.")
    if said.status == 400 and said.code == "invalid_request":
        raise OrderRefused(NOT_UNDERSTOOD)


def _checked(receipt: Receipt) -> Receipt:
    if not 0 < len(receipt.number) <= 40 or not receipt.text.strip():
        raise AnswerUnreadable("a receipt without a number or a sentence")
    return receipt


def _checked_key(key: str) -> str:
    if not 0 < len(key) <= 64 or not all(sign.isalnum() or sign in "._-" for sign in key) or not key.isascii():
        raise ValueError("a key has 1 to 64 letters, digits, dots, dashes")
    return key
