"""What goes into the assistant and what comes out: plain values that a worker can store and hand over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from webapp.agents.authority import Authority
from webapp.bank.core_banking import CoreBanking
from webapp.bank.orders import Order
from webapp.bank.policy_library import PolicyLibrary
from webapp.bank.previews import OrderPreviews, Preview
from webapp.bank.values import Customer

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


@dataclass(frozen=True, slots=True)
class Asker:
    """For whom a question is answered, for the accounts. Nothing of it is ever told to a model."""

    staff_id: int | None = None
    reply_id: int | None = None
    session: str = ""  # public id; what stays the same within a session is derived from it


@dataclass(frozen=True, slots=True)
class Desk:
    """Who is asking, about whom, and the bank as they may see it. Filled by the server, never by a model."""

    staff_name: str
    staff_role: str  # "teller", "specialist", "manager", "auditor", "admin"
    customer: Customer | None
    bank: CoreBanking
    library: PolicyLibrary
    now: datetime  # aware, in the viewer's time zone
    staff_rights: frozenset[str] = frozenset()
    orders: OrderPreviews | None = None  # None: this installation only reads. Never what could carry an order out.
    asker: Asker = Asker()
    authority: Authority | None = None  # None: nothing is known of limits; who confirms is told when confirming


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the transcript, oldest first; the last one is the question to answer."""

    who: Literal["staff", "assistant"]
    text: str
    agent: str | None = None  # which specialist answered; staff lines: of whom it was asked, if somebody chose
    memory: Mapping[str, Json] = field(default_factory=dict)  # assistant lines: what `Answer.memory` held then


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One use of a tool, for the reply's details."""

    tool: str  # "card_status"
    label: str  # "card status", as staff read it
    arguments: Mapping[str, Json]
    outcome: Literal["ok", "refused", "not found", "failed"]
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage an answer rests on; `number` is the [1] in the text."""

    number: int
    article_id: str
    version: int
    title: str
    section: str
    passage: str
    effective_on: str  # ISO date
    audience: str = ""  # "customer", "staff": may it be read to a customer? "": not known


VerificationLevel: TypeAlias = Literal["none", "basic", "full"]


@dataclass(frozen=True, slots=True)
class ProposedAction:
    """Something to be done in the bank, waiting for a person to confirm. Nothing has been changed."""

    order: Order
    preview: Preview
    needs: VerificationLevel  # how well the caller has to be checked
    clause: Citation | None = None  # the passage of the handbook it follows


@dataclass(frozen=True, slots=True)
class Step:
    """Something happening while the answer is made, told as it happens."""

    text: str  # "Looking at the cards"; "" when there is only more of the answer to tell
    agent: str | None = None
    partial: str | None = None  # the whole answer as far as it is known, to be shown while the rest comes


@dataclass(frozen=True, slots=True)
class Answer:
    """What the assistant says. `text` is Markdown with [n] citation marks; it is data, rendered and sanitised later."""

    text: str
    agent: str  # key in the roster: "cards"
    reason: str  # why this agent, in plain words: "the question names a lost card"
    intent: str  # "card_status", "out_of_scope", ...
    confidence: float  # 0..1
    model: str  # "rules"
    calls: tuple[CallRecord, ...] = ()
    citations: tuple[Citation, ...] = ()
    suggestions: tuple[str, ...] = ()  # at most three next questions, as staff would type them
    needs_person: bool = False  # the desk should offer a human specialist
    memory: Mapping[str, Any] = field(default_factory=dict)  # JSON; comes back on the next turn's Line
    proposals: tuple[ProposedAction, ...] = ()  # in the order in which they are to be done
    takes_back: bool = False  # somebody has changed their mind: what was proposed before is declined


Tell: TypeAlias = Callable[[Step], None]
