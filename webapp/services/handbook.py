"""The handbook, searched by full text and meaning. Implements the `PolicyLibrary` port on the database."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, Row

from webapp.bank.policy_library import Passage, PolicyLibrary
from webapp.services.in_force import IN_FORCE, READABLE, prepared
from webapp.services.meaning_index import MeaningIndex
from webapp.services.passages import section_order
from webapp.services.shelf import Bookcase

# Words that say nothing about what is asked. Kept short: "how", "long" and "much" carry meaning in a bank's questions.
STOP_WORDS = frozenset(
    "a an and are as at be by can could do does for from has have how i if in is it its me my of on or our please "
    "she he her his should that the their them then there they this to up us was we what when where which who why "
    "will with would you your customer cust client".split()
)
MOST_WORDS = 24
SAYS_SOMETHING = 2  # words: one alone is looked up as it is written
CANDIDATES = 60  # passages found by words, from which the best are chosen
SECTION_DISCOUNT = 0.9  # each further section of an article counts so much less than the one before

_COLUMNS = """
    article.article_id, article.version, article.title, article.effective_on,
    passage.heading, passage.text, passage.audience
"""
_ARTICLE = prepared(f"""
    SELECT {_COLUMNS}
    FROM handbook_passage AS passage JOIN handbook_article AS article ON article.id = passage.article_row_id
    WHERE article.article_id = :article_id AND article.state <> 'draft' AND {READABLE}
      AND ((CAST(:version AS integer) IS NULL AND {IN_FORCE}) OR article.version = :version)
    ORDER BY passage.number
""")  # noqa: S608


def search_words(question: str) -> list[str]:
    """The words of a question worth searching for, each once, at most `MOST_WORDS`: letters and digits only."""
    words = re.findall(r"[^\W_]+", question.casefold())
    wanted = dict.fromkeys(word for word in words if word not in STOP_WORDS and len(word) <= 40)
    return list(wanted)[:MOST_WORDS]


class HandbookLibrary:
    """Full text with stemming, in memory; title, headings and example questions weigh more than the text.

    Joined with a search by meaning where the embedding model is there. Finds what is in force today and may be read
    with these rights; nothing else has a part in the ranking.
    """

    def __init__(
        self,
        engine: Engine,
        bookcase: Bookcase,
        by_meaning: MeaningIndex | None = None,
        rights: Collection[str] = frozenset(),
    ) -> None:
        self._engine = engine
        self._bookcase = bookcase
        self.by_meaning = by_meaning
        self._rights = frozenset(rights)

    def seen_by(self, rights: Collection[str]) -> HandbookLibrary:
        """The same handbook for somebody with these rights; as it is, only what all staff may read is found."""
        return HandbookLibrary(self._engine, self._bookcase, self.by_meaning, rights)

    def search(self, question: str, limit: int = 5) -> Sequence[Passage]:
        """Passages in force today sharing words with the question, best first; the best one's score is 1.

        Articles are ranked by their best passage; within an article its sections by `passages.section_order`.
        """
        words = search_words(question)
        if not words:
            return []
        shelf = self._bookcase.shelf()
        scores = shelf.words.scores(words, shelf.readable_passages(self._rights))
        candidates = [(shelf.passages[place], float(scores[place])) for place in _best(scores)]
        found: list[Passage] = []
        if self.by_meaning is not None and len(words) >= SAYS_SOMETHING:
            by_words: dict[str, float] = {}
            for passage, score in candidates:
                by_words.setdefault(passage.article_id, score / candidates[0][1])
            found = self.by_meaning.joined(shelf, question, words, by_words, self._rights, limit)
        return (found or _by_article(words, candidates))[:limit]

    def article(self, article_id: str, version: int | None = None) -> Sequence[Passage]:
        """Every section of an article in order; [] if there is no such article or version."""
        with self._engine.connect() as connection:
            wanted = {"article_id": article_id, "version": version, "today": date.today(), "rights": list(self._rights)}
            rows = connection.execute(_ARTICLE, wanted).all()
        return [_passage(row) for row in rows]


def _best(scores: NDArray[np.float32]) -> list[int]:
    """The places of the best scores above 0, best first; of equal ones the earlier first."""
    places = np.flatnonzero(scores)
    if len(places) > CANDIDATES:
        least = np.partition(scores[places], len(places) - CANDIDATES)[-CANDIDATES]
        places = places[scores[places] >= least]
    order = np.argsort(-scores[places], kind="stable")[:CANDIDATES]
    return [int(place) for place in places[order]]


def _by_article(words: list[str], candidates: Sequence[tuple[Passage, float]]) -> list[Passage]:
    """The candidates (best first, with their scores), best article first, its sections in the order of their fit."""
    articles: dict[str, list[tuple[Passage, float]]] = {}
    for passage, score in candidates:  # so that articles come in the order of their best passage
        articles.setdefault(passage.article_id, []).append((passage, score))
    found: list[Passage] = []
    for sections in articles.values():
        share = sections[0][1] / candidates[0][1]
        order = section_order(words, sections[0][0].title, [(one.section, one.text) for one, _score in sections])
        found += [
            replace(sections[place][0], score=share * SECTION_DISCOUNT**position)
            for position, place in enumerate(order)
        ]
    return sorted(found, key=lambda passage: -passage.score)


def _passage(row: Row[Any]) -> Passage:
    effective = row.effective_on
    return Passage(
        article_id=row.article_id,
        version=row.version,
        title=row.title,
        section=row.heading,
        text=row.text,
        effective_on=effective if isinstance(effective, date) else date.fromisoformat(effective),
        audience=row.audience,
        score=1.0,
    )


def seen_by(library: PolicyLibrary, rights: Collection[str]) -> PolicyLibrary:
    """A library as somebody with these rights may see it; one that is not ours knows nothing of rights."""
    return library.seen_by(rights) if isinstance(library, HandbookLibrary) else library
