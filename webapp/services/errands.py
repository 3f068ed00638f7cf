"""Confirmed proposals on their way to the bank: claimed by one sender, settled once, never sent twice blindly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Table, exists, select, update

from webapp.bank.orders import Order, order_from
from webapp.extensions import db
from webapp.models import ChatSession, Message, Proposal
from webapp.models.base import now
from webapp.models.proposal import ProposalState
from webapp.services import audit, outbox, proposals

LEFT_FOR = timedelta(seconds=2)  # a confirmed one that nobody has begun to send by then is taken up by a sweeper
DESK = "Bankside"

proposal_table: Table = Proposal.__table__  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Errand:
    """A proposal to be carried out, or looked after, as plain values."""

    proposal_id: int
    key: str
    chat_id: str
    customer_number: str
    order: Order
    sent_at: datetime


def claim_to_send(proposal_id: int, maker: str) -> Errand | None:
    """Take a confirmed proposal to be sent; None if somebody else has it."""
    moment = now()
    taken = db.session.execute(
        update(proposal_table)
        .where(proposal_table.c.id == proposal_id, proposal_table.c.state == ProposalState.CONFIRMED)
        .values(state=ProposalState.SENT, sent_by=maker, sent_at=moment)
    )
    return errand(proposal_id) if taken.rowcount == 1 else None  # type: ignore[attr-defined]


def take_over(proposal_id: int, lost: str | None, maker: str) -> Errand | None:
    """Look after a proposal whose sender is lost; None if somebody else does, or it is settled."""
    taken = db.session.execute(
        update(proposal_table)
        .where(proposal_table.c.id == proposal_id, proposal_table.c.state == ProposalState.SENT)
        .where(proposal_table.c.sent_by == lost)
        .values(sent_by=maker)
    )
    return errand(proposal_id) if taken.rowcount == 1 else None  # type: ignore[attr-defined]


def errand(proposal_id: int) -> Errand | None:
    """What is to be sent; None (and it has failed) if the row is not what was confirmed."""
    row = db.session.get_one(Proposal, proposal_id, populate_existing=True)
    if proposals.digest_for(row) != row.digest:
        settle(proposal_id, ProposalState.FAILED, "The stored order is not what was confirmed; it was not sent.")
        return None
    order = order_from(row.kind, row.arguments)
    return Errand(row.id, row.key, row.chat_id, row.customer_number, order, row.sent_at or row.created_at)


def unsent() -> list[int]:
    """Confirmed proposals that nobody has begun to send."""
    late = select(Proposal.id).where(Proposal.state == ProposalState.CONFIRMED, Proposal.decided_at < now() - LEFT_FOR)
    return list(db.session.scalars(late.order_by(Proposal.id)))


def being_sent() -> list[tuple[int, str | None, datetime]]:
    """Proposals being sent: which, by whom, since when."""
    rows = db.session.execute(
        select(Proposal.id, Proposal.sent_by, Proposal.sent_at)
        .where(Proposal.state == ProposalState.SENT)
        .order_by(Proposal.id)
    )
    return [(row.id, row.sent_by, row.sent_at) for row in rows]


def settle(proposal_id: int, state: ProposalState, text: str, receipt_number: str | None = None) -> str | None:
    """Store what became of a proposal that was sent, and put the receipt into the conversation; its session's id.

    None, and nothing stored, if that has been done before or the session is gone.
    """
    chat_id = db.session.scalar(select(Proposal.chat_id).where(Proposal.id == proposal_id))
    if chat_id is None:
        return None
    chat = db.session.scalar(
        select(ChatSession)
        .where(ChatSession.id == chat_id)
        .with_for_update(of=ChatSession)
        .execution_options(populate_existing=True)
    )
    open_states = [ProposalState.SENT] + ([] if state == ProposalState.UNKNOWN else [ProposalState.UNKNOWN])
    changed = db.session.execute(
        update(proposal_table)
        .where(proposal_table.c.id == proposal_id, proposal_table.c.state.in_(open_states))
        .values(state=state, outcome_text=text[:400], receipt_number=receipt_number, finished_at=now())
    )
    if chat is None or changed.rowcount != 1:  # type: ignore[attr-defined]
        return None
    row = db.session.get_one(Proposal, proposal_id, populate_existing=True)
    _say(chat, _event(row, text))
    audit.record(None, f"proposal.{state}", row.key, chat=chat_id, kind=row.kind, receipt=receipt_number or "")
    if state != ProposalState.UNKNOWN:
        outbox.tell(f"proposal.{state}", chat, proposal_id=row.key, kind=row.kind)
    return chat_id


def _event(row: Proposal, text: str) -> str:
    by = f"Confirmed by {row.decided_by_name}."
    match row.state:
        case ProposalState.DONE:
            return f"Done: {text} Receipt {row.receipt_number}. {by}"
        case ProposalState.UNKNOWN:
            return f"Not known whether this was done: {row.shown['title']}. {text} {by}"
        case _:
            return f"Not done: {row.shown['title']}. {text} {by}"


def _say(chat: ChatSession, text: str) -> None:
    """Put an event into the conversation."""
    chat.last_seq += 1
    chat.last_activity_at = now()
    db.session.add(Message(chat_id=chat.id, seq=chat.last_seq, text=text, author_name=DESK))
    db.session.flush()


def expire() -> list[str]:
    """Write down which proposals nobody decided in time; the sessions they belong to."""
    rows = db.session.scalars(
        select(Proposal).where(Proposal.state == ProposalState.PROPOSED, Proposal.expires_at <= now()).limit(100)
    ).all()
    in_order = select(ChatSession.id).where(ChatSession.id.in_({row.chat_id for row in rows}))
    db.session.execute(in_order.order_by(ChatSession.id).with_for_update())
    for row in rows:
        db.session.refresh(row)
        if row.state != ProposalState.PROPOSED:  # decided while this waited for the session
            continue
        row.state = ProposalState.EXPIRED
        audit.record(None, "proposal.expired", row.key, chat=row.chat_id, kind=row.kind)
        proposals.touch(row.chat_id)
    return sorted({row.chat_id for row in rows})


def any_run_out() -> bool:
    """Whether `expire` would find something."""
    late = (Proposal.state == ProposalState.PROPOSED) & (Proposal.expires_at <= now())
    return bool(db.session.scalar(select(exists(select(Proposal.id).where(late)))))
