"""Proposals about disputes, fraud and contact details. None of them changes anything."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from webapp.agents.tools.movements import movements, names_meant
from webapp.agents.tools.proposed import ask_for, proposed
from webapp.agents.tools.registry import ToolResult, proposes
from webapp.agents.tools.subject import card_meant, customer_of
from webapp.agents.transcript import Desk
from webapp.agents.wording import day, local_day, money, plain
from webapp.bank.core_banking import TransactionQuery
from webapp.bank.orders import (
    AlertAnswer,
    ContactField,
    DisputeReason,
    OpenDispute,
    ReportFraud,
    ResolveAlert,
    UpdateContact,
    WithdrawDispute,
)
from webapp.bank.values import AlertState, CardStatus, DisputeState, Transaction, TransactionKind

_CARD = (TransactionKind.CARD_PAYMENT, TransactionKind.CASH_WITHDRAWAL)
_OPEN = (DisputeState.OPEN, DisputeState.EVIDENCE_NEEDED, DisputeState.UNDER_REVIEW)
_MOST_SHOWN = 5
Reason = Literal[
    "duplicate charge", "wrong amount", "goods not received", "not as described", "cancelled but charged",
    "credit not received", "fraud", "ATM cash not dispensed", "subscription not ended", "unknown merchant",
]  # fmt: skip


@proposes(label="a dispute", doing="Looking for the payment to dispute", level="full")
def propose_dispute(
    desk: Desk,
    reason: Reason | None = None,
    transaction_id: str | None = None,
    merchant: str | None = None,
    amount: Decimal | None = None,
    since: date | None = None,
    until: date | None = None,
) -> ToolResult:
    """Propose to dispute a booked card payment. A person confirms it.

    transaction_id: of a payment shown before; or find it by merchant, amount and days. reason: one of the ten.
    """
    payment = _payment_meant(desk, transaction_id, merchant, amount, since, until)
    if isinstance(payment, ToolResult):
        return payment
    if reason is None:
        what = f"{money(-payment.amount, payment.currency)} at {plain(payment.counterparty)}"
        return ask_for("reason", f"Why is {what} disputed?", [one.value for one in DisputeReason])
    order = OpenDispute(payment.id, DisputeReason(reason))
    facts = {"transaction": payment.id, "merchant": payment.counterparty}
    return proposed(desk, order, ("disputes-overview", "Deadline and price"), "full", {**facts})


def _payment_meant(
    desk: Desk,
    transaction_id: str | None,
    merchant: str | None,
    amount: Decimal | None,
    since: date | None,
    until: date | None,
) -> Transaction | ToolResult:
    query = TransactionQuery(
        since=since, until=until, min_amount=amount, max_amount=amount, kinds=_CARD, direction="out"
    )
    rows = list(movements(desk, query).rows)
    if transaction_id:
        rows = [row for row in rows if row.id == transaction_id]
    elif merchant:
        names = names_meant((row.counterparty for row in rows), merchant)
        rows = [row for row in rows if row.counterparty in names]
    elif amount is None and since is None:
        return ask_for("payment", "Which payment? Name the merchant, the amount or the day.")
    if not rows:
        return ToolResult("There is no such card payment on record.", outcome="not found")
    if len(rows) > 1:
        shown = rows[:_MOST_SHOWN]
        labels = [
            f"{day(local_day(row.booked_at, desk.now))}, {plain(row.counterparty)}, {money(-row.amount, row.currency)}"
            for row in shown
        ]
        lines = "\n".join(f"{place}. {label}" for place, label in enumerate(labels, start=1))
        more = f"\n\n{len(rows) - _MOST_SHOWN} older ones fit too." if len(rows) > _MOST_SHOWN else ""
        return ask_for("item", f"Which payment?\n\n{lines}{more}", [row.id for row in shown], labels)
    return rows[0]


@proposes(label="withdrawing a dispute", doing="Looking for the dispute", level="full")
def propose_dispute_withdrawal(desk: Desk, dispute_id: str | None = None, merchant: str | None = None) -> ToolResult:
    """Propose to take a dispute back. A person confirms it.

    dispute_id: as staff quote it; or merchant; may be left out if only one is open.
    """
    rows = list(desk.bank.disputes(customer_of(desk).number))
    if dispute_id:
        digits = "".join(sign for sign in dispute_id if sign.isdigit())
        rows = [row for row in rows if "".join(sign for sign in row.id if sign.isdigit()) == digits]
    else:
        names = names_meant((row.merchant for row in rows), merchant) if merchant else []
        rows = [row for row in rows if row.state in _OPEN and (not merchant or row.merchant in names)]
    if not rows:
        return ToolResult("The customer has no such open dispute.", outcome="not found")
    if len(rows) > 1:
        labels = [f"{plain(row.id)}, {plain(row.merchant)}, {money(row.amount, row.currency)}" for row in rows]
        return ask_for("dispute", f"Which dispute? {'; '.join(labels)}.", [row.id for row in rows], labels)
    rule = ("disputes-withdrawal", "When to withdraw")
    return proposed(desk, WithdrawDispute(rows[0].id), rule, "full", {"merchant": rows[0].merchant})


@proposes(label="answering a fraud alert", doing="Looking at the fraud alert", level="basic")
def propose_alert_answer(
    desk: Desk, answer: Literal["yes", "no", "unsure"] | None = None, alert_id: str | None = None
) -> ToolResult:
    """Propose to record what the customer says to "Was it you?". A person confirms it.

    answer: yes closes the alert, no blocks the card and reports the fraud, unsure keeps it open. alert_id: may be left
    out if only one is open.
    """
    rows = [one for one in desk.bank.fraud_alerts(customer_of(desk).number) if one.state is AlertState.OPEN]
    rows = [one for one in rows if alert_id is None or one.id == alert_id]
    if not rows:
        return ToolResult("There is no open fraud alert for this customer.", outcome="not found")
    if len(rows) > 1:
        labels = [f"{plain(one.id)}, {plain(one.headline)}" for one in rows]
        return ask_for("alert", f"Which alert? {'; '.join(labels)}.", [one.id for one in rows], labels)
    if answer is None:
        return ask_for("answer", f"{plain(rows[0].headline)}. Was it the customer?", ("yes", "no", "unsure"))
    said = AlertAnswer(answer)
    rule = ("fraud-alerts", "Going through an alert with the customer")
    level: Literal["basic", "full"] = "full" if said is AlertAnswer.YES else "basic"
    facts = {"card": rows[0].card_last_four} if rows[0].card_last_four else {}
    return proposed(desk, ResolveAlert(rows[0].id, said), rule, level, {**facts})


@proposes(label="a fraud report", doing="Preparing the fraud report", level="none")
def propose_fraud_report(desk: Desk, last_four: str | None = None, transaction_id: str | None = None) -> ToolResult:
    """Propose to block a card for fraud and open a case. A person confirms it; no verification is needed to block.

    last_four: of the card; may be left out if only one is active. transaction_id: a payment the customer did not make.
    """
    if last_four is None:
        cards = [card for card in desk.bank.cards(customer_of(desk).number) if card.status is CardStatus.ACTIVE]
        last_four = cards[0].last_four if len(cards) == 1 else None
    card = card_meant(desk, last_four)
    if isinstance(card, ToolResult):
        return card
    order = ReportFraud(card.id, (transaction_id,) if transaction_id else ())
    return proposed(desk, order, ("fraud-report", "At once"), "none", {"card": card.last_four})


@proposes(label="changing contact details", doing="Preparing the change", level="full")
def propose_contact_change(
    desk: Desk, part: Literal["email", "phone", "address"] | None = None, value: str | None = None
) -> ToolResult:
    """Propose to change the customer's e-mail address, phone number or postal address. A person confirms it.

    value: the new one; an address as "street and number, postcode town".
    """
    if part is None:
        return ask_for("part", "What is to be changed: email, phone, or address?", ("email", "phone", "address"))
    if not value:
        form = ", written as: street and number, postcode town" if part == "address" else ""
        return ask_for("value", f"What is the new {part}{form}?")
    section = "How to change an address" if part == "address" else "Phone and e-mail"
    return proposed(desk, UpdateContact(ContactField(part), value), ("accounts-address-change", section), "full")
