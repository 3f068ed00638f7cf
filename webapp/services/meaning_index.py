"""The handbook by meaning: every passage and example question in force as a vector, compared with the question's."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.exc import SQLAlchemyError

from webapp.agents.meaning.endpoint import EndpointMeaning
from webapp.agents.meaning.loading import Meaning
from webapp.agents.meaning.minilm import Floats
from webapp.bank.policy_library import Passage
from webapp.services.passages import section_fits
from webapp.services.shelf import Bookcase, Shelf

log = logging.getLogger("bankside.meaning")

BY_WORDS, BY_MEANING = 0.3, 0.7  # how much each search counts, after both are stretched to 0..1
NEAREST = 3  # of an article's vectors: their mean says how near it is
CANDIDATES = 15  # articles nearest in meaning that are looked at beside those found by words
LOOKED_AT, ROUGH = 100, 64  # articles whose vectors are compared in full; directions that choose them
SECTION_DISCOUNT = 0.9  # as in the search by words


@dataclass(frozen=True, slots=True)
class _Vectors:
    """The vectors of a shelf; articles lie one after the other."""

    shelf: Shelf
    vectors: Floats  # passages and example questions, article by article
    begins: NDArray[np.int64]  # where each article's vectors begin; the first ones are its passages'
    place_of: dict[str, int]
    basis: Floats | None  # the directions in which the vectors differ most, as rows; None: few enough to do without
    rough: Floats  # the vectors in those directions only: a sixth of the memory to go through

    def nearest(self, vector: Floats, readable: NDArray[np.bool_], besides: Sequence[int]) -> dict[int, _Near]:
        """How near articles are, by place: those that may be nearest, and these besides. Only readable ones.

        In a large handbook the rough vectors choose whose real ones are looked at: reading them all takes 10 ms.
        """
        places = np.flatnonzero(readable)
        if self.basis is not None and len(places) > LOOKED_AT:
            roughly = np.maximum.reduceat(self.rough @ (self.basis @ vector), self.begins)[places]
            places = places[np.argpartition(-roughly, LOOKED_AT)[:LOOKED_AT]]
            places = np.union1d(places, np.array([place for place in besides if readable[place]], dtype=places.dtype))
        ends = [*self.begins[1:], len(self.vectors)]
        parts = [np.arange(self.begins[place], ends[place]) for place in places]
        if not parts:
            return {}
        near = self.vectors[np.concatenate(parts)] @ vector
        begins = np.cumsum([0, *(len(part) for part in parts)])
        likeness = _nearest(near, begins[:-1])
        return {
            int(place): _Near(float(likeness[number]), near[begins[number] : begins[number + 1]])
            for number, place in enumerate(places)
        }


@dataclass(frozen=True, slots=True)
class _Near:
    """How near an article is, and each of its vectors."""

    likeness: float
    vectors: Floats


def _roughly(vectors: Floats, articles: int) -> tuple[Floats | None, Floats]:
    """The directions in which the vectors differ most, and the vectors in them; none for a small handbook."""
    if articles <= 4 * LOOKED_AT:
        return None, vectors[:0]
    _sizes, directions = np.linalg.eigh(vectors.T @ vectors)
    basis: Floats = np.ascontiguousarray(directions[:, -ROUGH:].T).astype(np.float32)
    return basis, vectors @ basis.T


class MeaningIndex:
    """Searches by meaning once the embedding model is open and all vectors are there; before that it finds nothing."""

    def __init__(self, bookcase: Bookcase, meaning: Meaning | EndpointMeaning) -> None:
        self._bookcase = bookcase
        self._meaning = meaning
        self._vectors: _Vectors | None = None
        self._refreshing = threading.Lock()
        self._vector = lru_cache(maxsize=512)(self._embedded)

    def joined(
        self,
        shelf: Shelf,
        question: str,
        words: Sequence[str],
        by_words: Mapping[str, float],
        rights: Collection[str] = frozenset(),
        limit: int = 20,
    ) -> list[Passage]:
        """Passages by words and by meaning together, best first; [] when meaning cannot be asked now.

        `by_words` has the score of each article that was found by its words. Articles that may not be read
        with these rights have no part in it.
        """
        known = self._vectors
        if known is None and not self._meaning.is_measured and self._meaning.state != "failing":
            self.refresh_behind()  # an endpoint that did not answer at the start may do so by now
        if known is None or self._meaning.model is None or not shelf.articles:
            return []
        if known.shelf is not shelf:
            self.refresh_behind()
            return []
        readable = shelf.readable(rights)
        spoken_of = [known.place_of[article] for article in by_words if article in known.place_of]
        try:
            asked = self._vector(question)
        except (OSError, ValueError) as error:  # of an endpoint: the words are enough
            log.warning("the question has no vector: %s", type(error).__name__)
            return []
        near = known.nearest(asked, readable, spoken_of)
        likest = sorted(near, key=lambda place: -near[place].likeness)[:CANDIDATES]
        places = sorted({*likest, *(place for place in spoken_of if place in near)})
        if not places:
            return []
        likeness = np.array([near[place].likeness for place in places])
        spoken = np.array([by_words.get(shelf.articles[place].passages[0].article_id, 0.0) for place in places])
        scores = BY_WORDS * _stretched(spoken) + BY_MEANING * _stretched(likeness)
        together: list[Passage] = []
        # A section counts no more than its article: the best passages are all in the best so many articles.
        for chosen in np.argsort(-scores, kind="stable")[:limit]:
            place, score = places[chosen], scores[chosen]
            passages = shelf.articles[place].passages
            order = _sections(words, passages, near[place].vectors[: len(passages)])
            together += [
                replace(
                    passages[number],
                    score=round(float(score) * SECTION_DISCOUNT**position, 4),
                    likeness=round(near[place].likeness, 4) if self._meaning.is_measured else 0.0,
                )
                for position, number in enumerate(order)
            ]
        return sorted(together, key=lambda passage: -passage.score)[:limit]

    def refresh_behind(self) -> None:
        """The same as `refresh`, in nobody's way."""
        threading.Thread(target=self.refresh, name="handbook-meaning", daemon=True).start()

    def prepare(self) -> bool:
        """Open the model and have all vectors now; False if there is no model."""
        if self._meaning.open() is None:
            return False
        self.refresh()
        return True

    def refresh(self) -> None:
        """Read the handbook in force and have the vectors of what is new; takes 20 ms or so for a new passage."""
        model = self._meaning.model
        if model is None or not self._refreshing.acquire(blocking=False):
            return
        try:
            shelf = self._bookcase.shelf()
            texts: list[str] = []
            begins: list[int] = []
            for article in shelf.articles:
                begins.append(len(texts))
                texts += [f"{one.title}. {one.section}. {one.text}" for one in article.passages]
                texts += article.questions
            vectors = self._meaning.store.vectors(texts, model)
            place_of = {one.passages[0].article_id: place for place, one in enumerate(shelf.articles)}
            basis, rough = _roughly(vectors, len(begins))
            self._vectors = _Vectors(shelf, vectors, np.array(begins, dtype=np.int64), place_of, basis, rough)
        except (SQLAlchemyError, OSError) as error:  # the search by words goes on; the next question tries again
            log.warning("the handbook could not be read for the search by meaning: %s", type(error).__name__)
        finally:
            self._refreshing.release()

    def _embedded(self, question: str) -> Floats:
        model = self._meaning.model
        if model is None:
            raise RuntimeError("the embedding model is not open")
        return model.vector(question)


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
