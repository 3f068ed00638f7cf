"""The handbook is imported once per version and found by what people ask, on both databases."""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from webapp.bank.articles import SANDBOX_HANDBOOK, Article, parse_article
from webapp.extensions import db
from webapp.http.unit_of_work import unit_of_work
from webapp.models import HandbookArticle, HandbookPassage
from webapp.services import filing
from webapp.services.handbook import HandbookLibrary, search_words
from webapp.services.in_force import take_the_pen

QUESTIONS = Path(__file__).parent.parent / "bank" / "handbook_questions.csv"
TERSE = 80  # the file's first questions are in staff's own keywords, the rest avoid the articles' words on purpose
# (found first, found among the first five articles): somewhat under what was measured, 90 / 99 and 10 / 24 of 100.
LEAST_TERSE, LEAST_PARAPHRASED = (0.86, 0.96), (0.07, 0.20)

ARTICLE = """---
id: umbrella-insurance
title: Umbrella insurance
version: 1
effective: 2026-01-01
audience: customer
topics: [insurance]
questions:
  - Is my brolly insured?
---
## Cover

A zeppelin is not covered.
"""


@pytest.fixture
def library(app: Flask) -> HandbookLibrary:
    """The library the app uses."""
    found = app.extensions["bankside.library"]
    assert isinstance(found, HandbookLibrary)
    return found


@pytest.fixture
def extra(app: Flask) -> Article:
    """An article of another kind, gone again after the test."""
    with app.app_context():
        yield parse_article(ARTICLE, "umbrella-insurance.md")
        with unit_of_work():
            take_the_pen()
            for row in db.session.scalars(select(HandbookArticle).filter_by(article_id="umbrella-insurance")):
                db.session.delete(row)


def add(article: Article) -> bool:
    with unit_of_work():
        return filing.import_article(article, "digest")


def counts() -> tuple[int, int]:
    with unit_of_work():
        articles = db.session.scalar(select(func.count()).select_from(HandbookArticle))
        passages = db.session.scalar(select(func.count()).select_from(HandbookPassage))
    return articles or 0, passages or 0


def test_importing_the_folder_again_changes_nothing(app: Flask) -> None:
    with app.app_context():
        before = counts()
        with unit_of_work():
            imported, there = filing.import_folder(SANDBOX_HANDBOOK)
        assert (imported, there) == (0, before[0])
        assert counts() == before
    assert before[0] >= 60
    assert before[1] > before[0]


def questions() -> list[tuple[str, str]]:
    with QUESTIONS.open(newline="", encoding="utf-8") as file:
        return [(line["question"], line["article_id"]) for line in csv.DictReader(file)]


def articles_for(library: HandbookLibrary, question: str) -> list[str]:
    """The articles found, best first."""
    return list(dict.fromkeys(passage.article_id for passage in library.search(question, limit=60)))


@pytest.mark.parametrize(
    ("part", "least"),
    [
        pytest.param(slice(None, TERSE), LEAST_TERSE, id="terse"),
        pytest.param(slice(TERSE, None), LEAST_PARAPHRASED, id="paraphrased"),
    ],
)
def test_questions_find_their_article(library: HandbookLibrary, part: slice, least: tuple[float, float]) -> None:
    asked = questions()[part]
    assert len(asked) >= 80
    found = [(question, wanted, articles_for(library, question)[:5]) for question, wanted in asked]
    first = sum(articles[:1] == [wanted] for _, wanted, articles in found) / len(found)
    among_five = sum(wanted in articles for _, wanted, articles in found) / len(found)
    missed = [line for line in found if line[1] not in line[2]]
    assert (first, among_five) >= least, missed
    assert among_five >= least[1], missed


def test_a_search_takes_less_than_ten_milliseconds(library: HandbookLibrary) -> None:
    longest = "what does it cost to send money abroad and when does it arrive " * 10
    asked = [question for question, _ in questions()[::8]] + [longest]

    def quickest(question: str) -> float:
        """Of several tries: what else the machine does at the moment is not the search's fault."""
        tries = []
        for _ in range(7):
            started = time.perf_counter()
            library.search(question)
            tries.append(time.perf_counter() - started)
        return min(tries)

    library.search(asked[0])
    took = sorted(quickest(question) for question in asked)
    assert took[len(took) // 2] < 0.010, took


def test_what_is_found_can_be_quoted(library: HandbookLibrary) -> None:
    found = library.search("lost card block steps")
    assert found[0].article_id == "cards-lost-and-stolen"
    assert found[0].score == 1.0
    assert all(0 < passage.score <= 1 for passage in found)
    assert [passage.score for passage in found] == sorted((passage.score for passage in found), reverse=True)
    assert all(passage.title and passage.text and passage.version >= 1 for passage in found)
    assert all(isinstance(passage.effective_on, date) for passage in found)
    assert {passage.audience for passage in found} <= {"staff", "customer"}


@pytest.mark.parametrize("question", ["", "?!", "the of and", "\u2603", "zyzzyva", "'; DROP TABLE role; --"])
def test_a_question_without_anything_to_look_for_finds_nothing_or_something_but_never_fails(
    library: HandbookLibrary, question: str
) -> None:
    assert isinstance(library.search(question), Sequence)


@pytest.mark.parametrize(
    "question",
    [
        '"',
        "card NEAR/2 pin",
        "card AND (pin OR",
        "title:card",
        "card*",
        "card & | ! pin",
        "a:b <-> c",
        "x" * 5000,
        "\\",
    ],
)
def test_the_search_languages_own_signs_are_only_text(library: HandbookLibrary, question: str) -> None:
    assert isinstance(library.search(question), Sequence)


def test_word_endings_do_not_matter(library: HandbookLibrary) -> None:
    assert articles_for(library, "disputing payments")[0] == articles_for(library, "disputed payment")[0]


def test_an_imported_article_is_found_by_its_text_title_and_example_questions(
    library: HandbookLibrary, extra: Article
) -> None:
    assert articles_for(library, "zeppelin") == []
    assert add(extra)
    assert not add(extra), "the same version is imported once"
    for words in ("zeppelin", "umbrella", "brolly"):
        assert articles_for(library, words) == ["umbrella-insurance"]


def test_only_the_version_in_force_is_found(library: HandbookLibrary, extra: Article) -> None:
    today = date.today()
    section = extra.sections[0]
    assert add(extra)
    assert add(replace(extra, version=2, effective_on=today, sections=(replace(section, text="A kayak is."),)))
    assert add(
        replace(
            extra, version=3, effective_on=today + timedelta(days=1), sections=(replace(section, text="A raft will."),)
        )
    )
    assert articles_for(library, "zeppelin") == [], "replaced today"
    assert [(passage.version, passage.text) for passage in library.search("kayak")] == [(2, "A kayak is.")]
    assert library.search("raft") == [], "from tomorrow"
    assert [passage.version for passage in library.article("umbrella-insurance")] == [2]
    assert [passage.text for passage in library.article("umbrella-insurance", 1)] == [section.text]
    assert [passage.version for passage in library.article("umbrella-insurance", 3)] == [3]
    assert library.article("umbrella-insurance", 4) == []


def test_an_article_is_read_section_by_section_in_order(library: HandbookLibrary) -> None:
    source = (SANDBOX_HANDBOOK / "cards-lost-and-stolen.md").read_text(encoding="utf-8")
    written = parse_article(source, "cards-lost-and-stolen.md")
    read = library.article("cards-lost-and-stolen")
    assert [(passage.section, passage.text) for passage in read] == [
        (section.heading, section.text) for section in written.sections
    ]
    assert library.article("no-such-article") == []


def test_the_words_searched_for_are_few_and_plain() -> None:
    assert search_words("How long do I wait for the new card, please? The NEW card!") == ["long", "wait", "new", "card"]
    assert len(search_words(" ".join(f"word{number}" for number in range(100)))) == 24
    assert search_words("\u00dcberweisung 50\u20ac") == ["\u00fcberweisung", "50"]
