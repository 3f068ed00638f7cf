"""What the rules model remembers from one turn to the next: a small piece of JSON that travels with the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from webapp.agents.transcript import Json, Line

_MOST_IDS = 20
_LONGEST = 400
# What may be asked for. "decision": something was proposed, and its card waits for a person.
SLOTS = frozenset(
    """customer card amount payment reason answer part value iban name account_from account_to transfer payee dispute
    alert item decision on every invoice foreign bic currency charges address
    resume""".split()
)


@dataclass(frozen=True, slots=True)
class Awaiting:
    """A value that was asked for, and the question that waits for it."""

    slot: str  # one of SLOTS
    question: str
    intent: str = ""
    entities: Mapping[str, Json] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    bound: str = "over"  # for an amount: what it bounds
    rest: tuple[str, ...] = ()  # intents of the same message that come after this one

    def to_json(self) -> dict[str, Json]:
        """As it is stored."""
        return {
            "slot": self.slot,
            "question": self.question[:_LONGEST],
            "intent": self.intent,
            "entities": dict(self.entities),
            "choices": list(self.choices),
            "labels": list(self.labels),
            "bound": self.bound,
            **({"rest": list(self.rest)} if self.rest else {}),
        }


@dataclass(frozen=True, slots=True)
class Memory:
    """The turn before, as far as it matters."""

    intent: str = ""
    entities: Mapping[str, Json] = field(default_factory=dict)
    question: str = ""
    focus: Mapping[str, str] = field(default_factory=dict)  # "card" -> "4417"; what "it" may mean
    shown_kind: str = ""  # what the list shown before was a list of
    shown_ids: tuple[str, ...] = ()
    customer: str = ""
    awaiting: Awaiting | None = None
    unclear: int = 0  # how often in a row a question was not understood

    def item(self, ordinal: int) -> str | None:
        """The id of the nth line shown (-1: the last)."""
        place = ordinal - 1 if ordinal > 0 else ordinal
        return self.shown_ids[place] if -len(self.shown_ids) <= place < len(self.shown_ids) else None

    def for_customer(self, number: str | None) -> Memory:
        """Without what belongs to another customer."""
        if not self.customer or self.customer == (number or ""):
            return self
        waiting = self.awaiting if self.awaiting and self.awaiting.slot == "customer" else None
        return replace(self, focus={}, shown_kind="", shown_ids=(), entities={}, awaiting=waiting)

    def to_json(self) -> dict[str, Json]:
        """As it is stored with the answer; empty parts are left out."""
        written: dict[str, Json] = {
            "intent": self.intent,
            "entities": dict(self.entities),
            "question": self.question[:_LONGEST],
            "focus": dict(self.focus),
            "shown": {"kind": self.shown_kind, "ids": list(self.shown_ids[:_MOST_IDS])} if self.shown_ids else {},
            "customer": self.customer,
            "awaiting": self.awaiting.to_json() if self.awaiting else {},
            "unclear": self.unclear,
        }
        return {name: value for name, value in written.items() if value}


def remembered(lines: Sequence[Line]) -> Memory:
    """The memory of the last thing the assistant said; an empty one when it does not fit or there is none."""
    last = next((line for line in reversed(lines[:-1]) if line.who == "assistant"), None)
    return memory_from(last.memory) if last else Memory()


def memory_from(stored: Mapping[str, object]) -> Memory:
    """A memory as it was stored; parts of the wrong shape are left out, for it may be of an older version."""
    shown = _mapping(stored.get("shown"))
    waiting = _mapping(stored.get("awaiting"))
    unclear = stored.get("unclear")
    return Memory(
        intent=_text(stored.get("intent")),
        entities=_json(stored.get("entities")),
        question=_text(stored.get("question")),
        focus={str(name): value for name, value in _mapping(stored.get("focus")).items() if isinstance(value, str)},
        shown_kind=_text(shown.get("kind")),
        shown_ids=_texts(shown.get("ids")),
        customer=_text(stored.get("customer")),
        awaiting=_awaiting(waiting) if waiting else None,
        unclear=unclear if isinstance(unclear, int) else 0,
    )


def _awaiting(stored: Mapping[str, object]) -> Awaiting | None:
    bound = _text(stored.get("bound"))
    slot = _text(stored.get("slot"))
    if slot not in SLOTS:
        return None
    return Awaiting(
        slot=slot,
        question=_text(stored.get("question")),
        intent=_text(stored.get("intent")),
        entities=_json(stored.get("entities")),
        choices=_texts(stored.get("choices")),
        labels=_texts(stored.get("labels")),
        bound=bound if bound in ("over", "under", "at_least", "at_most", "exact") else "over",
        rest=_texts(stored.get("rest")),
    )


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _json(value: object) -> dict[str, Json]:
    return {str(name): one for name, one in _mapping(value).items() if one is None or isinstance(one, bool | int | str)}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list | tuple) else ()
