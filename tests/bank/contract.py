"""What every bank adapter promises. A bank proves its own by subclassing `CoreBankingContract` with its own fixtures.

class TestAcmeBank(CoreBankingContract):
    @pytest.fixture
    def bank(self) -> CoreBanking: ...
    @pytest.fixture
    def customer(self) -> str: ...  # a customer with accounts, an active card, five transactions and a transfer
    @pytest.fixture
    def stranger(self) -> str: ...  # another customer with a current account and a card
    @pytest.fixture
    def nobody(self) -> str: ...  # a customer number that is not given
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from webapp.bank.core_banking import CoreBanking, TransactionQuery
from webapp.bank.errors import AccountNotFound, CardNotFound, CustomerNotFound
from webapp.bank.values import AccountKind, AlertState, CardStatus, DisputeState, TransactionStatus

KINDS = list(AccountKind)
OPEN_DISPUTES = {DisputeState.OPEN, DisputeState.EVIDENCE_NEEDED, DisputeState.UNDER_REVIEW}
MANY = TransactionQuery(limit=1000)
QUESTIONS: dict[str, Callable[[CoreBanking, str], Any]] = {
    "customer": lambda bank, number: bank.customer(number),
    "accounts": lambda bank, number: bank.accounts(number),
    "cards": lambda bank, number: bank.cards(number),
    "card": lambda bank, number: bank.card(number, "0000"),
    "transactions": lambda bank, number: bank.transactions(number, TransactionQuery()),
    "transfers": lambda bank, number: bank.transfers(number),
    "standing instructions": lambda bank, number: bank.standing_instructions(number),
    "fraud alerts": lambda bank, number: bank.fraud_alerts(number),
    "disputes": lambda bank, number: bank.disputes(number),
}


def is_money(amount: Decimal) -> bool:
    """A Decimal with two places."""
    return isinstance(amount, Decimal) and amount.as_tuple().exponent == -2


class CoreBankingContract:
    """Subclass it with fixtures `bank`, `customer`, `stranger` and `nobody`."""

    @pytest.mark.parametrize("question", QUESTIONS)
    def test_an_unknown_customer_is_not_found(self, bank: CoreBanking, nobody: str, question: str) -> None:
        with pytest.raises(CustomerNotFound):
            QUESTIONS[question](bank, nobody)

    @pytest.mark.parametrize("number", ["", "x", "' OR 1=1 --", "\x00", "\ud800", "9" * 500])
    def test_no_text_is_mistaken_for_a_customer(self, bank: CoreBanking, number: str) -> None:
        with pytest.raises(CustomerNotFound):
            bank.accounts(number)

    def test_a_customer_is_who_was_asked_for(self, bank: CoreBanking, customer: str) -> None:
        found = bank.customer(customer)
        assert found.number == customer
        assert found.name.strip()
        assert found.branch.strip()

    # Accounts

    def test_accounts_belong_to_the_customer(self, bank: CoreBanking, customer: str) -> None:
        accounts = bank.accounts(customer)
        assert accounts
        assert {account.customer_number for account in accounts} == {customer}
        assert len({account.id for account in accounts}) == len(accounts)

    def test_accounts_come_by_kind_and_oldest_first(self, bank: CoreBanking, customer: str) -> None:
        accounts = bank.accounts(customer)
        assert list(accounts) == sorted(accounts, key=lambda a: (KINDS.index(a.kind), a.opened_on, a.id))

    def test_amounts_of_accounts_are_money(self, bank: CoreBanking, customer: str) -> None:
        for account in bank.accounts(customer):
            assert is_money(account.balance)
            assert is_money(account.available)
            assert is_money(account.overdraft_limit)

    def test_only_loans_have_loan_terms(self, bank: CoreBanking, customer: str, stranger: str) -> None:
        for account in [*bank.accounts(customer), *bank.accounts(stranger)]:
            assert (account.loan is not None) == (account.kind is AccountKind.LOAN)

    # Cards

    def test_cards_belong_to_the_customers_accounts(self, bank: CoreBanking, customer: str) -> None:
        cards = bank.cards(customer)
        assert cards
        assert {card.customer_number for card in cards} == {customer}
        assert {card.account_id for card in cards} <= {account.id for account in bank.accounts(customer)}

    def test_active_cards_come_first(self, bank: CoreBanking, customer: str, stranger: str) -> None:
        for number in (customer, stranger):
            active = [card.status is CardStatus.ACTIVE for card in bank.cards(number)]
            assert active == sorted(active, reverse=True)

    def test_a_card_is_found_by_its_last_four_digits(self, bank: CoreBanking, customer: str) -> None:
        for card in bank.cards(customer):
            assert len(card.last_four) == 4
            assert bank.card(customer, card.last_four).last_four == card.last_four

    @pytest.mark.parametrize("last_four", ["0000", "", "%", "____", "\x00", "' OR '1'='1"])
    def test_an_unknown_card_is_not_found(self, bank: CoreBanking, customer: str, last_four: str) -> None:
        with pytest.raises(CardNotFound):
            bank.card(customer, last_four)

    def test_another_customers_card_is_not_found(self, bank: CoreBanking, customer: str, stranger: str) -> None:
        with pytest.raises(CardNotFound):
            bank.card(customer, bank.cards(stranger)[0].last_four)

    # Transactions

    def test_transactions_come_newest_first(self, bank: CoreBanking, customer: str) -> None:
        times = [transaction.booked_at for transaction in bank.transactions(customer, MANY)]
        assert len(times) >= 5
        assert times == sorted(times, reverse=True)

    def test_times_are_aware_and_utc(self, bank: CoreBanking, customer: str) -> None:
        assert {t.booked_at.utcoffset() for t in bank.transactions(customer, MANY)} == {timedelta(0)}
        assert {t.ordered_at.utcoffset() for t in bank.transfers(customer)} == {timedelta(0)}

    def test_transactions_are_on_the_customers_accounts(self, bank: CoreBanking, customer: str) -> None:
        accounts = {account.id for account in bank.accounts(customer)}
        assert {transaction.account_id for transaction in bank.transactions(customer, MANY)} <= accounts

    @pytest.mark.parametrize("limit", [1, 3, 5])
    def test_no_more_transactions_than_wanted(self, bank: CoreBanking, customer: str, limit: int) -> None:
        some = bank.transactions(customer, TransactionQuery(limit=limit))
        assert list(some) == list(bank.transactions(customer, MANY))[:limit]
        assert len(some) == limit

    @pytest.mark.parametrize("limit", [0, -1, -(10**30)])
    def test_none_wanted_none_given(self, bank: CoreBanking, customer: str, limit: int) -> None:
        assert list(bank.transactions(customer, TransactionQuery(limit=limit))) == []
        assert list(bank.transfers(customer, limit)) == []
        assert list(bank.search_customers(bank.customer(customer).name, limit)) == []

    def test_transactions_of_one_account(self, bank: CoreBanking, customer: str) -> None:
        account_id = bank.transactions(customer, MANY)[0].account_id
        found = bank.transactions(customer, TransactionQuery(account_id=account_id))
        assert {transaction.account_id for transaction in found} == {account_id}

    def test_an_unknown_account_is_not_found(self, bank: CoreBanking, customer: str) -> None:
        with pytest.raises(AccountNotFound):
            bank.transactions(customer, TransactionQuery(account_id="no such account"))

    def test_another_customers_account_is_not_found(self, bank: CoreBanking, customer: str, stranger: str) -> None:
        theirs = bank.accounts(stranger)[0].id
        with pytest.raises(AccountNotFound):
            bank.transactions(customer, TransactionQuery(account_id=theirs))

    def test_both_days_of_a_period_are_included(self, bank: CoreBanking, customer: str) -> None:
        known = bank.transactions(customer, MANY)
        day = known[len(known) // 2].booked_at.date()
        found = bank.transactions(customer, TransactionQuery(since=day, until=day, limit=1000))
        assert list(found) == [t for t in known if t.booked_at.date() == day]
        assert found

    def test_amounts_are_bounded_by_size_not_sign(self, bank: CoreBanking, customer: str) -> None:
        known = bank.transactions(customer, MANY)
        sizes = sorted(abs(t.amount) for t in known)
        least, most = sizes[len(sizes) // 3], sizes[2 * len(sizes) // 3]
        found = bank.transactions(customer, TransactionQuery(min_amount=least, max_amount=most, limit=1000))
        assert list(found)[:100] == [t for t in known if least <= abs(t.amount) <= most][:100]
        assert found

    @pytest.mark.parametrize("direction", ["in", "out"])
    def test_direction_is_the_sign(self, bank: CoreBanking, customer: str, direction: str) -> None:
        found = bank.transactions(customer, TransactionQuery(direction=direction))
        assert found
        assert all((t.amount > 0) == (direction == "in") for t in found)

    def test_another_direction_is_refused(self, bank: CoreBanking, customer: str) -> None:
        with pytest.raises(ValueError, match="sideways"):
            bank.transactions(customer, TransactionQuery(direction="sideways"))

    def test_text_is_found_in_any_case(self, bank: CoreBanking, customer: str) -> None:
        sample = bank.transactions(customer, MANY)[0]
        for text in (sample.counterparty.upper(), sample.counterparty.lower(), sample.text[3:12]):
            found = bank.transactions(customer, TransactionQuery(text=text, limit=1000))
            assert sample in found

    @pytest.mark.parametrize("text", ["%", "_", "%_%", "\\", "no such merchant", "'; DROP TABLE accounts; --"])
    def test_wildcards_and_quotes_are_plain_text(self, bank: CoreBanking, customer: str, text: str) -> None:
        known = bank.transactions(customer, MANY)
        found = bank.transactions(customer, TransactionQuery(text=text, limit=1000))
        assert set(found) & set(known) == {t for t in known if text in t.text or text in t.counterparty} & set(found)
        assert all(text in f"{t.counterparty} {t.text}" for t in found)

    def test_transactions_of_some_kinds(self, bank: CoreBanking, customer: str) -> None:
        kinds = tuple({t.kind for t in bank.transactions(customer, MANY)})[:2]
        found = bank.transactions(customer, TransactionQuery(kinds=kinds, limit=1000))
        assert {t.kind for t in found} == set(kinds)

    def test_transactions_with_one_card(self, bank: CoreBanking, customer: str) -> None:
        used = next(t.card_last_four for t in bank.transactions(customer, MANY) if t.card_last_four)
        found = bank.transactions(customer, TransactionQuery(card_last_four=used))
        assert {t.card_last_four for t in found} == {used}

    def test_only_booked_money_has_a_balance_after_it(self, bank: CoreBanking, customer: str) -> None:
        for transaction in bank.transactions(customer, MANY):
            assert is_money(transaction.amount)
            assert (transaction.balance_after is not None) == (transaction.status is TransactionStatus.BOOKED)

    # Orders, instructions, alerts, disputes

    def test_transfers_come_newest_first(self, bank: CoreBanking, customer: str) -> None:
        orders = bank.transfers(customer, 100)
        assert orders
        assert [o.ordered_at for o in orders] == sorted((o.ordered_at for o in orders), reverse=True)
        assert list(bank.transfers(customer, 1)) == list(orders)[:1]
        assert {order.account_id for order in orders} <= {account.id for account in bank.accounts(customer)}

    def test_instructions_come_next_due_first(self, bank: CoreBanking, customer: str) -> None:
        due = [instruction.next_on for instruction in bank.standing_instructions(customer)]
        assert due == sorted(due)

    def test_open_alerts_come_first(self, bank: CoreBanking, customer: str, stranger: str) -> None:
        for number in (customer, stranger):
            alerts = bank.fraud_alerts(number)
            keys = [(alert.state is not AlertState.OPEN, -alert.raised_at.timestamp()) for alert in alerts]
            assert keys == sorted(keys)

    def test_open_disputes_come_first(self, bank: CoreBanking, customer: str, stranger: str) -> None:
        for number in (customer, stranger):
            disputes = bank.disputes(number)
            keys = [(dispute.state not in OPEN_DISPUTES, -dispute.opened_on.toordinal()) for dispute in disputes]
            assert keys == sorted(keys)

    # Searching

    def test_a_customer_is_found_by_number(self, bank: CoreBanking, customer: str) -> None:
        assert bank.search_customers(customer)[0].number == customer

    def test_a_customer_is_found_by_any_part_of_the_name(self, bank: CoreBanking, customer: str) -> None:
        name = bank.customer(customer).name
        for text in (name, name.upper(), name.lower(), name.split()[-1], name[1:-1]):
            assert customer in {match.number for match in bank.search_customers(text, 50)}

    def test_a_customer_is_found_by_account_and_card_ending(self, bank: CoreBanking, customer: str) -> None:
        endings = [account.last_four for account in bank.accounts(customer)]
        endings += [card.last_four for card in bank.cards(customer)]
        for ending in endings:
            assert customer in {match.number for match in bank.search_customers(ending, 50)}

    @pytest.mark.parametrize(
        "text", ["", "   ", "%", "_", "\\", "\x00", "\ud800", "zzzzzzzz", "' OR 1=1 --", "a" * 9000]
    )
    def test_nothing_is_found_for_what_is_nobodys(self, bank: CoreBanking, text: str) -> None:
        assert list(bank.search_customers(text)) == []

    def test_no_more_matches_than_wanted(self, bank: CoreBanking) -> None:
        assert len(bank.search_customers("a", 1)) <= 1
        assert len(bank.search_customers("a", 3)) <= 3
