"""The reading room and the editors' desk over HTTP, without a browser."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask

import webapp
from tests.bank.documents import docx
from tests.visitor import Visitor
from tests.web.rows import ON_SQLITE, audited, count
from webapp.models import HandbookArticle

pytestmark = ON_SQLITE
TODAY = date.today()
ARTICLES = Path(webapp.__file__).parent / "bank" / "sandbox" / "handbook"
ARTICLE = {
    "base": "",
    "id": "umbrella-insurance",
    "title": "Umbrella insurance",
    "audience": "customer",
    "needs_right": "",
    "topics": "insurance, rain",
    "questions": "is my brolly insured\n- umbrella lost",
    "body": "## Cover\r\n\r\nA **zeppelin** is not.\r\n\r\n## Inside (staff only)\r\n\r\n<script>alert(1)</script>",
}
PATH = "/handbook/articles/umbrella-insurance"
EVERY = len(list(ARTICLES.glob("*.md")))


def texts(visitor: Visitor, selector: str) -> list[str]:
    return [" ".join(found.get_text(" ").split()) for found in visitor.page.select(selector)]


def saved(editor: Visitor, **changed: str) -> None:
    """Save a draft from the page it is written on."""
    fields = {**ARTICLE, **changed}
    editor.get(f"{PATH}/edit" if fields["base"] else "/handbook/new")
    answer = editor.post("/handbook/articles", **fields)
    assert answer.status_code == 303, answer.text


def published(editor: Visitor, on: date = TODAY, **fields: str) -> None:
    editor.get(f"{PATH}/publish")
    base = editor.field("base")
    answer = editor.post(f"{PATH}/publish", base=base, effective_on=on.isoformat(), effective_until="", **fields)
    assert answer.status_code == 303, answer.text


# The reading room


def test_the_list_shows_every_article_under_its_topic_and_a_topic_only_its_own(teller: Visitor) -> None:
    teller.get("/handbook/")
    assert len(teller.page.select(".shelf-row")) == EVERY
    assert teller.page.select_one('.rail-nav a[href="/handbook/"][aria-current="page"]')
    topic = teller.page.select(".topics a")[1]
    teller.get(str(topic["href"]))
    assert 0 < len(teller.page.select(".shelf-row")) < EVERY
    assert "New article" not in teller.page.get_text()


def test_the_search_finds_passages_and_leads_to_them(teller: Visitor) -> None:
    teller.get("/handbook/?q=lost+card+block")
    assert texts(teller, ".finding h3")[0] == "Lost or stolen card"
    link = str(teller.page.select(".finding-section a")[0]["href"])
    path, anchor = link.split("#")
    teller.get(path)
    assert teller.page.select_one(f"#{anchor}"), "the section is there to be jumped to"
    fragment = teller.client.get("/handbook/?q=zeppelin", headers={"HX-Request": "true"}).text
    assert fragment.lstrip().startswith("<div")
    assert "Nothing found" in fragment


def test_an_article_shows_its_sections_and_marks_what_is_for_staff_only(teller: Visitor) -> None:
    teller.get("/handbook/articles/cards-limits")
    assert texts(teller, ".reading-section h2")[0] == "Normal limits of the debit card"
    assert texts(teller, ".staff-only h2") == ["Refuse a raise staff only"]
    assert texts(teller, ".version-row") == ["Version 4 in force from 1 Nov 2026"]
    assert not teller.page.select(".reading-actions")


@pytest.mark.parametrize(
    "path",
    [
        "/handbook/articles/no-such-article",
        "/handbook/articles/cards-limits/versions/9",
        "/handbook/articles/..%2f..%2fetc",
        "/handbook/articles/UPPER",
    ],
)
def test_what_is_not_there_is_not_found(teller: Visitor, path: str) -> None:
    assert teller.get(path).status_code == 404


EDITORS_ONLY = [
    "/new",
    "/import",
    "/gaps",
    "/articles/cards-limits/edit",
    "/articles/cards-limits/publish",
    "/articles/cards-limits/versions/4/withdraw",
    "/articles/cards-limits/versions/4/roll-back",
]


@pytest.mark.parametrize("username", ["teller", "specialist", "auditor"])
def test_who_may_not_edit_comes_to_no_editors_page_and_changes_nothing(app: Flask, username: str) -> None:
    visitor = Visitor(app).sign_in(username)
    before = count(app, HandbookArticle)
    for path in EDITORS_ONLY:
        assert visitor.get(f"/handbook{path}").status_code == 403, path
    for path in ("/articles", "/preview", *EDITORS_ONLY[4:]):
        assert visitor.post(f"/handbook{path}", **ARTICLE).status_code == 403, path
    assert count(app, HandbookArticle) == before


# Writing


def test_an_article_is_written_previewed_published_and_cited_by_the_assistant(manager: Visitor, app: Flask) -> None:
    manager.get("/handbook/new")
    seen = manager.post("/handbook/preview", **ARTICLE)
    assert seen.status_code == 200
    assert texts(manager, "#preview .reading-section h2") == ["Cover", "Inside staff only"]
    assert manager.page.select_one("#preview strong")
    assert not manager.page.select("#preview script")
    assert manager.field("body").strip() == ARTICLE["body"].replace("\r\n", "\n")
    assert count(app, HandbookArticle, HandbookArticle.article_id == ARTICLE["id"]) == 0
    saved(manager)
    teller = Visitor(app).sign_in("teller")
    assert teller.get(PATH).status_code == 404
    assert teller.get(f"{PATH}/versions/1").status_code == 404
    assert "Umbrella" not in teller.get("/handbook/").text
    published(manager)
    assert teller.get(PATH).status_code == 200
    chat_id = teller.start(opening="What is the policy on zeppelin insurance?")
    reply = teller.answer(chat_id)
    assert "zeppelin" in reply.get_text()
    assert "Umbrella insurance" in reply.get_text()
    assert [entry.action for entry in [*audited(app, "handbook.saved"), *audited(app, "handbook.published")]] == [
        "handbook.saved",
        "handbook.published",
    ]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("title", "", "Give the article a title."),
        ("id", "Two words", "Must be small letters"),
        ("id", "cards-limits", "There is an article with this id already."),
        ("audience", "everybody", "Not a valid choice"),
        ("topics", " , ", "Must be a list of at least one line."),
        ("body", "no section", "There are none"),
        ("body", "## A\n\nx\n\n## a\n\ny", "Section 2 has the heading of an earlier one."),
        ("needs_right", "everything", "Must be a right"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_is_kept(
    manager: Visitor, app: Flask, field: str, value: str, said: str
) -> None:
    manager.get("/handbook/new")
    before = count(app, HandbookArticle)
    answer = manager.post("/handbook/articles", **{**ARTICLE, field: value})
    assert answer.status_code == 422
    assert said in " ".join(texts(manager, ".field-error"))
    assert manager.field("questions").strip() == ARTICLE["questions"]
    if field != "body":
        assert "zeppelin" in manager.field("body")
    assert count(app, HandbookArticle) == before


def test_a_long_article_can_be_saved_and_a_longer_one_says_how_long_it_may_be(manager: Visitor) -> None:
    manager.get("/handbook/new")
    long = "## Long\n\n" + "\u20ac and words " * 15_000
    assert manager.post("/handbook/articles", **{**ARTICLE, "body": long * 2}).status_code == 422
    assert "200,000 characters" in " ".join(texts(manager, ".field-error"))
    assert manager.post("/handbook/articles", **{**ARTICLE, "body": long}).status_code == 303
    assert manager.post("/handbook/articles", **{**ARTICLE, "body": "x" * 3_000_000}).status_code == 413


def test_the_second_of_two_editors_gets_both_texts_and_may_then_decide(manager: Visitor, app: Flask) -> None:
    saved(manager)
    published(manager)
    admin = Visitor(app).sign_in("admin")
    for editor in (manager, admin):
        editor.get(f"{PATH}/edit")
    base = manager.field("base")
    assert (
        manager.post("/handbook/articles", **{**ARTICLE, "base": base, "body": "## Cover\n\nMine."}).status_code == 303
    )
    answer = admin.post("/handbook/articles", **{**ARTICLE, "base": base, "body": "## Cover\n\nYours."})
    assert answer.status_code == 409
    assert "Miriam Okafor" in admin.page.select_one("#conflict-title").get_text()  # type: ignore[union-attr]
    assert admin.field("body").strip() == "## Cover\n\nYours."
    assert "Mine." in admin.page.select_one("#theirs").get_text()  # type: ignore[union-attr]
    assert (texts(admin, ".diff del"), texts(admin, ".diff ins")) == (["Mine"], ["Yours"])
    again = admin.post("/handbook/articles", **{**ARTICLE, "base": admin.field("base"), "body": "## Cover\n\nYours."})
    assert again.status_code == 303
    admin.get(f"{PATH}/versions/2")
    assert "Yours." in admin.page.get_text()


# Deciding


def test_a_version_is_scheduled_for_a_day_and_taken_out_again(manager: Visitor, app: Flask) -> None:
    saved(manager)
    published(manager)
    saved(manager, base="1.2", body="## Cover\n\nA kayak is.")
    published(manager, TODAY + timedelta(days=9))
    assert "comes into force on" in manager.get(PATH).text
    assert texts(manager, ".version-row .tag") == ["scheduled", "in force"]
    assert "zeppelin" in manager.page.get_text()
    manager.get(f"{PATH}/versions/2/withdraw")
    assert manager.post(f"{PATH}/versions/2/withdraw").status_code == 303
    manager.get(PATH)
    assert texts(manager, ".version-row .tag") == ["withdrawn", "in force"]
    assert len(audited(app, "handbook.scheduled")) == len(audited(app, "handbook.withdrawn")) == 1


@pytest.mark.parametrize(
    ("on", "until", "said"),
    [
        ("", "", "first day"),
        ("yesterday", "", "in the past"),
        ("2026-13-45", "", "Not a valid date"),
        ("today", "yesterday", "before the first"),
    ],
)
def test_days_that_cannot_be_leave_the_draft_a_draft(manager: Visitor, on: str, until: str, said: str) -> None:
    days = {"today": TODAY.isoformat(), "yesterday": (TODAY - timedelta(days=1)).isoformat()}
    saved(manager)
    manager.get(f"{PATH}/publish")
    fields = {"effective_on": days.get(on, on), "effective_until": days.get(until, until)}
    assert manager.post(f"{PATH}/publish", base=manager.field("base"), **fields).status_code == 422
    assert said in " ".join(texts(manager, ".field-error"))


def test_publishing_what_somebody_has_saved_again_meanwhile_is_refused(manager: Visitor) -> None:
    saved(manager)
    manager.get(f"{PATH}/publish")
    base = manager.field("base")
    saved(manager, base="1.1", body="## Cover\n\nOther.")
    assert manager.post(f"{PATH}/publish", base=base, effective_on=TODAY.isoformat()).status_code == 409


def test_an_earlier_version_is_brought_back_and_its_changes_are_shown_first(manager: Visitor, app: Flask) -> None:
    saved(manager)
    published(manager)
    saved(manager, base="1.2", body="## Cover\n\nA kayak is.")
    published(manager)
    manager.get(f"{PATH}/changes?from=1&to=2")
    assert texts(manager, ".diff-added .visually-hidden"), "said in words, not by colour alone"
    manager.get(f"{PATH}/versions/1/roll-back")
    assert "zeppelin" in " ".join(texts(manager, ".diff ins"))
    assert manager.post(f"{PATH}/versions/1/roll-back").status_code == 303
    manager.get(PATH)
    assert texts(manager, ".version-row .tag") == ["in force", "replaced", "replaced"]
    assert "zeppelin" in manager.page.get_text()
    assert len(audited(app, "handbook.rolled_back")) == 1


def test_a_draft_is_discarded(manager: Visitor, app: Flask) -> None:
    saved(manager)
    manager.get(f"{PATH}/versions/1")
    assert manager.post(f"{PATH}/discard", base="1.1").headers["Location"] == "/handbook/"
    assert count(app, HandbookArticle, HandbookArticle.article_id == ARTICLE["id"]) == 0


def test_an_article_for_managers_does_not_exist_for_tellers(manager: Visitor, app: Flask) -> None:
    manager.get("/handbook/new")
    offered = {option.get_text(): str(option["value"]) for option in manager.page.select("#needs_right option")}
    saved(manager, needs_right=offered["Manager"])
    published(manager)
    assert "for Administrator, Manager" in manager.get(PATH).text.replace("\n", " ")
    teller = Visitor(app).sign_in("teller")
    assert teller.get(PATH).status_code == 404
    assert teller.get(f"{PATH}/versions/1").status_code == 404
    assert "Umbrella" not in teller.get("/handbook/?q=zeppelin").text
    reply = teller.answer(teller.start(opening="What is the policy on zeppelin insurance?"))
    assert "A zeppelin is not" not in reply.get_text()


# Documents and gaps


def upload(editor: Visitor, content: bytes, name: str, path: str = "/handbook/import", token: str = "") -> int:
    """Send a file as browsers do. (The test client would leave a temporary file open.)"""
    editor.get("/handbook/import")
    said = f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token or editor.token}\r\n'
    said += f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = said.encode() + content + b"\r\n--x--\r\n"
    answer = editor.client.post(path, data=body, content_type="multipart/form-data; boundary=x")
    editor._keep(answer)
    return answer.status_code


def test_a_document_is_shown_before_it_is_stored_and_becomes_the_next_version(manager: Visitor, app: Flask) -> None:
    saved(manager)
    published(manager)
    word = docx([("Title", "Umbrella insurance"), ("Heading1", "Cover"), ("", "A kayak is.")])
    assert upload(manager, word, "umbrellas.docx") == 200
    assert manager.field("id") == "umbrella-insurance"
    assert "A kayak is." in manager.page.select_one("#preview").get_text()  # type: ignore[union-attr]
    assert count(app, HandbookArticle, HandbookArticle.article_id == ARTICLE["id"]) == 1
    fields = {name: manager.field(name, "#writing") for name in ("base", "id", "title", "topics", "questions", "body")}
    assert manager.post("/handbook/articles", **fields, audience="staff").status_code == 303
    manager.get(PATH)
    assert texts(manager, ".version-row .tag") == ["draft", "in force"]


@pytest.mark.parametrize(
    ("content", "name", "status", "said"),
    [
        (b"%PDF-1.4 x", "a.pdf", 422, "a.pdf is damaged"),
        (b"x", "a.exe", 422, "must end in"),
        (b"", "", 422, "Choose a file"),
        (b"x" * 10_600_000, "a.pdf", 413, "more than can be sent"),
    ],
)
def test_a_bad_document_names_its_problem(manager: Visitor, content: bytes, name: str, status: int, said: str) -> None:
    assert upload(manager, content, name) == status
    assert said in manager.page.get_text()


def test_only_the_import_takes_files_and_only_with_a_token(manager: Visitor) -> None:
    assert upload(manager, b"x", "a.md", path="/handbook/articles") == 415
    assert upload(manager, b"x", "a.md", token="forged") == 400
