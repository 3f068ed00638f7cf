"""What must be true afterwards: of what is stored, of what `flask doctor` says, and of what the pages show."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from html import unescape

from sqlalchemy import text
from sqlalchemy.engine import Row

from tests.conftest import Place
from tests.crash.asking import Conversation, Ledger
from tests.work.caller import Caller
from tests.work.conftest import column
from webapp.extensions import db

SAID = re.compile(r'<p class="said" dir="auto">(.*?)</p>', re.DOTALL)
ANSWERED = re.compile(r'<article class="message reply is-(\w+)"')
EARLIER = re.compile(r'<p class="earlier"><a class="button" href="([^"]*before=\d+)"')
DISK = "disk:"  # how full the disk is says nothing about the installation

MESSAGES = """
SELECT message.id, message.chat_id, message.seq, message.role, message.text, message.request_id,
       reply.question_id, reply.state, reply.attempts, reply.failure
FROM message LEFT JOIN reply ON reply.id = message.id
ORDER BY message.chat_id, message.seq
"""


def unfinished(place: Place) -> int:
    """How many replies are still to be made."""
    return int(str(column(place, "SELECT count(*) FROM reply WHERE state IN ('pending', 'running')")[0]))


def attempts(place: Place) -> Counter[int]:
    """How many replies took one attempt, two, three."""
    return Counter(int(str(number)) for number in column(place, "SELECT attempts FROM reply"))


def violations(place: Place, ledger: Ledger, url: str) -> list[str]:
    """Everything that is not as promised, a sentence each; nothing may be going on any more."""
    return [*ledger.problems, *stored_violations(place, ledger), *_on_the_pages(ledger, url)]


def stored_violations(place: Place, ledger: Ledger) -> Iterator[str]:
    """What the database holds that is not as promised, and what `flask doctor` says of it."""
    yield from _in_the_database(place, ledger)
    yield from _says_the_doctor(place)


def _in_the_database(place: Place, ledger: Ledger) -> Iterator[str]:
    with place.app.app_context():
        rows = db.session.execute(text(MESSAGES)).all()
    stored: defaultdict[str, list[Row[tuple[object, ...]]]] = defaultdict(list)
    for row in rows:
        stored[row.chat_id].append(row)
    known = {conversation.chat_id for conversation in ledger.conversations}
    for chat_id in stored.keys() - known:
        yield f"{chat_id}: messages in a session nobody opened"
    for conversation in ledger.conversations:
        yield from _in_the_session(conversation, stored[conversation.chat_id])
    yield from _of_the_sessions(place, known)
    if place.kind == "sqlite":
        said = column(place, "PRAGMA integrity_check")
        if said != ["ok"]:
            yield f"integrity_check: {said}"


def _in_the_session(conversation: Conversation, rows: list[Row[tuple[object, ...]]]) -> Iterator[str]:
    name = conversation.chat_id
    if [row.seq for row in rows] != list(range(1, len(rows) + 1)):
        yield f"{name}: numbered {[row.seq for row in rows]}"
    questions = [row for row in rows if row.role == "staff"]
    replies = [row for row in rows if row.role == "assistant"]
    if len(questions) + len(replies) != len(rows):
        yield f"{name}: messages that are neither question nor reply"
    by_id = {asked.request_id: asked for asked in conversation.asked}
    times = Counter(str(row.request_id) for row in questions)
    for asked in conversation.asked:
        if asked.acknowledged and times[asked.request_id] != 1:
            yield f"{name}: acknowledged and stored {times[asked.request_id]} times: {asked.text}"
        if times[asked.request_id] > 1:
            yield f"{name}: stored {times[asked.request_id]} times: {asked.text}"
    for row in questions:
        sent = by_id.get(str(row.request_id))
        if sent is None:
            yield f"{name}: stored, but nobody sent it: {row.text}"
        elif sent.text != row.text:
            yield f"{name}: stored is {row.text!r}, sent was {sent.text!r}"
    places = {asked.request_id: place for place, asked in enumerate(conversation.asked)}
    order = [places.get(str(row.request_id), -1) for row in questions]
    if order != sorted(order):
        yield f"{name}: stored in another order than sent: {order}"
    yield from _of_the_replies(name, questions, replies)


def _of_the_replies(
    name: str, questions: list[Row[tuple[object, ...]]], replies: list[Row[tuple[object, ...]]]
) -> Iterator[str]:
    answering = Counter(row.question_id for row in replies)
    for question in questions:
        if answering[question.id] != 1:
            yield f"{name}: {answering[question.id]} replies to {question.text!r}"
    asked_at = {row.id: row.seq for row in questions}
    for reply in replies:
        if asked_at.get(reply.question_id) != reply.seq - 1:
            yield f"{name}: reply {reply.id} does not follow its question"
        if reply.state != "done" or not str(reply.text).strip():
            end = f"{reply.state} after {reply.attempts} attempts, failure {reply.failure!r}, text {reply.text!r:.40}"
            yield f"{name}: reply {reply.id} is {end}"


def _of_the_sessions(place: Place, known: set[str]) -> Iterator[str]:
    stored = Counter(map(str, column(place, "SELECT id FROM chat_session")))
    told = Counter(map(str, column(place, "SELECT object_id FROM audit_entry WHERE action = 'session.created'")))
    for name, found in (("sessions stored", stored), ("audit entries of opened sessions", told)):
        if found != Counter(known):
            extra, missing = found - Counter(known), Counter(known) - found
            yield f"{name}: too many {dict(extra)}, missing {dict(missing)}"
    counted = "SELECT count(*) FROM message WHERE message.chat_id = chat_session.id"
    for chat_id in column(place, f"SELECT id FROM chat_session WHERE last_seq <> ({counted})"):
        yield f"{chat_id}: its counter is not the number of its messages"
    for lost in column(place, "SELECT id FROM message WHERE role = 'assistant' AND id NOT IN (SELECT id FROM reply)"):
        yield f"message {lost} is an assistant's without a reply row"


def _says_the_doctor(place: Place) -> Iterator[str]:
    answer = place.app.test_cli_runner().invoke(args=["doctor"])
    lines = [line for line in answer.output.splitlines() if line.strip()]
    if not lines or answer.exit_code not in (0, 1):
        yield f"flask doctor ended with {answer.exit_code}: {answer.output} {answer.exception!r}"
    for line in lines:
        if not line.startswith("ok ") and DISK not in line:
            yield f"flask doctor: {line}"


def _on_the_pages(ledger: Ledger, url: str) -> Iterator[str]:
    for person in sorted({conversation.person for conversation in ledger.conversations}):
        with Caller(url).sign_in(person) as caller:
            for conversation in ledger.conversations:
                if conversation.person == person:
                    yield from _on_the_page(conversation, caller)


def _on_the_page(conversation: Conversation, caller: Caller) -> Iterator[str]:
    said: list[str] = []
    states: set[str] = set()
    path: str | None = f"/chat/{conversation.chat_id}"
    while path:
        page = caller.http.get(path)
        if page.status_code != 200:
            yield f"{path} answers {page.status_code}"
            return
        said = [*map(_as_text, SAID.findall(page.text)), *said]
        states.update(ANSWERED.findall(page.text))
        earlier = EARLIER.search(page.text)
        path = unescape(earlier.group(1)) if earlier else None
    sent = [asked.text for asked in conversation.asked]
    needed = [asked.text for asked in conversation.asked if asked.acknowledged]
    if [line for line in said if line in set(needed)] != needed:
        yield f"{conversation.chat_id}: its page does not show each acknowledged question once, in order"
    if len(said) != len(set(said)) or not set(said) <= set(sent):
        yield f"{conversation.chat_id}: its page shows what was not sent, or something twice"
    if states > {"done"}:
        yield f"{conversation.chat_id}: its page shows replies that are {sorted(states)}"


def _as_text(markup: str) -> str:
    return unescape(markup).strip()


def first_of(found: Iterable[str], most: int = 20) -> str:
    """The first of them, a line each."""
    lines = list(found)
    more = [f"... and {len(lines) - most} more"] if len(lines) > most else []
    return "\n".join([*lines[:most], *more])
