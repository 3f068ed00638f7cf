"""The queue of answers found wanting: who sees what of it, and what a reviewer can do."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.visitor import HTMX, Visitor
from tests.web.rows import ON_SQLITE, all_of, audited, changing, count
from tests.web.test_feedback import MARIA, number_of, rate
from webapp.models import ChatSession, Message, RegressionCase, Reply, Review, ReviewStep, TaughtSentence
from webapp.services import reviews

pytestmark = ON_SQLITE

QUESTION = "What does Maria Keller's replacement card 4417 cost by express?"
MASKED = "What does her replacement card _ending cost by express?"


@pytest.fixture
def wanting(teller: Visitor, app: Flask) -> int:
    """The number of the review of an answer that the teller found wanting."""
    chat_id = teller.start(customer=MARIA)
    teller.ask(chat_id, QUESTION)
    reply_id = number_of(teller.answer(chat_id))
    assert rate(teller, (chat_id, reply_id), thumb="down", reason="wrong_specialist", note="Maria Keller asked") == 303
    return int(next(iter(all_of(app, select(Review.id)))))


def text(visitor: Visitor, path: str) -> str:
    assert visitor.get(path).status_code == 200
    return visitor.page.get_text(" ", strip=True)


def state(app: Flask) -> str:
    return str(next(iter(all_of(app, select(Review.state)))))


def steps(app: Flask) -> list[str]:
    return [one.act for one in all_of(app, select(ReviewStep).order_by(ReviewStep.id))]


def act(visitor: Visitor, review: int, what: str, **fields: str) -> int:
    """Send one of the page's forms as it is filled in, with these fields changed."""
    visitor.get(f"/reviews/{review}")
    form = visitor.page.select_one(f'form[action$="/{what}"]')
    assert form is not None
    sent = {str(one["name"]): str(one.get("value") or one.get_text().strip()) for one in form.select("input, textarea")}
    for chosen in form.select("select"):
        option = chosen.select_one("option[selected]") or chosen.select_one("option")
        assert option is not None
        sent[str(chosen["name"])] = str(option["value"])
    return visitor.post(str(form["action"]), **{**sent, **fields}).status_code


@pytest.mark.parametrize("who", ["teller", "specialist", "auditor"])
def test_only_reviewers_have_a_queue(app: Flask, wanting: int, who: str) -> None:
    visitor = Visitor(app).sign_in(who)
    assert visitor.page.select('a[href="/reviews"]') == []
    assert visitor.get("/reviews").status_code == 403
    assert visitor.get(f"/reviews/{wanting}").status_code == 403
    for what in ("example", "regression", "handbook", "dismiss", "reopen"):
        assert visitor.post(f"/reviews/{wanting}/{what}").status_code == 403
    assert (state(app), steps(app)) == ("open", [])


def test_a_thumb_down_comes_into_the_queue_without_the_customers_name(manager: Visitor, wanting: int) -> None:
    assert manager.page.select_one('.rail-nav a[href="/reviews"]') is not None
    manager.get("/reviews")
    row = manager.page.select_one(f"#review-{wanting}")
    assert row is not None
    assert row.select_one(".review-question").get_text() == MASKED  # type: ignore[union-attr]
    assert "Wrong specialist" in row.get_text()


def test_who_may_read_the_session_sees_all_of_it_and_that_is_recorded(
    app: Flask, manager: Visitor, wanting: int
) -> None:
    page = text(manager, f"/reviews/{wanting}")
    for part in (QUESTION, "Answered by", "Taken for", "Looked at", "handbook: ok", "Wrong specialist", "Tom Reuter"):
        assert part in page
    assert "“ Maria Keller asked ”" in page
    assert manager.page.select('a[href*="/chat/sess_"]')
    assert manager.page.select("[hx-target='#source'], [data-copy]") == [], "there is no place beside this page"
    assert [(one.actor, one.details["owner"]) for one in audited(app, "session.read")] == [("manager", "teller")]


def test_who_may_not_read_it_sees_no_customer(app: Flask, wanting: int) -> None:
    with changing(app) as session:  # as a language model may put it
        session.execute(update(Message).where(Message.role == "assistant").values(text="Maria, 4417: 15 EUR [1]."))
        session.execute(update(Reply).values(reason="Maria has card 4417"))
    admin = Visitor(app).sign_in("admin")
    page = text(admin, f"/reviews/{wanting}")
    assert MASKED in page
    assert "You may not read this session." in page
    assert "“ she asked ”" in page
    for part in ("Maria", "4417", "Open the conversation"):
        assert part not in admin.page.select_one("main").get_text()  # type: ignore[union-attr]
    assert admin.page.select('a[href*="sess_"]') == []
    assert "Replacement card" in page, "what is quoted from the handbook is nobody's secret"
    assert audited(app, "session.read") == []


def test_a_session_of_another_branch_is_masked_for_a_manager(app: Flask, manager: Visitor, wanting: int) -> None:
    with changing(app) as session:
        session.execute(update(ChatSession).values(branch="Lindenau"))
    assert "You may not read this session." in text(manager, f"/reviews/{wanting}")


def test_a_sentence_becomes_an_example_once(app: Flask, manager: Visitor, wanting: int) -> None:
    for _ in range(2):
        assert act(manager, wanting, "example", **{"example-intent": "replace_card"}) == 303
    [row] = all_of(app, select(TaughtSentence))
    assert (row.text, row.intent, row.by_name) == (MASKED, "replace_card", "Miriam Okafor")
    assert (state(app), steps(app)) == ("settled", ["example"])
    assert [one.details["intent"] for one in audited(app, "review.example")] == ["replace_card"]
    assert "Added as an example : replace card" in text(manager, f"/reviews/{wanting}").replace("example:", "example :")


def test_values_typed_into_an_example_are_masked(app: Flask, manager: Visitor, wanting: int) -> None:
    changed = {"example-text": "block card 4417 for maria@keller.example", "example-intent": "block_card"}
    assert act(manager, wanting, "example", **changed) == 303
    assert [one.text for one in all_of(app, select(TaughtSentence))] == ["block card _ending for email"]


@pytest.mark.parametrize(
    ("what", "changed"),
    [
        ("example", {"example-text": "  "}),
        ("example", {"example-intent": "make_coffee"}),
        ("regression", {"regression-agent": "nobody"}),
        ("regression", {"regression-article": "no-such-article"}),
        ("handbook", {"handbook-article": "no-such-article"}),
        ("dismiss", {"dismiss-note": "x" * 501}),
    ],
)
def test_what_cannot_be_is_refused_with_the_text_kept(
    app: Flask, manager: Visitor, wanting: int, what: str, changed: dict[str, str]
) -> None:
    assert act(manager, wanting, what, **changed) == 422
    form = manager.page.select_one(f'form[action$="/{what}"]')
    assert form is not None
    assert form.select_one(".field-error") is not None
    assert form.find_parent("details").has_attr("open")  # type: ignore[union-attr]
    assert (state(app), steps(app)) == ("open", [])


def test_a_question_joins_the_regression_set(app: Flask, manager: Visitor, wanting: int) -> None:
    wished = {
        "regression-agent": "handbook",
        "regression-intent": "rates_fees",
        "regression-article": "cards-replacement-and-express",
    }
    assert act(manager, wanting, "regression", **wished) == 303
    [row] = all_of(app, select(RegressionCase))
    assert (row.text, row.agent, row.intent, row.article_id) == (
        MASKED, "handbook", "rates_fees", "cards-replacement-and-express",
    )  # fmt: skip
    assert steps(app) == ["regression"]


def test_the_handbook_is_told_what_to_mend(app: Flask, manager: Visitor, wanting: int) -> None:
    note = {"handbook-article": "cards-replacement-and-express", "handbook-note": "Express days are missing"}
    assert act(manager, wanting, "handbook", **note) == 303
    page = text(manager, f"/reviews/{wanting}")
    assert "Handbook to be fixed" in page
    assert manager.page.select_one('a[href="/handbook/cards-replacement-and-express"]') is not None
    assert "Express days are missing" in page


def test_dismissed_and_opened_again(app: Flask, manager: Visitor, wanting: int) -> None:
    assert act(manager, wanting, "dismiss") == 303
    assert state(app) == "settled"
    assert "Nothing to review." in text(manager, "/reviews")
    assert MASKED in text(manager, "/reviews?state=settled")
    assert act(manager, wanting, "reopen") == 303
    assert (state(app), steps(app)) == ("open", ["dismissed", "reopened"])
    assert [one.action for one in audited(app, "review.reopened")] == ["review.reopened"]


def test_taken_back_it_settles_itself_and_found_wanting_again_it_opens(
    app: Flask, teller: Visitor, wanting: int
) -> None:
    chat_id = next(iter(all_of(app, select(ChatSession.id))))
    teller.get(f"/chat/{chat_id}")
    reply = (chat_id, number_of(teller.page.select("article.reply")[0]))
    assert rate(teller, reply, thumb="up") == 303
    assert (state(app), steps(app)) == ("settled", ["taken_back"])
    assert rate(teller, reply, thumb="down") == 303
    assert state(app) == "open"
    assert count(app, Review) == 1


def test_the_list_is_filtered_and_comes_in_pages(
    app: Flask, manager: Visitor, wanting: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MASKED in text(manager, "/reviews?reason=wrong_specialist")
    assert "No review fits." in text(manager, "/reviews?reason=wrong")
    assert manager.get("/reviews?state=lost").status_code == 400
    assert manager.get("/reviews?before=x").status_code == 400
    teller = Visitor(app).sign_in("teller")
    chat_id = teller.start(opening="Opening hours of the Altmarkt branch?")
    assert rate(teller, (chat_id, number_of(teller.answer(chat_id))), thumb="down") == 303
    monkeypatch.setattr(reviews, "PAGE", 1)
    first = manager.client.get("/reviews", headers=HTMX).text
    assert "Altmarkt" in first
    assert "replacement" not in first
    manager.get("/reviews")
    more = manager.page.select_one("#more-reviews a")
    assert more is not None
    last = manager.client.get(str(more["href"]), headers=HTMX).text
    assert "replacement" in last
    assert "More reviews" not in last
    assert "<ul" not in last, "the next page of a list is its rows"


def test_a_deleted_session_takes_its_review_along_and_leaves_what_was_learnt(
    app: Flask, manager: Visitor, wanting: int
) -> None:
    assert act(manager, wanting, "example", **{"example-intent": "replace_card"}) == 303
    chat_id = next(iter(all_of(app, select(ChatSession.id))))
    assert manager.post(f"/sessions/{chat_id}/delete").status_code == 303
    assert (count(app, Review), count(app, ReviewStep), count(app, TaughtSentence)) == (0, 0, 1)
    assert manager.get(f"/reviews/{wanting}").status_code == 404
    assert manager.post(f"/reviews/{wanting}/dismiss").status_code == 404
