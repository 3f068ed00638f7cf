"""What was proposed in a session. Programs read it; deciding stays with a person on the page."""

from __future__ import annotations

from decimal import Decimal

from flask.typing import ResponseReturnValue

from webapp.api.contract import says
from webapp.api.room import answer, bp
from webapp.api.schemas.proposals import ChangeTold, Proposals, ProposalTold
from webapp.api.sessions import readable
from webapp.models import Proposal
from webapp.models.proposal import Level
from webapp.services import proposals


@bp.get("/sessions/<chat:chat_id>/proposals")
@says(ok=Proposals, tag="Proposals")
def proposals_of(chat_id: str) -> ResponseReturnValue:
    """What was proposed in a session and how far it has come, oldest first."""
    chat = readable(chat_id)
    found = [_told(row) for row in proposals.in_chat(chat)]
    return answer(Proposals(proposals=found, count=len(found), session_id=chat.id))


def _told(row: Proposal) -> ProposalTold:
    shown = row.shown
    return ProposalTold.model_validate(
        {
            "id": row.key,
            "message_id": str(row.reply_id),
            "kind": row.kind,
            "title": shown["title"],
            "changes": [ChangeTold(**change) for change in shown["changes"]],
            "fee": shown["fee"],
            "notes": shown["notes"],
            "amount": f"{Decimal(row.amount_cents).scaleb(-2):.2f}",
            "currency": row.currency,
            "state": str(row.shown_state),
            "needs_verification": Level(row.needs_level).word,
            "needs_second_person": proposals.needs_second(row),
            "created_at": row.created_at,
            "expires_at": row.expires_at,
            "decided_by": row.decided_by_name,
            "decided_at": row.decided_at,
            "finished_at": row.finished_at,
            "receipt_number": row.receipt_number,
            "outcome": row.outcome_text,
        }
    )
