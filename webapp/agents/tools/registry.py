"""What a tool is: a function whose signature says what may be supplied and whose docstring says what it is for.

The desk is always the first argument and never comes from a model. Everything else arrives as JSON, is turned into
the annotated type and checked; what does not fit is refused in words, never passed on.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, TypeAlias

from webapp.agents.transcript import Citation, Desk, Json, ProposedAction, VerificationLevel
from webapp.agents.wording import plain

Outcome: TypeAlias = Literal["ok", "refused", "not found", "failed"]

LONGEST_TEXT = 400  # characters of one text argument


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool found. `text` is Markdown; its [n] marks number its own citations, from 1."""

    text: str
    citations: tuple[Citation, ...] = ()
    outcome: Outcome = "ok"
    facts: Mapping[str, Json] = field(default_factory=dict)  # what a follow-up may need: what was shown, choices
    proposal: ProposedAction | None = None  # of tools that propose; they change nothing either


class BadArgument(ValueError):
    """An argument that does not fit; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a tool."""

    name: str
    kind: type  # str, int, bool, Decimal or date
    choices: tuple[str, ...] = ()
    required: bool = False

    def read(self, value: Json) -> Any:
        """The value in the parameter's type; raises `BadArgument`."""
        if value is None:
            if self.required:
                raise BadArgument(f"{self.name} is missing.")
            return None
        if self.choices and value not in self.choices:
            raise BadArgument(f"{self.name} has to be one of: {', '.join(self.choices)}.")
        return _READERS[self.kind](self.name, value)

    def schema(self) -> dict[str, Json]:
        """The parameter as JSON Schema."""
        described: dict[str, Json] = dict(_SCHEMAS[self.kind])
        if self.choices:
            described["enum"] = list(self.choices)
        return described


def _read_text(name: str, value: Json) -> str:
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise BadArgument(f"{name} has to be a text.")
    text = str(value).strip()
    if len(text) > LONGEST_TEXT:
        raise BadArgument(f"{name} is too long: {LONGEST_TEXT} characters at most.")
    return text


def _read_whole(name: str, value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str | float):
        raise BadArgument(f"{name} has to be a whole number.")
    try:
        number = int(value) if not isinstance(value, float) else int(str(value).removesuffix(".0"))
    except ValueError as error:
        raise BadArgument(f"{name} has to be a whole number.") from error
    if not 0 <= number <= 100_000:
        raise BadArgument(f"{name} has to be between 0 and 100000.")
    return number


def _read_amount(name: str, value: Json) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadArgument(f"{name} has to be an amount.")
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise BadArgument(f"{name} has to be an amount, as 49.90.") from error
    if not amount.is_finite() or not 0 <= amount <= Decimal("1e12"):
        raise BadArgument(f"{name} has to be an amount of at least 0.")
    return amount


def _read_day(name: str, value: Json) -> date:
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError as error:
        raise BadArgument(f"{name} has to be a day, as 2026-11-03.") from error


def _read_switch(name: str, value: Json) -> bool:
    if not isinstance(value, bool):
        raise BadArgument(f"{name} has to be true or false.")
    return value


_READERS: dict[type, Callable[[str, Json], object]] = {
    str: _read_text,
    int: _read_whole,
    Decimal: _read_amount,
    date: _read_day,
    bool: _read_switch,
}
_SCHEMAS: dict[type, dict[str, Json]] = {
    str: {"type": "string", "maxLength": LONGEST_TEXT},
    int: {"type": "integer", "minimum": 0},
    Decimal: {"type": "string", "description": "an amount, as 49.90"},
    date: {"type": "string", "format": "date"},
    bool: {"type": "boolean"},
}


@dataclass(frozen=True, slots=True)
class Tool:
    """Something an agent can do. None changes anything; one that "proposes" leaves something for a person to confirm.

    `right` is what the person at the desk needs to be offered it, `level` how well the caller has to be checked before
    it can be confirmed.
    """

    name: str
    label: str  # as staff read it: "card status"
    doing: str  # while it runs: "Looking at the card"
    description: str  # what the model reads
    effect: Literal["reads", "proposes"]
    parameters: tuple[Parameter, ...]
    run: Callable[..., ToolResult]
    right: str = ""
    level: VerificationLevel = "none"

    def read_arguments(self, supplied: Mapping[str, Json]) -> dict[str, Any]:
        """Typed arguments from what a model supplied; raises `BadArgument` for unknown, missing or wrong ones."""
        known = {parameter.name for parameter in self.parameters}
        for name in supplied:
            if name not in known:
                raise BadArgument(f"There is no argument called {name[:40]}.")
        read = {parameter.name: parameter.read(supplied.get(parameter.name)) for parameter in self.parameters}
        return {name: value for name, value in read.items() if value is not None}

    def __call__(self, desk: Desk, supplied: Mapping[str, Json]) -> ToolResult:
        """Check the right and the arguments, and use the tool."""
        if self.right and self.right not in desk.staff_rights:
            who = f" {plain(desk.authority.who_confirms)} may." if desk.authority else ""
            raise BadArgument(f"Your role may not do this: it does not carry the right {self.right}.{who}")
        return self.run(desk, **self.read_arguments(supplied))

    def schema(self) -> dict[str, Json]:
        """The tool's arguments as JSON Schema, for models that want one."""
        return {
            "type": "object",
            "properties": {parameter.name: parameter.schema() for parameter in self.parameters},
            "required": [parameter.name for parameter in self.parameters if parameter.required],
            "additionalProperties": False,
        }


def _parameter(declared: inspect.Parameter, hint: Any) -> Parameter:
    """A parameter from an annotation: a plain type, a Literal of texts, or either of them or None."""
    options = [part for part in typing.get_args(hint) if part is not types.NoneType] if _is_union(hint) else [hint]
    if len(options) != 1:
        raise TypeError(f"{declared.name}: one type, or one type and None")
    wanted = options[0]
    required = declared.default is inspect.Parameter.empty
    if typing.get_origin(wanted) is Literal:
        return Parameter(declared.name, str, choices=typing.get_args(wanted), required=required)
    if wanted not in _READERS:
        raise TypeError(f"{declared.name}: {wanted} is not a type a model can supply")
    return Parameter(declared.name, wanted, required=required)


def _is_union(hint: Any) -> bool:
    return typing.get_origin(hint) in (typing.Union, types.UnionType)


def reads(*, label: str, doing: str) -> Callable[[Callable[..., ToolResult]], Tool]:
    """Make a function `(desk, ...)` that changes nothing into a tool; its docstring is what the model reads."""
    return _tool(label, doing, "reads")


def proposes(
    *, label: str, doing: str, level: VerificationLevel, right: str = "orders.confirm"
) -> Callable[[Callable[..., ToolResult]], Tool]:
    """Make a function `(desk, ...)` whose result carries a proposal into a tool. It reads, and changes nothing."""
    return _tool(label, doing, "proposes", right, level)


def _tool(
    label: str, doing: str, effect: Literal["reads", "proposes"], right: str = "", level: VerificationLevel = "none"
) -> Callable[[Callable[..., ToolResult]], Tool]:
    def declare(function: Callable[..., ToolResult]) -> Tool:
        hints = typing.get_type_hints(function)
        first, *rest = inspect.signature(function).parameters.values()
        if hints.get(first.name) is not Desk:
            raise TypeError(f"{function.__name__}: the first argument is the desk")
        return Tool(
            name=function.__name__,
            label=label,
            doing=doing,
            description=inspect.cleandoc(function.__doc__ or ""),
            effect=effect,
            parameters=tuple(_parameter(declared, hints[declared.name]) for declared in rest),
            run=function,
            right=right,
            level=level,
        )

    return declare


class Registry:
    """The tools there are, by name."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._by_name = {tool.name: tool for tool in tools}

    def get(self, name: str) -> Tool | None:
        """The tool of this name, if there is one."""
        return self._by_name.get(name)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[Tool]:
        return iter(self._by_name.values())
