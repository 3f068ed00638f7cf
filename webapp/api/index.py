"""What is here: for programs as JSON, for people as a page, both made of the models that validate."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from flask import current_app, jsonify, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.api.contract import VERSION, says, spec
from webapp.api.room import answer, bp
from webapp.api.schemas import told
from webapp.http.access import public

METHODS = ("get", "post", "patch", "delete")


def document() -> dict[str, Any]:
    """The OpenAPI document of this app."""
    found: dict[str, Any] = current_app.extensions.get("bankside.openapi") or {}
    if not found:
        found = current_app.extensions["bankside.openapi"] = _completed(deepcopy(spec.spec))
    return found


def _completed(made: dict[str, Any]) -> dict[str, Any]:
    """What SpecTree has no words for: media types that are not JSON, headers of answers, optional bodies."""
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            operation["operationId"] = f"{method}{path.replace('/', '_').replace('{', '').replace('}', '')}"
            for status, response in operation["responses"].items():
                if status >= "400" and "content" in response:
                    response["content"] = {"application/problem+json": response["content"]["application/json"]}
            for parameter in operation.get("parameters", []):
                parameter["schema"] = _as_text(parameter["schema"])
            body = operation.get("requestBody")
            if body:
                content = body["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
                schema = made["components"]["schemas"][content]
                body["required"] = bool(schema.get("required") or schema.get("oneOf"))
    events = made["paths"].get("/api/chat/sessions/{chat_id}/events", {}).get("get")
    if events:
        events["responses"]["200"] = {
            "description": "Events as they happen",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    return made


def _as_text(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that may be left out: in an address or a header there is no null."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    if len(kinds) != 1:
        return schema
    rest = {name: value for name, value in schema.items() if name != "anyOf" and value is not None}
    return {**rest, **kinds[0]}


@bp.get("")
@says(ok=told.Index, tag="This interface")
def index() -> ResponseReturnValue:
    """What this is, its version and its addresses."""
    routes = [
        told.Route(
            path=path,
            methods=[method.upper() for method in operations],
            summary=" ".join(str(operation["summary"]) for operation in operations.values()),
        )
        for path, operations in sorted(document()["paths"].items())
    ]
    return answer(
        told.Index(
            name="Bankside",
            description="Sessions and messages of the assistant desk, for programs",
            version=VERSION,
            documentation=url_for("api.documentation"),
            openapi=url_for("api.openapi"),
            routes=routes,
        )
    )


@bp.get("/openapi.json")
@public
def openapi() -> ResponseReturnValue:
    """The OpenAPI document."""
    return jsonify(document())


@bp.get("/docs")
@public
def documentation() -> ResponseReturnValue:
    """The same as a page."""
    made = document()
    return render_template("api/docs.html", made=made, tags=_by_tag(made), schemas=made["components"]["schemas"])


def _by_tag(made: dict[str, Any]) -> dict[str, list[tuple[str, str, dict[str, Any]]]]:
    found: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            if method in METHODS:
                found.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    return found
