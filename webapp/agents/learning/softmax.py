"""Softmax regression over hashed features, in numpy: trained in seconds, the same every time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from webapp.agents.learning.hashing import PLACES, Floats, Sparse

ROUNDS = 12
BATCH = 32
RATE = 0.5  # AdaGrad's; falls with what each weight has moved already
SHRINK = 1e-6  # pulls weights towards zero
SMOOTHING = 0.05  # of the probability is spread over the other labels, against overconfidence


def train(rows: Sparse, labels: NDArray[np.int64], count: int) -> Floats:
    """Weights, one row per feature number and one column per label; AdaGrad over small batches in a fixed order."""
    weights = np.zeros((PLACES, count), dtype=np.float32)
    moved = np.full((PLACES, count), 1e-3, dtype=np.float32)
    order = np.random.default_rng(7)
    target = np.full((count, count), SMOOTHING / max(1, count - 1), dtype=np.float32)
    np.fill_diagonal(target, 1 - SMOOTHING)
    for turn in range(ROUNDS):
        rate = np.float32(RATE * (1 - turn / ROUNDS))
        places = order.permutation(len(rows))
        for begin in range(0, len(places), BATCH):
            batch = places[begin : begin + BATCH]
            dense, numbers = _dense(rows, batch)
            here = weights[numbers]
            error = softmax(dense @ here) - target[labels[batch]]
            slope = dense.T @ error
            slope += np.float32(SHRINK) * here
            sums = moved[numbers] + slope * slope
            moved[numbers] = sums
            weights[numbers] = here - rate * slope / np.sqrt(sums)
    return weights


def _dense(rows: Sparse, batch: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int32]]:
    """The rows of a batch over the features they have, and the numbers of these."""
    parts = [rows.row(place) for place in batch]
    every = np.concatenate([numbers for numbers, _ in parts])
    numbers, where = np.unique(every, return_inverse=True)
    dense = np.zeros((len(batch), len(numbers)), dtype=np.float32)
    line = np.repeat(np.arange(len(batch)), [len(numbers) for numbers, _ in parts])
    np.add.at(dense, (line, where), np.concatenate([values for _, values in parts]))
    return dense, numbers


def scores(row: tuple[NDArray[np.int32], Floats], weights: Floats) -> Floats:
    """The scores of the labels for one row, before the softmax."""
    numbers, values = row
    found: Floats = values @ weights[numbers]
    return found


def softmax(scores: Floats) -> Floats:
    """Scores as probabilities along the last axis."""
    grown = np.exp(scores - scores.max(axis=-1, keepdims=True))
    share: Floats = grown / grown.sum(axis=-1, keepdims=True)
    return share
