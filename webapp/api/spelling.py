"""The one place that owns spelling: programs of two earlier systems read `sessionId` and `session_id`; every answer
carries both, and so does its schema. What programs send is taken in either spelling, strictly by type."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    model_serializer,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


def spell(moment: datetime) -> str:
    """2026-11-21T09:00:00.000Z, as both earlier systems' clients parse it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[
    datetime,
    PlainSerializer(spell, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-21T09:00:00.000Z"]}),
]


class Told(BaseModel):
    """Something we answer with: written in snake case; names of several words are said in camel case, too."""

    model_config = ConfigDict(extra="forbid", serialize_by_alias=True)

    @model_serializer(mode="wrap")
    def _say_both(self, inner: SerializerFunctionWrapHandler) -> dict[str, Any]:
        said: dict[str, Any] = inner(self)
        return {spelling: value for name, value in said.items() for spelling in _spellings(name)}

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        described = handler.resolve_ref_schema(handler(_without_serializer(schema)))
        described["properties"] = {
            spelling: value for name, value in described["properties"].items() for spelling in _spellings(name)
        }
        described["required"] = list(described["properties"])
        return described


def _spellings(name: str) -> tuple[str, ...]:
    camel = to_camel(name)
    return (camel, name) if camel != name else (name,)


def _without_serializer(schema: CoreSchema) -> CoreSchema:
    """The fields themselves: a serialiser of any kind would be described as "some object"."""
    bare: dict[str, Any] = {**schema}
    bare.pop("serialization", None)
    if isinstance(bare.get("schema"), dict):
        bare["schema"] = _without_serializer(bare["schema"])
    return bare


class Asked(BaseModel):
    """Something programs send: types are meant strictly; what is not known is ignored, as both earlier systems did."""

    model_config = ConfigDict(strict=True, extra="ignore", populate_by_name=True)
