"""The handbook searched by words and meaning together, through the tool that quotes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.agents.fakes import desk
from tests.conftest import CHEAP
from webapp import create_app
from webapp.agents.meaning.files import installed
from webapp.agents.tools import TOOLS
from webapp.agents.tools.registry import ToolResult
from webapp.bank.articles import SANDBOX_HANDBOOK, parse_article
from webapp.config import Config
from webapp.extensions import db
from webapp.http.unit_of_work import unit_of_work
from webapp.services import filing
from webapp.services.handbook import HandbookLibrary
from webapp.serving import migrate_safely

pytestmark = pytest.mark.skipif(installed() is None, reason="the embedding model is not installed (make meaning)")
# Few, because each passage and example question takes a hundredth of a second; those that were mistaken for each other.
ARTICLES = (
    "cards-lost-and-stolen",
    "cards-replacement-and-express",
    "kyc-verification-levels",
    "payments-bill-payment",
    "payments-cut-off-times",
    "payments-international",
    "payments-salary",
    "service-branches-and-atms",
    "service-phone-banking",
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HandbookLibrary]:
    """A handbook of a few articles with its vectors."""
    app = create_app(
        Config.from_env(
            _env_file=None, instance_path=tmp_path_factory.mktemp("meaning"), **{**CHEAP, "meaning": "auto"}
        )
    )
    with app.app_context():
        migrate_safely(app)
        with unit_of_work():
            for name in ARTICLES:
                source = (SANDBOX_HANDBOOK / f"{name}.md").read_text("utf-8")
                filing.import_article(parse_article(source, name), name)
        app.extensions["bankside.meaning"].open()
        found: HandbookLibrary = app.extensions["bankside.library"]
        assert found.by_meaning
        found.by_meaning.refresh()
        yield found
        db.engine.dispose()
        app.extensions["bankside.guests_engine"].dispose()


def look_up(question: str, library: HandbookLibrary) -> ToolResult:
    tool = TOOLS.get("handbook")
    assert tool is not None
    return tool(desk(None, library=library), {"question": question})


@pytest.mark.parametrize(
    ("question", "article"),
    [
        ("The card is lost. What does a replacement cost, and when does it arrive?", "cards-replacement-and-express"),
        ("Until when does a SEPA transfer leave today?", "payments-cut-off-times"),
        ("What is the procedure for a lost card?", "cards-lost-and-stolen"),
        ("How do I verify a caller?", "kyc-verification-levels"),
    ],
)
def test_a_question_that_was_once_answered_wrongly_is_answered_from_the_right_article(
    library: HandbookLibrary, question: str, article: str
) -> None:
    result = look_up(question, library)
    assert result.outcome == "ok"
    assert article in {citation.article_id for citation in result.citations}


def test_other_words_for_the_same_thing_find_the_article(library: HandbookLibrary) -> None:
    first = library.search("somebody took her purse with the plastic in it")[0]
    assert first.article_id == "cards-lost-and-stolen"
    assert first.likeness > 0


@pytest.mark.parametrize("question", ["where may staff park their cars", "what is the fee for crypto transfers"])
def test_a_question_the_handbook_does_not_speak_of_is_not_answered_by_shared_words(
    library: HandbookLibrary, question: str
) -> None:
    assert look_up(question, library).outcome == "not found"


def test_one_word_alone_is_looked_up_as_it_is_written(library: HandbookLibrary) -> None:
    assert library.search("plastic") == []


def test_a_new_version_counts_as_soon_as_its_vectors_are_there(library: HandbookLibrary) -> None:
    source = (SANDBOX_HANDBOOK / "payments-salary.md").read_text("utf-8")
    article = parse_article(source.replace("## ", "## Pay day: ", 1), "payments-salary.md")
    assert library.by_meaning
    with unit_of_work():
        db.session.execute(text("UPDATE handbook_article SET version = 0 WHERE article_id = 'payments-salary'"))
        filing.import_article(article, "new")
    library.by_meaning.refresh()
    found = library.search("on which day is her salary paid in")
    assert {one.version for one in found if one.article_id == "payments-salary"} == {article.version}


def test_a_handbook_folder_moved_between_machines_keeps_what_was_computed(library: HandbookLibrary) -> None:
    assert library.by_meaning
    store = Path(library.by_meaning._meaning.store._path)
    assert store.exists()
    assert store.stat().st_size > 384 * 2 * len(ARTICLES)
