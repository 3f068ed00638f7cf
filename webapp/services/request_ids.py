"""Request ids: made when a form is drawn, so that the same form sent twice is done once."""

from __future__ import annotations

import secrets

REQUEST_ID_PATTERN = r"^[A-Za-z0-9_-]{16,64}\Z"


def new_request_id() -> str:
    """144 random bits, spelled safely for forms."""
    return secrets.token_urlsafe(18)
