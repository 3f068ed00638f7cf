"""The verdict itself: it finds whatever may go wrong, and nothing where nothing did."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from tests.conftest import Place
from tests.crash.asking import Asked, Conversation, Ledger
from tests.crash.verdict import stored_violations
from tests.visitor import Visitor
from tests.work.conftest import SQLITE
from webapp.extensions import db

QUESTIONS = ("Opening hours on Saturday", "Which cards does she have?", "Card fees")


@pytest.fixture
def ledger(place: Place) -> Iterator[Ledger]:
    """A session in which everything went well."""
    visitor = Visitor(place.app).sign_in("teller")
    kept = Ledger()
    conversation = Conversation(visitor.start(), "teller")
    for number, question in enumerate(QUESTIONS):
        asked = Asked(f"request-{number:016}", question, acknowledged=True)
        assert visitor.ask(conversation.chat_id, question, asked.request_id).status_code == 200
        visitor.answer(conversation.chat_id)
        conversation.asked.append(asked)
    kept.begin(conversation)
    yield kept
    place.app.extensions["bankside.runner"].stop()


def found(place: Place, ledger: Ledger, *harm: str) -> str:
    """What the verdict says after this harm was done to the database."""
    with place.app.app_context():
        with db.engine.begin() as connection:
            for statement in harm:
                connection.execute(text(statement))
        db.session.remove()
    return "\n".join(stored_violations(place, ledger))


@pytest.mark.parametrize("place", [SQLITE], indirect=True)
def test_what_was_lost_doubled_mixed_up_or_left_is_told(place: Place, ledger: Ledger) -> None:
    assert found(place, ledger) == ""
    first, second, third = ledger.conversations[0].asked

    ledger.conversations[0].asked = [second, first, third]
    assert "in another order than sent: [1, 0, 2]" in found(place, ledger)
    ledger.conversations[0].asked = [first, third]
    assert f"nobody sent it: {second.text}" in found(place, ledger)
    lost = Asked("request-of-the-lost", "Balance", acknowledged=True)
    ledger.conversations[0].asked = [first, second, third, lost]
    assert "acknowledged and stored 0 times: Balance" in found(place, ledger)
    lost.acknowledged = False
    assert found(place, ledger) == "", "what was given up may be there or not"

    last = "(SELECT max(id) FROM reply)"
    assert "is running after 1 attempts" in found(
        place, ledger, f"UPDATE reply SET state = 'running' WHERE id = {last}"
    )
    found(place, ledger, f"UPDATE reply SET state = 'done' WHERE id = {last}")
    assert found(place, ledger) == ""
    assert "text ''" in found(place, ledger, f"UPDATE message SET text = '' WHERE id = {last}")
    assert "0 replies to 'Card fees'" in found(place, ledger, f"DELETE FROM reply WHERE id = {last}")
    lines = found(place, ledger, "DELETE FROM message WHERE seq = 2", "UPDATE chat_session SET last_seq = 5")
    assert "numbered [1, 3, 4, 5, 6]" in lines
    assert "flask doctor: problem     seq_gaps" in lines
    assert "flask doctor: problem     wrong_last_seq" in lines


@pytest.mark.parametrize("place", [SQLITE], indirect=True)
def test_a_session_nobody_opened_or_without_its_audit_entry_is_told(place: Place, ledger: Ledger) -> None:
    known = ledger.conversations[0].chat_id
    unknown = Visitor(place.app).sign_in("teller").start()
    lines = found(place, ledger)
    assert f"sessions stored: too many {{'{unknown}': 1}}" in lines
    assert f"audit entries of opened sessions: too many {{'{unknown}': 1}}" in lines
    ledger.begin(Conversation(unknown, "teller"))
    ledger.begin(Conversation(known.replace("sess_0", "sess_z"), "teller"))
    assert "missing {'sess_z" in found(place, ledger)
