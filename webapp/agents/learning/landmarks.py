"""A classifier over vectors: ridge regression on how near a vector is to landmarks, the training vectors themselves.

Nearness is a Gaussian of the distance: kernel ridge regression, one solution of a linear system, nothing random. Where
a row holds several vectors of a text beside each other, there is one regression for each, and their scores are added:
they err on different texts. Of very many examples every n-th is a landmark, and all of them are learnt from. What is
predicted for examples left out comes from the same solution, or from fewer landmarks where there are many examples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from webapp.agents.learning.hashing import Floats, Numbers
from webapp.agents.learning.solving import solved_in_place

MANY = 3_000  # examples; above it those left out are predicted from every n-th example only
MOST = 18_000  # examples that are all landmarks: the matrix has a row and a column for each
SPARSE = 6_000  # landmarks where there are more examples than that
_AT_ONCE = 2_000  # examples whose nearness is held in memory together
_STEADY = np.float32(1e-3)  # keeps the smaller system solvable in single precision
VIEWS = ((3.0, 0.3), (7.0, 0.1))  # width of the Gaussian as a factor on the cosine, and ridge


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Trained: the landmarks and what nearness to each says about the labels."""

    vectors: Floats  # one row per landmark
    weights: Floats  # by view, then by landmark, then by label

    def scores(self, vectors: Floats) -> Floats:
        """On average over the views about one for a label that fits, about zero for the others; summed."""
        found = np.zeros((len(vectors), self.weights.shape[2]), dtype=np.float32)
        for view, weights in enumerate(self.weights):
            found += _nearness(vectors, self.vectors, view, len(self.weights)) @ weights
        return found


def train(vectors: Floats, labels: Numbers, count: int, folds: Numbers, views: int = 1) -> tuple[Landmarks, Floats]:
    """The classifier, and for every example the scores of one trained without that example's fold."""
    target = np.eye(count, dtype=np.float32)[labels]
    left_out = np.zeros_like(target)
    step = -(-len(vectors) // SPARSE) if len(vectors) > MOST else 1
    chosen = vectors[::step]
    weights = np.zeros((views, len(chosen), count), dtype=np.float32)
    for view in range(views):  # one after the other, and nothing kept between: these matrices are large
        if len(vectors) > MANY:
            left_out += _approximately(vectors, target, folds, view, views)
            weights[view] = _fitted(vectors, target, chosen, view, views)
            continue
        inverse = np.linalg.inv(_ridged(chosen, view, views).astype(np.float64)).astype(np.float32)
        weights[view] = inverse @ target
        for fold in np.unique(folds):  # what the others say about a fold, without training again
            there = folds == fold
            left_out[there] += target[there] - np.linalg.solve(inverse[np.ix_(there, there)], weights[view][there])
    return Landmarks(chosen, weights), left_out


def _fitted(vectors: Floats, target: Floats, chosen: Floats, view: int, views: int) -> Floats:
    """What nearness to each landmark says about the labels: learnt from all examples, also where few are landmarks."""
    if len(chosen) == len(vectors):
        return solved_in_place(_ridged(chosen, view, views), target)
    square = np.float32(VIEWS[view][1]) * _nearness(chosen, chosen, view, views)
    product = np.zeros((len(chosen), target.shape[1]), dtype=np.float32)
    for begin in range(0, len(vectors), _AT_ONCE):
        near = _nearness(vectors[begin : begin + _AT_ONCE], chosen, view, views)
        square += near.T @ near
        product += near.T @ target[begin : begin + _AT_ONCE]
    square[np.diag_indices(len(square))] += _STEADY
    return solved_in_place(square, product)


def _nearness(vectors: Floats, landmarks: Floats, view: int, views: int) -> Floats:
    """How near each text is to each landmark, by this one of the vectors in a row."""
    width = landmarks.shape[1] // views
    seen = slice(view * width, (view + 1) * width)
    near: Floats = vectors[:, seen] @ landmarks[:, seen].T
    near *= np.float32(VIEWS[view][0])
    near -= np.float32(VIEWS[view][0])
    np.exp(near, out=near)
    return near


def _ridged(vectors: Floats, view: int, views: int) -> Floats:
    near = _nearness(vectors, vectors, view, views)
    near[np.diag_indices(len(near))] += np.float32(VIEWS[view][1])
    return near


def _approximately(vectors: Floats, target: Floats, folds: Numbers, view: int, views: int) -> Floats:
    """What is predicted for each fold from the nearness of the others to every n-th example."""
    step = -(-len(vectors) // MANY)
    near = _nearness(vectors, vectors[::step], view, views)
    penalty = np.float32(VIEWS[view][1]) * near[::step]
    square, product = near.T @ near, near.T @ target
    left_out = np.zeros_like(target)
    for fold in np.unique(folds):
        part, its = near[folds == fold], target[folds == fold]
        left_out[folds == fold] = part @ _solved(square - part.T @ part + penalty, product - part.T @ its)
    return left_out


def _solved(matrix: Floats, right: Floats) -> Floats:
    stable = matrix.astype(np.float64)
    stable[np.diag_indices(len(stable))] += 1e-4
    found: Floats = np.linalg.solve(stable, right.astype(np.float64)).astype(np.float32)
    return found
