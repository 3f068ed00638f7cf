"""From scores to probabilities that mean what they say, chosen on predictions for examples left out of training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from webapp.agents.learning.hashing import Floats, Numbers
from webapp.agents.learning.softmax import log_softmax

_SCALES = tuple(round(0.15 * 1.25**step, 4) for step in range(20))  # 0.15 to 10.4
RIGHT = 0.9  # share of the answers given that are to be right


@dataclass(frozen=True, slots=True)
class Joint:
    """How much the words and the meaning count; as factors they are a temperature, too."""

    words: float
    meaning: float

    def logs(self, spoken: Floats, meant: Floats | None) -> Floats:
        """The logarithms of the probabilities."""
        scores = np.float32(self.words) * spoken
        if meant is not None:
            scores = scores + np.float32(self.meaning) * meant
        return log_softmax(scores)


def joined(spoken: Floats, meant: Floats | None, wanted: Numbers) -> Joint:
    """The factors under which what is right was likeliest."""
    lines = np.arange(len(wanted))

    def surprise(joint: Joint) -> float:
        return -float(joint.logs(spoken, meant)[lines, wanted].mean())

    best = min((Joint(words, 0.0) for words in _SCALES), key=lambda one: surprise(Joint(one.words, 0.0)))
    if meant is None:
        return best
    best = Joint(best.words / 2, 0.5)
    for _ in range(3):  # one factor after the other: the surprise is convex in both
        best = min((Joint(words, best.meaning) for words in (best.words, *_SCALES)), key=surprise)
        best = min((Joint(best.words, meaning) for meaning in (best.meaning, *_SCALES)), key=surprise)
    return best


def threshold_for(logs: Floats, wanted: Numbers, right: float = RIGHT) -> float:
    """The lowest probability from which on at least this share of the likeliest labels was right."""
    surest = np.exp(logs.max(axis=1))
    order = np.argsort(-surest, kind="stable")
    hits = (logs.argmax(axis=1) == wanted)[order]
    shares = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    enough = np.flatnonzero(shares >= right)
    return float(surest[order][enough[-1]]) if len(enough) else 1.0
