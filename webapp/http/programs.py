"""Who a program speaks for: a bearer token, nothing else. No cookie is read under /api, and none is set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Flask, Response, g, request, session
from sqlalchemy.exc import SQLAlchemyError

from webapp.extensions import login_manager
from webapp.http.events import log
from webapp.http.unit_of_work import SAFE_METHODS, reading, unit_of_work
from webapp.models import AccessToken
from webapp.models.programs import Scope
from webapp.models.sqlite import DatabaseBusy
from webapp.services import access_tokens
from webapp.services.errors import DomainError

V = TypeVar("V", bound=Callable[..., Any])
NEVER_IN_AN_ADDRESS = ("token", "access_token", "api_key", "apikey", "authorization", "bearer")


class TokenNeeded(DomainError):
    """The request shows no token, or one that is not valid (any more)."""

    sentence = "This address needs an access token."
    next_step = "Send it as `Authorization: Bearer ...`; POST /api/auth/login gives one."


class ScopeMissing(DomainError):
    """The token's owner chose not to let it do this."""


def speaks_json() -> bool:
    """Whether this request came through the programs' door, known address or not."""
    return request.path == "/api" or request.path.startswith("/api/")


def for_scope(scope: Scope) -> Callable[[V], V]:
    """Say that a view needs more than its method does: reading for GET, writing for everything else."""

    def mark(view: V) -> V:
        view.needs_scope = scope  # type: ignore[attr-defined]
        return view

    return mark


def scope_of(view: Callable[..., Any], method: str) -> Scope:
    """The scope a token must have for a view."""
    marked: Scope | None = getattr(view, "needs_scope", None)
    return marked or (Scope.READ if method in SAFE_METHODS else Scope.WRITE)


def current_token() -> AccessToken:
    """The token this request came with."""
    return cast(AccessToken, g.access_token)


def token_key() -> str:
    """What requests are counted by: the token, or the address of somebody without."""
    token: AccessToken | None = g.get("access_token")
    return f"token-{token.id}" if token is not None else f"address-{request.remote_addr}"


def admit_nobody() -> None:
    """For what everybody may ask: whoever's cookie comes along is not looked at."""
    g._login_user = login_manager.anonymous_user()


def admit(view: Callable[..., Any]) -> None:
    """Let the token's owner in; raises `TokenNeeded` or `ScopeMissing`."""
    admit_nobody()
    if any(name in request.args for name in NEVER_IN_AN_ADDRESS):
        raise TokenNeeded("A token in an address ends up in logs. It was not used; treat it as lost and revoke it.")
    row = _shown()
    if row is None:
        log.info("token.refused", address=request.remote_addr, endpoint=request.endpoint)
        raise TokenNeeded
    g.access_token, g._login_user = row, row.staff
    needed = scope_of(view, request.method)
    if needed not in row.scopes:
        log.warning("token.scope_missing", actor=row.staff.username, scope=str(needed), endpoint=request.endpoint)
        raise ScopeMissing(f"This token may not {needed}.", f"Use one that was made with the scope `{needed}`.")
    _touch(row)


def _shown() -> AccessToken | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        return None
    with reading():  # of its own, so that a POST takes the write lock only when it writes
        return access_tokens.alive(token.strip())


def _touch(row: AccessToken) -> None:
    if not access_tokens.needs_touch(row):
        return
    try:
        with unit_of_work():
            access_tokens.touch(row.id)
    except (SQLAlchemyError, DatabaseBusy) as error:  # reading goes on while nothing can be written
        log.warning("token.not_touched", kind=type(error).__name__, actor=row.staff.username)


def _set_no_cookie(response: Response) -> Response:
    if speaks_json():
        session.modified = False  # a library may have put something there; a program gets no cookie
    return response


def init_app(app: Flask) -> None:
    """Keep cookies away from programs."""
    app.after_request(_set_no_cookie)
