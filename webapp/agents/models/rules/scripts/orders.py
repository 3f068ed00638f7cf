"""How the rules propose what changes the bank: one tool each, asking for what is missing one thing at a time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from webapp.agents.models.rules import order_details as details
from webapp.agents.models.rules.entities import Entities
from webapp.agents.models.rules.orders import (
    ONLY_NEXT,
    block_reason,
    contact_change,
    dispute_reason,
    replace_reason,
    transfer_ends,
    wants_express,
)
from webapp.agents.models.rules.reading import Task
from webapp.agents.models.rules.scripts import regular
from webapp.agents.models.rules.scripts.cases import sections
from webapp.agents.models.rules.scripts.disputes import AFTER, RECOGNISING
from webapp.agents.models.rules.scripts.disputes import verify_transaction as gone_through
from webapp.agents.models.rules.scripts.part import Part, Scene, Script, amount, beside, call, card_of
from webapp.agents.models.rules.scripts.proposing import INSTEAD, part_of
from webapp.agents.models.rules.scripts.requests import dispute_payment as named_payment
from webapp.agents.wording import together


def block_card(task: Task) -> Script:
    """Block the card that is named, or the only one."""
    reason = task.entities.reason or block_reason(task.whole)
    return part_of(task, (yield call("propose_block_card", reason=reason, last_four=card_of(task.entities))))


def unblock_card(task: Task) -> Script:
    """Unblock; what cannot be unblocked is said with the rule."""
    part = part_of(task, (yield call("propose_unblock_card", last_four=card_of(task.entities))))
    if part.proposed or part.awaiting:
        return part
    passage = yield beside("unblock card")
    return Part(
        together(part.text, passage.text if passage.ok else ""), ("Order a replacement card", "A person, please")
    )


def replace_card(task: Task) -> Script:
    """Order a new card."""
    reason = task.entities.reason or replace_reason(task.whole)
    reason = None if reason == "temporary" else reason
    return part_of(
        task,
        (
            yield call(
                "propose_replacement_card",
                reason=reason,
                express=True if wants_express(task.whole) else None,
                last_four=card_of(task.entities),
            )
        ),
    )


def activate_card(task: Task) -> Script:
    """Activate the new card; switching a function of a card on or off is done by hand, as the handbook says."""
    if re.search(r"\bcontactless\b", task.whole, re.I):
        status = yield call("card_status", last_four=card_of(task.entities))
        how = yield sections("contactless payments", "Switching it off")
        text = together("Nothing has been changed: contactless is switched in core banking.", status.text, how.text)
        return Part(text, INSTEAD, needs_person=True)
    return part_of(task, (yield call("propose_card_activation", last_four=card_of(task.entities))))


def pin_letter(task: Task) -> Script:
    """Send a PIN by letter."""
    reason = task.entities.reason or details.pin_letter_reason(task.whole)
    return part_of(task, (yield call("propose_pin_letter", reason=reason, last_four=card_of(task.entities))))


def change_card_limit(task: Task) -> Script:
    """Set the limit that is named."""
    said = task.entities
    wanted = amount(said.exact or said.at_most or said.over or said.at_least)
    return part_of(task, (yield call("propose_card_limit", daily_limit=wanted, last_four=card_of(said))))


def transfer_money(task: Task) -> Script:
    """Move money between own accounts, or to an IBAN; at once or on a day to come if that is said."""
    text = task.said or task.text
    said = transfer_ends(text, task.entities)
    on = said.on or details.one_day(said)
    ends = {
        "amount": amount(said.exact),
        "from_account": said.from_account,
        "to_iban": said.iban,
        "to_name": said.name or said.merchant,
        "reference": said.value,
    }
    at_once = details.AT_ONCE.search(text) is not None and not said.to_account
    if at_once and not said.on:
        return part_of(replace(task, entities=said), (yield call("propose_instant_transfer", **ends)))
    if on:
        later = yield call("propose_scheduled_transfer", execute_on=on, to_account=said.to_account, **ends)
        return part_of(replace(task, entities=said), later)
    return part_of(replace(task, entities=said), (yield call("propose_transfer", to_account=said.to_account, **ends)))


def pay_bill(task: Task) -> Script:
    """Pay a bill in time."""
    text = task.said or task.text
    said = details.bill(text, transfer_ends(text, replace(task.entities, value=None)))
    said = replace(said, value=task.entities.value or details.bill(text, Entities()).value)
    return part_of(
        replace(task, entities=said),
        (
            yield call(
                "propose_bill_payment",
                amount=amount(said.exact),
                to_iban=said.iban,
                to_name=said.name or said.merchant,
                invoice=said.invoice,
                payee_reference=said.value,
                due_on=said.on,
                from_account=said.from_account,
            )
        ),
    )


def international_transfer(task: Task) -> Script:
    """Send money abroad; what the bank there needs is asked for one by one."""
    text = task.said or task.text
    said = details.abroad(text, replace(task.entities, from_account=transfer_ends(text, Entities()).from_account))
    return part_of(
        replace(task, entities=said),
        (
            yield call(
                "propose_international_transfer",
                amount=amount(said.exact),
                currency=said.currency,
                to_name=said.name or said.merchant,
                to_account=said.iban,
                bic=said.bic,
                to_address=said.address,
                charges=said.charges,
                purpose=said.value,
                from_account=said.from_account,
            )
        ),
    )


def standing_order_change(task: Task) -> Script:
    """Set a standing order up, change one, or let one rest."""
    text = task.said or task.text
    if regular.is_meant(task):
        return (yield from regular.rest_or_go_on(task))
    if details.CHANGES.search(text) and not re.search(r"\b(?:set(?:ting)? up|new standing)\b", text, re.I):
        more, less = details.difference(text)
        last_on = task.entities.until if details.ENDS.search(text) else None
        return part_of(
            task,
            (
                yield call(
                    "propose_standing_order_change",
                    to=task.entities.merchant or task.entities.hint,
                    amount=None if more or less else amount(task.entities.exact),
                    raise_by=amount(more),
                    lower_by=amount(less),
                    last_on=last_on,
                )
            ),
        )
    said = details.standing(text, transfer_ends(text, task.entities))
    return part_of(
        replace(task, entities=said),
        (
            yield call(
                "propose_standing_order",
                amount=amount(said.exact),
                to_iban=said.iban,
                to_name=said.name or said.merchant,
                to_account=said.to_account,
                every=said.every,
                first_on=said.on,
                last_on=said.until if details.ENDS.search(text) else None,
                from_account=said.from_account,
            )
        ),
    )


def cancel_transfer(task: Task) -> Script:
    """Take a transfer back; what has been executed can only be asked for."""
    said = task.entities
    meant = {"transfer_id": said.transfer, "to": said.merchant or said.hint, "amount": amount(said.exact)}
    reason = said.reason or details.recall_reason(task.whole)
    if said.reason is None:  # a reason was asked for only once it was clear that the money is gone
        seen = yield call("propose_transfer_cancellation", **meant)
        if not seen.facts.get("recallable"):
            return part_of(task, seen)
        meant = {"transfer_id": str(seen.facts["transfer"])}
    return part_of(task, (yield call("propose_recall", reason=reason, **meant)))


def stop_payment(task: Task) -> Script:
    """Stop a direct debit, or end a standing order; what is to rest, or wanted back, is another matter."""
    said = task.entities
    if regular.is_meant(task):
        return (yield from regular.rest_or_go_on(task))
    if regular.is_wanted_back(task):
        return (yield from regular.return_debit(task))
    return part_of(
        task,
        (
            yield call(
                "propose_stopped_payment",
                to=said.merchant or said.hint,
                kind=said.instruction,
                only_next=True if ONLY_NEXT.search(task.whole) and said.instruction != "standing order" else None,
            )
        ),
    )


def dispute_payment(task: Task) -> Script:
    """Dispute the payment that is named."""
    said = task.entities
    if regular.is_of_a_debit(task):
        return (yield from regular.return_debit(task))
    if not (said.item or said.merchant or said.exact or said.since or said.hint or said.ending or said.card):
        return (yield from named_payment(task))
    merchant = said.merchant
    if merchant is None and said.hint:
        found = yield call("find_merchant", text=said.hint)
        merchant = said.hint if found.ok else None
    return part_of(
        task,
        (
            yield call(
                "propose_dispute",
                reason=said.reason or dispute_reason(task.whole),
                transaction_id=said.item,
                merchant=merchant,
                amount=amount(said.exact),
                since=said.since,
                until=said.until,
            )
        ),
    )


def withdraw_dispute(task: Task) -> Script:
    """Take a dispute back."""
    said = task.entities
    return part_of(task, (yield call("propose_dispute_withdrawal", dispute_id=said.dispute, merchant=said.merchant)))


def verify_transaction(task: Task) -> Script:
    """Go through a payment; the answer becomes an answered alert or a fraud report for a person to confirm."""
    said = task.entities
    if not said.answer:
        return (yield from gone_through(task))
    seen = yield call("payment_in_question", transaction_id=said.item)
    alert, card = seen.facts.get("alert"), seen.facts.get("card")
    if isinstance(alert, str) and alert:
        part = part_of(task, (yield call("propose_alert_answer", answer=said.answer, alert_id=alert)))
    elif said.answer == "no" and isinstance(card, str):
        part = part_of(task, (yield call("propose_fraud_report", last_four=card, transaction_id=said.item)))
    else:
        return (yield from gone_through(task))
    passage = yield sections(RECOGNISING, AFTER[said.answer])
    text = together(part.text, passage.text if passage.ok else "")
    return replace(part, text=text, needs_person=said.answer == "no", urgent=said.answer == "no")


def answer_alert(task: Task) -> Script:
    """Record what the customer says to an alert."""
    return part_of(task, (yield call("propose_alert_answer", answer=task.entities.answer, alert_id=task.entities.item)))


def report_fraud(task: Task) -> Script:
    """Block and report; the alerts are shown beside it, because one of them may be what is meant."""
    if regular.is_of_a_debit(task):
        return (yield from regular.return_debit(task))
    said = task.entities
    part = part_of(task, (yield call("propose_fraud_report", last_four=card_of(said), transaction_id=said.item)))
    alerts = yield call("fraud_alerts")
    passage = yield sections("reporting fraud", "At once")
    open_ones = alerts.text if alerts.facts.get("open") else ""
    text = together(part.text, open_ones, passage.text if passage.ok else "")
    return Part(
        text,
        part.suggestions or ("No, that was not the customer", "Show the last 10 transactions", "A person, please"),
        part.awaiting,
        needs_person=True,
        urgent=True,
        proposed=part.proposed,
        second=part.second,
    )


def change_contact(task: Task) -> Script:
    """Change the e-mail address, the phone number or the address."""
    said = task.entities if task.entities.value else contact_change(task.said or task.text, task.entities)
    return part_of(
        replace(task, entities=said), (yield call("propose_contact_change", part=said.part, value=said.value))
    )


PROPOSING: Mapping[str, Scene] = {
    "block_card": Scene(block_card),
    "unblock_card": Scene(unblock_card),
    "replace_card": Scene(replace_card),
    "activate_card": Scene(activate_card),
    "change_card_limit": Scene(change_card_limit),
    "transfer_money": Scene(transfer_money),
    "cancel_transfer": Scene(cancel_transfer),
    "pay_bill": Scene(pay_bill),
    "international_transfer": Scene(international_transfer),
    "standing_order_change": Scene(standing_order_change),
    "pin_letter": Scene(pin_letter),
    "stop_payment": Scene(stop_payment),
    "dispute_payment": Scene(dispute_payment),
    "report_fraud": Scene(report_fraud),
    "change_contact": Scene(change_contact),
    "verify_transaction": Scene(verify_transaction),
    "answer_alert": Scene(answer_alert),
    "withdraw_dispute": Scene(withdraw_dispute),
}
