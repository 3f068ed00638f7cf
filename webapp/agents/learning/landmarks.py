"""A classifier over vectors: ridge regression on how near a vector is to landmarks, the training vectors themselves.

Nearness is a Gaussian of the distance: kernel ridge regression, one solution of a linear system, nothing random. What
is predicted for examples left out comes from the same solution, or from fewer landmarks where there are many examples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from webapp.agents.learning.hashing import Floats, Numbers

MANY = 3_000  # examples; above it those left out are predicted from every n-th example only
MOST = 12_000  # landmarks: the matrix has a row and a column for each
WIDTH = 3.0  # of the Gaussian, as a factor on the cosine
RIDGE = 0.3


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Trained: the landmarks and what nearness to each says about the labels."""

    vectors: Floats  # one row per landmark
    weights: Floats  # one row per landmark, one column per label

    def scores(self, vectors: Floats) -> Floats:
        """About one for a label that fits, about zero for the others."""
        found: Floats = _nearness(vectors, self.vectors) @ self.weights
        return found


def _nearness(vectors: Floats, landmarks: Floats) -> Floats:
    near: Floats = np.exp(np.float32(WIDTH) * (vectors @ landmarks.T - np.float32(1)))
    return near


def train(vectors: Floats, labels: Numbers, count: int, folds: Numbers) -> tuple[Landmarks, Floats]:
    """The classifier, and for every example the scores of one trained without that example's fold."""
    target = np.eye(count, dtype=np.float32)[labels]
    if len(vectors) > MANY:
        left_out = _approximately(vectors, target, folds)
        step = -(-len(vectors) // MOST)
        chosen, its = vectors[::step], target[::step]
        return Landmarks(chosen, np.linalg.solve(_ridged(_nearness(chosen, chosen)), its)), left_out
    inverse = np.linalg.inv(_ridged(_nearness(vectors, vectors)).astype(np.float64)).astype(np.float32)
    weights = inverse @ target
    left_out = np.zeros_like(target)
    for fold in np.unique(folds):  # what the others say about a fold, without training again
        there = folds == fold
        left_out[there] = target[there] - np.linalg.solve(inverse[np.ix_(there, there)], weights[there])
    return Landmarks(vectors, weights), left_out


def _approximately(vectors: Floats, target: Floats, folds: Numbers) -> Floats:
    """What is predicted for each fold from the nearness of the others to every n-th example."""
    step = -(-len(vectors) // MANY)
    near = _nearness(vectors, vectors[::step])
    penalty = np.float32(RIDGE) * near[::step]
    square, product = near.T @ near, near.T @ target
    left_out = np.zeros_like(target)
    for fold in np.unique(folds):
        part, its = near[folds == fold], target[folds == fold]
        left_out[folds == fold] = part @ _solved(square - part.T @ part + penalty, product - part.T @ its)
    return left_out


def _ridged(near: Floats) -> Floats:
    near[np.diag_indices(len(near))] += np.float32(RIDGE)
    return near


def _solved(matrix: Floats, right: Floats) -> Floats:
    stable = matrix.astype(np.float64)
    stable[np.diag_indices(len(stable))] += 1e-4
    found: Floats = np.linalg.solve(stable, right.astype(np.float64)).astype(np.float32)
    return found
