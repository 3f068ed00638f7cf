"""Orders about what is paid regularly: direct debits that are returned, standing orders that are paused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from webapp.bank.order_choices import ReturnReason


@dataclass(frozen=True, slots=True)
class ReturnDirectDebit:
    """Get back what a recipient has collected. Later than some weeks only if there was no mandate."""

    kind: ClassVar[str] = "return_direct_debit"
    transaction_id: str
    reason: ReturnReason


@dataclass(frozen=True, slots=True)
class PauseStandingOrder:
    """Leave out what a standing order would pay before a day; None: for as long as the bank lets it rest."""

    kind: ClassVar[str] = "pause_standing_order"
    instruction_id: str
    resume_on: date | None = None  # what is due on this day is paid again


@dataclass(frozen=True, slots=True)
class ResumeStandingOrder:
    """Let a standing order that is paused pay again from its next regular day on."""

    kind: ClassVar[str] = "resume_standing_order"
    instruction_id: str
