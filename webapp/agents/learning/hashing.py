"""What the linear model sees of a text: its words, pairs of words and groups of letters, each hashed to a number.

Hashing needs no vocabulary to be kept, and letters let a word nobody taught resemble those it is made like.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]
Numbers: TypeAlias = NDArray[np.int32]

PLACES = 1 << 18  # collisions cost nothing measurable at ten thousand sentences
LETTERS = range(2, 6)
_WORD = re.compile(r"_[a-z]+|[^\W_]+(?:'[^\W_]+)*|[?£$€%]")


@dataclass(frozen=True, slots=True)
class Sparse:
    """Rows of hashed features: row i has the numbers and values from `begins[i]` to `begins[i + 1]`."""

    begins: NDArray[np.int64]
    numbers: Numbers
    values: Floats

    def __len__(self) -> int:
        return len(self.begins) - 1

    def row(self, place: int) -> tuple[Numbers, Floats]:
        """Numbers and values of one row."""
        part = slice(self.begins[place], self.begins[place + 1])
        return self.numbers[part], self.values[part]


@lru_cache(maxsize=20_000)
def _letters(word: str) -> tuple[int, ...]:
    whole = f" {word} "
    return tuple(
        crc32(f"c{whole[begin : begin + length]}".encode()) % PLACES
        for length in LETTERS
        for begin in range(max(1, len(whole) - length + 1))
    )


def words_of(text: str) -> list[str]:
    """Lower-case words, numbers, marks that begin with "_", and the signs that ask or name money."""
    return _WORD.findall(text.lower())


def hashed(text: str, extra: Iterable[str] = ()) -> tuple[dict[int, float], dict[int, float]]:
    """Number -> weight of the words (with `extra` features of the caller's) and of the letters, before any IDF."""
    words = words_of(text)
    spoken = [f"w{word}" for word in words]
    spoken += [f"b{left} {right}" for left, right in pairwise(["^", *words, "$"])]
    spoken += [f"x{name}" for name in extra]
    letters: Counter[int] = Counter()
    for word in words:
        letters.update(_letters(word))
    return (
        {number: 1.0 + math.log(times) for number, times in Counter(crc32(f.encode()) % PLACES for f in spoken).items()},
        {number: 1.0 + math.log(times) for number, times in letters.items()},
    )


def document_frequency(rows: Sequence[Iterable[int]]) -> Floats:
    """Inverse document frequency by number; zero for what was never seen, so that it drops out."""
    counts: NDArray[np.int64] = np.zeros(PLACES, dtype=np.int64)
    for row in rows:
        counts[list(row)] += 1
    rarity = np.log((1 + len(rows)) / (1 + counts)) + 1
    return np.where(counts > 0, rarity, 0).astype(np.float32)


def weighted(seen: tuple[dict[int, float], dict[int, float]], rarity: Floats) -> tuple[Numbers, Floats]:
    """Numbers and values of a row: words and letters each of length one, so that neither drowns the other."""
    numbers: list[Numbers] = []
    values: list[Floats] = []
    for part in seen:
        number = np.fromiter(part.keys(), np.int32, len(part))
        value = np.fromiter(part.values(), np.float32, len(part)) * rarity[number]
        known = value > 0
        number, value = number[known], value[known]
        length = float(np.sqrt(value @ value))
        numbers.append(number)
        values.append(value / np.float32(length or 1.0))
    return np.concatenate(numbers), np.concatenate(values)


def stacked(rows: Sequence[tuple[Numbers, Floats]]) -> Sparse:
    """Rows put under each other."""
    begins = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum([len(numbers) for numbers, _ in rows], out=begins[1:])
    return Sparse(
        begins,
        np.concatenate([numbers for numbers, _ in rows]),
        np.concatenate([values for _, values in rows]),
    )
