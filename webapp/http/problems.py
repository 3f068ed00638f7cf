"""Errors as programs read them: RFC 9457 `application/problem+json`, each with a sentence a person can act on."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, current_app, g, request

CONTENT_TYPE = "application/problem+json"
Fields = list[dict[str, str]]


def problem(status: int, title: str, detail: str, fields: Fields | None = None) -> Response:
    """The answer; `fields` name what was wrong where."""
    request_id = g.get("request_id", "")
    said: dict[str, object] = {
        "type": "about:blank",
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.path,
        "requestId": request_id,
        "request_id": request_id,
    }
    if fields is not None:
        said["errors"] = fields
    return Response(current_app.json.dumps(said), status, content_type=CONTENT_TYPE)
