"""Cards change their state as the handbook says, once for each key, and a preview changes nothing."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from tests.bank.conftest import TODAY, MakeBank
from tests.bank.orders_at import MARIA, Bank
from webapp.bank.core_banking import TransactionQuery
from webapp.bank.errors import CustomerNotFound, OrderRefused
from webapp.bank.orders import (
    ActivateCard,
    BlockCard,
    BlockReason,
    ContactField,
    ReplaceCard,
    ReplaceReason,
    SetCardLimit,
    UnblockCard,
    UpdateContact,
)
from webapp.bank.sandbox.seeding import roll_forward
from webapp.bank.values import CardStatus, TransactionKind


@pytest.fixture
def bank(make_bank: MakeBank) -> Bank:
    return Bank(make_bank(TODAY), datetime(TODAY.year, TODAY.month, TODAY.day, 11, 0))


def block(bank: Bank, reason: BlockReason = BlockReason.LOST) -> BlockCard:
    return BlockCard(bank.card().id, reason)


def test_a_blocked_card_is_blocked_for_everybody_who_looks(bank: Bank) -> None:
    receipt = bank.send(block(bank))
    assert bank.card().status is CardStatus.BLOCKED
    assert bank.card().status_reason == "Reported lost"
    assert receipt.text == "Nordhafen Debit ..4417 is blocked: reported lost."


def test_a_preview_says_what_would_happen_and_changes_nothing(bank: Bank) -> None:
    preview = bank.desk.preview(MARIA, block(bank))
    assert (preview.changes[0].before, preview.changes[0].after) == ("active", "blocked (Reported lost)")
    assert preview.act == "Block the card"
    assert bank.card().status is CardStatus.ACTIVE
    assert bank.rows("orders") == 0


def test_the_same_key_acts_once_and_gives_the_same_receipt(bank: Bank) -> None:
    order = ReplaceCard(bank.card().id, ReplaceReason.DAMAGED)
    first, second = bank.send(order, key="one"), bank.send(order, key="one")
    assert first == second
    assert bank.rows("card_orders") == 1
    assert bank.posted("bank:fees") == Decimal("10.00")


def test_one_key_is_one_order(bank: Bank) -> None:
    bank.send(block(bank), key="one")
    with pytest.raises(OrderRefused, match="another order"):
        bank.send(block(bank, BlockReason.STOLEN), key="one")


def test_a_refusal_stays_a_refusal_under_its_key(bank: Bank) -> None:
    unblock = UnblockCard(bank.card().id)
    with pytest.raises(OrderRefused, match="not blocked"):
        bank.send(unblock, key="one")
    bank.send(block(bank, BlockReason.TEMPORARY))
    with pytest.raises(OrderRefused, match="not blocked"):
        bank.send(unblock, key="one")
    assert bank.desk.outcome("one").state == "refused"
    assert bank.card().status is CardStatus.BLOCKED


def test_the_outcome_tells_what_became_of_a_key(bank: Bank) -> None:
    assert bank.desk.outcome("never sent").state == "not known"
    receipt = bank.send(block(bank), key="one")
    assert bank.desk.outcome("one").receipt == receipt


def test_only_a_block_for_a_time_is_lifted(bank: Bank) -> None:
    bank.send(block(bank, BlockReason.TEMPORARY))
    bank.send(UnblockCard(bank.card().id))
    assert bank.card().status is CardStatus.ACTIVE
    bank.send(block(bank, BlockReason.TEMPORARY))
    bank.send(block(bank, BlockReason.LOST))
    with pytest.raises(OrderRefused, match="cannot be unblocked"):
        bank.send(UnblockCard(bank.card().id))


def test_a_block_for_wrong_pins_is_not_lifted_here(bank: Bank) -> None:
    jonas = "10-2063"
    locked = next(card for card in bank.reads.cards(jonas) if card.status is CardStatus.BLOCKED)
    with pytest.raises(OrderRefused, match="wrong PINs"):
        bank.send(UnblockCard(locked.id), jonas)


def test_a_lost_card_is_replaced_only_after_it_is_blocked(bank: Bank) -> None:
    replace = ReplaceCard(bank.card().id, ReplaceReason.LOST)
    assert bank.desk.preview(MARIA, replace).fee == Decimal("10.00")
    with pytest.raises(OrderRefused, match="has to be blocked"):
        bank.send(replace)
    before = bank.account().balance
    bank.send(block(bank))
    bank.send(replace)
    new = next(
        card for card in bank.reads.cards(MARIA) if card.status is CardStatus.INACTIVE and "21 Mar" not in card.name
    )
    assert new.last_four != "4417"
    assert bank.account().balance == before - Decimal("10.00")
    with pytest.raises(OrderRefused, match="ordered already"):
        bank.send(replace)


@pytest.mark.parametrize(
    ("reason", "express", "hour", "fee", "arrives"),
    [
        (ReplaceReason.DAMAGED, False, 11, "10.00", "23 Mar 2026"),  # three working days after a Wednesday
        (ReplaceReason.STOLEN, False, 11, "0.00", "23 Mar 2026"),
        (ReplaceReason.STOLEN, True, 11, "15.00", "19 Mar 2026"),
        (ReplaceReason.DAMAGED, True, 13, "15.00", "19 Mar 2026"),
        (ReplaceReason.DAMAGED, True, 14, "15.00", "20 Mar 2026"),
    ],
)
def test_fee_and_delivery_follow_the_handbook(
    bank: Bank, reason: ReplaceReason, express: bool, hour: int, fee: str, arrives: str
) -> None:
    bank.time = bank.time.replace(hour=hour)
    preview = bank.desk.preview(MARIA, ReplaceCard(bank.card().id, reason, express))
    assert preview.fee == Decimal(fee)
    assert arrives in preview.changes[0].after


def test_an_activated_replacement_ends_the_old_card(bank: Bank) -> None:
    old = bank.card()
    number = bank.send(ReplaceCard(old.id, ReplaceReason.DAMAGED)).number
    bank.send(ActivateCard(number))
    by_id = {card.id: card for card in bank.reads.cards(MARIA)}
    assert by_id[number].status is CardStatus.ACTIVE
    assert by_id[old.id].status is CardStatus.EXPIRED
    with pytest.raises(OrderRefused, match="only a card that is not activated"):
        bank.send(ActivateCard(number))


def test_a_raised_limit_falls_back_by_itself(bank: Bank) -> None:
    bank.send(SetCardLimit(bank.card().id, Decimal("4000.00")))
    assert bank.card().daily_limit == Decimal("4000.00")
    roll_forward(bank.engine, TODAY + timedelta(days=30))
    assert bank.card().daily_limit == Decimal("4000.00")
    roll_forward(bank.engine, TODAY + timedelta(days=31))
    assert bank.card().daily_limit == Decimal("2500.00")


@pytest.mark.parametrize("limit", ["5000.01", "0.00", "-1.00", "1.001", "2500.00"])
def test_a_limit_that_cannot_be_is_refused(bank: Bank, limit: str) -> None:
    with pytest.raises(OrderRefused):
        bank.send(SetCardLimit(bank.card().id, Decimal(limit)))
    assert bank.card().daily_limit == Decimal("2500.00")


def test_no_limit_is_raised_while_an_alert_is_open(bank: Bank) -> None:
    amelia = "10-2121"
    card = next(card for card in bank.reads.cards(amelia) if card.status is CardStatus.ACTIVE)
    with pytest.raises(OrderRefused, match="fraud alert is open"):
        bank.send(SetCardLimit(card.id, Decimal("3000.00")), amelia)
    bank.send(SetCardLimit(card.id, Decimal("500.00")), amelia)  # lowering is always possible


def test_no_limit_is_raised_after_a_move(bank: Bank) -> None:
    bank.send(UpdateContact(ContactField.ADDRESS, "Am Kai 3, 20999 Nordhafen"))
    with pytest.raises(OrderRefused, match="14 days"):
        bank.send(SetCardLimit(bank.card().id, Decimal("3000.00")))
    bank.time += timedelta(days=15)
    bank.send(SetCardLimit(bank.card().id, Decimal("3000.00")))


def test_another_customers_card_is_none_of_this_ones(bank: Bank) -> None:
    other = bank.reads.cards("10-2063")[0]
    with pytest.raises(OrderRefused, match="no such card"):
        bank.send(BlockCard(other.id, BlockReason.LOST))
    with pytest.raises(CustomerNotFound):
        bank.send(block(bank), "99-9999")


def test_a_blocked_card_pays_nothing_in_the_days_after(bank: Bank) -> None:
    bank.send(block(bank))
    roll_forward(bank.engine, TODAY + timedelta(days=20))
    kinds = (TransactionKind.CARD_PAYMENT, TransactionKind.CASH_WITHDRAWAL)
    query = TransactionQuery(since=TODAY + timedelta(days=1), kinds=kinds, card_last_four="4417", limit=500)
    booked = bank.reads.transactions(MARIA, query)
    made_before = date(2026, 3, 18)
    assert all(f"{made_before:%b}" in one.text for one in booked)
    assert len(booked) < 6  # what had been made before, and was booked some nights later
