"""When an answer cannot be made: the question is kept, the reason is a sentence, and it can be had again."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from tests.visitor import HTMX, Visitor
from tests.web.guests import FailingBank
from tests.web.rows import ON_SQLITE, all_of, audited, chat_row, count, questions
from webapp.bank.errors import BankUnavailable
from webapp.models import Message, Reply

PROBLEMS = [BankUnavailable("core is down at 10.0.0.7"), RuntimeError("secret-host:5432 refused"), TimeoutError()]


def with_customer(visitor: Visitor) -> str:
    """A session about a customer."""
    chat_id = visitor.start()
    visitor.post(f"/sessions/{chat_id}/customer", number="10-2041")
    return chat_id


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: type(problem).__name__)
@pytest.mark.parametrize("htmx", [True, False], ids=["htmx", "form"])
def test_a_failed_reply_says_so_in_words_and_can_be_had_again(
    app: Flask, teller: Visitor, failing_bank: FailingBank, problem: Exception, htmx: bool
) -> None:
    chat_id = with_customer(teller)
    failing_bank.problem = problem
    assert teller.ask(chat_id, "What is the balance?").status_code == 200
    reply = teller.answer(chat_id)
    assert "is-failed" in reply["class"]
    said = reply.get_text(" ", strip=True)
    assert "Your question is stored" in said
    for telling in ("10.0.0.7", "secret-host", "RuntimeError", "BankUnavailable", "Traceback"):
        assert telling not in said
    assert questions(app, chat_id) == ["What is the balance?"]

    failing_bank.problem = None
    form = reply.select_one("form")
    assert form is not None
    answer = teller.post(str(form["action"]), htmx=htmx)
    assert answer.status_code == (200 if htmx else 303)
    done = teller.answer(chat_id)
    assert "is-done" in done["class"]
    assert done["id"] == reply["id"], "it is the same reply, made again"
    assert count(app, Message) == 2
    assert [entry.actor for entry in audited(app, "reply.retried")] == ["teller"]


@ON_SQLITE
def test_a_silent_bank_leaves_the_page_usable(app: Flask, teller: Visitor, failing_bank: FailingBank) -> None:
    chat_id = with_customer(teller)
    failing_bank.problem = BankUnavailable()
    page = teller.get(f"/chat/{chat_id}")
    assert page.status_code == 200
    assert "records did not answer" in page.text
    assert teller.page.select_one("#composer") is not None
    assert teller.get(f"/sessions/{chat_id}/customer?q=Keller").status_code == 200
    assert teller.client.get("/").status_code == 200
    other = teller.start(customer="Keller")
    assert chat_row(app, other).customer_number is None
    answer = teller.post(f"/sessions/{other}/customer", number="10-2041")
    assert answer.status_code == 503
    assert "The bank's records did not answer." in teller.page.get_text()


@ON_SQLITE
def test_only_a_failed_reply_can_be_had_again(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start(opening="What are the opening hours?")
    reply = teller.answer(chat_id)
    number = str(reply["id"]).removeprefix("message-")
    answer = teller.post(f"/chat/{chat_id}/replies/{number}/retry")
    assert answer.status_code == 409
    [row] = all_of(app, select(Reply))
    assert row.state == "done"


@ON_SQLITE
def test_the_questions_after_a_failed_one_are_answered(app: Flask, teller: Visitor, failing_bank: FailingBank) -> None:
    chat_id = with_customer(teller)
    failing_bank.problem = RuntimeError()
    teller.ask(chat_id, "What is the balance?")
    teller.answer(chat_id)
    failing_bank.problem = None
    teller.ask(chat_id, "What are the opening hours?")
    assert "is-done" in teller.answer(chat_id)["class"]
    assert [str(reply["class"][-1]) for reply in teller.page.select("article.reply")] == ["is-failed", "is-done"]


@ON_SQLITE
def test_a_reply_still_being_made_asks_for_itself_and_stops_when_done(app: Flask, teller: Visitor) -> None:
    app.extensions["bankside.runner"].stop()
    chat_id = teller.start()
    answer = teller.ask(chat_id, "What are the opening hours?")
    number = str(teller.page.select("article.reply")[0]["id"]).removeprefix("message-")
    assert 'hx-trigger="' in answer.text
    teller.answer(chat_id)
    done = teller.client.get(f"/chat/{chat_id}/replies/{number}", headers=HTMX).text
    assert "hx-trigger" not in done
    assert "aria-busy" not in done
