"""A linear classifier over sparse features, in plain Python: trained from the examples in about half a second.

Averaged passive-aggressive updates (PA-I): whenever the right intent does not lead the best wrong one by a margin,
both are moved just far enough. The examples are visited in a fixed shuffled order, so training is deterministic.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence

from webapp.agents.models.rules.features import features

EPOCHS = 3
AGGRESSIVENESS = 0.5
# Divides the scores before the softmax. Chosen by five-fold cross-validation on the examples (least log loss).
TEMPERATURE = 0.13


class IntentClassifier:
    """Says how likely each label is for a text."""

    def __init__(self, labelled: Sequence[tuple[str, str]]) -> None:
        """Train on (text, label) pairs."""
        self.labels = sorted({label for _, label in labelled})
        seen = [features(text) for text, _ in labelled]
        frequency = Counter(feature for one in seen for feature in one)
        self._idf = {feature: math.log(1 + len(seen) / count) for feature, count in frequency.items()}
        place = {label: number for number, label in enumerate(self.labels)}
        rows = [(self._weighted(one), place[label]) for one, (_, label) in zip(seen, labelled, strict=True)]
        self._weights = self._train(rows)

    def _weighted(self, seen: Mapping[str, float]) -> dict[str, float]:
        """Features times their inverse document frequency, as a vector of length one; unknown features drop out."""
        row = {feature: value * self._idf[feature] for feature, value in seen.items() if feature in self._idf}
        length = math.sqrt(sum(value * value for value in row.values())) or 1.0
        return {feature: value / length for feature, value in row.items()}

    def _train(self, rows: list[tuple[dict[str, float], int]]) -> dict[str, dict[int, float]]:
        weights: dict[str, dict[int, float]] = {feature: {} for feature in self._idf}
        late: dict[str, dict[int, float]] = {feature: {} for feature in self._idf}
        order = list(range(len(rows)))
        shuffle = random.Random(3).shuffle  # noqa: S311 - an order of visits, not a secret
        step = 1
        for _ in range(EPOCHS):
            shuffle(order)
            for number in order:
                row, right = rows[number]
                scores = self._scores(row, weights)
                wrong = max((place for place in range(len(scores)) if place != right), key=scores.__getitem__)
                step += 1
                loss = 1 - scores[right] + scores[wrong]
                if loss <= 0:
                    continue
                size = min(AGGRESSIVENESS, loss / 2)
                for feature, value in row.items():
                    now, then = weights[feature], late[feature]
                    move = size * value
                    now[right] = now.get(right, 0.0) + move
                    now[wrong] = now.get(wrong, 0.0) - move
                    then[right] = then.get(right, 0.0) + move * step
                    then[wrong] = then.get(wrong, 0.0) - move * step
        return {
            feature: {place: value - late[feature][place] / step for place, value in row.items()}
            for feature, row in weights.items()
        }

    def _scores(self, row: Mapping[str, float], weights: Mapping[str, Mapping[int, float]]) -> list[float]:
        scores = [0.0] * len(self.labels)
        for feature, value in row.items():
            for place, weight in weights[feature].items():
                scores[place] += value * weight
        return scores

    def scores(self, text: str) -> dict[str, float]:
        """Label -> score; higher is likelier; a lead of one is a clear case."""
        return dict(zip(self.labels, self._scores(self._weighted(features(text)), self._weights), strict=True))


def probabilities(scores: Mapping[str, float]) -> dict[str, float]:
    """Label -> probability, likeliest first."""
    top = max(scores.values())
    grown = {label: math.exp((score - top) / TEMPERATURE) for label, score in scores.items()}
    total = sum(grown.values())
    return {label: value / total for label, value in sorted(grown.items(), key=lambda item: (-item[1], item[0]))}
