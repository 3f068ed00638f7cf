"""The scripts of the rules model: for every intent, which tools to use and how to make an answer of what they say."""

from __future__ import annotations

from collections.abc import Mapping

from webapp.agents.models.rules.scripts import (
    accounts,
    cards,
    care,
    disputes,
    handbook,
    loans,
    payments,
    requests,
    service,
)
from webapp.agents.models.rules.scripts.part import Scene, ScriptFor

# A request is answered with its procedure even before a customer is attached.
_REQUEST = Scene(requests.request, needs_customer=False)
_HANDBOOK = Scene(handbook.handbook, needs_customer=False)


def _anybody(script: ScriptFor) -> Scene:
    """A scene whose procedure is worth saying before a customer is attached."""
    return Scene(script, needs_customer=False)


SCENES: Mapping[str, Scene] = {
    "balance": Scene(accounts.balance),
    "accounts_overview": Scene(accounts.accounts_overview),
    "account_details": Scene(accounts.account_details),
    "overdraft": Scene(accounts.overdraft),
    "profile": Scene(accounts.profile),
    "transactions": Scene(accounts.transactions),
    "spending": Scene(accounts.spending),
    "fees_charged": Scene(accounts.fees_charged),
    "cards_overview": Scene(cards.cards_overview),
    "card_status": Scene(cards.card_status),
    "card_pin": Scene(cards.card_pin),
    "card_limits": Scene(cards.card_limits),
    "card_declined": Scene(cards.card_declined),
    "transfers": Scene(payments.transfers),
    "transfer_failed": Scene(payments.transfer_failed),
    "standing_instructions": Scene(payments.standing_instructions),
    "upcoming": Scene(payments.upcoming),
    "direct_deposit": Scene(accounts.direct_deposit, unless=accounts.SETS_UP),
    "close_account": _anybody(accounts.close_account),
    "statement": Scene(care.statement, unless=care.ON_PAPER),
    "kyc_documents": Scene(care.kyc_documents),
    "name_change": _anybody(care.name_change),
    "power_of_attorney": _anybody(care.power_of_attorney),
    "deceased_customer": _anybody(care.deceased_customer),
    "vulnerable_customer": _anybody(care.vulnerable_customer),
    "complaint": _anybody(care.complaint),
    "branch_finder": _anybody(service.branch_finder),
    "loan_apply": _anybody(loans.loan_apply),
    "loan_status": _anybody(loans.loan_status),
    "loan_repay": _anybody(loans.loan_repay),
    "verify_transaction": Scene(disputes.verify_transaction),
    "withdraw_dispute": _REQUEST,
    "online_access": _anybody(service.online_access),
    "appointment": _anybody(service.appointment),
    "phishing": _anybody(disputes.phishing),
    "limits": _anybody(handbook.limits),
    "loan": Scene(loans.loan),
    "savings": Scene(loans.savings),
    "disputes_status": Scene(disputes.disputes_status),
    "fraud_alerts": Scene(disputes.fraud_alerts),
    "duplicate_check": Scene(disputes.duplicate_check),
    "rates_fees": _HANDBOOK,
    "how_to": _HANDBOOK,
    "deadlines": _HANDBOOK,
    "opening_hours": _HANDBOOK,
    "block_card": _REQUEST,
    "unblock_card": _REQUEST,
    "replace_card": _REQUEST,
    "activate_card": _REQUEST,
    "change_card_limit": _REQUEST,
    "transfer_money": _REQUEST,
    "cancel_transfer": _REQUEST,
    "stop_payment": _REQUEST,
    "pay_bill": _REQUEST,
    "international_transfer": _REQUEST,
    "standing_order_change": _REQUEST,
    "change_contact": _REQUEST,
    "open_account": _REQUEST,
    "loan_request": _anybody(loans.loan_request),
    "dispute_payment": Scene(requests.dispute_payment),
    "person": Scene(requests.person, needs_customer=False),
    "report_fraud": Scene(requests.report_fraud, needs_customer=False),
}
