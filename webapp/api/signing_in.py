"""Programs sign in with a person's name and password, and out again."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, request
from flask.typing import ResponseReturnValue

from webapp.api import answers
from webapp.api.contract import asked_body, says
from webapp.api.room import answer, bp
from webapp.api.schemas import asked, told
from webapp.http.access import public, staff
from webapp.http.credentials import keep_up_to_date, verified
from webapp.http.events import log
from webapp.http.programs import current_token, for_scope
from webapp.http.settings import config
from webapp.models.programs import Scope
from webapp.services import access_tokens


@bp.post("/auth/login")
@public
@says(body=asked.Credentials, ok=told.SignedIn, tag="Signing in", is_open=True)
def sign_in() -> ResponseReturnValue:
    """Sign in; answers with a token that opens what the person's role allows, until it expires or is revoked."""
    wanted: asked.Credentials = asked_body()
    address = request.remote_addr or ""
    person = verified(wanted.username, wanted.password, address)
    keep_up_to_date(person, wanted.password)
    row, token = access_tokens.issue(
        person,
        f"Signed in from {address}",
        access_tokens.ALL_SCOPES,
        timedelta(hours=config().absolute_hours),
        by_sign_in=True,
    )
    log.info("sign_in.begun", actor=person.username, address=address, program=True)
    return answer(told.SignedIn(token=token, expires_at=row.expires_at, scopes=row.scopes, user=answers.user(person)))


@bp.post("/auth/logout")
@for_scope(Scope.READ)
@says(nothing=None, tag="Signing in")
def sign_out() -> ResponseReturnValue:
    """End the token this request came with."""
    access_tokens.revoke(staff(), current_token().id)
    log.info("sign_in.ended", actor=staff().username, program=True)
    return Response(status=204)
