"""`HttpBank`: reading from a bank over HTTP. What it says is checked before anything of it is used."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Final, NoReturn, TypeVar

from sqlalchemy import Engine

from webapp.bank.address import BankAddress
from webapp.bank.core_banking import TransactionQuery
from webapp.bank.errors import AccountNotFound, AnswerUnreadable, CardNotFound, CustomerNotFound
from webapp.bank.http.line import Line, Said
from webapp.bank.http.wire import MOST_ITEMS, read, read_items
from webapp.bank.values import (
    Account,
    Card,
    Customer,
    CustomerMatch,
    Dispute,
    FraudAlert,
    StandingInstruction,
    Transaction,
    Transfer,
)

V = TypeVar("V")
NUMBER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", re.ASCII)
ENDING: Final = re.compile(r"\d{4}", re.ASCII)
LONGEST_SEARCH: Final = 160
MOST_MATCHES: Final = 100
MOST_TRANSFERS: Final = 500
MOST_MONEY: Final = Decimal("9999999999999.99")
_CENT = Decimal("0.01")
MISSING: Final = {
    "customer_not_found": CustomerNotFound,
    "account_not_found": AccountNotFound,
    "card_not_found": CardNotFound,
}


def connect(_engine: Engine, address: BankAddress) -> HttpBank:
    """The bank at the configured address; raises ValueError without one."""
    return HttpBank(Line(address))


class HttpBank:
    """Implements `CoreBanking`. Also raises `AnswerUnreadable`, for answers that are not what was agreed."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def search_customers(self, text: str, limit: int = 8) -> Sequence[CustomerMatch]:
        """Who matches; [] for what nobody is called."""
        wanted = min(limit, MOST_MATCHES)
        if wanted < 1 or not 0 < len(text.strip()) <= LONGEST_SEARCH or _encodable(text) != text:
            return []
        said = self._line.ask("/customers", {"text": text, "limit": str(wanted)})
        return _at_most(wanted, _items(CustomerMatch, said))

    def customer(self, customer_number: str) -> Customer:
        """Who the customer is."""
        found = _one(Customer, self._about(customer_number, ""))
        _same(found.number, customer_number)
        return found

    def accounts(self, customer_number: str) -> Sequence[Account]:
        """The customer's accounts."""
        return _owned(customer_number, _items(Account, self._about(customer_number, "/accounts")))

    def cards(self, customer_number: str) -> Sequence[Card]:
        """The customer's cards."""
        return _owned(customer_number, _items(Card, self._about(customer_number, "/cards")))

    def card(self, customer_number: str, last_four: str) -> Card:
        """The customer's card with this ending."""
        if not ENDING.fullmatch(last_four):
            raise CardNotFound(last_four)
        found = _one(Card, self._about(customer_number, f"/cards/{last_four}"))
        _same(found.customer_number, customer_number)
        _same(found.last_four, last_four)
        return found

    def transactions(self, customer_number: str, query: TransactionQuery) -> Sequence[Transaction]:
        """Movements; a `direction` other than in and out is a ValueError."""
        if query.direction not in (None, "in", "out"):
            raise ValueError(f"a payment goes in or out, not {query.direction!r}")
        wanted = max(0, min(query.limit, MOST_ITEMS))
        found = _items(Transaction, self._about(customer_number, "/transactions", _params(query, wanted)))
        if query.account_id is not None and any(one.account_id != query.account_id for one in found):
            raise AnswerUnreadable("movements of another account")
        return _at_most(wanted, found)

    def transfers(self, customer_number: str, limit: int = 20) -> Sequence[Transfer]:
        """The customer's transfer orders."""
        wanted = max(0, min(limit, MOST_TRANSFERS))
        said = self._about(customer_number, "/transfers", {"limit": str(wanted)})
        return _at_most(wanted, _items(Transfer, said))

    def standing_instructions(self, customer_number: str) -> Sequence[StandingInstruction]:
        """Standing orders and direct debits."""
        return _items(StandingInstruction, self._about(customer_number, "/standing-instructions"))

    def fraud_alerts(self, customer_number: str) -> Sequence[FraudAlert]:
        """Fraud alerts."""
        return _owned(customer_number, _items(FraudAlert, self._about(customer_number, "/fraud-alerts")))

    def disputes(self, customer_number: str) -> Sequence[Dispute]:
        """Disputes."""
        return _owned(customer_number, _items(Dispute, self._about(customer_number, "/disputes")))

    def _about(self, customer_number: str, what: str, params: Mapping[str, str | list[str]] | None = None) -> Said:
        """Ask about a customer; a number that cannot be one is not asked for."""
        if not NUMBER.fullmatch(customer_number):
            raise CustomerNotFound(customer_number)
        return self._line.ask(f"/customers/{customer_number}{what}", params)


def _params(query: TransactionQuery, limit: int) -> dict[str, str | list[str]]:
    """The query as it stands in an address. Bounds are narrowed to whole cents, never widened."""
    params: dict[str, str | list[str]] = {"limit": str(limit)}
    plain: dict[str, str | None] = {
        "account_id": query.account_id,
        "since": query.since.isoformat() if query.since else None,
        "until": query.until.isoformat() if query.until else None,
        "text": query.text and _encodable(query.text)[:LONGEST_SEARCH],
        "direction": query.direction,
        "card_last_four": query.card_last_four,
    }
    params |= {name: _encodable(value) for name, value in plain.items() if value is not None}
    if query.min_amount is not None:
        params["min_amount"] = str(min(query.min_amount, MOST_MONEY).quantize(_CENT, ROUND_CEILING))
    if query.max_amount is not None:
        params["max_amount"] = str(min(query.max_amount, MOST_MONEY).quantize(_CENT, ROUND_FLOOR))
    if query.kinds:
        params["kind"] = [kind.value for kind in query.kinds]
    return params


def _encodable(text: str) -> str:
    return text.encode("utf-8", "ignore").decode()


def _one(kind: type[V], said: Said) -> V:
    return read(kind, said.body) if said.status == 200 else missing(said)


def _items(kind: type[V], said: Said) -> list[V]:
    return read_items(kind, said.body) if said.status == 200 else missing(said)


def missing(said: Said) -> NoReturn:
    """Raise what a problem stands for: only a documented code means that something does not exist."""
    if said.status == 404 and said.code in MISSING:
        raise MISSING[said.code](said.code)
    raise AnswerUnreadable(f"the bank answered {said.status}, which was not agreed")


def _at_most(limit: int, found: list[V]) -> list[V]:
    if len(found) > limit:
        raise AnswerUnreadable("more than was asked for")
    return found


def _owned(customer_number: str, found: list[Any]) -> list[Any]:
    for one in found:
        _same(one.customer_number, customer_number)
    return found


def _same(said: str, asked: str) -> None:
    """Records of somebody else are shown to nobody."""
    if said.casefold() != asked.casefold():
        raise AnswerUnreadable("the answer is about somebody else")
