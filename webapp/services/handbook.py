"""The handbook: imported by version, searched by full text. Implements the `PolicyLibrary` port on the database."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, text

from webapp.bank.articles import Article, parse_article
from webapp.bank.policy_library import Passage
from webapp.extensions import db
from webapp.models import HandbookArticle, HandbookPassage
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
_IN_FORCE = """
    article.version = (
        SELECT max(other.version) FROM handbook_article AS other
        WHERE other.article_id = article.article_id AND other.effective_on <= :today
    )
"""
_SEARCH_SQLITE = text(f"""
    SELECT {_FOUND_COLUMNS}, -bm25(handbook_index, 3.0, 2.0, 1.0, 2.0) AS rank
    FROM handbook_index
    JOIN handbook_passage AS passage ON passage.id = handbook_index.rowid
    JOIN handbook_article AS article ON article.id = passage.article_row_id
    WHERE handbook_index MATCH :query AND {_IN_FORCE}
    ORDER BY rank DESC LIMIT :limit
""")  # noqa: S608  # constants only
_SEARCH_POSTGRESQL = text(f"""
    SELECT {_FOUND_COLUMNS}, ts_rank(handbook_index.words, to_tsquery('english', :query)) AS rank
    FROM handbook_index
    JOIN handbook_passage AS passage ON passage.id = handbook_index.passage_id
    JOIN handbook_article AS article ON article.id = passage.article_row_id
    WHERE handbook_index.words @@ to_tsquery('english', :query) AND {_IN_FORCE}
    ORDER BY rank DESC, passage.id LIMIT :limit
""")  # noqa: S608
_ARTICLE = text(f"""
    SELECT {_FOUND_COLUMNS}, 1.0 AS rank
    FROM handbook_passage AS passage JOIN handbook_article AS article ON article.id = passage.article_row_id
    WHERE article.article_id = :article_id
      AND ((CAST(:version AS integer) IS NULL AND {_IN_FORCE}) OR article.version = :version)
    ORDER BY passage.number
""")  # noqa: S608


def search_words(question: str) -> list[str]:
    """The words of a question worth searching for, each once, at most `MOST_WORDS`: letters and digits only."""
    words = re.findall(r"[^\W_]+", question.casefold())
    wanted = dict.fromkeys(word for word in words if word not in STOP_WORDS and len(word) <= 40)
    return list(wanted)[:MOST_WORDS]


class HandbookLibrary:
    """Full text with stemming: SQLite FTS5 or PostgreSQL tsvector. Title, headings and example questions weigh more.

    Joined with a search by meaning where the embedding model is there.
    """

    def __init__(self, engine: Engine, by_meaning: MeaningIndex | None = None) -> None:
        self._engine = engine
        self.by_meaning = by_meaning

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
                {"query": query, "today": _today(connection), "limit": CANDIDATES},
            ).all()
        found = _by_article(words, rows)
        if self.by_meaning is not None and len(words) >= SAYS_SOMETHING:
            found = self.by_meaning.joined(question, words, found) or found
        return found[:limit]

    def article(self, article_id: str, version: int | None = None) -> Sequence[Passage]:
        """Every section of an article in order; [] if there is no such article or version."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                _ARTICLE, {"article_id": article_id, "version": version, "today": _today(connection)}
            ).all()
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


def _today(connection: Connection) -> date | str:
    today = date.today()
    return today if connection.dialect.name == "postgresql" else today.isoformat()


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


def import_folder(folder: Path) -> tuple[int, int]:
    """Import every Markdown article of a folder: (imported, already there). One version is imported once."""
    imported = there = 0
    for path in sorted(folder.glob("*.md")):
        source = path.read_text(encoding="utf-8")
        if import_article(parse_article(source, path.name), hashlib.sha256(source.encode()).hexdigest()):
            imported += 1
        else:
            there += 1
    return imported, there


def import_article(article: Article, digest: str) -> bool:
    """Add an article version and index it; False if this version is there already."""
    known = db.session.query(HandbookArticle.id).filter_by(article_id=article.id, version=article.version).first()
    if known:
        return False
    row = HandbookArticle(
        article_id=article.id,
        version=article.version,
        title=article.title,
        effective_on=article.effective_on,
        audience=article.audience,
        topics=list(article.topics),
        questions=list(article.questions),
        digest=digest,
        passages=[
            HandbookPassage(
                number=section.number, heading=section.heading, audience=section.audience, text=section.text
            )
            for section in article.sections
        ],
    )
    db.session.add(row)
    db.session.flush()
    for passage in row.passages:
        _index(passage, row)
    return True


_INDEX_SQLITE = text(
    "INSERT INTO handbook_index (rowid, title, heading, text, questions) VALUES (:id, :title, :heading, :text, :asked)"
)
_INDEX_POSTGRESQL = text("""
    INSERT INTO handbook_index (passage_id, words) VALUES (:id,
        setweight(to_tsvector('english', :title), 'A') || setweight(to_tsvector('english', :heading), 'B')
        || setweight(to_tsvector('english', :asked), 'B') || setweight(to_tsvector('english', :text), 'D'))
""")


def _index(passage: HandbookPassage, article: HandbookArticle) -> None:
    postgresql = db.session.get_bind().dialect.name == "postgresql"
    db.session.execute(
        _INDEX_POSTGRESQL if postgresql else _INDEX_SQLITE,
        {
            "id": passage.id,
            "title": article.title,
            "heading": passage.heading,
            "text": passage.text,
            "asked": "\n".join(article.questions),
        },
    )
