"""Forms whose text survives the end of a sign-in: the sign-in page carries it, and the page it was typed on shows it.

Only what the posted form holds travels, and only to whoever's sign-in has ended; see `auth.views`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from webapp.http.access import staff
from webapp.services import kept_forms

V = TypeVar("V", bound=Callable[..., Any])

LARGEST_SEALED = 2304 * 1024  # bytes of a form that carries another: of 2 MB, spelled as JSON


def typed_on(page: Callable[..., str]) -> Callable[[V], V]:
    """Mark a view that takes a form with longer text: `page`, given the address's parts, says on which page it is
    typed. Goes under the route."""

    def mark(view: V) -> V:
        view.typed_on = page  # type: ignore[attr-defined]
        return view

    return mark


def page_typed_on() -> str:
    """The page on which what this request brings was typed; "" if it is not worth keeping."""
    page = getattr(current_app.view_functions.get(request.endpoint or ""), "typed_on", None)
    try:
        return str(page(**(request.view_args or {}))) if page is not None else ""
    except HTTPException:  # too large, or cut off
        return ""


def sealed() -> str:
    """What this request brings, for the sign-in page to carry along; "" if it is not worth keeping."""
    page = page_typed_on()
    if not page:
        return ""
    fields = {name: value for name, value in request.form.items() if name != "csrf_token"}
    return json.dumps({"page": page, "fields": fields}, ensure_ascii=False)


def unsealed(carried: str | None) -> tuple[str, dict[str, str]] | None:
    """The page and the fields in what a sign-in page carried; None for what is no such thing."""
    try:
        found = json.loads(carried or "null")
    except (ValueError, RecursionError):
        return None
    match found:
        case {"page": str(page), "fields": dict(fields)} if all(isinstance(value, str) for value in fields.values()):
            return page, fields
    return None


def came_back(page: str) -> MultiDict[str, str] | None:
    """What the person had typed on this page when their sign-in ended, as a form takes it."""
    fields = kept_forms.of(staff(), page)
    return MultiDict(fields) if fields else None
