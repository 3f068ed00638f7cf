"""What tests of the handbook's editors do again and again, each in a unit of work of its own. Needs an app context."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from flask import Flask

from tests.services.steps import person
from webapp.http.unit_of_work import unit_of_work
from webapp.models import HandbookArticle
from webapp.services import editing
from webapp.services.editing import Wording
from webapp.services.handbook import HandbookLibrary

ID = "umbrella-insurance"
TODAY = date.today()
TOMORROW, YESTERDAY = TODAY + timedelta(days=1), TODAY - timedelta(days=1)
UMBRELLAS = Wording(
    ID, "Umbrella insurance", "customer", ("insurance",), ("Is my brolly insured?",), "## Cover\n\nA zeppelin is not.\n"
)


def saying(text: str, **changed: object) -> Wording:
    """The article with another text in its section."""
    return replace(UMBRELLAS, body=f"## Cover\n\n{text}\n", **changed)  # type: ignore[arg-type]


def save(wording: Wording = UMBRELLAS, base: str | None = None, editor: str = "manager") -> HandbookArticle:
    """Save a draft, by default of the article as it stands."""
    with unit_of_work():
        began = editing.base_of(editing.current(wording.id)) if base is None else base
        return editing.save(person(editor), wording, began, TODAY)


def publish(on: date | None = None, until: date | None = None, today: date = TODAY, article: str = ID) -> int:
    """Publish the draft; returns its version."""
    with unit_of_work():
        base = editing.base_of(editing.current(article))
        return editing.publish(person("manager"), article, base, today, on, until).version


def written(text: str, on: date | None = None, until: date | None = None, **changed: object) -> int:
    """Save and publish a text."""
    save(saying(text, **changed))
    return publish(on, until)


def found(app: Flask, words: str, *rights: str) -> list[tuple[str, int]]:
    """The articles and versions a search finds for somebody with these rights."""
    library: HandbookLibrary = app.extensions["bankside.library"]
    passages = library.seen_by(rights).search(words, limit=60)
    return list(dict.fromkeys((one.article_id, one.version) for one in passages))
