"""Proposals about money: transfers, taking them back, stopping what is due. None of them changes anything."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from webapp.agents.tools.movements import names_meant
from webapp.agents.tools.proposed import ask_for, proposed
from webapp.agents.tools.registry import BadArgument, ToolResult, proposes
from webapp.agents.tools.subject import accounts_meant, customer_of, no_such_account
from webapp.agents.transcript import Desk
from webapp.agents.wording import account_name, day, money, plain
from webapp.bank.errors import OrderRefused
from webapp.bank.iban import read_iban
from webapp.bank.order_choices import RecallReason
from webapp.bank.orders import CancelTransfer, RecallTransfer, StopPayment, TransferMoney
from webapp.bank.values import Account, AccountStatus, Transfer, TransferState

_UNSET = Decimal(0)
_CANCELLABLE = (TransferState.SCHEDULED, TransferState.PROCESSING)
_RECALLABLE = (TransferState.PROCESSING, TransferState.COMPLETED)
_MOST_READ = 200


@proposes(label="a transfer", doing="Preparing the transfer", level="full")
def propose_transfer(
    desk: Desk,
    amount: Decimal = _UNSET,
    from_account: str | None = None,
    to_account: str | None = None,
    to_iban: str | None = None,
    to_name: str | None = None,
    reference: str | None = None,
) -> ToolResult:
    """Propose to move money from an account of the customer. A person confirms it.

    from_account: last four digits or kind; the current account if left out. to_account: an own account, by last four
    digits or kind. to_iban and to_name: anybody else's. reference: up to 140 characters.
    """
    source = one_account(desk, from_account or "current", "account_from", "From which account?")
    if isinstance(source, ToolResult):
        return source
    target: Account | None = None
    if to_account and not to_iban:
        found = one_account(desk, to_account, "account_to", "To which account?")
        if isinstance(found, ToolResult):
            return found
        target = found
    if not amount:
        there_is = f"{account_name(source)} has {money(source.available, source.currency)} available."
        return ask_for("amount", f"How much? {there_is}")
    if target is None and not to_iban:
        who = f" of {plain(to_name)}" if to_name else ""
        return ask_for("iban", f"To which IBAN{who}, or to which of the customer's own accounts?")
    iban = target.iban if target else read_iban(to_iban or "")
    if iban is None:
        return ask_for("iban", "This IBAN is not valid: its length or check digits are wrong. What is the IBAN?")
    name = customer_of(desk).name if target else (to_name or "").strip()
    if not name:
        return ask_for("name", "Whose account is it? The recipient's name is needed.")
    inside = target is not None or (iban[:2] == source.iban[:2] and iban[4:12] == source.iban[4:12])
    article = "payments-internal-transfer" if inside else "payments-sepa-transfer"
    order = TransferMoney(source.id, iban, name, amount, (reference or "").strip())
    return proposed(desk, order, (article, "Cost and time"), "full", {"account": source.last_four})


def one_account(desk: Desk, words: str, slot: str, question: str) -> Account | ToolResult:
    found = [one for one in accounts_meant(desk, words) if one.status is not AccountStatus.CLOSED]
    if len(found) == 1:
        return found[0]
    if not found:
        return no_such_account(desk, words)
    labels = [account_name(one) for one in found]
    return ask_for(slot, f"{question} {'; '.join(labels)}.", [one.last_four for one in found], labels)


@proposes(label="cancelling a transfer", doing="Looking for the transfer to cancel", level="full")
def propose_transfer_cancellation(
    desk: Desk, transfer_id: str | None = None, to: str | None = None, amount: Decimal | None = None
) -> ToolResult:
    """Propose to take back a transfer that has not been executed. A person confirms it.

    transfer_id: as staff quote it, TR-204118. to, amount: find it by the recipient or the amount instead.
    """
    row = _one_transfer(desk, transfer_id, to, amount, _CANCELLABLE)
    if isinstance(row, ToolResult):
        return row
    if row.state is TransferState.COMPLETED:
        return ToolResult(
            f"Transfer {plain(row.id)} has been executed.", facts={"transfer": row.id, "recallable": True}
        )
    scheduled = row.state is TransferState.SCHEDULED
    rule = (
        ("payments-scheduled", "Changing and cancelling") if scheduled else ("payments-recall", "Before it is executed")
    )
    try:
        return proposed(desk, CancelTransfer(row.id), rule, "full", {"transfer": row.id})
    except OrderRefused as refused:
        if row.state not in _RECALLABLE:
            raise
        return ToolResult(str(refused), facts={"transfer": row.id, "recallable": True})


@proposes(label="recalling a transfer", doing="Looking for the transfer to recall", level="full")
def propose_recall(
    desk: Desk,
    reason: Literal["wrong account", "wrong amount", "sent twice"] | None = None,
    transfer_id: str | None = None,
    to: str | None = None,
    amount: Decimal | None = None,
) -> ToolResult:
    """Propose to ask for money back that has gone out: a request that costs a fee, and the recipient decides. A person
    confirms it.

    reason: why. transfer_id: as staff quote it. to, amount: find it by the recipient or the amount instead.
    """
    row = _one_transfer(desk, transfer_id, to, amount, _RECALLABLE)
    if isinstance(row, ToolResult):
        return row
    if reason is None:
        question = (
            f"Transfer {plain(row.id)} to {plain(row.to_name)} has been executed. A recall asks the recipient, costs "
            "12.00 EUR and may fail. Why is it recalled: wrong account, wrong amount, or sent twice?"
        )
        return ask_for("reason", question, [one.value for one in RecallReason])
    order = RecallTransfer(row.id, RecallReason(reason))
    return proposed(desk, order, ("payments-recall", "After it is executed"), "full", {"transfer": row.id})


def _one_transfer(
    desk: Desk, transfer_id: str | None, to: str | None, amount: Decimal | None, wanted: tuple[TransferState, ...]
) -> Transfer | ToolResult:
    """The transfer meant; of several that fit, one in a state that is wanted."""
    rows = list(desk.bank.transfers(customer_of(desk).number, limit=_MOST_READ))
    if transfer_id:
        digits = "".join(sign for sign in transfer_id if sign.isdigit())
        rows = [row for row in rows if "".join(sign for sign in row.id if sign.isdigit()) == digits]
        if not rows:
            return ToolResult(f"The customer has no transfer {plain(transfer_id)}.", outcome="not found")
    else:
        names = names_meant((row.to_name for row in rows), to) if to else []
        rows = [row for row in rows if (not to or row.to_name in names) and (amount is None or row.amount == amount)]
        if not rows:
            return ToolResult("The customer has no such transfer.", outcome="not found")
        still = [row for row in rows if row.state in wanted]
        rows = still or rows[:1]
    if len(rows) > 1:
        labels = [f"{row.id}, {money(row.amount, row.currency)} to {plain(row.to_name)}" for row in rows[:5]]
        return ask_for("transfer", f"Which transfer? {'; '.join(labels)}.", [row.id for row in rows[:5]], labels)
    return rows[0]


@proposes(label="stopping a payment", doing="Looking for the payment to stop", level="full")
def propose_stopped_payment(
    desk: Desk,
    to: str | None = None,
    kind: Literal["standing order", "direct debit"] | None = None,
    only_next: bool = False,
) -> ToolResult:
    """Propose to end a standing order, or to stop a direct debit. A person confirms it.

    to: the recipient. kind: which of the two. only_next: for a direct debit, only the next one.
    """
    rows = [row for row in desk.bank.standing_instructions(customer_of(desk).number) if not row.stopped]
    rows = [row for row in rows if kind is None or row.kind == kind]
    if to:
        names = names_meant((row.to_name for row in rows), to)
        rows = [row for row in rows if row.to_name in names]
    if not rows:
        what = plain(kind or "standing order or direct debit")
        return ToolResult(f"The customer has no such {what}{f' to “{plain(to)}”' if to else ''}.", outcome="not found")
    if len(rows) > 1:
        labels = [f"{plain(row.to_name)}, {row.kind}, next {day(row.next_on)}" for row in rows[:8]]
        return ask_for("payee", f"Which one? {'; '.join(labels)}.", [row.to_name for row in rows[:8]], labels)
    row = rows[0]
    if only_next and row.kind == "standing order":
        raise BadArgument("A single execution of a standing order is not stopped; the standing order is ended.")
    is_debit = row.kind == "direct debit"
    rule = (
        ("payments-stop-payment", "What can be stopped")
        if is_debit
        else ("payments-standing-orders", "Set up, change, end")
    )
    return proposed(desk, StopPayment(row.id, only_next), rule, "full", {"merchant": row.to_name})
