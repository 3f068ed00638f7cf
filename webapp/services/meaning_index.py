"""The handbook by meaning: every passage and example question in force as a vector, compared with the question's."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, Row, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import aliased

from webapp.agents.meaning.loading import Meaning
from webapp.agents.meaning.minilm import Floats
from webapp.bank.policy_library import Passage
from webapp.models import HandbookArticle, HandbookEdition, HandbookPassage
from webapp.services.in_force import in_force, may_read
from webapp.services.passages import section_fits

log = logging.getLogger("bankside.meaning")

BY_WORDS, BY_MEANING = 0.3, 0.7  # how much each search counts, after both are stretched to 0..1
NEAREST = 3  # of an article's vectors: their mean says how near it is
CANDIDATES = 15  # articles nearest in meaning that are looked at beside those found by words
SECTION_DISCOUNT = 0.9  # as in the search by words


@dataclass(frozen=True, slots=True)
class _Shelf:
    """The handbook as it was at one moment; articles lie one after the other."""

    state: tuple[int, date]
    vectors: Floats  # passages and example questions, article by article
    begins: NDArray[np.int64]  # where each article's vectors begin
    articles: tuple[tuple[Passage, ...], ...]  # an article's first vectors are its passages', in this order
    place_of: dict[str, int]
    rights: tuple[str | None, ...]  # which right an article needs

    def readable(self, rights: Collection[str]) -> NDArray[np.bool_]:
        """Which articles may be read with these rights."""
        return np.array([may_read(one, rights) for one in self.rights], dtype=np.bool_)


class MeaningIndex:
    """Searches by meaning once the embedding model is open and all vectors are there; before that it finds nothing."""

    def __init__(self, engine: Engine, meaning: Meaning) -> None:
        self._engine = engine
        self._meaning = meaning
        self._shelf: _Shelf | None = None
        self._refreshing = threading.Lock()
        self._vector = lru_cache(maxsize=512)(self._embedded)

    def joined(
        self, question: str, words: Sequence[str], found: Sequence[Passage], rights: Collection[str] = frozenset()
    ) -> list[Passage]:
        """Passages by words (`found`) and by meaning together, best first; [] when meaning cannot be asked now.

        Articles that may not be read with these rights have no part in it.
        """
        shelf = self._shelf
        if shelf is None or self._meaning.model is None or not shelf.articles:
            return []
        if shelf.state != self._state():
            self.refresh_behind()
            return []
        near = shelf.vectors @ self._vector(question)
        readable = shelf.readable(rights)
        likeness = np.where(readable, _nearest(near, shelf.begins), -1)
        by_words: dict[str, float] = {}
        for passage in found:
            by_words.setdefault(passage.article_id, passage.score)
        candidates = set(np.argsort(-likeness, kind="stable")[:CANDIDATES].tolist())
        candidates |= {shelf.place_of[article] for article in by_words if article in shelf.place_of}
        places = sorted(place for place in candidates if readable[place])
        if not places:
            return []
        spoken = np.array([by_words.get(shelf.articles[place][0].article_id, 0.0) for place in places])
        scores = BY_WORDS * _stretched(spoken) + BY_MEANING * _stretched(likeness[places])
        together: list[Passage] = []
        for place, score in zip(places, scores, strict=True):
            passages = shelf.articles[place]
            begin = int(shelf.begins[place])
            order = _sections(words, passages, near[begin : begin + len(passages)])
            together += [
                replace(
                    passages[number],
                    score=round(float(score) * SECTION_DISCOUNT**position, 4),
                    likeness=round(float(likeness[place]), 4),
                )
                for position, number in enumerate(order)
            ]
        return sorted(together, key=lambda passage: -passage.score)

    def refresh_behind(self) -> None:
        """The same as `refresh`, in nobody's way."""
        threading.Thread(target=self.refresh, name="handbook-meaning", daemon=True).start()

    def refresh(self) -> None:
        """Read the handbook in force and have the vectors of what is new; takes 20 ms or so for a new passage."""
        model = self._meaning.model
        if model is None or not self._refreshing.acquire(blocking=False):
            return
        try:
            state = self._state()
            texts: list[str] = []
            begins: list[int] = []
            articles: list[tuple[Passage, ...]] = []
            rights: list[str | None] = []
            for rows, questions in self._in_force(state[1]):
                rights.append(rows[0].needs_right)
                begins.append(len(texts))
                texts += [f"{row.title}. {row.heading}. {row.text}" for row in rows]
                texts += questions
                articles.append(tuple(_passage(row) for row in rows))
            vectors = self._meaning.store.vectors(texts, model)
            place_of = {passages[0].article_id: place for place, passages in enumerate(articles)}
            self._shelf = _Shelf(
                state, vectors, np.array(begins, dtype=np.int64), tuple(articles), place_of, tuple(rights)
            )
        except (SQLAlchemyError, OSError) as error:  # the search by words goes on; the next question tries again
            log.warning("the handbook could not be read for the search by meaning: %s", type(error).__name__)
        finally:
            self._refreshing.release()

    def _embedded(self, question: str) -> Floats:
        model = self._meaning.model
        if model is None:
            raise RuntimeError("the embedding model is not open")
        return model.vector(question)

    def _state(self) -> tuple[int, date]:
        """Changes when something is published, imported or withdrawn, and at midnight, when days begin and end."""
        with self._engine.connect() as connection:
            return connection.scalar(select(HandbookEdition.number)) or 0, date.today()

    def _in_force(self, today: date) -> list[tuple[list[Row[Any]], list[str]]]:
        """The articles in force, each with its passages in order and its example questions."""
        article = aliased(HandbookArticle, name="article")
        rows_of = (
            select(
                article.article_id,
                article.version,
                article.title,
                article.effective_on,
                article.questions,
                article.needs_right,
                HandbookPassage.heading,
                HandbookPassage.text,
                HandbookPassage.audience,
            )
            .join(HandbookPassage, HandbookPassage.article_row_id == article.id)
            .where(in_force(today))
            .order_by(article.article_id, HandbookPassage.number)
        )
        articles: dict[str, tuple[list[Row[Any]], list[str]]] = {}
        with self._engine.connect() as connection:
            rows: Sequence[Row[Any]] = connection.execute(rows_of).all()  # type: ignore[assignment]
            for row in rows:
                articles.setdefault(row.article_id, ([], list(row.questions)))[0].append(row)
        return list(articles.values())


def _sections(words: Sequence[str], passages: Sequence[Passage], near: Floats) -> list[int]:
    """The places of an article's sections, best first: by the question's words and by meaning."""
    fits = section_fits(words, passages[0].title, [(passage.section, passage.text) for passage in passages])
    return sorted(range(len(passages)), key=lambda place: (-fits[place] - 10 * float(near[place]), place))


def _nearest(near: Floats, begins: NDArray[np.int64]) -> Floats:
    """For each article the mean of its three nearest vectors: one alone may be near by chance."""
    left = near.copy()
    lengths = np.diff([*begins, len(near)])
    found = [np.maximum.reduceat(left, begins)]
    for _ in range(NEAREST - 1):
        left[left == np.repeat(found[-1], lengths)] = -2
        best = np.maximum.reduceat(left, begins)
        found.append(np.where(best < -1, found[-1], best))
    mean: Floats = np.mean(found, axis=0)
    return mean


def _stretched(scores: NDArray[Any]) -> NDArray[Any]:
    """Scores moved and stretched to 0..1; all zero when they are all the same."""
    low, high = float(scores.min()), float(scores.max())
    return (scores - low) / (high - low) if high > low else np.zeros_like(scores)


def _passage(row: Row[Any]) -> Passage:
    return Passage(row.article_id, row.version, row.title, row.heading, row.text, row.effective_on, row.audience, 0.0)
