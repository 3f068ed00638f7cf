"""The handbook searched with vectors from an endpoint, and by words alone when that does not answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.conftest import CHEAP
from tests.model_server import KEY, Act, ModelServer, raw, standing, status, vectors
from webapp import create_app
from webapp.bank.articles import SANDBOX_HANDBOOK, parse_article
from webapp.config import Config
from webapp.extensions import db
from webapp.http.health import embeddings
from webapp.http.unit_of_work import unit_of_work
from webapp.services import filing
from webapp.services.handbook import HandbookLibrary
from webapp.serving import migrate_safely

ARTICLES = ("cards-lost-and-stolen", "payments-cut-off-times", "kyc-verification-levels", "service-branches-and-atms")
LIKE = {"vanished": "lost", "plastic": "card"}
QUESTION = "the plastic vanished in a transfer"


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with standing() as made:
        yield made


@pytest.fixture(scope="module")
def desk_app(tmp_path_factory: pytest.TempPathFactory, server: ModelServer) -> Iterator[Flask]:
    config = Config.from_env(
        _env_file=None,
        instance_path=tmp_path_factory.mktemp("embeddings"),
        embeddings_url=server.url,
        embeddings_model="words",
        embeddings_key=KEY,
        **CHEAP,
    )
    app = create_app(config)
    with app.app_context():
        migrate_safely(app)
        with unit_of_work():
            for name in ARTICLES:
                source = (SANDBOX_HANDBOOK / f"{name}.md").read_text("utf-8")
                filing.import_article(parse_article(source, name), name)
        yield app
        db.engine.dispose()
        app.extensions["bankside.guests_engine"].dispose()


@pytest.fixture
def library(desk_app: Flask, server: ModelServer) -> HandbookLibrary:
    """The library as it is after a start with an endpoint that answers."""
    meaning = desk_app.extensions["bankside.embeddings"]
    meaning.model.breaker.succeeded()
    server.does(otherwise=vectors(like=LIKE))
    found: HandbookLibrary = desk_app.extensions["bankside.library"]
    assert found.by_meaning
    found.by_meaning._vector.cache_clear()
    assert found.by_meaning.prepare()
    return found


def test_an_article_is_found_by_meaning_that_the_words_do_not_find(
    library: HandbookLibrary, server: ModelServer
) -> None:
    found = library.search(QUESTION)
    assert found[0].article_id == "cards-lost-and-stolen"
    assert {passage.likeness for passage in found} == {0.0}, "nothing was measured with this model"
    assert all(path == "/v1/embeddings" for path in server.paths)
    assert embeddings().sentence == "the handbook is searched by words and by words"
    by_words = HandbookLibrary(library._engine, library._bookcase).search(QUESTION)
    assert not by_words or by_words[0].article_id != "cards-lost-and-stolen"


def test_the_vectors_of_the_handbook_are_asked_for_once_and_kept(library: HandbookLibrary, server: ModelServer) -> None:
    server.does(otherwise=vectors(like=LIKE))
    assert library.by_meaning
    assert library.by_meaning.prepare()
    assert server.requests == []


def test_a_question_leaves_without_numbers_of_accounts_and_addresses(
    library: HandbookLibrary, server: ModelServer
) -> None:
    library.search("may DE89370400440532013000 of m.k@example.org be blocked")
    assert server.requests
    assert "DE8937" not in server.heard
    assert "m.k@" not in server.heard


@pytest.mark.parametrize(
    "act",
    [status(500), status(401), raw("{}", "application/json"), raw("no", "text/html"), vectors(width=8)],
    ids=["500", "401", "something else", "a page", "another width"],
)
def test_an_endpoint_that_fails_leaves_the_words_and_says_so(
    library: HandbookLibrary, server: ModelServer, act: Act
) -> None:
    server.does(otherwise=act)
    found = library.search("cut-off times of a transfer")
    assert found[0].article_id == "payments-cut-off-times"
    assert embeddings().level == "degraded"
    assert "searched by words" in embeddings().sentence
    for number in range(5):
        library.search(f"transfer number {number}")
    assert len(server.requests) <= 4, "it is left alone for a moment"
