"""Which names and numbers of people a desk knows: of the customer, of staff, and of whom the customer pays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from webapp.agents.models.chat_completions.veil import Kind, Known
from webapp.agents.transcript import Desk
from webapp.agents.wording import day
from webapp.agents.words import STOP_WORDS
from webapp.bank.core_banking import TransactionQuery
from webapp.bank.values import Customer, TransactionKind

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
