"""What staff say about an answer: thumbs with a reason, and asking another specialist instead."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from bs4 import Tag
from flask import Flask
from sqlalchemy import select

from tests.visitor import Visitor
from tests.web.rows import ON_SQLITE, all_of, audited, changing, count, person, questions
from webapp.agents.models.rules.examples import intents
from webapp.models import ChatSession, Message, Question, Rating, Reply, Reroute, Review

pytestmark = ON_SQLITE

MARIA = "10-2041"


@pytest.fixture
def answered(teller: Visitor) -> tuple[str, int]:
    """A session of the teller's about Maria Keller, and the number of the reply in it."""
    chat_id = teller.start(customer=MARIA)
    teller.ask(chat_id, "What does Maria Keller's replacement card 4417 cost by express?")
    return chat_id, number_of(teller.answer(chat_id))


def number_of(reply: Tag) -> int:
    return int(str(reply["id"]).removeprefix("message-"))


def rate(visitor: Visitor, answered: tuple[str, int], htmx: bool = False, **fields: str) -> int:
    chat_id, reply_id = answered
    return visitor.post(f"/chat/{chat_id}/replies/{reply_id}/rating", htmx=htmx, **fields).status_code


def pressed(visitor: Visitor) -> list[str]:
    """Which thumbs are pressed on the page."""
    return [str(one["id"]).split("-")[0] for one in visitor.page.select('.thumb[aria-pressed="true"]')]


def ratings(app: Flask) -> list[tuple[bool, str | None, str | None]]:
    return [(one.helpful, one.reason, one.note) for one in all_of(app, select(Rating).order_by(Rating.id))]


def test_a_thumb_is_kept_changed_and_taken_back_without_javascript(
    app: Flask, teller: Visitor, answered: tuple[str, int]
) -> None:
    chat_id, _ = answered
    assert pressed(teller) == []
    assert rate(teller, answered, thumb="up") == 303
    teller.get(f"/chat/{chat_id}")
    assert pressed(teller) == ["up"]
    assert teller.page.select_one(".why") is None, "a good answer needs no reason"
    assert rate(teller, answered, thumb="down") == 303
    teller.get(f"/chat/{chat_id}")
    assert pressed(teller) == ["down"]
    why = teller.page.select_one(".why")
    assert why is not None
    assert why.has_attr("open")
    assert teller.field("thumb", ".thumbs") == "up"
    assert teller.page.select('.thumbs [value="none"]'), "pressing the pressed one takes it back"
    assert rate(teller, answered, thumb="none") == 303
    teller.get(f"/chat/{chat_id}")
    assert (pressed(teller), ratings(app)) == ([], [])


def test_a_reason_and_a_note_are_kept_with_card_numbers_masked(
    app: Flask, teller: Visitor, answered: tuple[str, int]
) -> None:
    fields = {"thumb": "down", "reason": "incomplete", "note": " 4111 1111 1111 1111 has no fee "}
    assert rate(teller, answered, htmx=True, **fields) == 200
    assert "<html" not in teller.response.text, "a form's answer is the form"
    assert teller.page.select_one(".why > summary").get_text() == "Incomplete · change"  # type: ignore[union-attr]
    assert not teller.page.select_one(".why").has_attr("open")  # type: ignore[union-attr]
    assert teller.page.select_one('[name="reason"][checked]')["value"] == "incomplete"  # type: ignore[index]
    assert ratings(app) == [(False, "incomplete", "411111******1111 has no fee")]
    told = audited(app, "answer.rated")
    assert [(one.actor, one.details["thumb"], one.details["reason"]) for one in told] == [
        ("teller", "down", "incomplete")
    ]


def test_the_same_click_twice_is_one_opinion_and_one_review(
    app: Flask, teller: Visitor, answered: tuple[str, int]
) -> None:
    clients = [Visitor(app).sign_in("teller") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda one: rate(one, answered, thumb="down", reason="wrong"), clients))
    assert found == [303] * 4
    assert ratings(app) == [(False, "wrong", None)]
    assert (count(app, Review), len(audited(app, "answer.rated"))) == (1, 1)


@pytest.mark.parametrize(
    "fields",
    [{}, {"thumb": "sideways"}, {"thumb": "down", "reason": "boring"}, {"thumb": "down", "note": "x" * 501}],
    ids=["no thumb", "no such thumb", "no such reason", "a note too long"],
)
def test_an_opinion_that_is_none_is_refused(
    app: Flask, teller: Visitor, answered: tuple[str, int], fields: dict[str, str]
) -> None:
    assert rate(teller, answered, **fields) == 400
    assert ratings(app) == []


def test_whoever_may_read_the_session_has_an_opinion_of_their_own(
    app: Flask, teller: Visitor, manager: Visitor, answered: tuple[str, int]
) -> None:
    assert rate(teller, answered, thumb="up") == 303
    manager.get(f"/chat/{answered[0]}")
    assert pressed(manager) == [], "what the teller thinks is not shown as the manager's"
    assert manager.page.select(".instead") == [], "only the owner asks"
    assert rate(manager, answered, thumb="down") == 303
    assert ratings(app) == [(True, None, None), (False, None, None)]


def test_another_persons_session_takes_no_opinion_and_is_asked_nothing(app: Flask, answered: tuple[str, int]) -> None:
    chat_id, reply_id = answered
    specialist = Visitor(app).sign_in("specialist")
    own = specialist.start()
    for chat in (chat_id, own):  # theirs, and a reply of theirs by way of one's own
        assert specialist.post(f"/chat/{chat}/replies/{reply_id}/rating", thumb="up").status_code == 404
        assert specialist.post(f"/chat/{chat}/replies/{reply_id}/instead", agent="cards").status_code == 404
    assert (ratings(app), count(app, Reroute)) == ([], 0)


def test_an_answer_in_the_making_has_no_thumbs_and_takes_none(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start()
    app.extensions["bankside.runner"].stop()
    with changing(app) as session:
        chat = session.get_one(ChatSession, chat_id)
        asked = Question(chat_id=chat_id, seq=1, text="Balance?", author_name="Tom Reuter", request_id="r" * 20)
        session.add(asked)
        session.flush()
        session.add(Reply(chat_id=chat_id, seq=2, author_name="Assistant", question_id=asked.id))
        chat.last_seq = 2
    teller.get(f"/chat/{chat_id}")
    reply = number_of(teller.page.select("article.reply")[0])
    assert teller.page.select(".thumb, .instead") == []
    assert rate(teller, (chat_id, reply), thumb="up") == 409
    assert teller.post(f"/chat/{chat_id}/replies/{reply}/instead", agent="cards").status_code == 409


# Asking another instead


def instead(visitor: Visitor, answered: tuple[str, int], agent: str, htmx: bool = False) -> int:
    chat_id, reply_id = answered
    return visitor.post(f"/chat/{chat_id}/replies/{reply_id}/instead", htmx=htmx, agent=agent).status_code


def test_the_other_specialists_are_offered_and_the_one_who_answered_is_not(
    teller: Visitor, answered: tuple[str, int]
) -> None:
    assert teller.page.select_one(".reply .message-by h2").get_text() == "Handbook answered"  # type: ignore[union-attr]
    offered = [str(one["value"]) for one in teller.page.select('.instead [name="agent"]')]
    assert offered == ["accounts", "cards", "payments", "loans", "disputes", "care", "person"]
    assert teller.page.select(".instead button")[4]["aria-label"] == "Ask Disputes and fraud instead"


def test_one_click_asks_the_chosen_specialist_the_same_again(
    app: Flask, teller: Visitor, answered: tuple[str, int]
) -> None:
    chat_id, _ = answered
    assert instead(teller, answered, "cards") == 303
    reply = teller.answer(chat_id)
    assert reply.select_one(".message-by h2").get_text() == "Cards answered"  # type: ignore[union-attr]
    assert "because this specialist was asked for" in reply.get_text()
    asked = teller.page.select("article.question")
    assert len(asked) == 2
    assert "Asked of Cards by you" in asked[1].get_text(" ", strip=True)
    assert len(set(questions(app, chat_id))) == 1, "the same question"
    [row] = all_of(app, select(Reroute))
    assert row.text == "What does her replacement card _ending cost by express?", (
        "without the customer's name and values"
    )
    [_, taken_for] = all_of(app, select(Reply.intent).order_by(Reply.seq))
    assert (row.from_agent, row.from_intent, row.to_agent) == ("handbook", "rates_fees", "cards")
    assert row.to_intent == taken_for
    assert intents()[taken_for].agent == "cards"
    assert row.staff_id == person(app, "teller").id
    assert [one.details["after"] for one in audited(app, "question.rerouted")] == ["cards"]


def test_a_double_click_asks_once(app: Flask, teller: Visitor, answered: tuple[str, int]) -> None:
    clients = [Visitor(app).sign_in("teller") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda one: instead(one, answered, "cards", htmx=True), clients)) == [200] * 4
    teller.answer(answered[0])
    assert (count(app, Message), count(app, Reroute)) == (4, 1)


def test_with_htmx_the_menu_comes_back_closed_with_the_new_turn(teller: Visitor, answered: tuple[str, int]) -> None:
    assert instead(teller, answered, "disputes", htmx=True) == 200
    assert teller.response is not None
    assert "<html" not in teller.response.text
    menu = teller.page.select_one(f"#instead-{answered[1]}")
    assert menu is not None
    assert not menu.has_attr("open")
    assert "Asked of Disputes and fraud by you" in teller.response.text
    assert 'hx-swap="upsert key:data-seq"' in teller.response.text


@pytest.mark.parametrize(("agent", "status"), [("", 400), ("nobody", 400), ("orchestrator", 400), ("handbook", 409)])
def test_whoever_is_no_other_specialist_is_not_asked(
    app: Flask, teller: Visitor, answered: tuple[str, int], agent: str, status: int
) -> None:
    assert instead(teller, answered, agent) == status
    assert (count(app, Message), count(app, Reroute)) == (2, 0)


def test_an_ended_session_asks_nobody(app: Flask, teller: Visitor, answered: tuple[str, int]) -> None:
    with changing(app) as session:
        session.get_one(ChatSession, answered[0]).status = "ended"
    assert instead(teller, answered, "cards") == 409
    assert count(app, Message) == 2


def test_what_was_waited_for_is_not_what_is_asked_again(teller: Visitor) -> None:
    """The question is read where it was asked first, not after the answer somebody did not want."""
    chat_id = teller.start(customer=MARIA)
    teller.ask(chat_id, "block a card of hers, it was stolen")
    first = number_of(teller.answer(chat_id))
    assert instead(teller, (chat_id, first), "disputes") == 303
    again = teller.answer(chat_id)
    assert again.select_one(".message-by h2").get_text() == "Disputes and fraud answered"  # type: ignore[union-attr]
    assert instead(teller, (chat_id, number_of(again)), "handbook") == 303
    last = teller.answer(chat_id)
    assert last.select_one(".message-by h2").get_text() == "Handbook answered"  # type: ignore[union-attr]
    assert {one.get_text() for one in teller.page.select(".said")} == {"block a card of hers, it was stolen"}


def test_what_is_being_typed_stays(app: Flask, teller: Visitor, answered: tuple[str, int]) -> None:
    chat_id, _ = answered
    teller.post(f"/chat/{chat_id}/draft", text="half a thought")
    instead(teller, answered, "cards")
    teller.answer(chat_id)
    assert teller.field("text", "#composer .composer-box").strip() == "half a thought"
