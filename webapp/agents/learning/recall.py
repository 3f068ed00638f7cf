"""How good a search is: where the right article stands among those found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """A question whose article is known, and the articles that were found, best first, each once."""

    right: str
    found: tuple[str, ...]

    @property
    def place(self) -> int:
        """1 for the first, 0 for not found."""
        return self.found.index(self.right) + 1 if self.right in self.found else 0


def recall(asked: Sequence[Asked]) -> dict[str, float]:
    """Shares of the questions whose article was among the first 1, 3 and 5, and the mean of one over its place."""
    count = max(1, len(asked))
    shares = {f"recall_at_{most}": round(sum(0 < one.place <= most for one in asked) / count, 4) for most in (1, 3, 5)}
    mean = sum(1 / one.place for one in asked if one.place) / count
    return {"questions": len(asked), **shares, "mrr": round(mean, 4)}
