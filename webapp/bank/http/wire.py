"""How values look on the line: money as decimal strings, days and times in ISO 8601, names as in `webapp.bank.values`.

One description for reading, writing and the JSON Schema, so that document, client and server cannot drift apart.
Reading is strict: what is not exactly of its type is refused as a whole. Properties nobody knows are ignored, so that a
bank may add some.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, Literal, TypeVar

from webapp.bank.errors import AnswerUnreadable

V = TypeVar("V")
MONEY = re.compile(r"-?(?:0|[1-9]\d{0,12})\.\d{2}", re.ASCII)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:Z|[+-]\d{2}:\d{2})", re.ASCII)
LONGEST_TEXT = 2_000
MOST_ITEMS = 1_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@cache
def _declared(kind: type) -> dict[str, tuple[Any, Field[Any]]]:
    hints = typing.get_type_hints(kind)
    return {one.name: (hints[one.name], one) for one in fields(kind)}


def written(value: object) -> Any:
    """A value as JSON can hold it; raises ValueError for money that would have to be rounded, or a naive time."""
    if isinstance(value, StrEnum):
        return value.value
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal):
        text = f"{value:.2f}"
        if Decimal(text) != value or not MONEY.fullmatch(text):
            raise ValueError(f"{value} is no amount with two decimal places")
        return text
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a naive time has no place on the line")
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [written(one) for one in value]
    if is_dataclass(value):
        return {one.name: written(getattr(value, one.name)) for one in fields(value)}
    raise ValueError(f"{type(value).__name__} has no place on the line")


def read(kind: type[V], said: object) -> V:
    """The value of this dataclass that the JSON stands for; raises `AnswerUnreadable`, naming the place."""
    value: V = _read(kind, said, kind.__name__)
    return value


def read_items(kind: type[V], said: object) -> list[V]:
    """The values of `{"items": [...]}`."""
    items = said.get("items") if isinstance(said, Mapping) else None
    if not isinstance(items, list) or len(items) > MOST_ITEMS:
        raise AnswerUnreadable(f"a list of {kind.__name__} was expected")
    return [read(kind, one) for one in items]


def _read(kind: Any, said: object, where: str) -> Any:
    if is_dataclass(kind) and isinstance(kind, type):
        return _read_object(kind, said, where)
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        if said is None:
            return None
        return _read(next(one for one in typing.get_args(kind) if one is not types.NoneType), said, where)
    if origin is tuple:
        if not isinstance(said, list) or len(said) > MOST_ITEMS:
            raise AnswerUnreadable(f"{where}: a list was expected")
        return tuple(_read(typing.get_args(kind)[0], one, where) for one in said)
    if origin is Literal:
        if said not in typing.get_args(kind):
            raise AnswerUnreadable(f"{where}: not one of the known values")
        return said
    return _read_plain(kind, said, where)


def _read_object(kind: type, said: object, where: str) -> Any:
    if not isinstance(said, Mapping):
        raise AnswerUnreadable(f"{where}: an object was expected")
    values: dict[str, Any] = {}
    for name, (hint, declared) in _declared(kind).items():
        if name in said:
            values[name] = _read(hint, said[name], f"{where}.{name}")
        elif declared.default is MISSING:
            raise AnswerUnreadable(f"{where}.{name} is missing")
    return kind(**values)


def _read_plain(kind: Any, said: object, where: str) -> Any:
    if kind is bool or kind is int:
        if type(said) is not kind:
            raise AnswerUnreadable(f"{where}: {kind.__name__} was expected")
        return said
    if not isinstance(said, str) or len(said) > LONGEST_TEXT or _CONTROL.search(said):
        raise AnswerUnreadable(f"{where}: a plain text was expected")
    try:
        if kind is Decimal and MONEY.fullmatch(said):
            return Decimal(said)
        if kind is datetime and TIME.fullmatch(said):
            return datetime.fromisoformat(said).astimezone(UTC)
        if kind is date and DAY.fullmatch(said):
            return date.fromisoformat(said)
        if kind is str or (isinstance(kind, type) and issubclass(kind, StrEnum)):
            return kind(said)
    except (ValueError, OverflowError):
        pass
    raise AnswerUnreadable(f"{where}: not {getattr(kind, '__name__', 'what')} as it is written")


def schema_of(kind: Any) -> dict[str, Any]:
    """The type as JSON Schema; dataclasses by reference."""
    if is_dataclass(kind) and isinstance(kind, type):
        return {"$ref": f"#/components/schemas/{kind.__name__}"}
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        inner = schema_of(next(one for one in typing.get_args(kind) if one is not types.NoneType))
        return {"anyOf": [inner, {"type": "null"}]}
    if origin is tuple:
        return {"type": "array", "items": schema_of(typing.get_args(kind)[0]), "maxItems": MOST_ITEMS}
    if origin is Literal:
        return {"enum": list(typing.get_args(kind))}
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"type": "string", "enum": [one.value for one in kind]}
    return dict(_PLAIN[kind])


_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string", "maxLength": LONGEST_TEXT},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    Decimal: {"type": "string", "pattern": f"^{MONEY.pattern}$", "examples": ["1204.55"]},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
}


def object_schema(kind: type) -> dict[str, Any]:
    """A dataclass as JSON Schema. A property with a default may be left out."""
    declared = _declared(kind)
    return {
        "type": "object",
        "description": " ".join((kind.__doc__ or "").split()),
        "properties": {name: schema_of(hint) for name, (hint, _) in declared.items()},
        "required": [name for name, (_, one) in declared.items() if one.default is MISSING],
    }
