"""Transfers of other kinds: instant, on a day to come, for a bill, and outside SEPA."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from babel import Locale

from webapp.bank.errors import OrderRefused
from webapp.bank.iban import LENGTHS, masked, read_bic, read_foreign_account, read_iban
from webapp.bank.order_choices import Charges
from webapp.bank.orders import InstantTransfer, InternationalTransfer, PayBill, ScheduleTransfer, TransferMoney
from webapp.bank.previews import Change, Preview
from webapp.bank.sandbox.bank_days import bank_day_from, bank_days_after, bank_days_before
from webapp.bank.sandbox.counter import NOTHING, Counter, Plan, euros, written_day
from webapp.bank.sandbox.dates import add_months
from webapp.bank.sandbox.ledger import charge
from webapp.bank.sandbox.payment_orders import (
    Sending,
    book,
    cash_advance,
    check_money,
    check_sender,
    check_words,
    named,
    own_bank_account,
    record,
    transfer,
    transfer_fee,
)
from webapp.bank.sandbox.terms import (
    COUNTER_ONLY_FROM,
    EXCHANGE_RATES,
    INTERNATIONAL_CUT_OFF_HOUR,
    INTERNATIONAL_DAYS,
    INTERNATIONAL_LEAST,
    INTERNATIONAL_MOST,
    INTERNATIONAL_PERCENT,
    MONTHS_AHEAD,
    MOST_INSTANT,
    WITHOUT_CENTS,
    cents,
    share,
)
from webapp.bank.values import Account, TransferState

NOT_VALID = "The IBAN is not valid: its length or check digits are wrong."
INSTANT = "It arrives within 10 seconds and cannot be taken back: only the recipient can send it back."
_WHO_PAYS = {
    Charges.OUR: "The customer pays all charges; those of other banks are debited later as billed.",
    Charges.SHA: "The customer pays this bank's charge; other banks may take theirs from the amount.",
    Charges.BEN: "The recipient bears all charges: they are taken from the amount.",
}


def instant(counter: Counter, order: InstantTransfer) -> Plan:
    """Executed at once, on any day; within the bank it is a transfer like any other."""
    iban = _valid(order.to_iban)
    source = counter.account(order.account_id, beside=iban)
    check_sender(source)
    check_words(order.amount, order.to_name, order.reference)
    target = own_bank_account(counter, source, iban)
    if target is not None:
        return transfer(counter, TransferMoney(source.id, iban, order.to_name, order.amount, order.reference))
    if order.amount > MOST_INSTANT:
        raise OrderRefused(f"An instant transfer is {euros(MOST_INSTANT)} at most; beyond that, a SEPA transfer.")
    fee = transfer_fee(source, None, order.amount)
    check_money(source, order.amount, fee)
    sending = Sending(source, None, order.to_name, iban, order.amount, fee, order.reference, "instant")
    to = f"{order.to_name}, {masked(iban)}"
    preview = Preview(
        f"Send {euros(order.amount)} at once from {named(source)} to {to}", "Send it at once",
        (_balance_change(source, order.amount + fee), Change("Reference", "", order.reference or "none")),
        fee=fee, amount=order.amount, notes=(INSTANT,),
    )  # fmt: skip

    def act() -> tuple[str, str]:
        number = record(counter, sending, counter.today, counter.today, TransferState.COMPLETED)
        book(counter, sending, number)
        return number, f"Instant transfer {number}: {euros(order.amount)} to {to} is there."

    return Plan(preview, act)


def schedule(counter: Counter, order: ScheduleTransfer) -> Plan:
    """Kept for a day to come. The fee is taken now, the money in the morning of that day."""
    iban = _valid(order.to_iban)
    source = counter.account(order.account_id, beside=iban)
    check_sender(source)
    check_words(order.amount, order.to_name, order.reference)
    target = own_bank_account(counter, source, iban)
    if order.execute_on <= counter.today:
        raise OrderRefused(f"{written_day(order.execute_on)} is not in the future; order an ordinary transfer.")
    if order.execute_on > add_months(counter.today, MONTHS_AHEAD):
        raise OrderRefused(f"A transfer can be dated up to {MONTHS_AHEAD} months ahead.")
    execute_on = bank_day_from(order.execute_on)
    arrives_on = execute_on if target is not None else bank_days_after(execute_on, 1)
    own = target is not None and target.customer_number == counter.customer.number
    fee = transfer_fee(source, target, order.amount)
    check_money(source, NOTHING, fee)
    kind = "internal" if target is not None else "SEPA"
    sending = Sending(source, target, order.to_name, iban, order.amount, fee, order.reference, kind)
    to = named(target) if own and target is not None else f"{order.to_name}, {masked(iban)}"
    preview = Preview(
        f"Transfer {euros(order.amount)} from {named(source)} to {to} on {written_day(execute_on)}",
        "Schedule the transfer",
        (Change("Scheduled transfer", "none", f"executed {written_day(execute_on)}, arrives {written_day(arrives_on)}"),
         Change("Reference", "", order.reference or "none")),
        fee=fee, amount=NOTHING if own else order.amount,
        notes=(*_moved(order.execute_on, execute_on), "The money has to be there when that day starts; if it is not, "
               "it is tried once more on the next working day.", "It can be cancelled free of charge until the day "
               "before."),
    )  # fmt: skip

    def act() -> tuple[str, str]:
        number = record(counter, sending, execute_on, arrives_on, TransferState.SCHEDULED)
        charge(counter, source.id, fee, f"Fee for transfer {number}")
        return number, f"Transfer {number}: {euros(order.amount)} to {to} is scheduled for {written_day(execute_on)}."

    return Plan(preview, act)


def pay_bill(counter: Counter, order: PayBill) -> Plan:
    """The transfer that has the money there on the due day: at once, as a SEPA transfer, or kept for later."""
    if not order.invoice.strip():
        raise OrderRefused("The invoice number is missing; recipients match payments by it.")
    reference = " ".join(filter(None, (order.payee_reference.strip(), order.invoice.strip())))
    due = order.due_on
    terms = (order.account_id, order.to_iban, order.to_name, order.amount)
    earliest = bank_days_after(counter.sepa_day, 1)
    if due is not None and counter.today <= due < earliest:
        made, how = instant(counter, InstantTransfer(*terms, reference)), "by instant transfer, to be in time"
    elif due is None or due < counter.today or bank_days_before(due, 1) <= counter.sepa_day:
        made, how = transfer(counter, TransferMoney(*terms, reference)), "by SEPA transfer"
    else:
        on = bank_days_before(due, 1)
        made, how = schedule(counter, ScheduleTransfer(*terms, on, reference)), f"scheduled for {written_day(on)}"
    late = due is not None and due < counter.today
    notes = (f"The bill was due {written_day(due)}: the recipient may ask for a late fee.",) if late and due else ()
    changes = (
        Change("Invoice", "", order.invoice.strip()),
        *((Change("Customer number there", "", order.payee_reference.strip()),) if order.payee_reference else ()),
        *((Change("Due", "", written_day(due)),) if due else ()),
    )
    preview = replace(
        made.preview,
        title=f"Pay {euros(order.amount)} to {order.to_name}, invoice {order.invoice.strip()}, {how}",
        act="Pay the bill",
        changes=(*made.preview.changes, *changes),
        notes=(*notes, *made.preview.notes),
    )
    return Plan(preview, made.act)


def international(counter: Counter, order: InternationalTransfer) -> Plan:
    """A transfer outside SEPA, or in another currency, at the rate of the moment."""
    source = counter.account(order.account_id)
    check_sender(source)
    account, country = _abroad(order)
    rate = EXCHANGE_RATES.get(order.currency)
    if rate is None:
        raise OrderRefused(f"The bank does not send {order.currency}. It sends: {', '.join(EXCHANGE_RATES)}.")
    if order.currency in WITHOUT_CENTS and order.amount % 1:
        raise OrderRefused(f"{order.currency} has no cents.")
    check_words(order.amount, order.to_name, order.purpose)
    for what, said in (("recipient's full address", order.to_address), ("purpose, in plain words,", order.purpose)):
        if len(said.strip()) < 3:
            raise OrderRefused(f"The {what} is missing.")
    in_euros = (order.amount / rate).quantize(NOTHING, ROUND_HALF_UP)
    fee = min(max(Decimal(share(cents(in_euros), INTERNATIONAL_PERCENT)).scaleb(-2), INTERNATIONAL_LEAST),
              INTERNATIONAL_MOST)  # fmt: skip
    borne = order.charges is Charges.BEN
    if borne and in_euros <= fee:
        raise OrderRefused("Nothing would be left of the amount for the recipient.")
    advance = cash_advance(source, in_euros)
    if advance:
        raise OrderRefused("An international transfer is sent from a current or savings account.")
    check_money(source, in_euros, NOTHING if borne else fee)
    execute_on = _international_day(counter)
    first, last = (bank_days_after(execute_on, days) for days in INTERNATIONAL_DAYS)
    amount = f"{order.amount:,.2f} {order.currency}"
    reference = order.purpose if order.currency == "EUR" else f"{amount}, {order.purpose}"
    sending = Sending(
        source, None, order.to_name, account, in_euros, fee, reference[:140], "international", fee_from_amount=borne
    )
    rate_change = (Change("Rate", "", f"{rate} {order.currency} for 1 EUR: {euros(in_euros)}"),)
    preview = Preview(
        f"Send {amount} from {named(source)} to {order.to_name}, {country}",
        "Send it abroad",
        (
            _balance_change(source, in_euros + (NOTHING if borne else fee)),
            *(rate_change if order.currency != "EUR" else ()),
            Change("Account there", "", f"{masked(account)}, {order.bic}"),
            Change("Charges", "", order.charges.value),
            Change("Purpose", "", order.purpose),
        ),
        fee=fee, amount=in_euros, notes=_foreign_notes(counter, order, in_euros, execute_on, first, last),
    )  # fmt: skip

    def act() -> tuple[str, str]:
        number = record(counter, sending, execute_on, last, TransferState.PROCESSING)
        book(counter, sending, number)
        at_rate = f" at {rate} {order.currency} for 1 EUR, {euros(in_euros)}," if order.currency != "EUR" else ""
        return number, (
            f"International transfer {number}: {amount}{at_rate} to {order.to_name}, {country}, charges "
            f"{order.charges.value}; it arrives between {written_day(first)} and {written_day(last)}."
        )

    return Plan(preview, act)


def _abroad(order: InternationalTransfer) -> tuple[str, str]:
    """The account and the country; raises `OrderRefused` for what cannot be, or belongs into SEPA."""
    bic, account = read_bic(order.bic), read_foreign_account(order.to_account)
    country = Locale("en").territories.get(bic[4:6]) if bic else None
    if bic is None or country is None:
        raise OrderRefused("The BIC is not valid: four letters, the country, and two or five more signs.")
    if account is None:
        raise OrderRefused("The account number is not valid.")
    if account[:2].isalpha() and account[2:4].isdigit() and len(account) >= 15 and account[:2] != bic[4:6]:
        raise OrderRefused(f"The IBAN is of another country ({account[:2]}) than the BIC ({bic[4:6]}).")
    if order.currency == "EUR" and bic[4:6] in LENGTHS:
        raise OrderRefused(f"Euros to {country} go by SEPA transfer: it is cheaper and arrives the next working day.")
    return account, str(country)


def _international_day(counter: Counter) -> date:
    day = bank_day_from(counter.today)
    late = (counter.local.hour, counter.local.minute) > (INTERNATIONAL_CUT_OFF_HOUR, 0)
    return bank_days_after(day, 1) if day == counter.today and late else day


def _foreign_notes(
    counter: Counter, order: InternationalTransfer, in_euros: Decimal, execute_on: date, first: date, last: date
) -> tuple[str, ...]:
    cut_off = f"{INTERNATIONAL_CUT_OFF_HOUR}:00"
    late = "" if execute_on == counter.today else f" (today's cut-off of {cut_off} on working days has passed)"
    notes = [
        f"It is executed {written_day(execute_on)}{late} and arrives between {written_day(first)} and "
        f"{written_day(last)}.",
        _WHO_PAYS[order.charges],
    ]
    if in_euros > COUNTER_ONLY_FROM:
        notes.append(f"Above {euros(COUNTER_ONLY_FROM)} the customer orders it at the counter, with the contract.")
    return tuple(notes)


def _valid(text: str) -> str:
    iban = read_iban(text)
    if iban is None:
        raise OrderRefused(NOT_VALID)
    return iban


def _moved(wanted: date, execute_on: date) -> tuple[str, ...]:
    if wanted == execute_on:
        return ()
    return (f"{written_day(wanted)} is no working day; it is executed {written_day(execute_on)}.",)


def _balance_change(source: Account, leaving: Decimal) -> Change:
    return Change(named(source), euros(source.balance), euros(source.balance - leaving))
