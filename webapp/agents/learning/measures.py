"""How good a classifier is, from the probabilities it gave and the labels that were right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 15
MOST_CONFUSIONS = 15


@dataclass(frozen=True, slots=True)
class Guess:
    """What was said of one message, how sure, and what was right."""

    said: str
    sure: float  # 0..1
    right: str


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of an evaluation; shares between 0 and 1."""

    messages: int
    labels: int
    accuracy: float
    macro_f1: float
    calibration_error: float
    coverage_at_98: float
    milliseconds: float  # per message
    confusions: tuple[tuple[str, str, int], ...]  # right, said, how often


def report(guesses: Sequence[Guess], milliseconds: float) -> Report:
    """The figures for these guesses; raises ValueError when there are none."""
    if not guesses:
        raise ValueError("there is nothing to evaluate")
    hit = np.array([guess.said == guess.right for guess in guesses])
    sure = np.array([guess.sure for guess in guesses])
    wrong = Counter((guess.right, guess.said) for guess in guesses if guess.said != guess.right)
    return Report(
        messages=len(guesses),
        labels=len({guess.right for guess in guesses}),
        accuracy=float(hit.mean()),
        macro_f1=_macro_f1(guesses),
        calibration_error=_calibration_error(hit, sure),
        coverage_at_98=coverage(hit, sure, 0.98),
        milliseconds=milliseconds,
        confusions=tuple((right, said, times) for (right, said), times in wrong.most_common(MOST_CONFUSIONS)),
    )


def rejected(own: Sequence[float], foreign: Sequence[float], falsely: float) -> float:
    """The share of foreign messages above the foreignness that this share of our own messages exceeds."""
    if not own or not foreign:
        return 0.0
    return float((np.array(foreign) > np.quantile(np.array(own), 1 - falsely)).mean())


def _macro_f1(guesses: Sequence[Guess]) -> float:
    said = Counter(guess.said for guess in guesses)
    right = Counter(guess.right for guess in guesses)
    both = Counter(guess.right for guess in guesses if guess.said == guess.right)
    return sum(2 * both[label] / (said[label] + right[label]) for label in right) / len(right)


def _calibration_error(hit: NDArray[np.bool_], sure: NDArray[np.float64]) -> float:
    """How far, on average, the share of hits is from what was promised, over fifteen equal bins of sureness."""
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = [abs(hit[bins == one].mean() - sure[bins == one].mean()) * (bins == one).mean() for one in np.unique(bins)]
    return float(sum(gaps))


def coverage(hit: NDArray[np.bool_], sure: NDArray[np.float64], accuracy: float) -> float:
    """The largest share of the messages, surest first, of which at least this share is right."""
    order = np.argsort(-sure, kind="stable")
    shares = np.cumsum(hit[order]) / np.arange(1, len(hit) + 1)
    enough = np.flatnonzero(shares >= accuracy)
    return float((enough[-1] + 1) / len(hit)) if len(enough) else 0.0
