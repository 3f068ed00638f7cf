"""What staff say about answers, on both databases: kept once, settled, and turned into sentences and questions."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.services import steps
from tests.web.rows import ON_SQLITE
from webapp.agents.models.rules.examples import intents
from webapp.agents.models.rules.routing import put_in_place, router
from webapp.agents.models.rules.teaching import Schoolroom
from webapp.extensions import db
from webapp.http.unit_of_work import reading, unit_of_work
from webapp.models import ChatSession, Message, Question, Rating, Reply, Reroute, Review, TaughtSentence
from webapp.models.feedback import ReviewState
from webapp.services import chats, conversation, ratings, regression_set, rerouting, reviews, taught
from webapp.services.conversation import Turn
from webapp.services.errors import BadInput, ChatNotFound

pytestmark = pytest.mark.usefixtures("in_app", "the_router_of_before")


@pytest.fixture
def the_router_of_before() -> Iterator[None]:
    """Commands put a router with other sentences in place; the tests that come after these know nothing of them."""
    before = router()
    yield
    put_in_place(before)


def answered(text: str = "Opening hours", agent: str = "handbook", intent: str = "opening_hours") -> tuple[str, int]:
    """A session and its reply by this agent."""
    chat_id = steps.open_chat()
    reply_id = steps.ask(chat_id, text)
    assert steps.finish(steps.claimed(reply_id), replace(steps.ANSWER, agent=agent, intent=intent))
    return chat_id, reply_id


def instead(chat_id: str, reply_id: int, agent: str) -> Turn:
    with unit_of_work():
        teller = steps.person()
        chat = chats.chat_of(teller, chat_id)
        return rerouting.ask_instead(chat, teller, conversation.reply_in(chat, reply_id), agent, "UTC")


def rerouted(text: str, to_agent: str, to_intent: str) -> int:
    """A question asked of another agent, answered with this intent; the new reply."""
    chat_id, reply_id = answered(text)
    reply = instead(chat_id, reply_id, to_agent).reply.id
    assert steps.finish(steps.claimed(reply), replace(steps.ANSWER, agent=to_agent, intent=to_intent))
    return reply


def rate(reply_id: int, helpful: bool = False, reason: str = "", who: str = "teller") -> bool:
    with unit_of_work():
        return ratings.rate(steps.person(who), db.session.get_one(Reply, reply_id), helpful, reason)


def count(model: type[object]) -> int:
    with reading():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def review_of(reply_id: int) -> Review:
    with reading():
        return db.session.scalars(select(Review).where(Review.reply_id == reply_id)).one()


# Opinions and reviews


def test_several_people_open_one_review_and_the_last_to_take_back_settles_it() -> None:
    _, reply_id = answered()
    assert rate(reply_id, reason="wrong")
    assert rate(reply_id, who="manager")
    assert (count(Rating), count(Review)) == (2, 1)
    assert rate(reply_id, helpful=True)
    assert review_of(reply_id).state == ReviewState.OPEN, "the manager still finds it wanting"
    with unit_of_work():
        assert ratings.take_back(steps.person("manager"), db.session.get_one(Reply, reply_id))
    assert review_of(reply_id).state == ReviewState.SETTLED
    with unit_of_work():
        assert not ratings.take_back(steps.person("manager"), db.session.get_one(Reply, reply_id))


def test_another_reason_does_not_open_what_was_settled_but_another_person_does() -> None:
    _, reply_id = answered()
    rate(reply_id)
    with unit_of_work():
        reviews.dismiss(steps.person("manager"), review_of(reply_id).id, "")
    assert rate(reply_id, reason="unclear")
    assert review_of(reply_id).state == ReviewState.SETTLED
    assert rate(reply_id, who="auditor")
    assert review_of(reply_id).state == ReviewState.OPEN


def test_twenty_clicks_at_once_are_one_opinion(app: Flask) -> None:
    _, reply_id = answered()
    together = threading.Barrier(8)

    def click(_: int) -> bool:
        with app.app_context():
            together.wait(10)
            return rate(reply_id, reason="wrong")

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(click, range(8))) == [False] * 7 + [True]
    assert (count(Rating), count(Review)) == (1, 1)


def test_a_session_deleted_meanwhile_takes_no_opinion() -> None:
    chat_id, reply_id = answered()
    with reading():
        reply = db.session.get_one(Reply, reply_id)
    with unit_of_work():
        chats.remove(steps.person("manager"), chat_id)
    with pytest.raises(ChatNotFound), unit_of_work():
        ratings.rate(steps.person(), reply, False)


# Asking another


def test_the_chosen_agent_is_told_what_was_asked_and_nothing_that_was_said_after() -> None:
    chat_id, first = answered("Is card 4417 active?", "handbook", "how_to")
    steps.finish(steps.claimed(steps.ask(chat_id, "Thanks")))
    turn = instead(chat_id, first, "cards")
    work = steps.claimed(turn.reply.id)
    assert [(line.who, line.text, line.agent) for line in work.lines] == [("staff", "Is card 4417 active?", "cards")]
    assert work.asked_of == "cards"


def test_asked_of_a_third_it_is_still_the_first_question_and_each_click_is_kept() -> None:
    chat_id, first = answered("block it")
    second = instead(chat_id, first, "cards").reply.id
    steps.finish(steps.claimed(second), replace(steps.ANSWER, agent="cards", intent="block_card"))
    third = instead(chat_id, second, "disputes").question
    with reading():
        original = db.session.scalars(select(Question).order_by(Question.seq)).first()
        assert original is not None
        assert (third.again_of, third.text) == (original.id, "block it")
        clicks = db.session.execute(select(Reroute.from_agent, Reroute.to_agent, Reroute.to_intent)).all()
    assert [tuple(one) for one in clicks] == [("handbook", "cards", "block_card"), ("cards", "disputes", None)]


def test_the_same_click_again_gives_the_turn_there_is() -> None:
    chat_id, first = answered()
    one, again = instead(chat_id, first, "cards"), instead(chat_id, first, "cards")
    assert (again.repeated, again.reply.id) == (True, one.reply.id)
    assert (count(Message), count(Reroute)) == (4, 1)


# What is learnt


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Maria Keller lost card 4417, block it", "she lost card _ending , block it"),
        ("send 50 EUR to DE89 3704 0044 0532 0130 00 for Robin Vale", "send _amount to IBAN for _name"),
        ("pay DE89370400440532013000", "pay IBAN"),
        ("call +49 170 1234567 or maria@keller.example", "call _number or email"),
        ("card 4111 1111 1111 1111 lost", "card _number lost"),
    ],
)
def test_an_example_holds_no_customer(said: str, kept: str) -> None:
    assert taught.as_example(said, "Maria Keller") == kept


def test_clicks_are_learnt_unless_their_answer_was_wanting_or_came_to_nothing() -> None:
    rerouted("she wants the thing gone", "cards", "block_card")
    rerouted("odd question", "cards", "unclear")
    rerouted("another odd one", "cards", "balance")  # an intent of somebody else's
    rate(rerouted("what a question", "disputes", "report_fraud"))
    found = taught.sentences()
    assert found.clicks == [("she wants the thing gone", "block_card")]
    assert found.left_out == 3


def test_where_clicks_disagree_most_of_them_decide_and_then_the_latest() -> None:
    for intent in ("block_card", "replace_card", "replace_card", "card_status", "card_status"):
        rerouted("do something about the card", "cards", intent)
    assert taught.sentences().clicks == [("do something about the card", "card_status")]
    rerouted("do something about the card", "cards", "replace_card")
    assert taught.sentences().clicks == [("do something about the card", "replace_card")]


def test_a_sentence_given_another_intent_has_only_that_one() -> None:
    with unit_of_work():
        for intent in ("block_card", "replace_card"):
            taught.add(steps.person("manager"), "Gone is the plastic", intent)
    assert taught.sentences().added == [("Gone is the plastic", "replace_card")]
    with pytest.raises(BadInput), unit_of_work():
        taught.add(steps.person("manager"), " 4417 ", "make_coffee")
    assert count(TaughtSentence) == 1


@ON_SQLITE  # training takes seconds, and is the same on both
def test_training_takes_it_from_the_database_and_says_when_it_is_used(app: Flask) -> None:
    rerouted("the plastic rectangle has wandered off", "cards", "replace_card")
    with unit_of_work():
        taught.add(steps.person("manager"), "let the moneybox sing", "savings")
    said = app.test_cli_runner().invoke(args=["assistant", "train", "--words-only"])
    assert said.exit_code == 0, said.output
    assert "1 examples from reviews, 1 re-routed questions; 0 re-routed questions teach nothing" in said.output
    assert "load it from there when they start next" in said.output
    room = Schoolroom(app.extensions["bankside.config"].instance_path)
    try:
        assert dict(room.from_staff()) == {
            "the plastic rectangle has wandered off": "replace_card",
            "let the moneybox sing": "savings",
        }
        model = room.kept(room.all_of(intents()), by_meaning=False)
        assert model is not None, "a server that starts now finds it"
        lines = "the plastic rectangle has wandered off\nlet the moneybox sing\n"
        routed = app.test_cli_runner().invoke(args=["assistant", "route", "--words-only"], input=lines)
        found = [json.loads(line)["intent"] for line in routed.output.splitlines() if line.startswith('{"text"')]
        assert found == ["replace_card", "savings"]
    finally:
        room.take_from_staff([], [])


# The regression set


def test_the_regression_set_says_what_passes_and_what_does_not(app: Flask) -> None:
    nothing = app.test_cli_runner().invoke(args=["assistant", "regression", "--words-only"])
    assert nothing.exit_code == 0
    assert "The regression set is empty" in nothing.output
    reviewer = "manager"
    with unit_of_work():
        for text, agent, intent, article in (
            ("block card _ending", "cards", "block_card", ""),
            ("When is the Altmarkt branch open?", "handbook", "", "service-opening-hours"),
            ("When is the Lindenau branch open?", "cards", "card_status", "cards-contactless"),
        ):
            regression_set.add(steps.person(reviewer), text, agent, intent, article)
    before = router()
    try:
        said = app.test_cli_runner().invoke(args=["assistant", "regression", "--words-only"])
        told = app.test_cli_runner().invoke(args=["assistant", "regression", "--words-only", "--json"])
    finally:
        put_in_place(before)
    assert (said.exit_code, told.exit_code) == (1, 1)
    assert "2 of 3 are answered as expected." in said.output
    assert "answered by handbook, not cards" in said.output
    found = json.loads(next(line for line in told.output.splitlines() if line.startswith('{"cases"')))
    assert (found["cases"], found["failed"]) == (3, 1)
    assert [len(one["missed"]) for one in found["outcomes"]] == [0, 0, 3]
    with reading():
        assert count(ChatSession) == 0, "nothing of it is stored"
