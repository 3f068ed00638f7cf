"""The handbook, searched by full text and meaning. Implements the `PolicyLibrary` port on the database."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Engine, Row

from webapp.bank.policy_library import Passage, PolicyLibrary
from webapp.services.in_force import IN_FORCE, READABLE, prepared
from webapp.services.meaning_index import MeaningIndex
from webapp.services.passages import section_order

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

_FOUND_COLUMNS = """
    article.article_id, article.version, article.title, article.effective_on,
    passage.number, passage.heading, passage.text, passage.audience
"""
_SEARCH_SQLITE = prepared(f"""
    SELECT {_FOUND_COLUMNS}, -bm25(handbook_index, 3.0, 2.0, 1.0, 2.0) AS rank
    FROM handbook_index
    JOIN handbook_passage AS passage ON passage.id = handbook_index.rowid
    JOIN handbook_article AS article ON article.id = passage.article_row_id
    WHERE handbook_index MATCH :query AND {READABLE} AND {IN_FORCE}
    ORDER BY rank DESC LIMIT :limit
""")  # noqa: S608  # constants only
_SEARCH_POSTGRESQL = prepared(f"""
    SELECT {_FOUND_COLUMNS}, ts_rank(handbook_index.words, to_tsquery('english', :query)) AS rank
    FROM handbook_index
    JOIN handbook_passage AS passage ON passage.id = handbook_index.passage_id
    JOIN handbook_article AS article ON article.id = passage.article_row_id
    WHERE handbook_index.words @@ to_tsquery('english', :query) AND {READABLE} AND {IN_FORCE}
    ORDER BY rank DESC, passage.id LIMIT :limit
""")  # noqa: S608
_ARTICLE = prepared(f"""
    SELECT {_FOUND_COLUMNS}, 1.0 AS rank
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
    """Full text with stemming: SQLite FTS5 or PostgreSQL tsvector. Title, headings and example questions weigh more.

    Joined with a search by meaning where the embedding model is there. Finds what is in force today and may be read
    with these rights; nothing else has a part in the ranking.
    """

    def __init__(
        self, engine: Engine, by_meaning: MeaningIndex | None = None, rights: Collection[str] = frozenset()
    ) -> None:
        self._engine = engine
        self.by_meaning = by_meaning
        self._rights = frozenset(rights)

    def seen_by(self, rights: Collection[str]) -> HandbookLibrary:
        """The same handbook for somebody with these rights; as it is, only what all staff may read is found."""
        return HandbookLibrary(self._engine, self.by_meaning, rights)

    def search(self, question: str, limit: int = 5) -> Sequence[Passage]:
        """Passages in force today sharing words with the question, best first; the best one's score is 1.

        Articles are ranked by their best passage; within an article its sections by `passages.section_order`.
        """
        words = search_words(question)
        if not words:
            return []
        postgresql = self._engine.dialect.name == "postgresql"
        query = " | ".join(words) if postgresql else " OR ".join(f'"{word}"' for word in words)
        with self._engine.connect() as connection:
            rows = connection.execute(
                _SEARCH_POSTGRESQL if postgresql else _SEARCH_SQLITE,
                {"query": query, "today": date.today(), "limit": CANDIDATES, "rights": list(self._rights)},
            ).all()
        found = _by_article(words, rows)
        if self.by_meaning is not None and len(words) >= SAYS_SOMETHING:
            found = self.by_meaning.joined(question, words, found, self._rights) or found
        return found[:limit]

    def article(self, article_id: str, version: int | None = None) -> Sequence[Passage]:
        """Every section of an article in order; [] if there is no such article or version."""
        with self._engine.connect() as connection:
            wanted = {"article_id": article_id, "version": version, "today": date.today(), "rights": list(self._rights)}
            rows = connection.execute(_ARTICLE, wanted).all()
        return [_passage(row, 1.0) for row in rows]


def _by_article(words: list[str], rows: Sequence[Row[Any]]) -> list[Passage]:
    """The found rows, best article first, each article's sections in the order of their fit."""
    best = max((float(row.rank) for row in rows), default=0.0)
    articles: dict[str, list[Row[Any]]] = {}
    for row in rows:  # best first, so that articles come in the order of their best passage
        articles.setdefault(row.article_id, []).append(row)
    found: list[Passage] = []
    for sections in articles.values():
        score = float(sections[0].rank) / best if best > 0 else 0.0
        sections.sort(key=lambda row: row.number)
        order = section_order(words, sections[0].title, [(row.heading, row.text) for row in sections])
        found += [_passage(sections[place], score * SECTION_DISCOUNT**position) for position, place in enumerate(order)]
    return sorted(found, key=lambda passage: -passage.score)


def _passage(row: Row[Any], score: float) -> Passage:
    effective = row.effective_on
    return Passage(
        article_id=row.article_id,
        version=row.version,
        title=row.title,
        section=row.heading,
        text=row.text,
        effective_on=effective if isinstance(effective, date) else date.fromisoformat(effective),
        audience=row.audience,
        score=score,
    )


def seen_by(library: PolicyLibrary, rights: Collection[str]) -> PolicyLibrary:
    """A library as somebody with these rights may see it; one that is not ours knows nothing of rights."""
    return library.seen_by(rights) if isinstance(library, HandbookLibrary) else library
