"""Sessions with something proposed in them, and a bank that only writes down what it is told to do."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import cast

from flask import Flask
from sqlalchemy import select, update

from tests.services import steps
from webapp.agents.transcript import Answer, Citation, ProposedAction
from webapp.bank.order_desk import Outcome, Receipt
from webapp.bank.orders import BlockCard, BlockReason, Order, ReplaceCard, ReplaceReason, TransferMoney
from webapp.bank.previews import NOTHING, Change, Preview
from webapp.extensions import db
from webapp.http.unit_of_work import reading, unit_of_work
from webapp.models import AuditEntry, ChatSession, Message, Proposal
from webapp.models.proposal import Level
from webapp.services import chats, errands, proposals
from webapp.work.carrying import Errands

NUMBER = "10-2041"
CLAUSE = Citation(
    1, "cards-lost-and-stolen", 3, "Lost or stolen card", "Block the card first", "At once.", "2026-03-01"
)


@dataclass
class WritingBank:
    """Implements `OrderDesk` by writing down; what a test wants to go wrong it says with `trouble`."""

    done: list[tuple[str, Order]] = field(default_factory=list)
    trouble: Exception | None = None
    trouble_after: Exception | None = None
    waits_for: threading.Event | None = None

    def preview(self, customer_number: str, order: Order) -> Preview:
        return preview_of(order)

    def carry_out(self, key: str, customer_number: str, order: Order) -> Receipt:
        if self.waits_for:
            self.waits_for.wait(20)
        if self.trouble:
            raise self.trouble
        if key not in {one for one, _ in self.done}:
            self.done.append((key, order))
        if self.trouble_after:
            raise self.trouble_after
        return self._receipt()

    def outcome(self, key: str) -> Outcome:
        return Outcome("done", self._receipt()) if key in {one for one, _ in self.done} else Outcome("not known")

    @staticmethod
    def _receipt() -> Receipt:
        return Receipt("BL-900001", datetime.now(UTC), "The card is blocked.")


def preview_of(order: Order) -> Preview:
    """What such a bank would say before."""
    amount = order.amount if isinstance(order, TransferMoney) else NOTHING
    return Preview(
        "Block Nordhafen Debit ..4417", "Block the card", (Change("Status", "active", "blocked"),), amount=amount
    )


BLOCK = BlockCard("CA-102041-1", BlockReason.LOST)
REPLACE = ReplaceCard("CA-102041-1", ReplaceReason.LOST)


def transfer(amount: str) -> TransferMoney:
    """A transfer of so much to somebody else."""
    return TransferMoney("AC-102041-1", "DE89370400440532013000", "Robin Vale", Decimal(amount), "")


def proposing(*orders: Order, needs: str = "none") -> Answer:
    """An answer that proposes these."""
    actions = tuple(ProposedAction(order, preview_of(order), needs, CLAUSE) for order in orders)  # type: ignore[arg-type]
    return Answer("Ready.", "cards", "a card", "block_card", 0.9, "rules", proposals=actions)


def proposed(*orders: Order, needs: str = "none", username: str = "teller", chat_id: str = "") -> list[int]:
    """Have a reply propose these in a session about a customer; the proposals' ids."""
    chat_id = chat_id or steps.open_chat(username)
    with unit_of_work():
        chat = db.session.get_one(ChatSession, chat_id)
        chat.customer_number, chat.customer_name = NUMBER, "Maria Keller"
    reply_id = steps.ask(chat_id, username=username)
    assert steps.finish(steps.claimed(reply_id), proposing(*orders, needs=needs))
    with reading():
        found = select(Proposal.id).where(Proposal.reply_id == reply_id).order_by(Proposal.position)
        return list(db.session.scalars(found))


def row(proposal_id: int) -> Proposal:
    """A proposal as stored."""
    with reading():
        return db.session.get_one(Proposal, proposal_id, populate_existing=True)


def confirm(proposal_id: int, username: str = "teller", digest: str | None = None, level: Level = Level.FULL) -> bool:
    """Confirm as somebody, as the page's form does."""
    digest = row(proposal_id).digest if digest is None else digest
    with unit_of_work():
        staff = steps.person(username)
        chat = chats.readable_chat(staff, db.session.get_one(Proposal, proposal_id).chat_id)
        return proposals.confirm(staff, chat, proposals.proposal_in(chat, proposal_id), digest, level)


def decline(proposal_id: int, username: str = "teller") -> bool:
    """Decline as somebody."""
    with unit_of_work():
        staff = steps.person(username)
        chat = chats.readable_chat(staff, db.session.get_one(Proposal, proposal_id).chat_id)
        return proposals.decline(staff, chat, proposals.proposal_in(chat, proposal_id))


def claim(proposal_id: int, maker: str = "me") -> errands.Errand | None:
    """Try to take it to be sent."""
    with unit_of_work():
        return errands.claim_to_send(proposal_id, maker)


def events(chat_id: str) -> list[str]:
    """The events put into a session's conversation."""
    with reading():
        told = select(Message.text).where(Message.chat_id == chat_id, Message.role == "notice").order_by(Message.seq)
        return list(db.session.scalars(told))


def changed(proposal_id: int, **values: object) -> None:
    """As if something had happened to the row."""
    with unit_of_work():
        db.session.execute(update(Proposal).where(Proposal.id == proposal_id).values(**values))


def audited(key: str) -> list[str]:
    """What the audit trail says was done with it."""
    found = select(AuditEntry.action).where(AuditEntry.object_id == key).order_by(AuditEntry.id)
    with reading():
        return list(db.session.scalars(found))


def carried_out(app: Flask, proposal_id: int) -> Proposal:
    """Have it sent to the bank; the proposal as it is afterwards."""
    assert cast(Errands, app.extensions["bankside.errands"]).start(proposal_id).wait(20)
    return row(proposal_id)
