"""Which sections of a found article answer the question.

Every section of an article is indexed with the article's title and example questions, so that the article is found
whatever section is meant; its title's words therefore say nothing about which section that is. Sections are ordered by
the question's other words: in the heading they count twice, in the text once. Without such words, or at equal count,
the earlier section comes first: articles say the main thing first.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from functools import lru_cache

from Stemmer import Stemmer

_lock = threading.Lock()  # the stemmer keeps state between calls
_stemmer = Stemmer("english")

ABBREVIATIONS = {
    "mon": "monday",
    "tue": "tuesday",
    "wed": "wednesday",
    "thu": "thursday",
    "fri": "friday",
    "sat": "saturday",
    "sun": "sunday",
}


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The word's stem; weekdays also by their short names."""
    with _lock:
        return str(_stemmer.stemWord(ABBREVIATIONS.get(word, word)))


@lru_cache(maxsize=20_000)
def stems(text: str) -> frozenset[str]:
    """The stems of a text's words."""
    return frozenset(stem(word) for word in re.findall(r"[^\W_]+", text.casefold()))


def section_order(words: Sequence[str], title: str, sections: Sequence[tuple[str, str]]) -> list[int]:
    """The places of the sections (heading, text), best first, for a question's words under an article's title."""
    fits = section_fits(words, title, sections)
    return sorted(range(len(sections)), key=lambda place: (-fits[place], place))


def section_fits(words: Sequence[str], title: str, sections: Sequence[tuple[str, str]]) -> list[int]:
    """How well each section fits by the words that the title does not have already."""
    telling = {stem(word) for word in words} - stems(title)
    return [2 * len(telling & stems(heading)) + len(telling & stems(text)) for heading, text in sections]
