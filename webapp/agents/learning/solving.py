"""Large symmetric systems solved where they stand: half the work of a general solution, and no second matrix."""

from __future__ import annotations

import numpy as np

from webapp.agents.learning.hashing import Floats

BLOCK = 1_024  # rows worked on together


def solved_in_place(matrix: Floats, right: Floats) -> Floats:
    """x of `matrix @ x = right` by Cholesky's way; the matrix, symmetric and positive definite, is overwritten.

    Raises numpy's LinAlgError when the matrix is not positive definite.
    """
    size = len(matrix)
    edges = [(begin, min(begin + BLOCK, size)) for begin in range(0, size, BLOCK)]
    inverses: list[Floats] = []  # of the blocks on the diagonal
    for begin, end in edges:
        inverse = np.linalg.inv(np.linalg.cholesky(matrix[begin:end, begin:end].astype(np.float64)))
        inverses.append(inverse.astype(np.float32))
        below = matrix[end:, begin:end] @ inverses[-1].T
        matrix[end:, begin:end] = below
        for row in range(end, size, BLOCK):  # only what lies on and under the diagonal is needed again
            last = min(row + BLOCK, size)
            matrix[row:last, end:last] -= below[row - end : last - end] @ below[: last - end].T
    found = right.astype(np.float32, copy=True)
    for (begin, end), inverse in zip(edges, inverses, strict=True):
        found[begin:end] = inverse @ (found[begin:end] - matrix[begin:end, :begin] @ found[:begin])
    for (begin, end), inverse in zip(reversed(edges), reversed(inverses), strict=True):
        found[begin:end] = inverse.T @ (found[begin:end] - matrix[end:, begin:end].T @ found[end:])
    return found
