"""`flask handbook import`: files and folders become articles; the same again is nothing; a bad file is named."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from tests.bank.documents import docx, pdf, zip_bomb
from tests.services.writing import found
from webapp.bank.articles import SANDBOX_HANDBOOK
from webapp.extensions import db
from webapp.http.unit_of_work import reading
from webapp.models import AuditEntry, HandbookArticle
from webapp.services import filing

WORD = docx([("Title", "Zeppelin moorings"), ("Heading1", "Where"), ("", "On the roof.")])


def run(app: Flask, *arguments: object) -> Result:
    return app.test_cli_runner().invoke(args=["handbook", "import", *map(str, arguments)])


def versions(app: Flask, article_id: str = "zeppelin-moorings") -> list[tuple[int, str, date]]:
    with app.app_context(), reading():
        return [(one.version, one.audience, one.effective_on) for one in filing.versions_of(article_id)]


@pytest.fixture
def word(tmp_path: Path) -> Path:
    """A Word document."""
    path = tmp_path / "moorings.docx"
    path.write_bytes(WORD)
    return path


def test_a_document_becomes_an_article_that_is_found_and_the_same_again_changes_nothing(app: Flask, word: Path) -> None:
    done = run(app, word, "--audience", "customer", "--topic", "airships", "--question", "where do I park my airship")
    assert done.exit_code == 0, done.output
    today = date.today()
    assert f"zeppelin-moorings 1: Zeppelin moorings (customer, 1 sections, from {today})" in done.output
    assert found(app, "roof zeppelin")[0] == found(app, "park airship")[0] == ("zeppelin-moorings", 1)
    again = run(app, word, "--audience", "customer", "--topic", "airships", "--question", "where do I park my airship")
    assert (again.exit_code, again.output.splitlines()[-1]) == (0, "0 articles imported, 1 were there already.")
    assert versions(app) == [(1, "customer", today)]
    with app.app_context(), reading():
        entries = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "handbook.imported")).all()
    assert [(entry.actor, entry.object_id) for entry in entries] == [("system", "zeppelin-moorings")]


def test_another_text_becomes_the_next_version_from_the_day_that_is_said(app: Flask, word: Path) -> None:
    run(app, word)
    word.write_bytes(docx([("Title", "Zeppelin moorings"), ("Heading1", "Where"), ("", "In the yard.")]))
    tomorrow = date.today() + timedelta(days=1)
    assert run(app, word, "--from", tomorrow).exit_code == 0
    assert versions(app) == [(1, "staff", date.today()), (2, "staff", tomorrow)]
    assert (found(app, "roof zeppelin")[0], ("zeppelin-moorings", 2) in found(app, "yard")) == (
        ("zeppelin-moorings", 1),
        False,
    )


def test_a_version_with_another_text_under_its_number_is_refused(app: Flask, tmp_path: Path) -> None:
    source = (SANDBOX_HANDBOOK / "cards-limits.md").read_text("utf-8")
    path = tmp_path / "cards-limits.md"
    path.write_text(source)
    assert run(app, path).output.startswith("unchanged cards-limits 4")
    path.write_text(source.replace("2,500 EUR", "9,999 EUR"))
    refused = run(app, path)
    assert refused.exit_code == 1
    assert "4 of cards-limits is there already with another text" in refused.output
    path.write_text(source.replace("2,500 EUR", "9,999 EUR").replace("version: 4", "version: 5"))
    assert run(app, path).exit_code == 0
    assert [number for number, _, _ in versions(app, "cards-limits")] == [4, 5]


def test_a_folder_is_taken_file_by_file_and_a_bad_one_stores_nothing(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "a.docx").write_bytes(WORD)
    (tmp_path / "b.html").write_text("<h1>Airship tea</h1><p>Free of charge.</p>")
    (tmp_path / "c.pdf").write_bytes(pdf([[(18, 0, "Airship coffee"), (11, 30, "Two euros.")]]))
    (tmp_path / "d.md").write_text("# Airship water\n\nFree.\n")
    (tmp_path / "bomb.docx").write_bytes(zip_bomb())
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.5 oh no")
    (tmp_path / "notes.txt").write_text("not for the handbook")
    (tmp_path / ".hidden.md").write_text("# Hidden\n\nx")
    done = run(app, tmp_path)
    assert done.exit_code == 1
    assert "4 articles imported, 0 were there already, 2 refused." in done.output
    assert "refused   bomb.docx: file: would be more than 60 MB unpacked" in done.output
    assert "refused   broken.pdf: file: is damaged" in done.output
    with app.app_context(), reading():
        there = set(db.session.scalars(select(HandbookArticle.article_id)))
    seeded = {path.stem for path in SANDBOX_HANDBOOK.glob("*.md")}
    assert there - seeded == {"airship-coffee", "airship-tea", "airship-water", "zeppelin-moorings"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--audience", "everybody"], "Invalid value for '--audience'"),
        (["--from", "tomorrow"], "Invalid value for '--from'"),
        (["--from", "2026-02-01", "--until", "2026-01-01"], "until: is before the day"),
        (["--id", "Two words"], "id: must be small letters"),
        (["--right", "x"], "right: must be a right"),
    ],
)
def test_options_that_cannot_be_are_refused(app: Flask, word: Path, arguments: list[str], said: str) -> None:
    refused = run(app, word, *arguments)
    assert refused.exit_code != 0
    assert said in refused.output
    assert versions(app) == []


def test_an_empty_folder_says_so(app: Flask, tmp_path: Path) -> None:
    assert "has no files that end in" in run(app, tmp_path).output
