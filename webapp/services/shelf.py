"""What is in force today, in memory: read again when the database says that something has changed."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, Row, select
from sqlalchemy.orm import aliased

from webapp.bank.policy_library import Passage
from webapp.models import HandbookArticle, HandbookEdition, HandbookPassage
from webapp.services.in_force import in_force, may_read
from webapp.services.word_index import Indexer, WordIndex

State: TypeAlias = tuple[str, date]


@dataclass(frozen=True, slots=True)
class Shelved:
    """An article in force."""

    passages: tuple[Passage, ...]
    questions: tuple[str, ...]
    needs_right: str | None


@dataclass(frozen=True, slots=True)
class Shelf:
    """The handbook as it was at one moment; `passages` of all articles lie one after the other."""

    state: State
    articles: tuple[Shelved, ...]
    passages: tuple[Passage, ...]
    sections: NDArray[np.int64]  # how many passages each article has
    words: WordIndex
    _readable: dict[frozenset[str], NDArray[np.bool_]] = field(default_factory=dict)

    def readable(self, rights: Collection[str]) -> NDArray[np.bool_]:
        """Which articles may be read with these rights."""
        wanted = frozenset(rights)
        if wanted not in self._readable:
            answers = [may_read(one.needs_right, wanted) for one in self.articles]
            self._readable[wanted] = np.array(answers, dtype=np.bool_)
        return self._readable[wanted]

    def readable_passages(self, rights: Collection[str]) -> NDArray[np.bool_]:
        """Which passages may be read with these rights."""
        return np.repeat(self.readable(rights), self.sections)


class Bookcase:
    """Holds the shelf of this process. Every look asks the database for the edition's token, which is one row."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._shelf: Shelf | None = None
        self._indexer = Indexer()
        self._reading = threading.Lock()

    def state(self) -> State:
        """Changes when something is published, imported or withdrawn, and at midnight, when days begin and end."""
        with self._engine.connect() as connection:
            return connection.scalar(select(HandbookEdition.token)) or "", date.today()

    def shelf(self) -> Shelf:
        """What is in force now. Whoever looks first after a change reads it again; others wait for that."""
        state, shelf = self.state(), self._shelf
        if shelf is not None and shelf.state == state:
            return shelf
        with self._reading:
            if self._shelf is None or self._shelf.state != state:
                self._shelf = self._read(self.state())
            return self._shelf

    def _read(self, state: State) -> Shelf:
        articles = [_shelved(rows) for rows in self._in_force(state[1])]
        passages = tuple(passage for article in articles for passage in article.passages)
        written = [
            (passage.title, passage.section, passage.text, "\n".join(article.questions))
            for article in articles
            for passage in article.passages
        ]
        sections = np.array([len(one.passages) for one in articles], dtype=np.int64)
        return Shelf(state, tuple(articles), passages, sections, self._indexer.index(written))

    def _in_force(self, today: date) -> list[Sequence[Row[Any]]]:
        """The rows of each article's passages, in order."""
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
        articles: dict[str, list[Row[Any]]] = {}
        with self._engine.connect() as connection:
            rows: Sequence[Row[Any]] = connection.execute(rows_of).all()  # type: ignore[assignment]
            for row in rows:
                articles.setdefault(row.article_id, []).append(row)
        return list(articles.values())


def _shelved(rows: Sequence[Row[Any]]) -> Shelved:
    passages = tuple(
        Passage(row.article_id, row.version, row.title, row.heading, row.text, row.effective_on, row.audience, 0.0)
        for row in rows
    )
    return Shelved(passages, tuple(rows[0].questions), rows[0].needs_right)
