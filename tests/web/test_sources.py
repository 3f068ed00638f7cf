"""Old conversations quote what the handbook said then, and say when it says something else today."""

from __future__ import annotations

from datetime import date

import pytest
from bs4 import Tag
from flask import Flask
from sqlalchemy import delete, select, update

from tests.visitor import HTMX, Visitor
from tests.web.rows import ON_SQLITE, all_of, changing
from tests.web.test_feedback import number_of
from webapp.models import CitedPassage, HandbookArticle, HandbookPassage

pytestmark = ON_SQLITE

NEW = "A replacement card costs 12 EUR from today on."


@pytest.fixture
def quoted(app: Flask, teller: Visitor) -> CitedPassage:
    """What an answer of the teller's session quotes first."""
    chat_id = teller.start(opening="What does a replacement card cost?")
    reply = number_of(teller.answer(chat_id))
    found = all_of(app, select(CitedPassage).where(CitedPassage.reply_id == reply).order_by(CitedPassage.number))
    return next(iter(found))


def next_version(app: Flask, cited: CitedPassage, heading: str, text: str) -> None:
    """A later version of the article is in force, with this section alone."""
    with changing(app) as session:
        rows = session.scalars(select(HandbookArticle).where(HandbookArticle.article_id == cited.article_id))
        last = max(rows, key=lambda row: row.version)
        session.add(
            HandbookArticle(
                article_id=cited.article_id,
                version=last.version + 1,
                title=last.title,
                effective_on=date.today(),
                audience=last.audience,
                topics=list(last.topics),
                questions=list(last.questions),
                digest="a digest",
                passages=[HandbookPassage(number=1, heading=heading, audience=last.audience, text=text)],
            )
        )


def shown(teller: Visitor) -> Tag:
    """The source beside the conversation, on the page drawn anew."""
    teller.get(str(teller.page.select_one(".case-link[aria-current]")["href"]))  # type: ignore[index]
    source = teller.page.select_one("#source")
    assert source is not None
    return source


def tags(teller: Visitor) -> list[str]:
    return [one.get_text() for one in teller.page.select(".sources .tag")]


def test_what_is_in_force_as_it_was_quoted_has_no_mark(teller: Visitor, quoted: CitedPassage) -> None:
    assert shown(teller).select_one(".source-standing") is None
    assert tags(teller) == []


def test_what_has_changed_is_shown_as_it_was_with_the_way_to_what_it_is(
    app: Flask, teller: Visitor, quoted: CitedPassage
) -> None:
    next_version(app, quoted, quoted.section, NEW)
    source = shown(teller)
    assert "changed since" in tags(teller)
    assert quoted.passage.split(".")[0] in source.get_text()
    assert NEW not in source.get_text()
    link = source.select_one(".source-standing a")
    assert link is not None
    for headers in ({}, HTMX):
        today = teller.client.get(str(link["href"]), headers=headers)
        assert today.status_code == 200
        assert NEW in today.text
        assert f"As it was quoted, version {quoted.version}" in today.text
    assert Visitor(app).sign_in("specialist").client.get(str(link["href"])).status_code == 404


def test_a_later_version_that_says_the_same_is_no_change(app: Flask, teller: Visitor, quoted: CitedPassage) -> None:
    next_version(app, quoted, quoted.section, quoted.passage)
    assert "A later version says the same here." in shown(teller).get_text(" ", strip=True)
    assert teller.page.select(".sources li:first-child .tag") == []


def test_where_the_section_is_gone_the_whole_article_is_shown(
    app: Flask, teller: Visitor, quoted: CitedPassage
) -> None:
    next_version(app, quoted, "Everything new", NEW)
    link = shown(teller).select_one(".source-standing a")
    assert link is not None
    assert "Everything new" in teller.get(str(link["href"])).text


def test_what_comes_into_force_later_has_not_changed_yet(app: Flask, teller: Visitor, quoted: CitedPassage) -> None:
    next_version(app, quoted, quoted.section, NEW)
    with changing(app) as session:
        session.execute(
            update(HandbookArticle)
            .where(HandbookArticle.article_id == quoted.article_id, HandbookArticle.version > quoted.version)
            .values(effective_on=date(2999, 1, 1))
        )
    assert shown(teller).select_one(".source-standing") is None


def test_what_was_withdrawn_stays_as_it_was(app: Flask, teller: Visitor, quoted: CitedPassage) -> None:
    with changing(app) as session:
        session.execute(delete(HandbookArticle).where(HandbookArticle.article_id == quoted.article_id))
    source = shown(teller)
    assert "withdrawn" in tags(teller)
    assert "This article is not in the handbook any more." in source.get_text()
    assert quoted.passage.split(".")[0] in source.get_text()
    address = teller.page.select_one(".source-link")
    assert address is not None
    assert teller.get(f"{address['href']}/now").status_code == 404


def test_a_handbook_that_does_not_answer_costs_only_the_marks(
    app: Flask, teller: Visitor, quoted: CitedPassage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object) -> None:
        raise OSError("no handbook")

    monkeypatch.setattr(app.extensions["bankside.library"], "article", silent)
    assert quoted.passage.split(".")[0] in shown(teller).get_text()


def test_the_page_says_what_may_be_said_and_what_not(app: Flask, teller: Visitor, quoted: CitedPassage) -> None:
    shown(teller)
    headings = [one.get_text() for one in teller.page.select(".part h3")]
    assert headings == ["Say to the customer"]
    assert teller.page.select(".part-customer [data-copy]")
    with changing(app) as session:
        session.execute(update(CitedPassage).values(audience="staff"))
    shown(teller)
    assert [one.get_text() for one in teller.page.select(".part h3")] == ["Staff only"]
    assert teller.page.select(".part [data-copy]") == [], "what is for staff has no button of its own"
    with changing(app) as session:
        session.execute(update(CitedPassage).values(audience=None))
    shown(teller)
    assert teller.page.select(".part") == [], "answers from before look as they did"
