"""How a request is read and an answer described: SpecTree with pydantic, made strict.

SpecTree binds models to views and makes the OpenAPI document of them. Reading is ours: SpecTree takes a body that is no
JSON for an empty one, and the first of two values for both.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any, NoReturn, TypeVar, cast

from flask import Request, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ValidationError
from spectree import Response, SpecTree
from spectree.model_adapter.protocol import SchemaMode
from spectree.model_adapter.pydantic_adapter import PydanticModelAdapter
from spectree.models import SecureType, SecurityScheme, SecuritySchemeData
from spectree.plugins.base import Context
from spectree.plugins.flask_plugin import FlaskPlugin
from spectree.plugins.werkzeug_utils import werkzeug_parse_rule
from werkzeug.exceptions import UnsupportedMediaType

from webapp.api.schemas.told import Problem
from webapp.http.converters import PERSON_PATTERN
from webapp.models.base import ID_PATTERN, LARGEST_NUMBER
from webapp.services.errors import BadInput, WrongFields

VERSION = "1.0.0"
DEEPEST = 40  # objects and lists in one another
UNREADABLE = "The body is not readable as JSON: {reason}."

V = TypeVar("V", bound=Callable[..., ResponseReturnValue])
Model = type[BaseModel]


class Door(FlaskPlugin):
    """Flask's requests, read strictly; answers are models or lists of them."""

    def request_validation(
        self,
        request: Request,
        query: Model | None,
        json: Model | None,
        form: Model | None,
        headers: Model | None,
        cookies: Model | None,
    ) -> None:
        """Read what the view's models ask for. Raises `ValidationError`, `BadInput`, 413, 415."""
        del cookies  # none are read here
        request.context = Context(  # type: ignore[attr-defined]
            query.model_validate(_single_values(request, query)) if query else None,
            _body(request, json, form),
            None,
            headers.model_validate(_headers(request, headers)) if headers else None,
            None,
        )

    def validate_response(self, resp: Any, *_expected: Any) -> tuple[Any, None]:
        """Answers are made of the models that describe them: what they say is right by construction."""
        return resp, None

    def parse_path(self, route: Any, descriptions: Any) -> tuple[str, list[Any]]:
        """Describe our own kinds of address parts, too."""
        path, parameters = super().parse_path(route, descriptions)
        kinds = {name: kind for kind, _arguments, name in werkzeug_parse_rule(str(route)) if kind is not None}
        for parameter in parameters:
            parameter["schema"] = KINDS[kinds[parameter["name"]]]
        return path, parameters


KINDS: dict[str, dict[str, object]] = {
    "chat": {"type": "string", "pattern": f"^sess_{ID_PATTERN}$"},
    "hook": {"type": "string", "pattern": f"^hook_{ID_PATTERN}$"},
    "person": {"type": "string", "pattern": f"^{PERSON_PATTERN}$"},
    "row": {"type": "integer", "minimum": 1, "maximum": LARGEST_NUMBER},
}


def _single_values(request: Request, model: Model) -> dict[str, str]:
    for name in model.model_fields:
        if len(request.args.getlist(name)) > 1:
            raise BadInput(f"`{name}` is in the address more than once.", "Say it once.")
    return request.args.to_dict()


def _headers(request: Request, model: Model) -> dict[str, str]:
    names = [field.alias or name for name, field in model.model_fields.items()]
    return {name: request.headers[name] for name in names if name in request.headers}


def _body(request: Request, model: Model | None, form: Model | None) -> BaseModel | None:
    """The body as the model for its kind; {} if there is none."""
    if form is not None and request.mimetype == "multipart/form-data":
        if request.files:
            raise BadInput("Files are not taken here.", "Send the text as the field `message`.")
        return form.model_validate(request.form.to_dict())
    if model is None:
        return None
    raw = request.get_data()
    if raw and request.mimetype != "application/json":
        raise UnsupportedMediaType
    return model.model_validate(read_json(raw) if raw else {})


def read_json(raw: bytes) -> object:
    """One JSON object, read in the one way it can be meant; raises `BadInput`.

    Refused are names that appear twice, NaN and Infinity, numbers nobody can hold, what is no UTF-8, NUL and lone
    surrogates, and nesting deeper than `DEEPEST`.
    """
    try:
        value = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_number, parse_float=_finite
        )
        shown = json.dumps(value, ensure_ascii=False)
        shown.encode("utf-8")
    except UnicodeError:
        _unreadable("it holds characters that cannot be stored")
    except (ValueError, RecursionError) as error:
        _unreadable(str(error).split(":")[0].lower() or "it is nested too deep")
    if "\\u0000" in shown:
        _unreadable("it holds characters that cannot be stored")
    if not isinstance(value, dict):
        _unreadable("an object is wanted")
    if _depth(value) > DEEPEST:
        _unreadable("it is nested too deep")
    return value


def _unreadable(reason: str) -> NoReturn:
    raise BadInput(UNREADABLE.format(reason=reason), "Send one JSON object in UTF-8.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name appears twice")
    return found


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _finite(spelled: str) -> float:
    number = float(spelled)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return number


def _depth(value: object) -> int:
    level, deepest = [value], 0
    while level:
        deepest += 1
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())
        ]
    return deepest


def _refuse(_request: Any, _response: Any, error: Exception | None, *_others: Any) -> None:
    """Say which fields are wrong."""
    if isinstance(error, ValidationError):
        raise WrongFields(
            [
                {
                    "field": ".".join(str(part) for part in one["loc"]) or "body",
                    "message": str(one["msg"]).removeprefix("Value error, "),
                }
                for one in error.errors(include_context=False, include_url=False, include_input=False)
            ]
        )


class _Remembering(PydanticModelAdapter):
    """Makes each schema once: every view names the same problems, and making them anew is half of the app's start."""

    def __init__(self) -> None:
        super().__init__()
        self._made: Callable[..., dict[str, Any]] = cache(super().json_schema)

    def json_schema(self, model: type[Any], *, ref_template: str, mode: SchemaMode = "validation") -> dict[str, Any]:
        return self._made(model, ref_template=ref_template, mode=mode)


spec = SpecTree(
    backend=Door,
    model_adapter=cast(Any, _Remembering()),
    before=_refuse,
    mode="strict",
    annotations=False,
    title="Bankside",
    version=VERSION,
    description="The desk's sessions and messages for programs: the same ones that staff see in their browsers.",
    openapi_version="3.1.0",
    naming_strategy=lambda model: model.__name__,
    nested_naming_strategy=lambda _parent, child: child,
    security_schemes=[SecurityScheme(name="token", data=SecuritySchemeData(type=SecureType.HTTP, scheme="bearer"))],
    security={"token": []},
)
ANYWHERE = (400, 401, 403, 404, 405, 413, 415, 422, 429, 503)


def says(  # what a view takes and answers, in one line above it
    *,
    query: Model | None = None,
    body: Model | None = None,
    form: Model | None = None,
    headers: Model | None = None,
    tag: str,
    also: tuple[int, ...] = (),
    is_open: bool = False,
    **answers: Any,
) -> Callable[[V], V]:
    """Bind a view's models: `ok=Session`, `created=Session`, `accepted=Accepted`; `also` names more problems."""
    statuses = {"ok": 200, "created": 201, "accepted": 202, "nothing": 204}
    given = {f"HTTP_{statuses[name]}": model for name, model in answers.items()}
    problems = {f"HTTP_{status}": Problem for status in (*ANYWHERE, *also)}
    bind: Callable[[V], V] = spec.validate(
        query=query,
        json=body,
        form=form,
        headers=headers,
        resp=Response(**{**problems, **given}),
        tags=[tag],
        security=[] if is_open else None,
    )
    return bind


def asked_body() -> Any:
    """The body as the view's model."""
    return request.context.json  # type: ignore[attr-defined]


def asked_query() -> Any:
    """What the address says, as the view's model."""
    return request.context.query  # type: ignore[attr-defined]


def asked_headers() -> Any:
    """The headers, as the view's model."""
    return request.context.headers  # type: ignore[attr-defined]
