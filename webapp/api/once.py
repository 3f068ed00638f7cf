"""`Idempotency-Key`: a request that is repeated is done once, and its first answer is given again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from flask import Response, request

from webapp.http.access import staff
from webapp.models import KeptAnswer
from webapp.services import kept_answers
from webapp.services.masking import mask_card_secrets


def asked_hash() -> str:
    """What this request asks for: method, address and body, card numbers masked as they are before storing."""
    body = json.dumps(request.get_json(silent=True) or request.form.to_dict(), sort_keys=True)
    said = "\n".join((request.method, request.path, request.headers.get("X-Session-ID", ""), body))
    return hashlib.sha256(mask_card_secrets(said).encode()).hexdigest()


def claim(key: str) -> tuple[KeptAnswer, bool]:
    """The row of this request's key, and whether it is the first with it; raises `TextDiffers`."""
    return kept_answers.claim(staff(), key, asked_hash())


def once(key: str | None, act: Callable[[], tuple[str, Response]]) -> Response:
    """Act, and keep the answer with the session's id, all in the request's own transaction; or give the kept one."""
    if key is None:
        return act()[1]
    row, is_first = claim(key)
    if not is_first and row.answer is not None:
        headers = {"Location": f"{request.path}/{row.chat_id}", "Idempotent-Replayed": "true"}
        return Response(row.answer, row.status, headers, content_type="application/json")
    chat_id, response = act()
    kept_answers.keep(row, chat_id, response.status_code, response.get_data(as_text=True))
    return response
