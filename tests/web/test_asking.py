"""Asking: stored once, before anything else happens; nothing typed is lost when something is in the way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import delete, select

from tests.visitor import HTMX, Visitor
from tests.web.rows import ON_SQLITE, all_of, changing, chat_row, count, let_time_pass, questions, stored
from webapp.models import ChatSession, Draft, Message, Reading, Reply

WIDE = "4111 1111 1111 1111".translate({ord(digit): ord(digit) - ord("0") + 0xFF10 for digit in "0123456789"})


def test_a_question_and_its_reply_are_stored_together_and_answered(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start()
    answer = teller.ask(chat_id, "What are the opening hours?")
    assert answer.status_code == 200
    fragment = BeautifulSoup(answer.text, "lxml")
    assert [part["data-seq"] for part in fragment.select("hx-partial article")] == ["1", "2"]
    assert fragment.select_one("#composer textarea") is not None
    reply = teller.answer(chat_id)
    assert reply.select_one(".answer") is not None
    rows = all_of(app, select(Message).where(Message.chat_id == chat_id).order_by(Message.seq))
    assert [(row.seq, row.role) for row in rows] == [(1, "staff"), (2, "assistant")]
    assert chat_row(app, chat_id).last_seq == 2


# Once


def test_the_same_form_sent_again_gets_the_same_answer_and_stores_nothing(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start()
    teller.get(f"/chat/{chat_id}")
    request_id = teller.field("request_id", "#composer")
    ids = []
    for htmx in (True, True, False, True):
        answer = teller.ask(chat_id, "Once, please", request_id=request_id, htmx=htmx)
        assert answer.status_code == (200 if htmx else 303)
        if htmx:
            ids.append([part["id"] for part in BeautifulSoup(answer.text, "lxml").select("article")])
    assert ids[0] == ids[1] == ids[2]
    teller.answer(chat_id)
    assert count(app, Message) == 2
    assert len(teller.page.select("article.message")) == 2


def test_a_retry_after_the_reply_came_shows_question_and_reply(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start()
    assert teller.ask(chat_id, "Hello", request_id="r" * 20).status_code == 200
    teller.answer(chat_id)
    again = BeautifulSoup(teller.ask(chat_id, "Hello", request_id="r" * 20).text, "lxml")
    [reply] = again.select("article.reply")
    assert not reply.has_attr("aria-busy")
    assert count(app, Message) == 2


@pytest.mark.parametrize("htmx", [True, False], ids=["htmx", "form"])
def test_the_same_id_with_another_text_is_refused_and_the_first_stays(app: Flask, teller: Visitor, htmx: bool) -> None:
    chat_id = teller.start()
    teller.ask(chat_id, "First", request_id="r" * 20)
    answer = teller.ask(chat_id, "Second", request_id="r" * 20, htmx=htmx)
    assert answer.status_code == 409
    assert "already sent with a different text" in answer.text
    assert questions(app, chat_id) == ["First"]
    if htmx:
        assert answer.headers["HX-Retarget"] == "#notices", "the composer keeps the text"
    else:
        typed = teller.page.select_one("#typed")
        assert typed is not None
        assert typed.get_text().strip() == "Second"


def test_the_same_id_in_two_sessions_is_two_messages(app: Flask, teller: Visitor) -> None:
    first, second = teller.start(), teller.start()
    assert teller.ask(first, "Here", request_id="r" * 20).status_code == 200
    assert teller.ask(second, "There", request_id="r" * 20).status_code == 200
    assert (questions(app, first), questions(app, second)) == (["Here"], ["There"])


def test_the_start_form_sent_again_opens_one_session_with_one_question(app: Flask, teller: Visitor) -> None:
    teller.get("/")
    fields = {"request_id": teller.field("request_id"), "opening": "About fees", "customer": ""}
    places = {teller.post("/sessions", **fields).headers["Location"] for _ in range(3)}
    assert len(places) == 1
    assert (count(app, ChatSession), count(app, Message)) == (1, 2)


@pytest.mark.parametrize("sent", ["4111 1111 1111 1111", "4111-1111-1111-1111", WIDE])
def test_a_card_number_is_masked_before_it_is_stored_and_the_sender_is_told(
    app: Flask, teller: Visitor, sent: str
) -> None:
    chat_id = teller.start()
    answer = teller.ask(chat_id, f"She lost {sent} today", request_id="r" * 20)
    assert "was masked before it was stored" in answer.text
    assert questions(app, chat_id) == ["She lost 411111******1111 today"]
    again = teller.ask(chat_id, f"She lost {sent} today", request_id="r" * 20)
    assert again.status_code == 200, "compared as stored"
    teller.answer(chat_id)
    assert teller.response is not None
    assert sent not in teller.response.text
    teller.post(f"/chat/{chat_id}/draft", text=f"draft {sent}")
    teller.post(f"/sessions/{chat_id}/title", title=f"Card {sent}")
    teller.post(f"/sessions/{chat_id}/end", reason="solved", summary=f"Blocked {sent}")
    chat = chat_row(app, chat_id)
    [draft] = all_of(app, select(Draft))
    for kept in (draft.text, chat.title, chat.last_line, chat.search_text, chat.summary or ""):
        assert sent.lower() not in kept
        assert "1111 1111" not in kept


# Two tabs


def test_two_tabs_talk_about_two_customers_and_never_mix(app: Flask, teller: Visitor) -> None:
    first, second = teller.start(), teller.start()
    colours = []
    for number in range(3):
        for chat_id in (first, second):
            teller.get(f"/chat/{chat_id}")
            colours.append([name for name in teller.page.body["class"] if name.startswith("accent-")])  # type: ignore[index]
            other = second if chat_id == first else first
            teller.client.get(f"/chat/{other}")  # the other tab is opened in between: the cookie names that one now
            request_id = teller.field("request_id", "#composer")
            assert teller.field("chat_id", "#composer") == chat_id
            answer = teller.post(
                "/chat/messages", htmx=True, chat_id=chat_id, request_id=request_id, text=f"{number} for {chat_id}"
            )
            assert answer.status_code == 200
    assert questions(app, first) == [f"{number} for {first}" for number in range(3)]
    assert questions(app, second) == [f"{number} for {second}" for number in range(3)]
    assert colours[0] != colours[1]


def test_a_form_that_names_no_session_goes_to_the_one_in_the_cookie(app: Flask, teller: Visitor) -> None:
    teller.start()
    chat_id = teller.start()
    assert teller.post("/chat/messages", request_id="r" * 20, text="Here").status_code == 303
    assert questions(app, chat_id) == ["Here"]


# Ended and deleted elsewhere


@pytest.mark.parametrize("htmx", [True, False], ids=["htmx", "form"])
def test_a_session_ended_elsewhere_says_so_and_the_text_goes_along_into_a_new_one(
    app: Flask, teller: Visitor, htmx: bool
) -> None:
    chat_id = teller.start()
    teller.get(f"/chat/{chat_id}")
    request_id = teller.field("request_id", "#composer")
    other_tab = teller.token
    teller.post(f"/sessions/{chat_id}/end", reason="solved")
    before = stored(app)
    answer = teller.post(
        "/chat/messages", htmx=htmx, csrf_token=other_tab, chat_id=chat_id, request_id=request_id, text="One more thing"
    )
    assert answer.status_code == 409
    assert "This session has ended." in answer.text
    assert stored(app) == before
    composer = teller.page.select_one("#composer")
    assert composer is not None
    assert composer["action"] == "/sessions"
    fields = {
        str(field["name"]): str(field.get("value") or field.get_text()).strip() for field in composer.select("[name]")
    }
    assert fields["opening"] == "One more thing"
    opened = teller.post("/sessions", **fields)
    assert opened.status_code == 303
    assert questions(app, opened.headers["Location"].rsplit("/", 1)[1]) == ["One more thing"]


@pytest.mark.parametrize("htmx", [True, False], ids=["htmx", "form"])
def test_a_session_deleted_elsewhere_says_so_and_keeps_the_text(app: Flask, teller: Visitor, htmx: bool) -> None:
    chat_id = teller.start()
    teller.get(f"/chat/{chat_id}")
    request_id = teller.field("request_id", "#composer")
    with changing(app) as session:
        session.execute(delete(ChatSession))
    answer = teller.ask(chat_id, "One more thing", request_id=request_id, htmx=htmx)
    assert answer.status_code == 404
    assert "This session does not exist." in answer.text
    assert teller.field("opening", "#composer").strip() == "One more thing"
    assert count(app, Message) == 0


# The sign-in ran out while typing


def test_an_expired_sign_in_sends_htmx_to_the_sign_in_page_and_back(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start()
    teller.get(f"/chat/{chat_id}")
    request_id = teller.field("request_id", "#composer")
    let_time_pass(app, idle=timedelta(minutes=16))
    sent = {"csrf_token": teller.token, "chat_id": chat_id, "request_id": request_id, "text": "Typed for a while"}
    headers = {**HTMX, "HX-Current-URL": f"http://localhost/chat/{chat_id}"}
    answer = teller.client.post("/chat/messages", data=sent, headers=headers)
    assert (answer.status_code, answer.text) == (401, "")
    assert answer.headers["HX-Redirect"] == f"/sign-in?next=/chat/{chat_id}"
    assert count(app, Message) == 0


def expired_form(app: Flask, teller: Visitor, chat_id: str) -> dict[str, str]:
    """Send a message whose sign-in has just run out; returns the fields of the sign-in page that came back."""
    teller.get(f"/chat/{chat_id}")
    let_time_pass(app, idle=timedelta(minutes=16))
    answer = teller.ask(chat_id, "Typed\nfor a while", request_id="r" * 20, htmx=False)
    assert answer.status_code == 401
    assert "what you typed is kept" in answer.text
    assert count(app, Message) == 0
    form = teller.page.select_one("form.sign-in")
    assert form is not None
    return {str(field["name"]): str(field.get("value") or "") for field in form.select("input[name]")}


def test_after_signing_in_again_the_text_is_the_draft_of_its_session(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start()
    fields = expired_form(app, teller, chat_id)
    answer = teller.post("/sign-in", **{**fields, "username": "teller", "password": "Password123!"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/chat/{chat_id}")
    teller.get(answer.headers["Location"])
    box = teller.page.select_one("#composer-text")
    assert box is not None
    assert box.get_text().strip() == "Typed\nfor a while"
    assert count(app, Message) == 0


def test_a_wrong_password_in_between_does_not_lose_it(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start()
    fields = expired_form(app, teller, chat_id)
    assert teller.post("/sign-in", **{**fields, "username": "teller", "password": "wrong"}).status_code == 401
    assert teller.field("kept_text") == "Typed\nfor a while"
    assert teller.field("kept_chat") == chat_id


def test_it_never_gets_into_another_persons_session(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start()
    fields = expired_form(app, teller, chat_id)
    answer = teller.post("/sign-in", **{**fields, "username": "specialist", "password": "Password123!"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert count(app, Draft) == 0
    assert "Typed" not in teller.get("/").text


@ON_SQLITE
def test_the_text_of_the_start_form_is_kept_too(app: Flask, teller: Visitor) -> None:
    teller.get("/")
    request_id = teller.field("request_id")
    let_time_pass(app, idle=timedelta(minutes=16))
    answer = teller.post("/sessions", request_id=request_id, opening="A long story", customer="")
    assert answer.status_code == 401
    kept = {name: teller.field(name) for name in ("kept_text", "kept_chat", "kept_for")}
    stranger = Visitor(app)
    stranger.sign_in("specialist", **kept)
    assert count(app, ChatSession) == 0, "another person does not get it"
    answer = teller.post("/sign-in", username="teller", password="Password123!", **kept)
    teller.get(answer.headers["Location"])
    box = teller.page.select_one("#composer-text")
    assert box is not None
    assert box.get_text().strip() == "A long story"
    assert count(app, Message) == 0, "it is a draft; nothing was sent"


# Drafts and reading


def test_a_draft_is_kept_for_its_session_and_its_writer_until_it_is_sent(app: Flask, teller: Visitor) -> None:
    first, second = teller.start(), teller.start()
    assert teller.post(f"/chat/{first}/draft", text="half a thought").status_code == 204
    elsewhere = Visitor(app).sign_in("teller")
    for chat_id, kept in ((first, "half a thought"), (second, "")):
        elsewhere.get(f"/chat/{chat_id}")
        box = elsewhere.page.select_one("#composer-text")
        assert box is not None
        assert box.get_text().strip() == kept
    teller.ask(first, "the whole thought")
    assert count(app, Draft) == 0


@ON_SQLITE
def test_an_emptied_draft_is_forgotten(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start()
    teller.post(f"/chat/{chat_id}/draft", text="half")
    teller.post(f"/chat/{chat_id}/draft", text="half a")
    assert [draft.text for draft in all_of(app, select(Draft))] == ["half a"]
    teller.post(f"/chat/{chat_id}/draft", text="  ")
    assert count(app, Draft) == 0


def test_a_reply_that_came_unseen_is_marked_new_until_it_is_read(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start(opening="What are the opening hours?")
    teller.answer(chat_id)
    assert "is-unread" in str(row_of(teller, chat_id)["class"])
    assert teller.post(f"/chat/{chat_id}/seen", seq=2).status_code == 204
    assert "is-unread" not in str(row_of(teller, chat_id)["class"])
    teller.post(f"/chat/{chat_id}/seen", seq=1)
    teller.post(f"/chat/{chat_id}/seen", seq=999)
    assert [reading.seq for reading in all_of(app, select(Reading))] == [2], "never back, never beyond the last"


def row_of(visitor: Visitor, chat_id: str) -> dict[str, object]:
    """The session's row in the list."""
    visitor.get("/")
    found = visitor.page.select_one(f"#row-{chat_id}")
    assert found is not None
    return found.attrs


def test_what_a_page_missed_it_can_ask_for(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start(opening="What are the opening hours?")
    teller.answer(chat_id)
    teller.ask(chat_id, "And the fees?")
    teller.answer(chat_id)
    for after, expected in ((0, ["1", "2", "3", "4"]), (2, ["3", "4"]), (4, []), (99, [])):
        answer = teller.client.get(f"/chat/{chat_id}/messages?after={after}", headers=HTMX)
        found = BeautifulSoup(answer.text, "lxml").select("article")
        assert [part["data-seq"] for part in found] == expected


def test_a_long_conversation_is_read_a_hundred_at_a_time(app: Flask, teller: Visitor) -> None:
    chat_id = teller.start()
    with changing(app) as session:
        for seq in range(1, 131):
            kind = Message if seq else Reply
            session.add(kind(chat_id=chat_id, seq=seq, author_name="Bankside", text=f"line {seq}"))
        session.get_one(ChatSession, chat_id).last_seq = 130
    teller.get(f"/chat/{chat_id}")
    shown = [int(str(part["data-seq"])) for part in teller.page.select("#log .event")]
    assert shown == list(range(31, 131))
    earlier = teller.page.select_one(".earlier a")
    assert earlier is not None
    teller.get(str(earlier["href"]))
    assert [int(str(part["data-seq"])) for part in teller.page.select("#log .event")] == list(range(1, 31))
