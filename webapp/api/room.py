"""The blueprint, its limits, and how a model becomes an answer."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, request
from pydantic import BaseModel
from pydantic_core import to_json

from webapp.extensions import limiter
from webapp.http.programs import token_key
from webapp.http.settings import config

LARGEST_BODY = 64 * 1024  # bytes

bp = Blueprint("api", __name__, url_prefix="/api")


def _requests_limit() -> str:
    return f"{config().api_requests_per_minute} per minute"


limiter.shared_limit(_requests_limit, scope="api", key_func=token_key)(bp)


@bp.before_request
def _limit_body() -> None:
    request.max_content_length = LARGEST_BODY


@bp.after_request
def _tell_limits(response: Response) -> Response:
    """How many requests the token has left, and in how many seconds the count begins anew."""
    current = limiter.current_limit
    if current is not None:
        response.headers["RateLimit-Limit"] = str(current.limit.amount)
        response.headers["RateLimit-Remaining"] = str(max(current.remaining, 0))
        response.headers["RateLimit-Reset"] = str(max(0, round(current.reset_at - time.time())))
    return response


def answer(
    said: BaseModel | Sequence[BaseModel], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A model, or a bare list of them, as JSON."""
    plain = said.model_dump() if isinstance(said, BaseModel) else [one.model_dump() for one in said]
    return Response(to_json(plain), status, headers, content_type="application/json")
