"""What a bank can be asked to do: one immutable value per order, and its canonical text, which gets confirmed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, ClassVar, TypeAlias, get_args

from webapp.bank.order_choices import Charges, PinLetterReason, RecallReason, ReturnReason, Rhythm
from webapp.bank.regular_orders import PauseStandingOrder, ResumeStandingOrder, ReturnDirectDebit


class BlockReason(StrEnum):
    """Why a card is blocked. Only a block for a time can be lifted."""

    LOST = "lost"
    STOLEN = "stolen"
    FRAUD = "fraud"
    TEMPORARY = "temporary"


class ReplaceReason(StrEnum):
    """Why a card is replaced: it decides the fee, and whether number and PIN change."""

    LOST = "lost"
    STOLEN = "stolen"
    FRAUD = "fraud"
    DAMAGED = "damaged"
    EXPIRED = "expired"


class DisputeReason(StrEnum):
    """The ten reasons for which a card payment can be disputed."""

    DUPLICATE = "duplicate charge"
    AMOUNT = "wrong amount"
    NOT_RECEIVED = "goods not received"
    NOT_AS_DESCRIBED = "not as described"
    CANCELLED = "cancelled but charged"
    CREDIT = "credit not received"
    FRAUD = "fraud"
    CASH = "ATM cash not dispensed"
    SUBSCRIPTION = "subscription not ended"
    UNKNOWN = "unknown merchant"


class AlertAnswer(StrEnum):
    """What the customer says to "Was it you?"."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


class ContactField(StrEnum):
    """What can be changed of a customer's contact details."""

    EMAIL = "email"
    PHONE = "phone"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class BlockCard:
    """Block a card at once."""

    kind: ClassVar[str] = "block_card"
    card_id: str
    reason: BlockReason


@dataclass(frozen=True, slots=True)
class UnblockCard:
    """Lift a block that was set for a time."""

    kind: ClassVar[str] = "unblock_card"
    card_id: str


@dataclass(frozen=True, slots=True)
class ReplaceCard:
    """Order a new card in place of this one."""

    kind: ClassVar[str] = "replace_card"
    card_id: str
    reason: ReplaceReason
    express: bool = False


@dataclass(frozen=True, slots=True)
class ActivateCard:
    """Let a card that has arrived be used."""

    kind: ClassVar[str] = "activate_card"
    card_id: str


@dataclass(frozen=True, slots=True)
class SetCardLimit:
    """Set how much can be bought with a card in a day."""

    kind: ClassVar[str] = "set_card_limit"
    card_id: str
    daily_limit: Decimal


@dataclass(frozen=True, slots=True)
class TransferMoney:
    """Move money from one of the customer's accounts to any IBAN: an own one, one of this bank, or another bank's."""

    kind: ClassVar[str] = "transfer_money"
    account_id: str
    to_iban: str
    to_name: str
    amount: Decimal
    reference: str = ""


@dataclass(frozen=True, slots=True)
class InstantTransfer:
    """Move money to another bank within seconds, at any hour. It cannot be taken back."""

    kind: ClassVar[str] = "instant_transfer"
    account_id: str
    to_iban: str
    to_name: str
    amount: Decimal
    reference: str = ""


@dataclass(frozen=True, slots=True)
class ScheduleTransfer:
    """Move money on a day to come."""

    kind: ClassVar[str] = "schedule_transfer"
    account_id: str
    to_iban: str
    to_name: str
    amount: Decimal
    execute_on: date
    reference: str = ""


@dataclass(frozen=True, slots=True)
class PayBill:
    """Pay an invoice, so that the money is there on the due day; without one, as soon as a SEPA transfer can."""

    kind: ClassVar[str] = "pay_bill"
    account_id: str
    to_iban: str
    to_name: str
    amount: Decimal
    invoice: str
    payee_reference: str = ""  # the customer number with the biller
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class InternationalTransfer:
    """Send money outside SEPA, in euros or another currency. `amount` is in `currency`."""

    kind: ClassVar[str] = "international_transfer"
    account_id: str
    to_account: str  # an IBAN, or the account number as the country writes it
    bic: str
    to_name: str
    to_address: str
    amount: Decimal
    currency: str
    charges: Charges
    purpose: str


@dataclass(frozen=True, slots=True)
class SetUpStandingOrder:
    """Pay the same amount to the same recipient at fixed times."""

    kind: ClassVar[str] = "set_up_standing_order"
    account_id: str
    to_iban: str
    to_name: str
    amount: Decimal
    every: Rhythm
    first_on: date
    last_on: date | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class ChangeStandingOrder:
    """Change what a standing order pays, or until when; None leaves its end as it is."""

    kind: ClassVar[str] = "change_standing_order"
    instruction_id: str
    amount: Decimal
    last_on: date | None = None


@dataclass(frozen=True, slots=True)
class RecallTransfer:
    """Ask for money back that has gone out. A request: the recipient decides."""

    kind: ClassVar[str] = "recall_transfer"
    transfer_id: str
    reason: RecallReason


@dataclass(frozen=True, slots=True)
class ResetPinCount:
    """Unlock a card that three wrong PINs have locked, for a customer who is there with an identity document."""

    kind: ClassVar[str] = "reset_pin_count"
    card_id: str


@dataclass(frozen=True, slots=True)
class SendPinLetter:
    """Send a PIN by letter."""

    kind: ClassVar[str] = "send_pin_letter"
    card_id: str
    reason: PinLetterReason


@dataclass(frozen=True, slots=True)
class CancelTransfer:
    """Take back a transfer that has not been executed."""

    kind: ClassVar[str] = "cancel_transfer"
    transfer_id: str


@dataclass(frozen=True, slots=True)
class StopPayment:
    """End a standing order, or stop a direct debit: the next one only, or all until this is cancelled."""

    kind: ClassVar[str] = "stop_payment"
    instruction_id: str
    only_next: bool = False


@dataclass(frozen=True, slots=True)
class OpenDispute:
    """Contest a card payment."""

    kind: ClassVar[str] = "open_dispute"
    transaction_id: str
    reason: DisputeReason


@dataclass(frozen=True, slots=True)
class WithdrawDispute:
    """Take a dispute back."""

    kind: ClassVar[str] = "withdraw_dispute"
    dispute_id: str


@dataclass(frozen=True, slots=True)
class ResolveAlert:
    """Answer a fraud alert with what the customer said."""

    kind: ClassVar[str] = "resolve_alert"
    alert_id: str
    answer: AlertAnswer


@dataclass(frozen=True, slots=True)
class ReportFraud:
    """Block a card and open a fraud case, with the payments the customer did not make."""

    kind: ClassVar[str] = "report_fraud"
    card_id: str
    transaction_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UpdateContact:
    """Change the e-mail address, the phone number, or the postal address ("street, postcode town")."""

    kind: ClassVar[str] = "update_contact"
    part: ContactField
    value: str


Order: TypeAlias = (
    BlockCard | UnblockCard | ReplaceCard | ActivateCard | SetCardLimit | TransferMoney | CancelTransfer | StopPayment
    | OpenDispute | WithdrawDispute | ResolveAlert | ReportFraud | UpdateContact | InstantTransfer | ScheduleTransfer
    | PayBill | InternationalTransfer | SetUpStandingOrder | ChangeStandingOrder | RecallTransfer | ResetPinCount
    | SendPinLetter | ReturnDirectDebit | PauseStandingOrder | ResumeStandingOrder
)  # fmt: skip
ORDERS: Mapping[str, Any] = {one.kind: one for one in get_args(Order)}
Plain: TypeAlias = "str | bool | list[str]"

_ENUMS: Mapping[str, type[StrEnum]] = {
    "BlockReason": BlockReason,
    "ReplaceReason": ReplaceReason,
    "DisputeReason": DisputeReason,
    "AlertAnswer": AlertAnswer,
    "ContactField": ContactField,
    "Charges": Charges,
    "Rhythm": Rhythm,
    "RecallReason": RecallReason,
    "PinLetterReason": PinLetterReason,
    "ReturnReason": ReturnReason,
}


def arguments_of(order: Order) -> dict[str, Plain]:
    """An order's arguments as JSON can hold them; amounts and days as texts, "" for a day that was not said."""
    return {one.name: _plain(getattr(order, one.name)) for one in fields(order)}


def _plain(value: object) -> Plain:
    if isinstance(value, bool):
        return value
    if isinstance(value, tuple):
        return [str(one) for one in value]
    return "" if value is None else str(value)


def order_from(kind: str, arguments: Mapping[str, object]) -> Order:
    """The order these arguments were taken from; raises ValueError for anything that is none."""
    made = ORDERS.get(kind)
    if made is None:
        raise ValueError(f"there is no order {kind!r}")
    known = {one.name: str(one.type) for one in fields(made)}
    if set(arguments) != set(known):
        raise ValueError(f"the arguments of {kind} are {', '.join(known)}")
    order: Order = made(**{name: _read(known[name], value) for name, value in arguments.items()})
    return order


def _read(declared: str, value: object) -> object:
    if declared == "bool":
        if not isinstance(value, bool):
            raise ValueError("true or false is needed")
        return value
    if declared.startswith("tuple"):
        if not isinstance(value, list | tuple):
            raise ValueError("a list is needed")
        return tuple(str(one) for one in value)
    if not isinstance(value, str):
        raise ValueError("a text is needed")
    if declared == "Decimal":
        return _amount(value)
    if declared.startswith("date"):
        return None if value == "" and declared.endswith("None") else date.fromisoformat(value)
    return _ENUMS[declared](value) if declared in _ENUMS else value


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise ValueError("an amount is needed") from error
    if not amount.is_finite():
        raise ValueError("an amount is needed")
    return amount


def canonical(value: object) -> str:
    """The one way to write a JSON value: sorted names, no blanks, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest_of(value: object) -> str:
    """SHA-256 of the canonical text, in hex."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()
