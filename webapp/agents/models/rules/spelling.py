"""Spelling: words nobody taught the assistant are replaced by the nearest word of its own, when one is near enough."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from webapp.agents.words import stem

_WORD = re.compile(r"(?<![\w'-])[A-Za-zäöüÄÖÜß]{4,}(?![\w'-]*')\b")
_CAPITALISED_WITHIN = re.compile(r"(?<=[^.?!\"'\s]\s)[A-ZÄÖÜ]")

# Ordinary words the examples do not happen to use; without them "party" would become "part".
_ORDINARY = frozenset(
    """able about above again against ago almost alone along already also although always among another anyone anything
    around away back because become before began behind believe below best better between beyond bring brought
    build call came carry case chance child clear come common complete could country couple course daughter
    decide different difficult done door down during each early easy either else enough even evening ever every
    everyone everything exactly example explain face fact fall family father feel felt field figure find fine
    first follow food force form friend full general girl give given gone great group grow half hand happen hard
    head hear heard held hold home hope house however husband idea important inside instead interest issue keep
    kept kind knew know known large last late later lead learn least leave less life like line little live local
    longer look made main make man many matter maybe mean meet might mind minute moment month more morning most
    mother mouth move much must name near nearly never night none nothing notice number often once only open
    other others outside own paper parent part party past people perhaps person place plan plane play point
    possible power present pretty problem question quick quite rather reach read real really reason remain
    remember rest result right road room said same school second seem seen sense several shall short should show
    side simple since small some someone something sometimes soon sorry sort sound stand start state still story
    street strong such sure table take taken talk tell than thank then there these thing think third those
    though thought three through time today together told took toward town tried true turn twice under
    understand until upon used using usual very voice wait walk want watch water week well went were while white
    whole whose wife window wish within without woman wonder word work world worse would write wrong year young
    born data earn fell five seven flat gift identify mailing note pass safe treat chat link hack german germany
    gold coin space light size slow sold sell bought buying""".split()
)

# Whom people pay are names, even where an example talks about them.
_COMPANIES = frozenset(
    """airbnb aldi allianz amazon android apple bahncard binance coinbase comdirect dhl disney edeka facebook google
    iberdrola ikea instagram lidl linkedin microsoft minecraft netflix nvidia payback paypal pinterest playstation
    rewe scalable slack spotify steam telekom tesla tiktok twitter uber vodafone whatsapp youtube zalando""".split()
)


def well_known(counts: Mapping[str, int], trusted: Iterable[str]) -> set[str]:
    """The words to correct towards: those trusted or used twice, and those used once that look like no mistake."""
    sure = set(trusted) | _ORDINARY | {word for word, number in counts.items() if number > 1}
    long = [word for word in sure if len(word) >= 4]
    for word in counts.keys() - sure:
        near = process.extractOne(word, long, scorer=OSA.distance, score_cutoff=1) if len(word) >= 4 else None
        if near is None or stem(near[0]) == stem(word):
            sure.add(word)
    return sure


class Spelling:
    """Corrects words against the words the assistant knows."""

    def __init__(self, known: Iterable[str], often: Iterable[str] | None = None) -> None:
        """Take the known words, in lower case; shorter ones than four letters are never a correction.

        Words of four letters have many neighbours by chance: they are corrected only to a word that is used `often`.
        """
        self._often = None if often is None else frozenset(often)
        self._known = (frozenset(known) | _ORDINARY) - _COMPANIES
        self._stems = frozenset(stem(word) for word in self._known)
        by_length: dict[int, list[str]] = {}
        for word in sorted(self._known):
            if len(word) >= 4 and word.isalpha():
                by_length.setdefault(len(word), []).append(word)
        self._by_length = by_length
        self._nearest = lru_cache(maxsize=4_096)(self._find_nearest)

    def knows(self, word: str) -> bool:
        """Is this a word the assistant has seen?"""
        lowered = word.lower()
        return lowered in self._known or stem(lowered) in self._stems

    def _find_nearest(self, word: str) -> str:
        reach = 1 if len(word) < 8 else 2
        candidates = [
            known for n in range(len(word) - reach, len(word) + reach + 1) for known in self._by_length.get(n, ())
        ]
        if len(word) == 4 and self._often is not None:
            candidates = [known for known in candidates if known in self._often]
        found = process.extract(word, candidates, scorer=OSA.distance, score_cutoff=reach, limit=5)
        # A typing mistake seldom hits the first letter; a different first letter is usually a different word.
        alike = [
            (distance, known) for known, distance, _ in found if known[0] == word[0] or set(known[:2]) == set(word[:2])
        ]
        return min(alike)[1] if alike else word

    def corrected(self, text: str) -> str:
        """The text with unknown words corrected; capitalised words within a sentence may be names and stay."""
        names = {match.start() for match in _CAPITALISED_WITHIN.finditer(text)}

        def fix(match: re.Match[str]) -> str:
            word = match[0]
            if match.start() in names or self.knows(word) or word.lower() in _COMPANIES:
                return word
            return str(self._nearest(word.lower()))

        return _WORD.sub(fix, text)
