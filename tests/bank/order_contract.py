"""What every order desk promises. A bank proves its own by subclassing `OrderDeskContract` with its own fixtures.

class TestAcmeOrders(OrderDeskContract):
    @pytest.fixture
    def bank(self) -> CoreBanking: ...
    @pytest.fixture
    def desk(self) -> OrderDesk: ...  # of the same bank; what a test changes has to be gone in the next
    @pytest.fixture
    def customer(self) -> str: ...  # with an active card, money on a current account, and another account
    @pytest.fixture
    def nobody(self) -> str: ...
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from webapp.bank.core_banking import CoreBanking, TransactionQuery
from webapp.bank.errors import BankUnavailable, CustomerNotFound, OrderRefused
from webapp.bank.order_choices import ReturnReason
from webapp.bank.order_desk import OrderDesk
from webapp.bank.orders import BlockCard, BlockReason, Order, TransferMoney, UnblockCard
from webapp.bank.regular_orders import PauseStandingOrder, ResumeStandingOrder, ReturnDirectDebit
from webapp.bank.values import Account, AccountKind, Card, CardStatus, StandingInstruction, TransactionKind

SMALL = Decimal("1.00")


def new_key() -> str:
    return f"prop_{uuid.uuid4().hex}"


class OrderDeskContract:
    """Subclass it with fixtures `bank`, `desk`, `customer` and `nobody`."""

    def card(self, bank: CoreBanking, customer: str) -> Card:
        return next(card for card in bank.cards(customer) if card.status is CardStatus.ACTIVE)

    def block(self, bank: CoreBanking, customer: str) -> BlockCard:
        return BlockCard(self.card(bank, customer).id, BlockReason.TEMPORARY)

    def accounts(self, bank: CoreBanking, customer: str) -> tuple[Account, Account]:
        found = bank.accounts(customer)
        source = next(one for one in found if one.kind is AccountKind.CHECKING and one.available > SMALL)
        return source, next(one for one in found if one.kind is AccountKind.SAVINGS)

    def transfer(self, bank: CoreBanking, customer: str, amount: Decimal = SMALL) -> TransferMoney:
        source, target = self.accounts(bank, customer)
        return TransferMoney(source.id, target.iban, bank.customer(customer).name, amount, "Contract")

    def test_a_preview_changes_nothing(self, bank: CoreBanking, desk: OrderDesk, customer: str) -> None:
        before = (list(bank.accounts(customer)), list(bank.cards(customer)), list(bank.transfers(customer)))
        for order in (self.block(bank, customer), self.transfer(bank, customer)):
            preview = desk.preview(customer, order)
            assert preview.title.strip()
            assert preview.act.strip()
            assert preview.changes
            assert preview.fee.as_tuple().exponent == preview.amount.as_tuple().exponent == -2
        assert before == (list(bank.accounts(customer)), list(bank.cards(customer)), list(bank.transfers(customer)))

    def test_what_was_carried_out_is_in_the_records(self, bank: CoreBanking, desk: OrderDesk, customer: str) -> None:
        order = self.block(bank, customer)
        receipt = desk.carry_out(new_key(), customer, order)
        assert next(card for card in bank.cards(customer) if card.id == order.card_id).status is CardStatus.BLOCKED
        assert receipt.number.strip()
        assert receipt.text.strip()
        assert receipt.done_at.utcoffset() == timedelta(0)
        assert abs(receipt.done_at - datetime.now(UTC)) < timedelta(days=800)

    def test_one_key_acts_once_and_gives_one_receipt(self, bank: CoreBanking, desk: OrderDesk, customer: str) -> None:
        order, key = self.transfer(bank, customer), new_key()
        before = self.accounts(bank, customer)[0].balance
        receipts = {desk.carry_out(key, customer, order) for _ in range(3)}
        assert len(receipts) == 1
        assert self.accounts(bank, customer)[0].balance == before - SMALL

    def test_one_key_sent_at_once_acts_once(self, bank: CoreBanking, desk: OrderDesk, customer: str) -> None:
        order, key = self.transfer(bank, customer), new_key()
        before = self.accounts(bank, customer)[0].balance

        def send(_number: int) -> str:
            for _ in range(20):
                try:
                    return desk.carry_out(key, customer, order).number
                except BankUnavailable:  # busy; it has promised that nothing was changed
                    continue
            return "away"

        with ThreadPoolExecutor(6) as pool:
            numbers = set(pool.map(send, range(6)))
        assert len(numbers) == 1
        assert self.accounts(bank, customer)[0].balance == before - SMALL

    def test_one_key_is_one_order(self, bank: CoreBanking, desk: OrderDesk, customer: str) -> None:
        key = new_key()
        desk.carry_out(key, customer, self.transfer(bank, customer))
        with pytest.raises(OrderRefused):
            desk.carry_out(key, customer, self.transfer(bank, customer, 2 * SMALL))

    def test_a_refusal_changes_nothing_says_why_and_stays(
        self, bank: CoreBanking, desk: OrderDesk, customer: str
    ) -> None:
        key, order = new_key(), UnblockCard(self.card(bank, customer).id)
        before = list(bank.cards(customer))
        with pytest.raises(OrderRefused) as first:
            desk.carry_out(key, customer, order)
        with pytest.raises(OrderRefused) as second:
            desk.carry_out(key, customer, order)
        assert str(first.value) == str(second.value)
        assert str(first.value).endswith(".")
        assert list(bank.cards(customer)) == before
        outcome = desk.outcome(key)
        assert (outcome.state, outcome.receipt, outcome.reason) == ("refused", None, str(first.value))

    def test_more_than_there_is_is_refused(self, bank: CoreBanking, desk: OrderDesk, customer: str) -> None:
        source, _target = self.accounts(bank, customer)
        too_much = self.transfer(bank, customer, source.available + SMALL)
        for attempt in (
            lambda: desk.preview(customer, too_much),
            lambda: desk.carry_out(new_key(), customer, too_much),
        ):
            with pytest.raises(OrderRefused):
                attempt()
        assert self.accounts(bank, customer)[0].balance == source.balance

    def test_the_outcome_tells_what_became_of_a_key(self, bank: CoreBanking, desk: OrderDesk, customer: str) -> None:
        key = new_key()
        assert desk.outcome(key).state == "not known"
        receipt = desk.carry_out(key, customer, self.block(bank, customer))
        outcome = desk.outcome(key)
        assert (outcome.state, outcome.receipt) == ("done", receipt)

    @pytest.mark.parametrize("order", [BlockCard("no such card", BlockReason.LOST), UnblockCard("")])
    def test_what_the_customer_does_not_have_is_refused(self, desk: OrderDesk, customer: str, order: Order) -> None:
        attempts: list[Callable[[], object]] = [
            lambda: desk.preview(customer, order),
            lambda: desk.carry_out(new_key(), customer, order),
        ]
        for attempt in attempts:
            with pytest.raises(OrderRefused):
                attempt()

    def test_nothing_is_done_for_nobody(self, bank: CoreBanking, desk: OrderDesk, customer: str, nobody: str) -> None:
        key, order = new_key(), self.block(bank, customer)
        with pytest.raises(CustomerNotFound):
            desk.preview(nobody, order)
        with pytest.raises(CustomerNotFound):
            desk.carry_out(key, nobody, order)
        assert desk.outcome(key).state == "not known"

    def test_money_moved_is_a_movement_on_both_accounts(
        self, bank: CoreBanking, desk: OrderDesk, customer: str
    ) -> None:
        source, target = self.accounts(bank, customer)
        desk.carry_out(new_key(), customer, self.transfer(bank, customer))
        after = {one.id: one for one in bank.accounts(customer)}
        assert after[source.id].balance == source.balance - SMALL
        assert after[target.id].balance == target.balance + SMALL
        newest = bank.transactions(customer, TransactionQuery(account_id=source.id, direction="out", limit=5))
        assert SMALL in {-one.amount for one in newest}

    def test_a_returned_direct_debit_is_credited_once_and_marked(
        self, bank: CoreBanking, desk: OrderDesk, customer: str
    ) -> None:
        query = TransactionQuery(kinds=(TransactionKind.DIRECT_DEBIT,), direction="out", limit=1)
        newest = next(iter(bank.transactions(customer, query)), None)
        if newest is None:
            pytest.skip("the customer has no direct debit")
        before = {one.id: one.balance for one in bank.accounts(customer)}
        order, key = ReturnDirectDebit(newest.id, ReturnReason.WANTED_BACK), new_key()
        assert desk.preview(customer, order).amount == -newest.amount
        assert desk.carry_out(key, customer, order) == desk.carry_out(key, customer, order)
        with pytest.raises(OrderRefused):
            desk.carry_out(new_key(), customer, order)
        after = {one.id: one.balance for one in bank.accounts(customer)}
        assert after[newest.account_id] == before[newest.account_id] - newest.amount
        assert bank.transactions(customer, query)[0].returned

    def test_a_standing_order_rests_until_it_is_resumed(
        self, bank: CoreBanking, desk: OrderDesk, customer: str
    ) -> None:
        def standing() -> StandingInstruction | None:
            found = bank.standing_instructions(customer)
            return next((one for one in found if one.kind == "standing order"), None)

        before = standing()
        if before is None:
            pytest.skip("the customer has no standing order")
        day_after = before.next_on + timedelta(days=1)
        desk.carry_out(new_key(), customer, PauseStandingOrder(before.id, day_after))
        resting = standing()
        assert resting is not None
        assert resting.paused_until == day_after
        assert resting.next_on >= day_after
        with pytest.raises(OrderRefused):
            desk.carry_out(new_key(), customer, PauseStandingOrder(before.id, None))
        desk.carry_out(new_key(), customer, ResumeStandingOrder(before.id))
        assert standing() == before
