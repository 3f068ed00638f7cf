"""The port to a bank's written policies: find the passages that answer a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Passage:
    """A section of an article, as found: enough to quote it and to find it again."""

    article_id: str  # "cards-lost-and-stolen"
    version: int
    title: str
    section: str  # heading of the section, "" for the lead
    text: str  # Markdown of the section
    effective_on: date
    audience: str  # "staff" or "customer": may it be read to a customer?
    score: float  # 0..1, 1 is best; comparable within one answer only
    likeness: float = 0.0  # -1..1: how alike question and article mean; 0 where the library does not compare meaning


class PolicyLibrary(Protocol):
    """Where the bank's handbook is searched."""

    def search(self, question: str, limit: int = 5) -> Sequence[Passage]:
        """Passages in force today that answer the question, best first; [] when nothing fits."""
        ...

    def article(self, article_id: str, version: int | None = None) -> Sequence[Passage]:
        """All sections of an article in order (the version in force unless one is named); [] if unknown."""
        ...
