"""From words to the bank's records: a direct debit goes back, a standing order rests and goes on."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from tests.visitor import Visitor
from tests.web.rows import ON_SQLITE
from tests.web.test_proposals import MARIA, ask, bank, cards, check_caller, press, state_of
from webapp.bank.core_banking import TransactionQuery
from webapp.bank.values import StandingInstruction, TransactionKind

pytestmark = ON_SQLITE

DEBITS = TransactionQuery(kinds=(TransactionKind.DIRECT_DEBIT,), direction="out", limit=1)


def standing(app: Flask) -> StandingInstruction:
    return next(one for one in bank(app).standing_instructions(MARIA) if one.kind == "standing order")


def test_the_last_direct_debit_is_returned_and_a_standing_order_rests(teller: Visitor, app: Flask) -> None:
    newest = bank(app).transactions(MARIA, DEBITS)[0]
    before = next(one.balance for one in bank(app).accounts(MARIA) if one.id == newest.account_id)
    chat_id = ask(teller, "she wants the last direct debit back")
    words = cards(teller)[0].get_text(" ", strip=True)
    assert newest.counterparty in words
    assert "Returning a direct debit, How to return it" in words
    check_caller(teller, chat_id)
    assert press(teller, 0, "confirm") == 303
    assert bank(app).transactions(MARIA, DEBITS)[0].returned is not None
    after = next(one.balance for one in bank(app).accounts(MARIA) if one.id == newest.account_id)
    assert after == before - newest.amount

    due = standing(app)
    teller.get(f"/chat/{chat_id}")
    ask(teller, f"skip the next standing order to {due.to_name}", chat_id)
    assert "Standing orders, Set up, change, end" in cards(teller)[1].get_text(" ", strip=True)
    assert press(teller, 1, "confirm") == 303
    assert standing(app).paused_until == due.next_on + timedelta(days=1)
    teller.get(f"/chat/{chat_id}")
    ask(teller, f"resume the standing order to {due.to_name}", chat_id)
    assert press(teller, 2, "confirm") == 303
    teller.get(f"/chat/{chat_id}")
    assert state_of(teller, 2) == "Done"
    assert standing(app) == due
