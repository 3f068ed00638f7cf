"""Proposals for transfers of other kinds: at once, later, for a bill, abroad. None of them changes anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from webapp.agents.tools.payment_proposals import one_account, propose_transfer
from webapp.agents.tools.proposed import ask_for, proposed
from webapp.agents.tools.registry import ToolResult, proposes
from webapp.agents.tools.subject import customer_of
from webapp.agents.transcript import Desk
from webapp.agents.wording import account_name, money, plain
from webapp.bank.iban import read_bic, read_foreign_account, read_iban
from webapp.bank.order_choices import Charges
from webapp.bank.orders import InstantTransfer, InternationalTransfer, PayBill, ScheduleTransfer
from webapp.bank.values import Account

UNSET = Decimal(0)
_CHARGES = ("SHA", "OUR", "BEN")
_CHARGES_MEAN = ("shared", "the customer pays all", "the recipient pays all")


@dataclass(frozen=True, slots=True)
class Ends:
    """From where, to whom, how much."""

    source: Account
    iban: str
    name: str
    amount: Decimal


def ends_of(
    desk: Desk,
    amount: Decimal,
    from_account: str | None,
    to_iban: str | None,
    to_name: str | None,
    to_account: str | None = None,
) -> Ends | ToolResult:
    """The ends of a payment inside SEPA, or the question for the first thing that is missing."""
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
        return ask_for("amount", f"How much? {_there_is(source)}")
    if target is not None:
        return Ends(source, target.iban, customer_of(desk).name, amount)
    if not to_iban:
        return ask_for("iban", f"To which IBAN{f' of {plain(to_name)}' if to_name else ''}?")
    iban = read_iban(to_iban)
    if iban is None:
        return ask_for("iban", "This IBAN is not valid: its length or check digits are wrong. What is the IBAN?")
    name = (to_name or "").strip()
    if not name:
        return ask_for("name", "Whose account is it? The recipient's name is needed.")
    return Ends(source, iban, name, amount)


def _there_is(source: Account) -> str:
    return f"{account_name(source)} has {money(source.available, source.currency)} available."


@proposes(label="an instant transfer", doing="Preparing the instant transfer", level="full")
def propose_instant_transfer(
    desk: Desk,
    amount: Decimal = UNSET,
    from_account: str | None = None,
    to_iban: str | None = None,
    to_name: str | None = None,
    reference: str | None = None,
) -> ToolResult:
    """Propose to send money to another bank within seconds. It cannot be taken back. A person confirms it.

    from_account: last four digits or kind; the current account if left out. reference: up to 140 characters.
    """
    ends = ends_of(desk, amount, from_account, to_iban, to_name)
    if isinstance(ends, ToolResult):
        return ends
    order = InstantTransfer(ends.source.id, ends.iban, ends.name, ends.amount, (reference or "").strip())
    rule = ("payments-instant", "Cannot be taken back")
    return proposed(desk, order, rule, "full", {"account": ends.source.last_four})


@proposes(label="a scheduled transfer", doing="Preparing the scheduled transfer", level="full")
def propose_scheduled_transfer(
    desk: Desk,
    execute_on: date | None = None,
    amount: Decimal = UNSET,
    from_account: str | None = None,
    to_account: str | None = None,
    to_iban: str | None = None,
    to_name: str | None = None,
    reference: str | None = None,
) -> ToolResult:
    """Propose a transfer on a day to come, up to 12 months ahead. A person confirms it.

    execute_on: the day. from_account, to_account: own accounts, by last four digits or kind. to_iban and to_name:
    anybody else's.
    """
    ends = ends_of(desk, amount, from_account, to_iban, to_name, to_account)
    if isinstance(ends, ToolResult):
        return ends
    if execute_on is None:
        return ask_for("on", "On which day?")
    words = (reference or "").strip()
    if execute_on <= desk.now.date():  # "today" is an ordinary transfer
        terms = {"from_account": from_account, "to_account": to_account, "to_iban": to_iban, "to_name": to_name}
        now: ToolResult = propose_transfer.run(desk, amount, **terms, reference=words)
        return now
    order = ScheduleTransfer(ends.source.id, ends.iban, ends.name, ends.amount, execute_on, words)
    return proposed(desk, order, ("payments-scheduled", "Ordering"), "full", {"account": ends.source.last_four})


@proposes(label="paying a bill", doing="Preparing the payment of the bill", level="full")
def propose_bill_payment(
    desk: Desk,
    amount: Decimal = UNSET,
    to_iban: str | None = None,
    to_name: str | None = None,
    invoice: str | None = None,
    payee_reference: str | None = None,
    due_on: date | None = None,
    from_account: str | None = None,
) -> ToolResult:
    """Propose to pay a bill so that the money is there on the due day. A person confirms it.

    to_name and to_iban: of the biller. invoice: its number as on the bill. payee_reference: the customer number there.
    due_on: without it the bill is paid as soon as possible.
    """
    ends = ends_of(desk, amount, from_account, to_iban, to_name)
    if isinstance(ends, ToolResult):
        return ends
    if not invoice:
        return ask_for("invoice", f"What is the invoice number of {plain(ends.name)}, exactly as on the bill?")
    reference = (payee_reference or "").strip()
    order = PayBill(ends.source.id, ends.iban, ends.name, ends.amount, invoice.strip(), reference, due_on)
    rule = ("payments-bill-payment", "When does it arrive?")
    return proposed(desk, order, rule, "full", {"account": ends.source.last_four})


@proposes(label="a transfer abroad", doing="Preparing the transfer abroad", level="full")
def propose_international_transfer(
    desk: Desk,
    amount: Decimal = UNSET,
    currency: str | None = None,
    to_name: str | None = None,
    to_account: str | None = None,
    bic: str | None = None,
    to_address: str | None = None,
    charges: Literal["OUR", "SHA", "BEN"] | None = None,
    purpose: str | None = None,
    from_account: str | None = None,
) -> ToolResult:
    """Propose to send money outside SEPA or in another currency (SWIFT, wire). A person confirms it.

    amount: in `currency` (ISO 4217). to_account: an IBAN or the account number of the country. bic: of the recipient's
    bank. to_address: the recipient's full address. charges: OUR the sender pays all, SHA shared, BEN the recipient.
    purpose: in plain words.
    """
    source = one_account(desk, from_account or "current", "account_from", "From which account?")
    if isinstance(source, ToolResult):
        return source
    if not amount:
        return ask_for("amount", f"How much, and in which currency? {_there_is(source)}")
    if not currency:
        return ask_for("currency", f"In which currency are the {amount:,.2f}?", ("EUR", "USD", "GBP", "CHF"))
    if not (to_name or "").strip():
        return ask_for("name", "Who is the recipient?")
    missing = _missing_abroad(str(to_name), to_account, bic, to_address, charges, purpose)
    if missing is not None:
        return missing
    order = InternationalTransfer(
        source.id, read_foreign_account(to_account or "") or "", read_bic(bic or "") or "", str(to_name).strip(),
        (to_address or "").strip(), amount, currency.strip().upper(), Charges(str(charges)), (purpose or "").strip(),
    )  # fmt: skip
    return proposed(desk, order, ("payments-international", "Price"), "full", {"account": source.last_four})


def _missing_abroad(
    name: str, account: str | None, bic: str | None, address: str | None, charges: str | None, purpose: str | None
) -> ToolResult | None:
    """The question for the first thing that is missing or wrong; None if all is there."""
    who = plain(name)
    if not account or read_foreign_account(account) is None:
        wrong = "This account number is not valid. " if account else ""
        return ask_for("foreign", f"{wrong}What is the account number or IBAN of {who}?")
    if not bic or read_bic(bic) is None:
        wrong = "This BIC is not valid. " if bic else ""
        return ask_for("bic", f"{wrong}What is the BIC of the recipient's bank?")
    if not address:
        return ask_for("address", f"What is the full address of {who}?")
    if not charges:
        question = "Who pays the charges: shared (SHA), the customer (OUR), or the recipient (BEN)?"
        return ask_for("charges", question, _CHARGES, _CHARGES_MEAN)
    if not purpose:
        return ask_for("value", "What is the money for, in plain words?")
    return None
