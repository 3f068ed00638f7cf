"""An assistant that hangs, fails, breaks off, goes on for ever or says what no page can show: bounded, cleaned, masked,
said honestly, and asked again by a button. Whatever stands behind the assistant's door, this holds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from bs4 import Tag
from flask import Flask

from tests.services.steps import ANSWER, ask, open_chat
from tests.visitor import HTMX, Visitor
from tests.web.rows import ON_SQLITE, questions
from tests.work.speaker import threads_of, wait_until
from webapp.agents.transcript import Answer, CallRecord, Citation, Desk, Line, Step, Tell
from webapp.extensions import db
from webapp.http.unit_of_work import unit_of_work
from webapp.models import Reply
from webapp.work import answering
from webapp.work.answering import APOLOGY, TOO_LONG, TOO_MUCH, makers_of
from webapp.work.makers import makers_here
from webapp.work.saying import LONGEST_ANSWER, so_far

CARD = "4111 1111 1111 1111"
MASKED = "411111******1111"
Script = Callable[[Tell], Any]


class Hostile:
    """Does what the test says instead of thinking."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked = 0

    def answer(self, lines: Sequence[Line], desk: Desk, tell: Tell) -> Any:
        """Whatever it is."""
        self.asked += 1
        return self.script(tell)


@pytest.fixture
def assistant(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hostile]:
    """The app's assistant, for this test; nobody waits a second for what can happen at once."""
    monkeypatch.setattr(answering, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(answering, "TOLD_SECONDS", 0.0)
    made = Hostile(lambda _tell: ANSWER)
    monkeypatch.setitem(app.extensions, "bankside.assistant", made)
    yield made
    threads_of(app).stop()


def asked(app: Flask, teller: Visitor, text: str = "Card status") -> tuple[str, Tag]:
    """Ask; the session and how the reply looks when it is finished."""
    chat_id = teller.start()
    assert teller.ask(chat_id, text).status_code == 200
    return chat_id, teller.answer(chat_id, seconds=10)


def stored(app: Flask, article: Tag) -> Reply:
    with app.app_context(), unit_of_work():
        reply = db.session.get_one(Reply, int(str(article["id"]).removeprefix("message-")), populate_existing=True)
        assert reply.attempts_before is not None
        return reply


def can_be_had_again(app: Flask, teller: Visitor, assistant: Hostile, chat_id: str, article: Tag) -> None:
    """The question is stored, and the button makes the same reply anew."""
    assert questions(app, chat_id) == ["Card status"]
    assert not makers_of(app)
    assistant.script = lambda _tell: ANSWER
    form = article.select_one("form")
    assert form is not None
    assert teller.post(str(form["action"]), htmx=True).status_code == 200
    again = teller.answer(chat_id)
    assert "is-done" in again["class"]
    assert again["id"] == article["id"]
    assert ANSWER.text in again.get_text()


def says(text: str) -> Script:
    """An answer with this text."""
    return lambda _tell: replace(ANSWER, text=text)


def test_what_no_page_can_show_is_left_out_and_markup_is_only_text(
    app: Flask, teller: Visitor, assistant: Hostile
) -> None:
    markup = '<script>alert(1)</script><img src=x onerror="alert(1)"><b hx-get="/sign-out" hx-trigger="load">x</b>'
    assistant.script = says(
        f"Her\x00 card\x1b[31m \ud800is\udfff act\x08ive.\n\n{markup}\n\n[here](javascript:alert(1))"
    )
    _chat, article = asked(app, teller)
    assert "is-done" in article["class"]
    said = stored(app, article).text
    assert said.startswith("Her card[31m is active.")
    answer = article.select_one(".answer")
    assert answer is not None
    assert "<script>alert(1)</script>" in answer.get_text(), "shown as it was written"
    assert not answer.select("script, img, b, a, [hx-get], [onerror], [style]")


def test_a_card_number_in_an_answer_is_masked_as_it_comes_and_when_it_is_stored(
    app: Flask, teller: Visitor, assistant: Hostile
) -> None:
    told, text = app.extensions["bankside.feed"], f"Her card is {CARD}, CVV 123, and it is active. So is {CARD}."
    enough = threading.Event()

    def sign_by_sign(tell: Tell) -> Answer:
        for length in range(1, len(text) + 1):
            tell(Step("", partial=text[:length]))
        assert enough.wait(10)
        return replace(ANSWER, text=text, reason=f"the card {CARD} is named", suggestions=(f"Block {CARD}",))

    assistant.script = sign_by_sign
    chat_id = teller.start()
    before = told.latest(chat_id)
    assert teller.ask(chat_id, "Card status").status_code == 200

    def shown() -> str:
        return teller.client.get(f"/chat/{chat_id}/messages?after=1", headers=HTMX).text

    wait_until(lambda: "and it is active" in shown())
    assert MASKED in shown()
    enough.set()
    teller.answer(chat_id)
    pieces = [str(event.data["text"]) for event in told.read(chat_id, before, 0) if event.kind == "partial"]
    assert len(pieces) > 10
    assert not [piece for piece in pieces if CARD[:4] in piece.replace(MASKED[:12], "")], "not even its beginning"
    article = teller.answer(chat_id)
    assert f"Her card is {MASKED}, CVV ***, and it is active. So is {MASKED}." in article.get_text()
    assert f"because the card {MASKED} is named" in article.get_text()
    assert f"Block {MASKED}" in article.get_text()
    assert CARD not in teller.get(f"/chat/{chat_id}").text


def test_digits_at_the_end_of_what_comes_wait_for_what_follows_them() -> None:
    assert so_far("Her balance is 1,204.55") == "Her balance is 1,"
    assert so_far("Her balance is 1,204.55 EUR") == "Her balance is 1,204.55 EUR"
    assert so_far("It ends in 4417 - 12") == "It ends in "
    assert so_far("") == ""


def test_an_answer_longer_than_can_be_kept_is_cut_and_says_so(app: Flask, teller: Visitor, assistant: Hostile) -> None:
    assistant.script = says("word " * LONGEST_ANSWER)
    _chat, article = asked(app, teller)
    assert "is-done" in article["class"]
    assert "is cut here" in article.get_text()
    assert len(stored(app, article).text) < LONGEST_ANSWER + 100


def test_an_answer_that_never_ends_is_ended_and_what_it_said_is_kept(
    app: Flask, teller: Visitor, assistant: Hostile
) -> None:
    ended = threading.Event()

    def endless(tell: Tell) -> Answer:
        text = ""
        try:
            while True:
                text += "more and more " * 200
                tell(Step("", partial=text))
        finally:
            ended.set()

    assistant.script = endless
    chat_id, article = asked(app, teller)
    assert ended.wait(2), "nobody lets it go on"
    assert "is-failed" in article["class"]
    assert TOO_MUCH in article.get_text()
    assert 0 < len(stored(app, article).text) <= LONGEST_ANSWER
    can_be_had_again(app, teller, assistant, chat_id, article)


def test_an_answer_that_breaks_off_keeps_what_it_said_and_is_not_taken_for_whole(
    app: Flask, teller: Visitor, assistant: Hostile
) -> None:
    def break_off(tell: Tell) -> Answer:
        tell(Step("", partial="Her card is act"))
        raise ConnectionResetError("peer 10.0.0.7 closed, key sk-4711")

    assistant.script = break_off
    chat_id, article = asked(app, teller)
    assert "is-failed" in article["class"]
    said = article.get_text(" ", strip=True)
    assert APOLOGY in said
    assert "Her card is act" in said
    assert not [telling for telling in ("10.0.0.7", "sk-4711", "ConnectionReset", "Traceback") if telling in said]
    can_be_had_again(app, teller, assistant, chat_id, article)
    (attempt,) = stored(app, article).attempts_before
    assert (attempt.state, attempt.text) == ("failed", "Her card is act"), "the earlier attempt stays readable"


def test_an_assistant_that_hangs_is_given_up_in_time_and_what_it_said_is_kept(
    app: Flask, teller: Visitor, assistant: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, awake = app.extensions["bankside.config"], threading.Event()
    monkeypatch.setitem(app.extensions, "bankside.config", config.model_copy(update={"reply_seconds": 0.4}))

    def hang(tell: Tell) -> Answer:
        tell(Step("", partial="Let me see: "))
        awake.wait(20)
        return ANSWER

    assistant.script = hang
    began = time.monotonic()
    chat_id, article = asked(app, teller)
    assert time.monotonic() - began < 5
    assert "is-failed" in article["class"]
    assert TOO_LONG in article.get_text()
    assert "Let me see:" in article.get_text()
    can_be_had_again(app, teller, assistant, chat_id, article)
    awake.set()
    wait_until(lambda: not makers_here(app).lingering)
    assert stored(app, article).text == ANSWER.text, "what comes too late is not stored"


NONSENSE: dict[str, Script] = {
    "nothing": lambda _tell: None,
    "another type": lambda _tell: {"text": "The card is active."},
    "no text": lambda _tell: replace(ANSWER, text=None),  # type: ignore[arg-type]
    "an empty text": says(""),
    "invisible signs only": says("\u200b\x00 \n\u2060"),
    "figures that are none": lambda _tell: replace(ANSWER, memory={"figure": object()}),
    "the same source twice": lambda _tell: replace(
        ANSWER, citations=(Citation(1, "x", 1, "X", "", "...", "2026-01-01"),) * 2
    ),
    "a failure that is no Exception": lambda _tell: (_ for _ in ()).throw(SystemExit(1)),
    "an endless recursion": lambda tell: NONSENSE["an endless recursion"](tell),
}


@ON_SQLITE
@pytest.mark.parametrize("kind", NONSENSE)
def test_an_answer_that_is_none_has_failed_at_once(app: Flask, teller: Visitor, assistant: Hostile, kind: str) -> None:
    assistant.script = NONSENSE[kind]
    chat_id, article = asked(app, teller)
    assert "is-failed" in article["class"]
    assert APOLOGY in article.get_text()
    assert assistant.asked == 1, "not tried again and again"
    can_be_had_again(app, teller, assistant, chat_id, article)


def test_what_only_one_database_refuses_has_failed_at_once_too(app: Flask, teller: Visitor, assistant: Hostile) -> None:
    long_name = CallRecord("t" * 500, "look", {"figure": float("nan")}, "ok", 1.0)
    assistant.script = lambda _tell: replace(ANSWER, intent="i" * 500, calls=(long_name,))
    _chat, article = asked(app, teller)
    assert {"is-failed", "is-done"} & set(article["class"]), "SQLite takes it, PostgreSQL does not"
    assert assistant.asked == 1


@ON_SQLITE
def test_ten_thousand_steps_and_pieces_hold_up_nobody(app: Flask, assistant: Hostile) -> None:
    def chatter(tell: Tell) -> Answer:
        for number in range(10_000):
            tell(Step("Looking " * 1000, partial=f"word {number}."))
        return ANSWER

    assistant.script = chatter
    with app.app_context():
        chat_id = open_chat()
        feed = app.extensions["bankside.feed"]
        before = time.monotonic()
        answering.make_reply(app, ask(chat_id))
        assert time.monotonic() - before < 10
        longest = max(len(str(event.data.get("text", ""))) for event in feed._tracks[chat_id].events)
    assert longest <= 200, "a step is a line"
