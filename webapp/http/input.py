"""What a request may carry at all: forms in valid UTF-8. Checked before anything reads them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import Flask, current_app, request
from werkzeug.exceptions import ClientDisconnected, UnsupportedMediaType

from webapp.http.programs import speaks_json
from webapp.http.unit_of_work import SAFE_METHODS
from webapp.services.errors import BadInput

UNSENDABLE = BadInput("The text contains characters that cannot be sent.", "Remove them and send again.")


# Printable by their category, and yet nothing to see: fillers, joiners, variation selectors.
FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
INVISIBLE = frozenset(FILLERS) | {chr(sign) for sign in range(0xFE00, 0xFE10)}


def says_something(text: str | None) -> bool:
    """Whether there is more in a text than blanks and invisible characters."""
    return any(sign.isprintable() and not sign.isspace() and sign not in INVISIBLE for sign in text or "")


def plain_breaks(text: str | None) -> str | None:
    """A form's text with each line break as the one character it was when typed: browsers send two."""
    return text.replace("\r\n", "\n") if text else text


def has_unsendable(text: str) -> bool:
    """Whether a text holds NUL, other control characters (tab and line breaks are fine) or lone surrogates."""
    return any((sign < " " and sign not in "\t\n\r") or sign == "\x7f" or "\ud800" <= sign <= "\udfff" for sign in text)


def takes_up_to(size: int, *, files: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark a view that takes larger forms than others (bytes), or forms with files. Goes under the route.

    A form with files is read only after the door was passed; its other fields are looked at then.
    """

    def mark(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def looking(*arguments: Any, **named: Any) -> Any:
            for name, value in request.form.items(multi=True):
                if has_unsendable(name) or has_unsendable(value):
                    raise UNSENDABLE
            return view(*arguments, **named)

        looking.largest_body = size  # type: ignore[attr-defined]
        looking.takes_files = files  # type: ignore[attr-defined]
        return looking

    return mark


def _check_encoding() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    largest: int | None = getattr(view, "largest_body", None)
    if largest is not None:
        request.max_content_length = request.max_form_memory_size = largest
    _decodable(request.query_string)
    if speaks_json():
        return  # the programs' door reads bodies itself
    if request.method in SAFE_METHODS or not (request.content_length or "Transfer-Encoding" in request.headers):
        return
    if request.mimetype == "multipart/form-data" and getattr(view, "takes_files", False):
        return
    if request.mimetype == "application/x-www-form-urlencoded":
        body = request.get_data(cache=True)
        if len(body) < (request.content_length or 0):
            # The server hands over what came before the connection broke: half a question must not be stored.
            raise ClientDisconnected
        _decodable(body)
    elif not getattr(request, "routing_exception", None) and request.endpoint != "reports.csp":
        raise UnsupportedMediaType


def _decodable(raw: bytes) -> None:
    # Werkzeug replaces or keeps undecodable bytes; what a person did not type must not be stored.
    try:
        decoded = unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise UNSENDABLE from None
    if has_unsendable(decoded):
        raise UNSENDABLE


def init_app(app: Flask) -> None:
    """Refuse what cannot be read."""
    app.before_request(_check_encoding)
