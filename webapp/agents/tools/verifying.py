"""A payment gone through with the customer: found by what is known of it, with the fraud alert it belongs to."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from webapp.agents.tools.movements import movements, names_meant
from webapp.agents.tools.proposed import ask_for
from webapp.agents.tools.registry import ToolResult, reads
from webapp.agents.tools.subject import accounts_meant, customer_of
from webapp.agents.transcript import Desk, Json
from webapp.agents.wording import account_name, count, day, ending, local_day, money, plain, together, when
from webapp.bank.core_banking import TransactionQuery
from webapp.bank.values import AlertState, FraudAlert, Transaction

_MOST_SHOWN = 5
_WAS_IT = "Was it the customer: yes, no, or unsure?"


@reads(label="payment in question", doing="Looking for the payment")
def payment_in_question(
    desk: Desk,
    transaction_id: str | None = None,
    merchant: str | None = None,
    amount: Decimal | None = None,
    since: date | None = None,
    until: date | None = None,
) -> ToolResult:
    """One outgoing payment, to be gone through with the customer: day, time, merchant, card, statement text, how often
    money went there before, and whether a fraud alert is open about it.

    transaction_id: of a payment shown before; or find it by merchant, amount and days. Without any of them, the
    payments of open fraud alerts.
    """
    query = TransactionQuery(since=since, until=until, min_amount=amount, max_amount=amount, direction="out")
    every = list(movements(desk, TransactionQuery(direction="out")).rows)
    rows = list(movements(desk, query).rows) if since or until or amount is not None else every
    alerts = [one for one in desk.bank.fraud_alerts(customer_of(desk).number) if one.state is AlertState.OPEN]
    if transaction_id:
        rows = [row for row in every if row.id == transaction_id]
    elif merchant:
        names = names_meant((row.counterparty for row in rows), merchant)
        rows = [row for row in rows if row.counterparty in names]
        if not names and amount is None:
            return ToolResult(f"No payment to “{plain(merchant)}” is on record.", outcome="not found")
    elif amount is None and since is None:
        flagged = {key for alert in alerts for key in alert.transaction_ids}
        rows = [row for row in every if row.id in flagged]
        if not rows:
            return ask_for("payment", "Which payment? Name the merchant, the amount or the day.")
    if not rows:
        return ToolResult("There is no such payment on record.", outcome="not found")
    if len(rows) > 1:
        return _which(desk, rows)
    return _shown(desk, rows[0], every, alerts)


def _which(desk: Desk, rows: list[Transaction]) -> ToolResult:
    shown = rows[:_MOST_SHOWN]
    labels = [
        f"{day(local_day(row.booked_at, desk.now))}, {plain(row.counterparty)}, {money(-row.amount, row.currency)}"
        for row in shown
    ]
    lines = "\n".join(f"{place}. {label}" for place, label in enumerate(labels, start=1))
    more = f"{len(rows) - _MOST_SHOWN} older ones fit too." if len(rows) > _MOST_SHOWN else ""
    question = together("Which payment is it?", lines, more)
    return ask_for("item", question, [row.id for row in shown], labels)


def _shown(desk: Desk, row: Transaction, every: list[Transaction], alerts: list[FraudAlert]) -> ToolResult:
    account = next((one for one in accounts_meant(desk, None) if one.id == row.account_id), None)
    earlier = [one for one in every if one.counterparty == row.counterparty and one.id != row.id and one.amount < 0]
    alert = next((one for one in alerts if row.id in one.transaction_ids), None)
    place = f"card {ending(row.card_last_four)}" if row.card_last_four else account_name(account) if account else ""
    lead = (
        f"{money(-row.amount, row.currency)} to {plain(row.counterparty)}, {when(row.booked_at, desk.now)}, "
        f"{plain(row.kind)}, {plain(row.status)}, {place}. Statement text: {plain(row.text)}."
    )
    before = (
        f"Paid there {count(len(earlier), 'time')} otherwise, last on "
        f"{day(local_day(max(one.booked_at for one in earlier), desk.now))}."
        if earlier
        else "Nothing else on record was ever paid there."
    )
    flagged = "A fraud alert about it is open." if alert else ""
    facts: dict[str, Json] = {
        "transaction": row.id,
        "merchant": row.counterparty,
        "amount": str(-row.amount),
        "kind": row.kind.value,
        "alert": alert.id if alert else "",
        "ask": "answer",
        "choices": ["yes", "no", "unsure"],
        "labels": ["Yes, it was the customer", "No, it was not", "Unsure"],
    }
    if row.card_last_four:
        facts["card"] = row.card_last_four
    return ToolResult(together(lead, " ".join(part for part in (before, flagged) if part), _WAS_IT), facts=facts)
