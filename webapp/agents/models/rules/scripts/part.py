"""What a script is: a generator that asks for tools one by one and returns its part of the answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from webapp.agents.models.language_model import Observation, ToolCall
from webapp.agents.models.rules.entities import Entities
from webapp.agents.models.rules.memory import Awaiting
from webapp.agents.models.rules.reading import Task
from webapp.agents.transcript import Json
from webapp.agents.wording import together


@dataclass(frozen=True, slots=True)
class Part:
    """The answer to one task."""

    text: str
    suggestions: tuple[str, ...] = ()
    awaiting: Awaiting | None = None
    needs_person: bool = False
    nothing_found: bool = False  # the handbook had no answer
    act: str = ""  # what was asked for and cannot be done here: "block cards"
    urgent: bool = False
    proposed: bool = False  # a person has something to confirm or decline
    second: bool = False  # and it is not the one who asks


@dataclass(slots=True)
class Seen:
    """An observation, and whether this turn has already said it."""

    observation: Observation
    repeated: bool = False

    @property
    def text(self) -> str:
        """What to say; nothing when it has been said before."""
        return "" if self.repeated else self.observation.text

    @property
    def ok(self) -> bool:
        return self.observation.outcome == "ok"

    @property
    def facts(self) -> Mapping[str, Json]:
        return self.observation.facts


Script: TypeAlias = Generator[ToolCall, Seen, Part]
ScriptFor: TypeAlias = Callable[[Task], Script]


@dataclass(frozen=True, slots=True)
class Scene:
    """A script with what it needs."""

    play: ScriptFor
    needs_customer: bool = True
    unless: re.Pattern[str] | None = None  # words of a question that the handbook answers without a customer

    def waits_for_customer(self, task: Task) -> bool:
        """Whether the task makes no sense before a customer is attached."""
        return self.needs_customer and not (self.unless and self.unless.search(task.text))


def call(tool: str, **arguments: Json) -> ToolCall:
    """A call without the arguments that were not said."""
    return ToolCall(tool, {name: value for name, value in arguments.items() if value is not None})


def quoted(question: str, passages: int | None = None) -> ToolCall:
    """A search in the handbook."""
    return call("handbook", question=question[:400], passages=passages)


def beside(question: str) -> ToolCall:
    """A search for the one passage that goes with an answer from the records."""
    return quoted(question, passages=1)


def with_passage(text: str, passage: Seen) -> str:
    """An answer from the records with what the handbook adds, if it adds anything."""
    return together(text, passage.text if passage.ok else "")


def amount(value: str | None) -> str | None:
    """A decimal text as a tool wants it; None for anything else."""
    if value is None:
        return None
    return str(Decimal(value).quantize(Decimal("0.01")))


def account_of(entities: Entities) -> str | None:
    """The account meant, when a card is not."""
    return entities.account or entities.ending


def card_of(entities: Entities) -> str | None:
    """The ending of the card meant."""
    return entities.card or entities.ending


def asks_which_card(task: Task, seen: Seen) -> Awaiting | None:
    """What to wait for when a tool answered with the question which card is meant."""
    choices = seen.facts.get("choices")
    if seen.facts.get("ask") != "card" or not isinstance(choices, list):
        return None
    endings = tuple(str(choice) for choice in choices)
    labels = tuple(_label(ending, seen.observation.text) for ending in endings)
    return Awaiting("card", task.text, task.intent.key, task.entities.to_json(), endings, labels)


def _label(ending: str, text: str) -> str:
    """The words in front of an ending in the tool's question: "Nordhafen Debit"."""
    before = text.split(f"..{ending}")[0]
    return before.rsplit(":", 1)[-1].rsplit(",", 1)[-1].rsplit(" and ", 1)[-1].strip()
