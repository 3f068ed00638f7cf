"""How long a search in a large handbook takes, by words and by words and meaning: `python -m bench handbook`."""

from __future__ import annotations

import argparse
import csv
import hashlib
import random
import re
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from flask import Flask

from bench.places import database, furnished, title_line
from tests.server import ROOT
from webapp.agents.meaning.loading import Meaning
from webapp.agents.meaning.minilm import WIDTH, Floats
from webapp.bank.articles import SANDBOX_HANDBOOK, Article, Section, read_articles
from webapp.http.unit_of_work import unit_of_work
from webapp.services import filing
from webapp.services.handbook import HandbookLibrary
from webapp.services.in_force import take_the_pen
from webapp.services.meaning_index import MeaningIndex
from webapp.services.shelf import Bookcase

QUESTIONS = ROOT / "tests" / "bank" / "handbook_questions.csv"
SECTIONS, ASKED, VERSIONS = 5, 8, 3  # of an invented article; every tenth has older versions
TARGET = 10.0  # milliseconds


class AnyVectors:
    """In the place of the embedding model, whose own time is not measured here: a direction for every text."""

    def vector(self, text: str) -> Floats:
        """Always the same for a text."""
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        found = np.random.default_rng(seed).standard_normal(WIDTH).astype(np.float32)
        return found / np.float32(np.linalg.norm(found))

    def vectors(self, texts: Sequence[str]) -> Floats:
        """One a row."""
        return np.stack([self.vector(text) for text in texts])


def invented(passages: int) -> Iterator[Article]:
    """Articles made of the demo handbook's own headings, sentences and questions, shuffled the same way every time."""
    chance = random.Random(7)
    articles = read_articles(SANDBOX_HANDBOOK)
    sections = [section for article in articles for section in article.sections if section.heading]
    sentences = [one for section in sections for one in re.split(r"(?<=[.!?])\s+", section.text) if len(one) > 20]
    questions = [question for article in articles for question in article.questions]
    headings = sorted({section.heading for section in sections})
    for number in range(passages // SECTIONS):
        like, other = chance.choice(articles), chance.choice(articles)
        yield replace(
            like,
            id=f"invented-{number}",
            title=f"{like.title}: {other.title.lower()}",
            version=1,
            needs_right="sessions.read_branch" if number % 20 == 0 else None,
            questions=tuple(dict.fromkeys(chance.sample(questions, ASKED))),
            sections=tuple(
                Section(place, heading, like.audience, " ".join(chance.sample(sentences, chance.randint(2, 7))))
                for place, heading in enumerate(chance.sample(headings, SECTIONS), start=1)
            ),
        )


def fill(app: Flask, passages: int) -> None:
    """Put them on the shelf, some with older versions that are not in force any more."""
    made = list(invented(passages))
    with app.app_context():
        for begin in range(0, len(made), 100):
            with unit_of_work():
                take_the_pen()
                for place, article in enumerate(made[begin : begin + 100]):
                    for version in range(1, VERSIONS + 1 if place % 10 == 0 else 2):
                        filing.add(article, version=version)


def measured(library: HandbookLibrary, questions: Sequence[str]) -> list[float]:
    """Milliseconds of a search for each question, the best of three: what else the machine does is not the search's."""
    for question in questions[:20]:
        library.search(question)
    found = []
    for question in questions:
        tries = []
        for _ in range(3):
            started = time.perf_counter()
            library.search(question)
            tries.append((time.perf_counter() - started) * 1000)
        found.append(min(tries))
    return found


def main(arguments: Sequence[str]) -> int:
    """0 when the middle search is quick enough."""
    parser = argparse.ArgumentParser(prog="python -m bench handbook", description=__doc__)
    parser.add_argument("--passages", type=int, default=10_000)
    parser.add_argument("--postgresql", action="store_true", help="measure on PostgreSQL as well")
    wanted = parser.parse_args(arguments)
    with QUESTIONS.open(newline="", encoding="utf-8") as file:
        questions = [line["question"] for line in csv.DictReader(file)]
    print(f"{title_line()}; {len(questions)} questions, {wanted.passages:,} passages in force and the demo's")
    print(f"{'milliseconds a search':<52}{'middle':>8}{'p95':>8}{'most':>8}")
    slow = False
    for on_postgresql in (False, True) if wanted.postgresql else (False,):
        with tempfile.TemporaryDirectory(dir="/dev/shm") as folder, database(Path(folder), on_postgresql) as url:
            app = furnished(Path(folder) / "instance", url)
            fill(app, wanted.passages)
            engine = app.extensions["bankside.guests_engine"]
            meaning = Meaning(Path(folder), wanted=False)
            meaning._model = AnyVectors()  # type: ignore[assignment]
            bookcase = Bookcase(engine)
            started = time.perf_counter()
            bookcase.shelf()
            first = time.perf_counter() - started
            index = MeaningIndex(bookcase, meaning)
            index.refresh()
            for name, library in (
                ("by words", HandbookLibrary(engine, bookcase, None, {"sessions.use"})),
                ("by words and meaning, without embedding", HandbookLibrary(engine, bookcase, index, {"sessions.use"})),
            ):
                took = sorted(measured(library, questions))
                middle, p95 = statistics.median(took), took[int(len(took) * 0.95)]
                label = f"{'PostgreSQL' if on_postgresql else 'SQLite'}, {name}"
                print(f"{label:<52}{middle:>8.1f}{p95:>8.1f}{took[-1]:>8.1f}", flush=True)
                slow = slow or middle > TARGET
            with app.app_context(), unit_of_work():
                take_the_pen()
            started = time.perf_counter()
            bookcase.shelf()
            again = time.perf_counter() - started
            print(f"  the first search of a process reads {first:.1f} s, the first after a change {again:.2f} s")
            engine.dispose()
    return int(slow)
