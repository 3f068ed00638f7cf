"""What becomes of questions the handbook could not answer, over HTTP, without a browser."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from tests.visitor import HTMX, Visitor
from tests.web.rows import ON_SQLITE, audited, changing, count
from tests.web.test_handbook import ARTICLE, published, texts
from tests.web.test_kept_forms import note_shown, sent_too_late, signed_in_again
from webapp.http.unit_of_work import reading
from webapp.models import HandbookArticle, HandbookGap
from webapp.services import editing
from webapp.services.editing import Wording

pytestmark = ON_SQLITE
ASKED = "May [customer] pay for [number] zeppelin moorings by cheque?"
SEARCHED = "May pay for zeppelin moorings by cheque?"
CHEQUES, TITLE = "payments-cheques", "Cheques are not offered"


@pytest.fixture
def gap(app: Flask) -> int:
    """A question nobody could answer, asked three times."""
    with changing(app) as session:
        session.add(HandbookGap(key="k", question=ASKED, times=3))
    return 1


def test_what_was_asked_in_vain_is_listed_for_editors_and_closed_by_an_article(manager: Visitor, app: Flask) -> None:
    teller = Visitor(app).sign_in("teller")
    teller.answer(teller.start(opening="What is the policy on zeppelin moorings?"))
    manager.get("/handbook/gaps")
    assert texts(manager, ".gap-question") == ["What is the policy on zeppelin moorings?"]
    manager.get(str(manager.page.select(".gap-row a.button")[0]["href"]))
    assert manager.field("questions").strip() == "What is the policy on zeppelin moorings?"
    manager.post("/handbook/articles", **{**ARTICLE, "gap": manager.field("gap")})
    published(manager)
    manager.get("/handbook/gaps?state=answered")
    assert texts(manager, ".gap-row .quiet a")[0] == "Umbrella insurance"


def newest(app: Flask) -> tuple[HandbookArticle, Wording]:
    """The newest version of the article about cheques, and what it says."""
    with app.app_context(), reading():
        row = editing.current(CHEQUES)
        assert row is not None
        return row, editing.wording_of(row)


def row_text(visitor: Visitor, state: str) -> str:
    visitor.get(f"/handbook/gaps?state={state}")
    return " ".join(texts(visitor, ".gap-row"))


def choose(editor: Visitor, gap: int, words: str = "cheque") -> None:
    """Search for the article and choose it, as one does without JavaScript."""
    editor.get(f"/handbook/gaps/{gap}?q={words}")
    link = next(one for one in editor.page.select("#gap-choices a.button") if CHEQUES in str(one["href"]))
    editor.get(str(link["href"]))


def test_the_question_joins_the_examples_of_an_article_that_is_there(manager: Visitor, app: Flask, gap: int) -> None:
    choose(manager, gap)
    assert manager.field("question") == SEARCHED
    before, wording = newest(app)
    sent = {"article": CHEQUES, "question": "are zeppelin moorings paid by cheque"}
    assert manager.post(f"/handbook/gaps/{gap}/example", **sent).status_code == 303
    draft, drafted = newest(app)
    assert (draft.version, draft.state) == (before.version + 1, "draft")
    assert drafted == replace(wording, questions=(*wording.questions, "are zeppelin moorings paid by cheque"))
    assert "publishing it closes the gap" in row_text(manager, "open")
    assert "Publishing it closes the gap" in manager.get(f"/handbook/gaps/{gap}").text
    manager.get(f"/handbook/articles/{CHEQUES}/publish")
    base = manager.field("base")
    manager.post(f"/handbook/articles/{CHEQUES}/publish", base=base, effective_on=draft.effective_on.isoformat())
    assert "added to the examples of Cheques are not offered" in row_text(manager, "answered")
    assert [entry.details["article"] for entry in audited(app, "handbook.gap_taken_up")] == [CHEQUES]
    assert [entry.details["how"] for entry in audited(app, "handbook.gap_answered")] == ["example"]


def test_an_article_that_answers_it_as_it_is_closes_it_without_a_change(manager: Visitor, app: Flask, gap: int) -> None:
    before = count(app, HandbookArticle)
    choose(manager, gap)
    assert manager.post(f"/handbook/gaps/{gap}/answered", article=CHEQUES).status_code == 303
    shown = row_text(manager, "answered")
    assert "answered as it was by Cheques are not offered" in shown
    assert count(app, HandbookArticle) == before
    assert manager.post(f"/handbook/gaps/{gap}/dismiss", reason="late").status_code == 409, "closed meanwhile"
    assert manager.post(f"/handbook/gaps/{gap}/reopen").status_code == 303
    assert ASKED in row_text(manager, "open")
    assert [entry.details for entry in audited(app, "handbook.gap_answered")] == [
        {"article": CHEQUES, "how": "already"}
    ]
    assert len(audited(app, "handbook.gap_reopened")) == 1


def test_it_is_dismissed_with_a_reason_and_opened_again(manager: Visitor, app: Flask, gap: int) -> None:
    manager.get(f"/handbook/gaps/{gap}")
    for reason in ("", "   ", "\u200b"):
        assert manager.post(f"/handbook/gaps/{gap}/dismiss", reason=reason).status_code == 422
    answer = manager.post(f"/handbook/gaps/{gap}/dismiss", reason="x" * 301)
    assert (answer.status_code, manager.field("reason").strip()) == (422, "x" * 301)
    assert manager.post(f"/handbook/gaps/{gap}/dismiss", reason="We moor no airships.").status_code == 303
    shown = row_text(manager, "dismissed")
    assert "\u201c We moor no airships. \u201d" in shown
    assert "There are no open gaps." in manager.get("/handbook/gaps").text
    assert manager.post(f"/handbook/gaps/{gap}/reopen").status_code == 303
    assert "airships" not in row_text(manager, "open")
    assert manager.post("/handbook/gaps/77/dismiss", reason="why").status_code == 404
    assert [len(audited(app, f"handbook.gap_{what}")) for what in ("dismissed", "reopened")] == [1, 1]


def test_the_search_answers_htmx_with_what_is_found_and_finds_ids_and_titles(manager: Visitor, gap: int) -> None:
    for words, first in (("cheque", TITLE), (CHEQUES, TITLE), ("qqqqqq", "")):
        answer = manager.client.get(f"/handbook/gaps/{gap}?q={words}", headers=HTMX)
        assert answer.text.lstrip().startswith('<div id="gap-choices">')
        assert (f">{first}</a>" in answer.text) if first else ("No article in force was found" in answer.text)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"article": "no-such-article", "question": "why"}, 404),
        ({"article": "", "question": "why"}, 422),
        ({"article": CHEQUES, "question": ""}, 422),
        ({"article": CHEQUES, "question": "x" * 161}, 422),
    ],
)
def test_what_cannot_be_added_changes_nothing(
    manager: Visitor, app: Flask, gap: int, sent: dict[str, str], status: int
) -> None:
    before = count(app, HandbookArticle)
    manager.get(f"/handbook/gaps/{gap}?article={CHEQUES}")
    assert manager.post(f"/handbook/gaps/{gap}/example", **sent).status_code == (404 if not sent["article"] else status)
    assert (count(app, HandbookArticle), count(app, HandbookGap, HandbookGap.article_id.is_(None))) == (before, 1)


def test_a_reason_is_back_after_the_end_of_a_sign_in(manager: Visitor, app: Flask, gap: int) -> None:
    manager.get(f"/handbook/gaps/{gap}")
    fields = sent_too_late(app, manager, f"/handbook/gaps/{gap}/dismiss", reason="We moor no airships.")
    assert signed_in_again(manager, fields) == f"/handbook/gaps/{gap}"
    assert (note_shown(manager), manager.field("reason").strip()) == (True, "We moor no airships.")
    sent = {"article": CHEQUES, "question": "are moorings paid by cheque"}
    fields = sent_too_late(app, manager, f"/handbook/gaps/{gap}/example", **sent)
    assert signed_in_again(manager, fields) == f"/handbook/gaps/{gap}?article={CHEQUES}"
    assert (note_shown(manager), manager.field("question")) == (True, "are moorings paid by cheque")


@pytest.mark.parametrize("username", ["teller", "specialist", "auditor"])
def test_who_may_not_edit_closes_nothing(app: Flask, gap: int, username: str) -> None:
    visitor = Visitor(app).sign_in(username)
    assert visitor.get(f"/handbook/gaps/{gap}").status_code == 403
    for act in ("example", "answered", "dismiss", "reopen"):
        sent = {"article": CHEQUES, "question": "why", "reason": "why"}
        assert visitor.post(f"/handbook/gaps/{gap}/{act}", **sent).status_code == 403
    assert count(app, HandbookGap, HandbookGap.state == "open") == 1
