"""What is typed into longer forms survives the end of a sign-in without JavaScript, and is nobody else's to see."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from flask import Flask

from tests.visitor import HTMX, PASSWORD, Visitor
from tests.web.rows import ON_SQLITE, changing, count, let_time_pass
from tests.web.test_feedback import MARIA, number_of, rate
from tests.web.test_handbook import ARTICLE, PATH, saved
from webapp.models import HandbookArticle, KeptForm, Review
from webapp.models.base import now
from webapp.services.kept_forms import KEPT_FOR

pytestmark = ON_SQLITE
SAVE = "/handbook/articles"


def sent_too_late(app: Flask, visitor: Visitor, path: str, **fields: str) -> dict[str, str]:
    """Send a form whose sign-in has just run out; returns the fields of the sign-in page that came back."""
    let_time_pass(app, idle=timedelta(minutes=16))
    answer = visitor.post(path, **fields)
    assert answer.status_code == 401
    assert "what you typed is kept" in answer.text
    return {str(one["name"]): str(one.get("value") or "") for one in visitor.page.select("form.sign-in input[name]")}


def signed_in_again(visitor: Visitor, fields: dict[str, str], username: str = "manager") -> str:
    """Where somebody is led after signing in on the page that came back, which is then on the screen."""
    answer = visitor.post("/sign-in", **{**fields, "username": username, "password": PASSWORD})
    assert answer.status_code == 303, answer.text
    visitor.get(answer.headers["Location"])
    return str(answer.headers["Location"])


def note_shown(visitor: Visitor) -> bool:
    note = visitor.page.select_one("[data-kept-note]")
    return note is not None and not note.has_attr("hidden")


def test_an_article_being_written_is_back_after_signing_in_until_it_is_saved(manager: Visitor, app: Flask) -> None:
    manager.get("/handbook/new")
    body = 'Caf\u00e9 "zeppelin"\n\n  indented < & >\n' * 2_000
    fields = sent_too_late(app, manager, SAVE, **{**ARTICLE, "body": f"## Cover\n\n{body}"})
    assert manager.post("/sign-in", **{**fields, "username": "manager", "password": "wrong"}).status_code == 401
    assert signed_in_again(manager, fields) == "/handbook/new"
    assert note_shown(manager)
    assert manager.field("title") == ARTICLE["title"]
    assert manager.field("body", "#writing").removeprefix("\n") == f"## Cover\n\n{body}"
    assert (count(app, HandbookArticle, HandbookArticle.article_id == ARTICLE["id"]), count(app, KeptForm)) == (0, 1)
    assert manager.post(SAVE, **ARTICLE).status_code == 303
    manager.get("/handbook/new")
    assert (note_shown(manager), manager.field("title"), count(app, KeptForm)) == (False, "", 0)


def test_it_keeps_with_which_version_it_began_so_that_the_other_editors_text_is_not_written_over(
    manager: Visitor, app: Flask
) -> None:
    saved(manager)
    manager.get(f"{PATH}/edit")
    fields = sent_too_late(app, manager, SAVE, **{**ARTICLE, "base": "1.1", "body": "## Mine\n\nMine."})
    other = Visitor(app).sign_in("admin")
    saved(other, base="1.1", body="## Theirs\n\nTheirs.")
    assert signed_in_again(manager, fields) == f"{PATH}/edit"
    answer = manager.post(SAVE, **{**ARTICLE, "base": manager.field("base"), "body": "## Mine\n\nMine."})
    assert answer.status_code == 409
    assert "Theirs." in answer.text


def test_it_is_thrown_away_on_request_and_after_a_while(manager: Visitor, app: Flask) -> None:
    for path, fields in (("/handbook/new?gap=3", {"gap": "3"}), ("/handbook/new", {})):
        with changing(app) as session:
            session.execute(KeptForm.__table__.delete())
        manager.get("/handbook/")
        with_gap = {**ARTICLE, **fields}
        assert signed_in_again(manager, sent_too_late(app, manager, SAVE, **with_gap)) == path
        page = manager.field("page", "[data-kept-note]")
        answer = manager.post("/kept-forms/discard", page=page)
        assert (answer.status_code, answer.headers["Location"]) == (303, path)
        assert count(app, KeptForm) == 0
    signed_in_again(manager, sent_too_late(app, manager, SAVE, **ARTICLE))
    with changing(app) as session:
        session.query(KeptForm).update({"at": now() - KEPT_FOR})
    manager.get("/handbook/new")
    assert not note_shown(manager)


@pytest.mark.parametrize("who", ["admin", "teller"])
def test_another_person_who_signs_in_there_does_not_get_it(manager: Visitor, app: Flask, who: str) -> None:
    manager.get("/handbook/new")
    fields = sent_too_late(app, manager, SAVE, **ARTICLE)
    assert signed_in_again(manager, fields, who) == "/"
    assert count(app, KeptForm) == 0
    assert ARTICLE["title"] not in manager.get("/handbook/new").text


@pytest.mark.parametrize(
    "carried",
    ["", "no json", "[" * 50_000, "[]", '{"page": 1, "fields": {}}', '{"page": "/", "fields": {"a": 1}}']
    + [json.dumps({"page": page, "fields": {}}) for page in ("//evil.example", "https://evil.org", "/" + "x" * 300)],
)
def test_what_no_page_of_ours_carries_leads_nowhere(visitor: Visitor, app: Flask, carried: str) -> None:
    visitor.get("/sign-in")
    fields = {"username": "teller", "password": PASSWORD, "kept_for": "teller", "kept_form": carried}
    answer = visitor.post("/sign-in", **fields)
    assert (answer.status_code, answer.headers["Location"], count(app, KeptForm)) == (303, "/", 0)


def test_with_htmx_one_comes_back_to_where_it_was_typed_and_a_stored_form_leaves_its_page(
    manager: Visitor, app: Flask
) -> None:
    manager.get("/handbook/new")
    answer = manager.post(SAVE, htmx=True, **ARTICLE)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, f"{PATH}/versions/1")
    refused = manager.post(SAVE, htmx=True, **{**ARTICLE, "id": "No Id"})
    assert refused.status_code == 422
    assert refused.text.lstrip().startswith('<div id="writing-room">')
    assert "data-typed" in refused.text
    let_time_pass(app, idle=timedelta(minutes=16))
    late = {"csrf_token": manager.token, **ARTICLE, "base": "1.1"}
    for path in (SAVE, "/handbook/preview"):
        answer = manager.client.post(path, data=late, headers={**HTMX, "HX-Current-URL": "http://localhost/elsewhere"})
        assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, f"/sign-in?next={PATH}/edit")


def test_the_summary_of_a_session_is_back_with_card_numbers_masked(teller: Visitor, app: Flask) -> None:
    chat_id = teller.start(customer=MARIA)
    path = f"/sessions/{chat_id}/end"
    teller.get(path)
    fields = sent_too_late(app, teller, path, reason="solved", summary="Card 4111 1111 1111 1111\nwas blocked.")
    assert signed_in_again(teller, fields, "teller") == path
    assert teller.field("summary").strip() == "Card 411111******1111\nwas blocked."
    chosen = teller.page.select_one("select[name=reason] option[selected]")
    assert chosen is not None
    assert chosen["value"] == "solved"
    assert teller.post(path, reason="solved", summary="Blocked.").status_code == 303
    assert count(app, KeptForm) == 0


def test_a_note_about_an_answer_and_a_reviewers_note_are_back(teller: Visitor, manager: Visitor, app: Flask) -> None:
    chat_id = teller.start(customer=MARIA)
    teller.ask(chat_id, "What does a replacement card cost?")
    answered = (chat_id, number_of(teller.answer(chat_id)))
    rate(teller, answered, thumb="down")
    path = f"/chat/{chat_id}/replies/{answered[1]}/rating"
    fields = sent_too_late(app, teller, path, thumb="down", reason="unclear", note="It does not say which card")
    assert signed_in_again(teller, fields, "teller") == f"/chat/{chat_id}#rating-{answered[1]}"
    assert teller.page.select_one("details.why[open]")
    assert teller.field("note", ".why") == "It does not say which card"
    assert teller.page.select_one('.why input[value="unclear"][checked]')
    assert rate(teller, answered, thumb="down", reason="unclear", note="It does not say") == 303
    teller.get(f"/chat/{chat_id}")
    assert (teller.field("note", ".why"), count(app, KeptForm), count(app, Review)) == ("It does not say", 0, 1)

    manager.sign_in("manager")
    manager.get("/reviews/1")
    typed = {"handbook-article": "", "handbook-note": "Nothing about express fees"}
    fields = sent_too_late(app, manager, "/reviews/1/handbook", **typed)
    assert signed_in_again(manager, fields) == "/reviews/1"
    assert note_shown(manager)
    assert manager.page.select_one('details[open] form[action="/reviews/1/handbook"]')
    assert manager.field("handbook-note").strip() == "Nothing about express fees"
    assert manager.post("/reviews/1/handbook", **typed).status_code == 303
    assert count(app, KeptForm) == 0
