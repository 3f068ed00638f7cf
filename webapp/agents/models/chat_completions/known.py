"""Which names and numbers of people a desk knows: of the customer, of staff, and of whom the customer pays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from webapp.agents.models.chat_completions.veil import Kind, Known, Veil
from webapp.agents.transcript import Desk
from webapp.agents.wording import day
from webapp.agents.words import STOP_WORDS
from webapp.bank.core_banking import CoreBanking, TransactionQuery
from webapp.bank.values import (
    Account,
    Card,
    Customer,
    CustomerMatch,
    Dispute,
    FraudAlert,
    StandingInstruction,
    Transaction,
    TransactionKind,
    Transfer,
)

_LARGE = r"[A-ZÄÖÜ][\w'-]+"
_BEFORE = "to|for|from|of|by|with|named|called|name is|recipient|payee|customer|client"
_SAID = re.compile(rf"\b(?i:{_BEFORE})\s+({_LARGE}(?:\s+{_LARGE}){{1,2}})")
MOST_READ = 200
_SHORTEST = 3
# A counterparty of these may be a person; who takes card payments is a shop.
_BETWEEN_PEOPLE = (
    TransactionKind.TRANSFER_IN,
    TransactionKind.TRANSFER_OUT,
    TransactionKind.STANDING_ORDER,
    TransactionKind.SALARY,
)
# Names of the bank's places and products, and first names that are ordinary words when written small.
_WORDS_TOO = frozenset(
    """nordhafen altmarkt lindenau seebrueck seebrück bankside everyday instant notice fixed junior premium student
    business current saver savings debit credit personal loan bank card account will may mark grace rose hope joy bill
    art sun dawn june april august summer frank max ray sky""".split()
)


def known_at(desk: Desk) -> list[Known]:
    """Everything to hide at this desk. Raises what the bank raises: without the names nothing may leave."""
    found = [*_of_person(desk.staff_name)]
    customer = desk.customer
    if customer is None:
        return found
    found += _of_customer(customer)
    number = customer.number
    payees = [row.to_name for row in desk.bank.transfers(number, limit=MOST_READ)]
    payees += [row.to_name for row in desk.bank.standing_instructions(number)]
    between_people = TransactionQuery(kinds=_BETWEEN_PEOPLE, limit=MOST_READ)
    payees += [row.counterparty for row in desk.bank.transactions(number, between_people)]
    for name in dict.fromkeys(payees):
        found += _of_payee(name, customer)
    return found


def names_said(text: str) -> list[Known]:
    """Names that staff type and no record knows: two or three words written large behind "to", "from" and the like."""
    found = []
    for match in _SAID.finditer(text):
        if not any(word.casefold() in _WORDS_TOO for word in match[1].split()):
            found.append(Known("NAME", match[1]))
    return found


class OverhearingBank:
    """A bank as tools read it: every name of a person that comes through this door is hidden from then on."""

    def __init__(self, bank: CoreBanking, veil: Veil, customer: Customer) -> None:
        self._bank = bank
        self._veil = veil
        self._customer = customer

    def search_customers(self, text: str, limit: int = 8) -> Sequence[CustomerMatch]:
        """As the bank says."""
        found = self._bank.search_customers(text, limit)
        self._veil.learn(known for row in found for known in _of_person(row.name))
        return found

    def customer(self, customer_number: str) -> Customer:
        """As the bank says."""
        found = self._bank.customer(customer_number)
        self._veil.learn(_of_customer(found))
        return found

    def accounts(self, customer_number: str) -> Sequence[Account]:
        """As the bank says."""
        return self._bank.accounts(customer_number)

    def cards(self, customer_number: str) -> Sequence[Card]:
        """As the bank says."""
        return self._bank.cards(customer_number)

    def card(self, customer_number: str, last_four: str) -> Card:
        """As the bank says."""
        return self._bank.card(customer_number, last_four)

    def transactions(self, customer_number: str, query: TransactionQuery) -> Sequence[Transaction]:
        """As the bank says."""
        found = self._bank.transactions(customer_number, query)
        self._hear(row.counterparty for row in found if row.kind in _BETWEEN_PEOPLE)
        return found

    def transfers(self, customer_number: str, limit: int = 20) -> Sequence[Transfer]:
        """As the bank says."""
        found = self._bank.transfers(customer_number, limit)
        self._hear(row.to_name for row in found)
        return found

    def standing_instructions(self, customer_number: str) -> Sequence[StandingInstruction]:
        """As the bank says."""
        found = self._bank.standing_instructions(customer_number)
        self._hear(row.to_name for row in found)
        return found

    def fraud_alerts(self, customer_number: str) -> Sequence[FraudAlert]:
        """As the bank says."""
        return self._bank.fraud_alerts(customer_number)

    def disputes(self, customer_number: str) -> Sequence[Dispute]:
        """As the bank says."""
        return self._bank.disputes(customer_number)

    def _hear(self, payees: Iterable[str]) -> None:
        for name in dict.fromkeys(payees):
            self._veil.learn(_of_payee(name, self._customer))


def _of_customer(customer: Customer) -> Iterator[Known]:
    yield from _of_person(customer.name)
    born = customer.birth_date
    rest: Iterable[tuple[Kind, str]] = (
        ("EMAIL", customer.email),
        ("PHONE", customer.phone),
        ("ADDRESS", f"{customer.street}, {customer.postcode} {customer.town}"),
        ("ADDRESS", f"{customer.postcode} {customer.town}"),
        ("ADDRESS", customer.street),
        ("CUSTOMER", customer.number),
        ("BIRTHDAY", day(born)),
        ("BIRTHDAY", born.isoformat()),
        ("BIRTHDAY", f"{born:%d.%m.%Y}"),
        ("BIRTHDAY", f"{born:%d/%m/%Y}"),
        ("BIRTHDAY", f"{born.day} {born:%B %Y}"),
    )
    for kind, value in rest:
        yield Known(kind, value)


def _of_person(name: str) -> Iterator[Known]:
    """The whole name, and each of its words alone: written large, or anyhow when it is no ordinary word."""
    words = name.split()
    yield Known("NAME", name)
    if len(words) > 2:
        yield Known("NAME", " ".join(words[:2]))
    if len(words) <= 3:
        for word in words:
            bare = word.strip(".,").casefold()
            if len(bare) >= _SHORTEST and bare not in STOP_WORDS:
                yield from _alone(word.strip(".,"))


def _of_payee(name: str, customer: Customer) -> Iterator[Known]:
    """The whole name; and the last word of a name of two, unless it names a place or a product."""
    if not name.strip() or name.casefold() == customer.name.casefold():
        return
    yield Known("NAME", name)
    words = name.split()
    if len(words) == 2 and words[1].casefold() not in _WORDS_TOO and words[1].isalpha():
        yield from _alone(words[1])


def _alone(word: str) -> Iterator[Known]:
    bare = word.casefold()
    yield Known("NAME", word, any_case=bare not in _WORDS_TOO and len(bare) > _SHORTEST)
    if bare in _WORDS_TOO:
        yield Known("NAME", word.upper(), any_case=False)
