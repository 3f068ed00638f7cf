"""What the assistant asks of a language model: look at where the turn stands, and decide what to do next.

The built-in rules and a real language model are two adapters of this one protocol. A chat-completion adapter maps it
directly: `tools` become function schemas, `colleagues` become hand-over functions, `observations` tool messages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias

from webapp.agents.roster import Agent
from webapp.agents.tools.registry import Outcome, Tool
from webapp.agents.transcript import Json, Line


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool the model wants used, with the arguments it supplies."""

    tool: str
    arguments: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Observation:
    """What came of a call. `text` carries the turn's citation marks and may be said as it is."""

    call: ToolCall
    outcome: Outcome
    text: str
    facts: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """All a model may know when it decides. Identity and rights are not among it: they stay with the desk."""

    agent: Agent  # who has the work now
    lines: Sequence[Line]  # oldest first; the last one is the question
    observations: Sequence[Observation]  # what has been looked up in this turn
    tools: Sequence[Tool]  # what this agent may use; empty when no more calls are allowed
    colleagues: Sequence[Agent]  # whom this agent may hand over to
    customer_number: str | None  # the customer the session is about
    now: datetime  # in the viewer's time zone
    may_propose: bool = False  # whether proposals can be confirmed here; without it tools only read
    proposed_by: str = ""  # it is this person's role that may not: who may, as "A manager or a teller"


@dataclass(frozen=True, slots=True)
class UseTools:
    """Look these up, in this order."""

    calls: tuple[ToolCall, ...]


@dataclass(frozen=True, slots=True)
class HandOver:
    """Let a colleague go on, for this reason in plain words."""

    to: str
    reason: str


@dataclass(frozen=True, slots=True)
class Say:
    """The answer."""

    text: str
    intent: str
    confidence: float
    reason: str = ""  # used when nobody handed over: "a greeting"
    suggestions: tuple[str, ...] = ()
    needs_person: bool = False
    memory: Mapping[str, Json] = field(default_factory=dict)
    takes_back: bool = False  # the person does not want what was proposed before


Decision: TypeAlias = Say | UseTools | HandOver


class LanguageModel(Protocol):
    """Something that decides. `name` is stored with every reply."""

    @property
    def name(self) -> str: ...

    def decide(self, turn: Turn) -> Decision:
        """The next thing to do in this turn. Called again with the observations until it says an answer."""
        ...
