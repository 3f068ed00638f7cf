"""Which sentences say nearly the same: they are left out of training together, or measuring flatters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from zlib import crc32

import numpy as np

from webapp.agents.learning.hashing import Numbers, words_of

ALIKE = 0.6  # share of the words two sentences have in common, from which on they are one family
_COMMON = 60  # a word in more sentences than this is not looked up


def families_of(texts: Sequence[str]) -> list[int]:
    """A family number for every text: sentences that share most of their words are of one family."""
    words = [frozenset(words_of(text)) for text in texts]
    having: dict[str, list[int]] = defaultdict(list)
    family = list(range(len(texts)))

    def head(number: int) -> int:
        while family[number] != number:
            family[number] = family[family[number]]
            number = family[number]
        return number

    for number, mine in enumerate(words):
        rare = sorted(mine, key=lambda word: (len(having[word]), word))[: max(1, len(mine) - 2)]
        near = {other for word in rare for other in having[word][-_COMMON:]}
        for other in near:
            if len(mine & words[other]) >= ALIKE * len(mine | words[other]):
                family[head(number)] = head(other)
        for word in mine:
            having[word].append(number)
    return [head(number) for number in range(len(texts))]


def folds_of(families: Sequence[int], count: int) -> Numbers:
    """A fold for every text, the same for all of a family; the largest families are dealt out first."""
    sizes: dict[int, int] = defaultdict(int)
    for family in families:
        sizes[family] += 1
    filled = [0] * count
    fold_of: dict[int, int] = {}
    for family, size in sorted(sizes.items(), key=lambda one: (-one[1], crc32(str(one[0]).encode()))):
        fold = filled.index(min(filled))
        fold_of[family] = fold
        filled[fold] += size
    return np.array([fold_of[family] for family in families])
