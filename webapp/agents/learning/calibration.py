"""From scores to probabilities that mean what they say, chosen on predictions for examples left out of training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from webapp.agents.learning.hashing import Floats, Numbers
from webapp.agents.learning.softmax import log_softmax

_SCALES = tuple(round(0.15 * 1.25**step, 4) for step in range(20))  # 0.15 to 10.4
_RATIOS = tuple(round(0.1 * 1.25**step, 4) for step in range(17))  # 0.1 to 3.6
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
    """The factors to use: of the two to each other, where most was right; together, where what is right was likeliest.

    Likelihood alone would trust the words too far: it pays more for being very sure than for being right.
    """
    lines = np.arange(len(wanted))

    def surprise(joint: Joint) -> float:
        return -float(joint.logs(spoken, meant)[lines, wanted].mean())

    def stretched(ratio: float) -> Joint:
        return min((Joint(scale, scale * ratio) for scale in _SCALES), key=surprise)

    if meant is None:
        return stretched(0.0)
    hits = [float(((spoken + np.float32(ratio) * meant).argmax(axis=1) == wanted).mean()) for ratio in _RATIOS]
    steady = np.convolve(
        np.pad(np.array(hits), 1, mode="edge"), np.ones(3) / 3, mode="valid"
    )  # its neighbours count, too
    return stretched(_RATIOS[int(steady.argmax())])


def threshold_for(logs: Floats, wanted: Numbers, right: float = RIGHT) -> float:
    """The lowest probability from which on at least this share of the likeliest labels was right."""
    surest = np.exp(logs.max(axis=1))
    order = np.argsort(-surest, kind="stable")
    hits = (logs.argmax(axis=1) == wanted)[order]
    shares = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    enough = np.flatnonzero(shares >= right)
    return float(surest[order][enough[-1]]) if len(enough) else 1.0
