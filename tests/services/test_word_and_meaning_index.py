"""The two indexes of the handbook by themselves: what counts more, what may not be read, and rough against exact."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from webapp.agents.meaning.loading import Meaning
from webapp.agents.meaning.minilm import WIDTH, Floats
from webapp.bank.policy_library import Passage
from webapp.services.meaning_index import LOOKED_AT, MeaningIndex
from webapp.services.shelf import Shelf, Shelved
from webapp.services.word_index import Indexer

ALL = np.ones(3, dtype=np.bool_)


def scores(*written: tuple[str, str, str, str], words: str, readable: list[bool] | None = None) -> list[float]:
    index = Indexer().index(written)
    may = np.array(readable if readable is not None else [True] * len(written))
    return [round(float(one), 3) for one in index.scores(words.split(), may)]


OTHER = ("Cheques", "Paying in", "Sign the back.", "")


def test_a_word_counts_more_in_the_title_than_in_a_heading_or_a_question_and_least_in_the_text() -> None:
    filled = "a b c d e f g"
    found = scores(
        ("Zeppelin", "x", filled, "y"),
        ("x", "Zeppelin", filled, "y"),
        ("x", "y", filled + " zeppelin", ""),
        *[OTHER] * 5,
        words="zeppelins",
    )
    assert found[0] > found[1] > found[2] > 0
    assert found[3:] == [0] * 5


def test_a_rare_word_counts_more_than_a_frequent_one() -> None:
    found = scores(("x", "", "card", ""), ("x", "", "zeppelin", ""), *[("x", "", "card", "")] * 3, *[OTHER] * 9,
                   words="card zeppelin")  # fmt: skip
    assert found[1] > found[0]


def test_word_endings_accents_and_short_weekdays_do_not_matter() -> None:
    for words in ("disputing", "DISPUTED", "mon", "cafe"):
        found = scores(("Disputes", "Monday", "Caf\u00e9", ""), OTHER, OTHER, words=words)
        assert found[0] > 0, words


def test_what_may_not_be_read_neither_scores_nor_makes_a_word_frequent() -> None:
    secret = ("x", "", "zeppelin", "")
    alone = scores(("x", "", "zeppelin", ""), OTHER, OTHER, words="zeppelin")
    beside = scores(("x", "", "zeppelin", ""), OTHER, OTHER, secret, secret, words="zeppelin",
                    readable=[True, True, True, False, False])  # fmt: skip
    assert beside == [*alone, 0, 0]
    assert scores(secret, words="zeppelin", readable=[False]) == [0]


def test_an_index_made_again_with_one_passage_more_is_as_made_anew() -> None:
    indexer = Indexer()
    first = [("Cards", "Lost", "Block it.", "lost card"), OTHER]
    indexer.index(first)
    more = [*first, ("Zeppelins", "Lost", "Call.", "")]
    again, anew = indexer.index(more), Indexer().index(more)
    for words in (["lost"], ["zeppelin", "card"], ["nothing"]):
        assert again.scores(words, ALL).tolist() == anew.scores(words, ALL).tolist()
    assert Indexer().index([]).scores(["x"], np.zeros(0, dtype=np.bool_)).tolist() == []


class Directions:
    """In the place of the embedding model: texts about the same subject point the same way, more or less."""

    def vector(self, text: str) -> Floats:
        subject, own = (self._direction(part) for part in (text.split()[0].strip(".?"), text))
        found = subject + np.float32(0.6) * own
        return found / np.float32(np.linalg.norm(found))

    def vectors(self, texts: list[str]) -> Floats:
        return np.stack([self.vector(text) for text in texts])

    @staticmethod
    def _direction(text: str) -> Floats:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        return np.random.default_rng(seed).standard_normal(WIDTH).astype(np.float32) / np.float32(np.sqrt(WIDTH))


class OneShelf:
    """A bookcase whose shelf does not change."""

    def __init__(self, articles: int, secret: int) -> None:
        made = [
            Shelved(
                tuple(
                    Passage(f"a{number}", 1, f"Subject{number}", f"s{place}", "text", date.today(), "staff", 0.0)
                    for place in range(3)
                ),
                (f"Subject{number} question",),
                "secret.read" if number == secret else None,
            )
            for number in range(articles)
        ]
        passages = tuple(one for article in made for one in article.passages)
        index = Indexer().index([(one.title, one.section, one.text, "") for one in passages])
        self._shelf = Shelf(("token", date.today()), tuple(made), passages, np.full(articles, 3), index)

    def shelf(self) -> Shelf:
        return self._shelf


@pytest.mark.parametrize("articles", [40, 5 * LOOKED_AT], ids=["few, all compared", "many, chosen roughly first"])
def test_the_nearest_article_is_found_and_never_one_that_may_not_be_read(tmp_path: Path, articles: int) -> None:
    meaning = Meaning(tmp_path, wanted=False)
    meaning._model = Directions()  # type: ignore[assignment]
    bookcase = OneShelf(articles, secret=7)
    index = MeaningIndex(bookcase, meaning)  # type: ignore[arg-type]
    assert index.joined(bookcase.shelf(), "Subject3 asked", ["subject3"], {}) == [], "nothing before it is refreshed"
    index.refresh()

    def first(question: str, *rights: str) -> str:
        found = index.joined(bookcase.shelf(), question, ["what"], {}, rights)
        assert len({one.article_id for one in found}) > 5
        assert found == sorted(found, key=lambda one: -one.score)
        return found[0].article_id

    wanted = [number for number in range(0, articles, articles // 20) if number != 7]
    assert [first(f"Subject{number} asked") for number in wanted] == [f"a{number}" for number in wanted]
    assert first("Subject7 asked", "secret.read") == "a7"
    assert first("Subject7 asked") != "a7"
    assert "a7" not in {one.article_id for one in index.joined(bookcase.shelf(), "Subject7", ["x"], {"a7": 1.0})}
