"""What a request may carry at all: forms in valid UTF-8. Checked before anything reads them."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from flask import Flask, request
from werkzeug.exceptions import ClientDisconnected, UnsupportedMediaType

from webapp.http.unit_of_work import SAFE_METHODS
from webapp.services.errors import BadInput

UNSENDABLE = BadInput("The text contains characters that cannot be sent.", "Remove them and send again.")


def has_unsendable(text: str) -> bool:
    """Whether a text holds NUL, other control characters (tab and line breaks are fine) or lone surrogates."""
    return any((sign < " " and sign not in "\t\n\r") or sign == "\x7f" or "\ud800" <= sign <= "\udfff" for sign in text)


def _check_encoding() -> None:
    _decodable(request.query_string)
    if request.method in SAFE_METHODS or not (request.content_length or "Transfer-Encoding" in request.headers):
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
