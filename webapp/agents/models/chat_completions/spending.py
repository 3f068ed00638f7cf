"""What a language model costs: tokens, money, and who keeps the accounts. Money is counted in millionths of a unit."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_UP, Decimal
from typing import Protocol

from webapp.agents.models.chat_completions.failures import Reason
from webapp.agents.transcript import Asker

MILLION = 1_000_000
SIGNS_A_TOKEN = 3  # where an endpoint does not count: rather too many tokens than too few


@dataclass(frozen=True, slots=True)
class Prices:
    """What a million tokens cost, in whole units of the currency of the budgets."""

    tokens_in: Decimal = Decimal(0)
    tokens_out: Decimal = Decimal(0)

    def cost(self, tokens_in: int, tokens_out: int) -> int:
        """Millionths of a unit, rounded up: a price per million tokens is a price in millionths per token."""
        exact = self.tokens_in * tokens_in + self.tokens_out * tokens_out
        return int(exact.to_integral_value(rounding=ROUND_UP))


@dataclass(frozen=True, slots=True)
class ModelUse:
    """What one attempt to answer with a language model took, and what came of it."""

    model: str
    prompt: str  # version of the prompts: "3.9f2c1a7b"
    tools: tuple[str, ...] = ()  # every tool that was offered
    requests: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    estimated: bool = False  # the endpoint did not count the tokens of every request
    cost: int = 0  # millionths
    milliseconds: float = 0.0
    failure: Reason | None = None  # None: it answered


@dataclass
class Tally:
    """Counts while a question is answered."""

    prices: Prices
    requests: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    estimated: bool = False
    tools: dict[str, None] = field(default_factory=dict)

    @property
    def cost(self) -> int:
        """So far, in millionths."""
        return self.prices.cost(self.tokens_in, self.tokens_out)

    def add(self, counted: tuple[int, int] | None, signs_in: int, signs_out: int) -> None:
        """A request is over: with the endpoint's own count, or estimated by the length of what went to and fro."""
        self.requests += 1
        if counted is None:
            self.estimated = True
            counted = (-(-signs_in // SIGNS_A_TOKEN), -(-signs_out // SIGNS_A_TOKEN))
        self.tokens_in += counted[0]
        self.tokens_out += counted[1]


@dataclass(frozen=True, slots=True)
class Left:
    """What may still be spent today, in millionths; None: there is no limit."""

    of_all: int | None = None
    of_person: int | None = None

    def refusal(self, spent: int) -> Reason | None:
        """Why nothing more may be spent, if so much was spent meanwhile."""
        if self.of_person is not None and spent >= self.of_person:
            return "budget_of_person"
        if self.of_all is not None and spent >= self.of_all:
            return "budget"
        return None


class Ledger(Protocol):
    """Keeps the accounts. Neither method raises: an account that cannot be kept costs nobody an answer."""

    def left(self, asker: Asker) -> Left:
        """What this person and all together may still spend today."""
        ...

    def note(self, asker: Asker, use: ModelUse) -> None:
        """Keep what a question has cost."""
        ...
