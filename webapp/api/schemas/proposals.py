"""What programs are told of proposals: what a person was shown, and how far it has come. Never an order's arguments."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from webapp.api.spelling import Moment, Told


class ChangeTold(Told):
    """One thing an order changes."""

    what: str
    before: str
    after: str


class ProposalTold(Told):
    """One order to the bank. It is confirmed by a person on the page, and by nobody here."""

    id: str = Field(description="Also the bank's idempotency key")
    message_id: str = Field(description="The reply that proposes it")
    kind: str
    title: str
    changes: list[ChangeTold]
    fee: str
    notes: list[str]
    amount: str = Field(description="The money at stake, for limits of who may confirm")
    currency: str
    state: Literal["proposed", "confirmed", "sent", "done", "failed", "declined", "expired", "unknown"]
    needs_verification: Literal["none", "basic", "full"]
    needs_second_person: bool
    created_at: Moment
    expires_at: Moment
    decided_by: str | None
    decided_at: Moment | None
    finished_at: Moment | None
    receipt_number: str | None
    outcome: str | None


class Proposals(Told):
    """A session's proposals, oldest first."""

    proposals: list[ProposalTold]
    count: int
    session_id: str
