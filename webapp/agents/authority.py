"""Whose word is enough for an order, and who else has to be asked: said before anything else, not when confirming."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from webapp.agents.wording import figure, listed


def is_above(amount: Decimal, limit: int | None) -> bool:
    """Whether this much money is more than a role may move on its own word. `limit` is in EUR; None is nothing."""
    return amount > 0 and amount > (limit or 0)


@dataclass(frozen=True, slots=True)
class Authority:
    """What the role of whoever asks may do about orders. Filled by the server from the roles, never by a model.

    What it says is text as it is, not Markdown.
    """

    role: str = ""  # its title, "Teller"; "" when nobody is there any more
    limit: int | None = None  # EUR that the role may have moved on its own word
    branch: str = ""
    confirming: tuple[str, ...] = ()  # titles of the roles that may have orders carried out
    releasing: tuple[str, ...] = ()  # titles of the roles that release what is above somebody's limit

    def needs_second(self, amount: Decimal) -> bool:
        """Whether an order about this much money waits for a second person."""
        return is_above(amount, self.limit)

    def said_of(self, amount: Decimal, currency: str) -> str:
        """Why a second person is needed, and who that can be."""
        alone = f"more than {_article(self.role)} may confirm alone" if self.role else "more than one person confirms"
        if self.role and self.limit:
            alone = f"above the {figure(Decimal(self.limit))} EUR that {_article(self.role)} may confirm alone"
        return f"A second person has to release this: {figure(amount)} {currency} is {alone}. {self.who_releases}"

    @property
    def who_releases(self) -> str:
        """Who can, as a sentence."""
        if not self.releasing:
            return "No role here may release it; the bank's administrator can give one the right."
        of = f" of {self.branch}" if self.branch else ""
        return f"{_any_of(self.releasing)}{of} can, from the page Releases; never whoever asked for it."

    @property
    def who_confirms(self) -> str:
        """Who may have orders carried out, as the subject of a sentence."""
        return _any_of(self.confirming) if self.confirming else "Nobody here"


def _any_of(titles: Sequence[str]) -> str:
    words = listed([_article(title) for title in titles], "or")
    return words[:1].upper() + words[1:]


def _article(title: str) -> str:
    return f"{'an' if title[:1].lower() in 'aeiou' else 'a'} {title.lower()}"
