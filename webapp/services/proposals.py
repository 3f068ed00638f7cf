"""Proposals: what the assistant would do in the bank, confirmed by a person, carried out once, its outcome kept.

The assistant only proposes. A person confirms what was shown: the form carries the digest of customer, order and
everything on the card, and any difference is refused. `services.errands` knows what comes then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, exists, select, update

from webapp.agents.authority import Authority, is_above
from webapp.agents.transcript import Answer, ProposedAction
from webapp.bank.orders import arguments_of, digest_of
from webapp.extensions import db
from webapp.models import ChatSession, Proposal, Question, Reply, StaffUser
from webapp.models.base import now
from webapp.models.proposal import UNDER_WAY, Level, ProposalState
from webapp.services import audit, outbox
from webapp.services.authority import authority_of
from webapp.services.errors import (
    ChatEnded,
    DomainError,
    MessageNotFound,
    NotAllowed,
    ProposalChanged,
    ProposalClosed,
    SecondPersonNeeded,
    VerificationNeeded,
)

VALID_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody may do with a proposal now, and what is in the way."""

    may_confirm: bool = False
    may_decline: bool = False
    missing: str = ""
    second: str = ""  # that a second person has to release it, why, and who can; "" if none has to


# Proposing


def propose(reply_id: int, actions: Sequence[ProposedAction]) -> None:
    """Store what a finished reply proposes. A replacement waits for the block of the same card before it."""
    if not actions:
        return
    reply = db.session.get_one(Reply, reply_id)
    chat = db.session.get_one(ChatSession, reply.chat_id)
    if chat.customer_number is None:
        return
    asker = db.session.get_one(Question, reply.question_id).staff_id
    stored: list[Proposal] = []
    for position, action in enumerate(actions, start=1):
        arguments, shown = arguments_of(action.order), _shown(action)
        cents = int(action.preview.amount.scaleb(2))
        row = Proposal(
            chat_id=chat.id,
            reply_id=reply_id,
            position=position,
            waits_for_id=_block_before(stored, action.order.kind, arguments),
            customer_number=chat.customer_number,
            kind=action.order.kind,
            arguments=arguments,
            shown=shown,
            digest="",
            amount_cents=cents,
            currency=action.preview.currency,
            needs_level=Level[action.needs.upper()],
            proposer_id=asker,
            expires_at=now() + VALID_FOR,
        )
        row.digest = digest_for(row)
        db.session.add(row)
        db.session.flush()
        stored.append(row)
        audit.record(chat.staff, "proposal.made", row.key, chat=chat.id, kind=row.kind, digest=row.digest)
        outbox.tell("proposal.created", chat, proposal_id=row.key, kind=row.kind)


def _shown(action: ProposedAction) -> dict[str, Any]:
    preview = action.preview
    return {
        "title": preview.title,
        "act": preview.act,
        "changes": [asdict(change) for change in preview.changes],
        "fee": str(preview.fee),
        "notes": list(preview.notes),
        "clause": asdict(action.clause) if action.clause else None,
    }


def _block_before(stored: Sequence[Proposal], kind: str, arguments: dict[str, Any]) -> int | None:
    if kind != "replace_card":
        return None
    blocks = [one for one in stored if one.kind in ("block_card", "report_fraud")]
    return next((one.id for one in blocks if one.arguments["card_id"] == arguments["card_id"]), None)


def digest_for(row: Proposal) -> str:
    """What a confirmation is bound to: whom it is about, what is sent to the bank, and all that was shown."""
    bound = {
        "customer": row.customer_number,
        "kind": row.kind,
        "arguments": row.arguments,
        "shown": row.shown,
        "amount": row.amount_cents,
        "currency": row.currency,
        "level": row.needs_level,
        "proposer": row.proposer_id,
    }
    return digest_of(bound)


# Deciding


def proposal_in(chat: ChatSession, proposal_id: int) -> Proposal:
    """One proposal of this session, locked until the request ends; raises `MessageNotFound`.

    The session is locked first, as whoever deletes it or stores an outcome does: two orders would be a deadlock.
    """
    db.session.execute(select(ChatSession.id).where(ChatSession.id == chat.id).with_for_update())
    found = db.session.scalar(
        select(Proposal)
        .where(Proposal.id == proposal_id, Proposal.chat_id == chat.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise MessageNotFound("This proposal does not exist.")
    return found


def in_chat(chat: ChatSession) -> Sequence[Proposal]:
    """A session's proposals, oldest first. The chat must come from `chats.readable_chat`."""
    found = select(Proposal).where(Proposal.chat_id == chat.id).order_by(Proposal.id)
    return db.session.scalars(found).all()


def confirm(staff: StaffUser, chat: ChatSession, proposal: Proposal, digest: str, level: Level) -> bool:
    """Let a proposal be carried out. False if this was confirmed before: a second click changes nothing.

    The chat must come from `chats.readable_chat`, the proposal from `proposal_in`. Raises `ProposalClosed`,
    `ProposalChanged`, `ChatEnded`, `NotAllowed`, `SecondPersonNeeded` or `VerificationNeeded`, saying what is missing.
    """
    if proposal.state in (*UNDER_WAY, ProposalState.DONE) and proposal.digest == digest:
        return False
    problem = _in_the_way(staff, chat, proposal, level)
    if problem is not None:
        raise problem
    if digest != proposal.digest or digest_for(proposal) != proposal.digest:
        raise ProposalChanged
    _decide(staff, proposal, ProposalState.CONFIRMED)
    audit.record(
        staff, "proposal.confirmed", proposal.key, chat=chat.id, kind=proposal.kind, digest=proposal.digest,
        amount=proposal.amount_cents, second=staff.id != proposal.proposer_id, level=level.word,
    )  # fmt: skip
    return True


def decline(staff: StaffUser, chat: ChatSession, proposal: Proposal) -> bool:
    """Say no to a proposal. False if that was said before; raises `ProposalClosed` once it is confirmed."""
    if proposal.state == ProposalState.DECLINED:
        return False
    if not proposal.is_open:
        raise _closed(proposal)
    if not _may_decline(staff, chat, proposal):
        raise NotAllowed("This proposal is not yours to decline.")
    _decide(staff, proposal, ProposalState.DECLINED)
    audit.record(staff, "proposal.declined", proposal.key, chat=chat.id, kind=proposal.kind)
    return True


def withdraw_superseded(reply_id: int, answer: Answer) -> int:
    """Decline what earlier replies proposed and nobody wants any more; returns how many.

    Everything, when somebody has changed their mind in words; else what this answer proposes anew: the same kind of
    order about the same card, payment or pair of accounts.
    """
    anew = {_subject(action.order.kind, arguments_of(action.order)) for action in answer.proposals}
    if not (answer.takes_back or anew):
        return 0
    chat = db.session.get_one(ChatSession, db.session.get_one(Reply, reply_id).chat_id)
    earlier = select(Proposal).where(
        Proposal.chat_id == chat.id, Proposal.reply_id < reply_id, Proposal.state == ProposalState.PROPOSED
    )
    found = db.session.scalars(earlier).all()
    rows = [row for row in found if answer.takes_back or _subject(row.kind, row.arguments) in anew]
    for row in rows:
        _decide(chat.staff, row, ProposalState.DECLINED)
        audit.record(chat.staff, "proposal.declined", row.key, chat=chat.id, kind=row.kind, in_words=True)
    return len(rows)


SUBJECTS = (
    "card_id", "account_id", "to_iban", "transfer_id", "instruction_id", "transaction_id", "dispute_id", "alert_id",
    "part",
)  # fmt: skip


def _subject(kind: str, arguments: dict[str, Any]) -> tuple[str, ...]:
    """What an order is about, without what it does to it."""
    return (kind, *(str(arguments[name]) for name in SUBJECTS if name in arguments))


def _decide(staff: StaffUser, proposal: Proposal, state: ProposalState) -> None:
    proposal.state = state
    proposal.decided_by_id, proposal.decided_by_name, proposal.decided_at = staff.id, staff.display_name, now()
    touch(proposal.chat_id)
    db.session.flush()


def standing(staff: StaffUser, chat: ChatSession, proposal: Proposal, level: Level) -> Standing:
    """What this person may do with a proposal now."""
    if not proposal.is_open:
        return Standing()
    problem = _in_the_way(staff, chat, proposal, level)
    second = _second_person(chat, proposal)
    said_already = isinstance(problem, SecondPersonNeeded)
    return Standing(
        may_confirm=problem is None,
        may_decline=_may_decline(staff, chat, proposal),
        missing=f"{problem.sentence} {problem.next_step}" if problem and not said_already else "",
        second=second,
    )


def _second_person(chat: ChatSession, proposal: Proposal) -> str:
    if not needs_second(proposal):
        return ""
    return _authority(chat, proposal).said_of(Decimal(proposal.amount_cents).scaleb(-2), proposal.currency)


def _authority(chat: ChatSession, proposal: Proposal) -> Authority:
    proposer = db.session.get(StaffUser, proposal.proposer_id) if proposal.proposer_id else None
    return authority_of(proposer, chat.branch)


def _may_decline(staff: StaffUser, chat: ChatSession, proposal: Proposal) -> bool:
    return staff.id == chat.staff_id or (needs_second(proposal) and staff.may("orders.release"))


def _in_the_way(staff: StaffUser, chat: ChatSession, proposal: Proposal, level: Level) -> DomainError | None:
    """Why this person cannot confirm it now; None if they can."""
    if not proposal.is_open:
        return _closed(proposal)
    if not chat.is_open:
        return ChatEnded()
    if chat.customer_number != proposal.customer_number:
        return ProposalChanged("The session is about another customer now.")
    refused = _not_theirs(staff, chat, proposal)
    if refused is not None:
        return refused
    if level < proposal.needs_level:
        needed = Level(proposal.needs_level)
        return VerificationNeeded(
            f"The caller has to be verified: {needed.word} is needed, {level.word} is noted.",
            "Check the caller, set the level in the customer panel, then confirm.",
        )
    first = db.session.get(Proposal, proposal.waits_for_id) if proposal.waits_for_id else None
    if first is not None and first.state != ProposalState.DONE:
        return ProposalClosed(f"First this has to be done: {first.shown['title']}.", "Confirm that one first.")
    return None


def _not_theirs(staff: StaffUser, chat: ChatSession, proposal: Proposal) -> DomainError | None:
    if needs_second(proposal):
        if staff.id == proposal.proposer_id or staff.id == chat.staff_id:
            return SecondPersonNeeded(
                f"{_euros(proposal)} is above your limit: a second person has to confirm it.",
                _authority(chat, proposal).who_releases,
            )
        return None if staff.may("orders.release") else NotAllowed("Your role does not release orders of others.")
    if staff.id != chat.staff_id:
        return NotAllowed("This is confirmed by whoever asked for it.")
    return None if staff.may("orders.confirm") else NotAllowed("Your role does not confirm orders to the bank.")


def needs_second(proposal: Proposal) -> bool:
    """Whether the money at stake is above what the proposer's role may move on its own word."""
    proposer = db.session.get(StaffUser, proposal.proposer_id) if proposal.proposer_id else None
    return is_above(Decimal(proposal.amount_cents).scaleb(-2), proposer.role.confirm_limit if proposer else None)


def _euros(proposal: Proposal) -> str:
    return f"{Decimal(proposal.amount_cents).scaleb(-2):,.2f} {proposal.currency}"


def _closed(proposal: Proposal) -> ProposalClosed:
    if proposal.has_run_out or proposal.state == ProposalState.EXPIRED:
        return ProposalClosed("This proposal has expired.", "Ask again; a new one is made from the records of now.")
    return ProposalClosed(f"This proposal is {proposal.state} already.", "Reload the page to see how it stands.")


def unsettled_chats() -> Select[str]:
    """The sessions with an order that is on its way to the bank, or whose outcome is not known."""
    return select(Proposal.chat_id).where(Proposal.state.in_((*UNDER_WAY, ProposalState.UNKNOWN)))


def any_unsettled(chat_id: str) -> bool:
    """Whether this session is one of them."""
    return bool(db.session.scalar(select(exists(unsettled_chats().where(Proposal.chat_id == chat_id)))))


def touch(chat_id: str) -> None:
    """Something happened in the session: pages that follow it through another process see it by this."""
    db.session.execute(update(ChatSession).where(ChatSession.id == chat_id).values(last_activity_at=now()))
