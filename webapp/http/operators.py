"""Who operates this installation: whoever shows the METRICS_TOKEN, or asks on the port of its own."""

from __future__ import annotations

import hmac

from flask import request

from webapp.http.settings import config

OWN_PORT = "bankside.own_port"  # set in the WSGI environment by the server on METRICS_PORT, never by a header


def token_is_shown() -> bool:
    """Whether the request carries the operators' bearer token."""
    token = config().metrics_token
    kind, _, shown = request.headers.get("Authorization", "").partition(" ")
    return bool(token) and kind.lower() == "bearer" and hmac.compare_digest(shown.strip().encode(), token.encode())


def may_see_details() -> bool:
    """Whether to tell more than a word."""
    return request.environ.get(OWN_PORT) is True or token_is_shown()
