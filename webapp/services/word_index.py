"""Full text in memory: which passages share words with a question, by BM25 over stems, in a millisecond or two.

A word counts more the rarer it is among what the asker may read: passages that may not be read have no part in it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from webapp.services.passages import stem

TITLE, HEADING, TEXT, QUESTIONS = 3.0, 2.0, 1.0, 2.0  # how much a word counts where it stands
K1, B = 1.2, 0.75  # as is usual: repeating a word counts ever less, and so does a word in a long text

Written: TypeAlias = tuple[str, str, str, str]  # title, heading, text, questions
Words: TypeAlias = "NDArray[np.int32]"
Weights: TypeAlias = "NDArray[np.float32]"

_ACCENTS = re.compile("[\u0300-\u036f]")
_WORDS = re.compile(r"[^\W_]+")


def stems_in(text: str) -> list[str]:
    """The stems of a text's words, in order, without accents."""
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return [stem(word) for word in _WORDS.findall(plain)]


@dataclass(frozen=True, slots=True)
class _Read:
    """A passage as numbers: its different words, what each weighs, and how many words it has."""

    words: Words
    weights: Weights
    length: int


@dataclass(frozen=True, slots=True)
class WordIndex:
    """The words of all passages, each with the passages that have it."""

    number_of: dict[str, int]
    begins: NDArray[np.int64]  # where each word's part begins
    passages: Words
    weights: Weights
    lengths: NDArray[np.float32]  # of each passage, in words

    def scores(self, words: Sequence[str], readable: NDArray[np.bool_]) -> NDArray[np.float32]:
        """How well each passage fits; 0 for those that share no word and for those that may not be read."""
        found = np.zeros(len(self.lengths), dtype=np.float32)
        there = int(readable.sum())
        if not there:
            return found
        average = float(self.lengths[readable].mean())
        for word in dict.fromkeys(one for typed in words for one in stems_in(typed)):
            number = self.number_of.get(word)
            if number is None or number + 1 >= len(self.begins):
                continue
            part = slice(int(self.begins[number]), int(self.begins[number + 1]))
            passages, weights = self.passages[part], self.weights[part]
            having = int(readable[passages].sum())
            if not having:
                continue
            rarity = max(float(np.log((there - having + 0.5) / (having + 0.5))), 1e-6)
            length = 1 - B + B * self.lengths[passages] / average
            found[passages] += rarity * weights * (K1 + 1) / (weights + K1 * length)
        found[~readable] = 0
        return found


class Indexer:
    """Makes indexes; remembers the passages it has read, so that one new article costs only its own reading."""

    def __init__(self) -> None:
        self._number_of: dict[str, int] = {}
        self._known: dict[Written, _Read] = {}

    def index(self, passages: Sequence[Written]) -> WordIndex:
        """An index of these passages, in this order. One caller at a time."""
        self._known = {written: self._known.get(written) or self._read(written) for written in passages}
        read = [self._known[written] for written in passages]
        words: NDArray[Any] = np.concatenate([one.words for one in read]) if read else np.zeros(0, np.int32)
        weights: NDArray[Any] = np.concatenate([one.weights for one in read]) if read else np.zeros(0, np.float32)
        counts = np.array([len(one.words) for one in read], dtype=np.int64)
        places = np.repeat(np.arange(len(read), dtype=np.int32), counts)
        order = np.argsort(words, kind="stable")
        begins = np.searchsorted(words[order], np.arange(len(self._number_of) + 1))
        lengths = np.array([one.length for one in read], dtype=np.float32)
        return WordIndex(dict(self._number_of), begins, places[order], weights[order], lengths)

    def _read(self, written: Written) -> _Read:
        counted: Counter[int] = Counter()
        length = 0
        for text, weight in zip(written, (TITLE, HEADING, TEXT, QUESTIONS), strict=True):
            for word in stems_in(text):
                counted[self._number_of.setdefault(word, len(self._number_of))] += weight  # type: ignore[assignment]
                length += 1
        return _Read(
            np.fromiter(counted.keys(), np.int32, len(counted)),
            np.fromiter(counted.values(), np.float32, len(counted)),
            max(length, 1),
        )
