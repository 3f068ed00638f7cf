"""What the linear model sees of a text: its words, pairs of words and groups of letters, each hashed to a number.

Hashing needs no vocabulary to be kept, and letters let a word nobody taught resemble those it is made like.
"""

from __future__ import annotations

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
Numbers: TypeAlias = NDArray[np.int64]
Counted: TypeAlias = tuple[Numbers, Floats, Numbers, Floats]  # words' hashes and weights, letters' hashes and weights

LETTERS = range(2, 6)
_WORD = re.compile(r"_[a-z]+|[^\W_]+(?:'[^\W_]+)*|[?£$€%]")


@lru_cache(maxsize=20_000)
def _letters(word: str) -> tuple[int, ...]:
    whole = f" {word} "
    return tuple(
        crc32(whole[begin : begin + length].encode())
        for length in LETTERS
        for begin in range(max(1, len(whole) - length + 1))
    )


def words_of(text: str) -> list[str]:
    """Lower-case words, numbers, marks that begin with "_", and the signs that ask or name money."""
    return _WORD.findall(text.lower())


def counted(text: str, extra: Iterable[str] = ()) -> Counted:
    """How often the text has each feature: words, neighbours and next but one, with `extra` ones; and letters."""
    words = words_of(text)
    spoken = [crc32(f"w{word}".encode()) for word in words]
    spoken += [crc32(f"b{left} {right}".encode()) for left, right in pairwise(["^", *words, "$"])]
    spoken += [crc32(f"s{left} {right}".encode()) for left, right in zip(words, words[2:], strict=False)]
    spoken += [crc32(f"x{name}".encode()) for name in extra]
    letters = [number for word in words for number in _letters(word)]
    return (*_with_weights(spoken), *_with_weights(letters))


def _with_weights(numbers: list[int]) -> tuple[Numbers, Floats]:
    times = Counter(numbers)
    found = np.fromiter(times, np.int64, len(times))
    return found, (1 + np.log(np.fromiter(times.values(), np.float32, len(times)))).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The features seen in training, by their hash, and how rare each is."""

    hashes: Numbers  # ascending
    rarity: Floats  # inverse document frequency

    @classmethod
    def of(cls, rows: Sequence[Counted]) -> Vocabulary:
        """Everything these rows have."""
        every = np.concatenate([part for row in rows for part in (row[0], row[2])])
        hashes, times = np.unique(every, return_counts=True)
        return cls(hashes, (np.log((1 + len(rows)) / (1 + times)) + 1).astype(np.float32))

    def row(self, seen: Counted) -> tuple[Numbers, Floats]:
        """Places and values of a text's known features; words and letters are each of length one."""
        words, letters = self._weighted(seen[0], seen[1]), self._weighted(seen[2], seen[3])
        return np.concatenate((words[0], letters[0])), np.concatenate((words[1], letters[1]))

    def _weighted(self, hashes: Numbers, weights: Floats) -> tuple[Numbers, Floats]:
        places = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        known = self.hashes[places] == hashes
        places = places[known]
        values = weights[known] * self.rarity[places]
        length = float(np.sqrt(values @ values))
        return places, values / np.float32(length or 1.0)
