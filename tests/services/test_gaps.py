"""What the handbook could not answer is counted once a reply, without a word about whom it was asked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from tests.services.steps import ANSWER, ask, claimed, finish, open_chat, person
from tests.services.writing import ID, TODAY, UMBRELLAS, publish, save, saying
from tests.work.caller import at_once
from webapp.agents.transcript import Answer, CallRecord
from webapp.extensions import db
from webapp.http.unit_of_work import reading, unit_of_work
from webapp.models import ChatSession, HandbookGap
from webapp.models.handbook import GapAnswer, GapState
from webapp.services import editing, gaps, replies
from webapp.services.errors import BadInput, EditConflict, MoveNotAllowed
from webapp.services.gaps import without_persons

pytestmark = pytest.mark.usefixtures("in_app")
ASKED = "What does a zeppelin cost?"


def in_vain(question: str = ASKED, **changed: object) -> Answer:
    """An answer that says that the handbook does not say."""
    call = CallRecord("handbook", "handbook", {"question": question}, "not found", 1.0)
    text = "The handbook does not say, as far as I can find. Ask in other words, or ask for a person."
    return replace(ANSWER, text=text, calls=(call,), **changed)  # type: ignore[arg-type]


def ask_in_vain(question: str = ASKED, chat_id: str = "") -> None:
    finish(claimed(ask(chat_id or open_chat())), in_vain(question))


def listed(state: str = GapState.OPEN) -> list[tuple[str, int]]:
    with reading():
        return [(one.question, one.times) for one in gaps.listed(state)]


def test_a_question_asked_in_vain_again_is_counted_and_the_one_asked_most_comes_first() -> None:
    for question in ("Is tea free?", ASKED, "what does a ZEPPELIN cost", "What does a zeppelin cost ?!"):
        ask_in_vain(question)
    assert listed() == [(ASKED, 3), ("Is tea free?", 1)]


def test_a_reply_that_is_made_again_or_lost_is_not_counted_twice() -> None:
    chat_id = open_chat()
    work = claimed(ask(chat_id))
    with unit_of_work():
        replies.give_back(work)
    assert not finish(work, in_vain()), "somebody else makes it now"
    assert listed() == []
    again = claimed(work.reply_id)
    assert finish(again, in_vain())
    assert not finish(again, in_vain())
    assert listed() == [(ASKED, 1)]


def test_nothing_is_recorded_when_the_reply_is_not_stored() -> None:
    work = claimed(ask(open_chat()))

    def finish_and_fail() -> None:
        with unit_of_work():
            replies.finish(work, in_vain())
            raise RuntimeError("the power went")

    with pytest.raises(RuntimeError, match="power"):
        finish_and_fail()
    assert listed() == []


@pytest.mark.parametrize(
    "answer",
    [
        ANSWER,
        replace(ANSWER, calls=(CallRecord("handbook", "handbook", {"question": ASKED}, "ok", 1.0),)),
        in_vain(agent="cards"),
        replace(in_vain(), text="The card is blocked.", agent="cards"),
        in_vain("\u2026 4417?"),
    ],
    ids=["nothing searched", "found", "said by another", "beside an answer from the records", "no words"],
)
def test_what_is_no_gap_is_not_recorded(answer: Answer) -> None:
    finish(claimed(ask(open_chat())), answer)
    expected = [(ASKED, 1)] if answer.agent == "cards" and "does not say" in answer.text else []
    assert listed() == expected


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("Can Maria Keller (10-2041) rent a box?", "Can [customer] ([number]) rent a box?"),
        ("is mrs Keller's box insured", "is [customer] box insured"),
        ("may Mr. Oak open it", "may [customer] open it"),
        ("limit for DE89 3704 0044 0532 0130 00 please", "limit for [number] please"),
        ("card 4111 1111 1111 1111 kept by a museum", "card [number] kept by a museum"),
        ("write to m.keller@example.com please", "write to [address] please"),
        ("ring +49 170 1234567 at night", "ring [number] at night"),
        ("cash above 12,500 EUR or 5000 euros in 2 days", "cash above 12,500 EUR or 5000 euros in 2 days"),
        ("loan at 3.25 % for 48 months", "loan at 3.25 % for 48 months"),
    ],
)
def test_names_and_numbers_of_customers_are_left_out(asked: str, kept: str) -> None:
    assert without_persons(asked, "Maria Keller") == kept


def test_the_attached_customers_name_is_left_out() -> None:
    chat_id = open_chat()
    with unit_of_work():
        db.session.get_one(ChatSession, chat_id).customer_name = "Ole Brandt"
    ask_in_vain("Does Ole get a zeppelin?", chat_id)
    assert listed() == [("Does [customer] get a zeppelin?", 1)]


def test_an_article_written_from_a_gap_closes_it_when_it_is_published() -> None:
    ask_in_vain()
    with unit_of_work():
        (gap,) = gaps.listed()
        editing.save(person("manager"), UMBRELLAS, editing.NEW, TODAY, gap.id)
    assert listed() == [(ASKED, 1)]
    publish()
    assert (listed(), listed(GapState.ANSWERED)) == ([], [(ASKED, 1)])
    ask_in_vain()
    assert listed() == [(ASKED, 2)], "asked in vain again although there is an article: open again"


def test_a_discarded_draft_leaves_the_gap_open_for_another() -> None:
    ask_in_vain()
    with unit_of_work():
        (gap,) = gaps.listed()
        editing.save(person("manager"), UMBRELLAS, editing.NEW, TODAY, gap.id)
    with unit_of_work():
        editing.discard(person("manager"), ID, editing.base_of(editing.current(ID)))
    with reading():
        (gap,) = gaps.listed()
        assert gap.article_id is None


def test_a_dismissed_question_stays_dismissed() -> None:
    ask_in_vain()
    with unit_of_work():
        gaps.dismiss(person("manager"), gaps.listed()[0].id, "No airships here.")
    ask_in_vain()
    assert (listed(), listed(GapState.DISMISSED)) == ([], [(ASKED, 2)])
    with unit_of_work():
        gaps.reopen(person("manager"), gaps.listed(GapState.DISMISSED)[0].id)
    assert listed() == [(ASKED, 2)]


def test_eight_replies_at_once_count_eight(app: Flask) -> None:
    works = [claimed(ask(open_chat())) for _ in range(8)]

    def answer(number: int) -> bool:
        with app.app_context():
            return finish(works[number], in_vain())

    assert all(at_once(8, answer))
    assert listed() == [(ASKED, 8)]


def one_gap(state: str = GapState.OPEN) -> HandbookGap:
    with reading():
        (gap,) = gaps.listed(state)
        return gap


def test_a_question_an_article_has_already_closes_its_gap_at_once_and_asked_again_it_is_as_new() -> None:
    ask_in_vain()
    save()
    publish()
    with unit_of_work():
        editing.add_question(person("manager"), ID, " is my  BROLLY insured?", TODAY, one_gap().id)
    closed = one_gap(GapState.ANSWERED)
    assert (closed.article_id, closed.how, closed.closed_by_name) == (
        ID,
        GapAnswer.ALREADY,
        person("manager").display_name,
    )
    ask_in_vain()
    again = one_gap()
    assert [getattr(again, name) for name in gaps.CLOSING] == [None] * 5


def test_the_question_goes_into_a_draft_that_is_there_whose_editor_is_then_told() -> None:
    ask_in_vain()
    draft = save()
    with unit_of_work():
        editing.add_question(person("admin"), ID, ASKED, TODAY, one_gap().id)
    with pytest.raises(EditConflict):
        save(saying("Another text."), base=editing.base_of(draft))
    publish()
    closed = one_gap(GapState.ANSWERED)
    assert (closed.article_id, closed.how) == (ID, GapAnswer.EXAMPLE)


def test_a_gap_closed_by_somebody_else_meanwhile_is_not_closed_another_way() -> None:
    ask_in_vain()
    gap_id = one_gap().id
    with unit_of_work():
        gaps.dismiss(person("manager"), gap_id, "No airships here.")
    with unit_of_work(), pytest.raises(MoveNotAllowed):
        gaps.answered_already(person("admin"), gap_id, ID)
    with unit_of_work():
        editing.save(person("admin"), UMBRELLAS, editing.NEW, TODAY, gap_id)
    assert (one_gap(GapState.DISMISSED).article_id, one_gap(GapState.DISMISSED).reason) == (None, "No airships here.")


@pytest.mark.parametrize("reason", ["", " \n ", "x" * 301])
def test_a_dismissal_says_why_in_a_few_words(reason: str) -> None:
    ask_in_vain()
    with unit_of_work(), pytest.raises(BadInput):
        gaps.dismiss(person("manager"), one_gap().id, reason)
    assert listed() == [(ASKED, 1)]
