"""What waits for a second person: proposals above their proposer's limit that somebody else may release."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from webapp.extensions import db
from webapp.models import ChatSession, Proposal, Role, StaffUser
from webapp.models.base import now
from webapp.models.proposal import ProposalState
from webapp.services import chats

MOST_SHOWN = 100


def _waiting(staff: StaffUser, statement: Any) -> Any:
    """Narrow a statement that selects from proposals to those this person may release, as `proposals.confirm` rules."""
    proposer = aliased(StaffUser)
    limit_cents: ColumnElement[int] = func.coalesce(Role.confirm_limit, 0) * 100
    return (
        statement.join(ChatSession, ChatSession.id == Proposal.chat_id)
        .outerjoin(proposer, proposer.id == Proposal.proposer_id)
        .outerjoin(Role, Role.name == proposer.role_name)
        .where(
            Proposal.state == ProposalState.PROPOSED,
            Proposal.expires_at > now(),
            Proposal.amount_cents > limit_cents,
            ChatSession.staff_id != staff.id,
            Proposal.proposer_id.is_distinct_from(staff.id),
            chats.readable_by(staff),
        )
    )


def count(staff: StaffUser) -> int:
    """How many wait for this person; 0 for a role that releases nothing."""
    if not staff.may("orders.release"):
        return 0
    return db.session.scalar(_waiting(staff, select(func.count()).select_from(Proposal))) or 0


def waiting_for(staff: StaffUser) -> Sequence[tuple[Proposal, ChatSession]]:
    """What waits for this person with the sessions it belongs to, what expires first first; at most `MOST_SHOWN`."""
    if not staff.may("orders.release"):
        return []
    statement = select(Proposal, ChatSession).select_from(Proposal)
    ordered = _waiting(staff, statement).order_by(Proposal.expires_at, Proposal.id).limit(MOST_SHOWN)
    return [(row[0], row[1]) for row in db.session.execute(ordered)]
