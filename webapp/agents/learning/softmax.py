"""Softmax regression over sparse features, in numpy: trained in seconds, the same every time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from webapp.agents.learning.hashing import Floats, Numbers

ROUNDS = 8
BATCH = 32
RATE = 0.3  # AdaGrad's; a weight that has moved much moves less
SMOOTHING = 0.05  # of the probability is spread over the other labels, against overconfidence
_BEGIN = 1e-3


def train(
    rows: Sequence[tuple[Numbers, Floats]], labels: Numbers, features: int, count: int, rounds: int = ROUNDS
) -> Floats:
    """Weights, one row per feature and one column per label; AdaGrad over small batches in a fixed order."""
    weights = np.zeros((features, count), dtype=np.float32)
    moved = np.full((features, count), _BEGIN, dtype=np.float32)
    order = np.random.default_rng(7)
    target = np.full((count, count), SMOOTHING / max(1, count - 1), dtype=np.float32)
    np.fill_diagonal(target, 1 - SMOOTHING)
    places = order.permutation(len(rows))
    batches = [places[begin : begin + BATCH] for begin in range(0, len(places), BATCH)]
    prepared = [(*_dense([rows[place] for place in batch]), target[labels[batch]]) for batch in batches]
    for turn in range(rounds):
        rate = np.float32(RATE * (1 - turn / rounds))
        for number in order.permutation(len(prepared)):
            dense, used, wanted = prepared[number]
            here = weights[used]
            slope = dense.T @ (softmax(dense @ here) - wanted)
            sums = moved[used] + slope * slope
            moved[used] = sums
            slope *= rate / np.sqrt(sums)
            weights[used] = here - slope
    return weights


def _dense(rows: Sequence[tuple[Numbers, Floats]]) -> tuple[Floats, Numbers]:
    """The rows of a batch over the features they have, and which these are."""
    used, where = np.unique(np.concatenate([places for places, _ in rows]), return_inverse=True)
    dense = np.zeros((len(rows), len(used)), dtype=np.float32)
    line = np.repeat(np.arange(len(rows)), [len(places) for places, _ in rows])
    dense[line, where] = np.concatenate([values for _, values in rows])
    return dense, used


def softmax(scores: Floats) -> Floats:
    """Scores as probabilities along the last axis."""
    grown = np.exp(scores - scores.max(axis=-1, keepdims=True))
    share: Floats = grown / grown.sum(axis=-1, keepdims=True)
    return share


def log_softmax(scores: Floats) -> Floats:
    """The logarithms of the probabilities along the last axis."""
    lowered = scores - scores.max(axis=-1, keepdims=True)
    found: Floats = lowered - np.log(np.exp(lowered).sum(axis=-1, keepdims=True))
    return found
