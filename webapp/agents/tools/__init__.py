"""What agents can do: one file per subject, and the registry of all tools."""

from __future__ import annotations

from webapp.agents.tools import (
    accounts,
    card_proposals,
    cards,
    case_proposals,
    disputes,
    handbook,
    loans,
    payment_proposals,
    payments,
    spending,
    transactions,
)
from webapp.agents.tools.registry import Registry

TOOLS = Registry(
    (
        accounts.balance,
        accounts.accounts_overview,
        accounts.account_details,
        accounts.overdraft,
        accounts.customer_profile,
        transactions.transactions,
        transactions.transaction,
        transactions.find_merchant,
        spending.spending,
        spending.fees_charged,
        cards.cards_overview,
        cards.card_status,
        cards.card_pin,
        cards.card_limits,
        cards.card_declined,
        payments.transfers,
        payments.transfer,
        payments.standing_instructions,
        payments.upcoming_payments,
        loans.loans,
        loans.savings,
        disputes.disputes,
        disputes.fraud_alerts,
        disputes.duplicate_charges,
        handbook.handbook,
        card_proposals.propose_block_card,
        card_proposals.propose_unblock_card,
        card_proposals.propose_replacement_card,
        card_proposals.propose_card_activation,
        card_proposals.propose_card_limit,
        payment_proposals.propose_transfer,
        payment_proposals.propose_transfer_cancellation,
        payment_proposals.propose_stopped_payment,
        case_proposals.propose_dispute,
        case_proposals.propose_dispute_withdrawal,
        case_proposals.propose_alert_answer,
        case_proposals.propose_fraud_report,
        case_proposals.propose_contact_change,
    )
)
