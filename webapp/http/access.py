"""Locked by default: every route needs a sign-in unless it is marked public. The check runs before CSRF's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request, session
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from webapp.extensions import csrf, login_manager
from webapp.http import programs
from webapp.http.events import log
from webapp.http.settings import config
from webapp.http.unit_of_work import SAFE_METHODS, reading, unit_of_work
from webapp.models import SignIn, StaffUser
from webapp.models.sqlite import DatabaseBusy
from webapp.services import sign_ins
from webapp.services.errors import NotAllowed

View = Callable[..., Any]
V = TypeVar("V", bound=View)


class SignInNeeded(Exception):
    """Nobody is signed in (any more); the auth room answers with its page."""


class CrossSite(Exception):
    """Another site sent a form here; refused even with a good token."""


def public(view: V) -> V:
    """Open this door to everybody."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def passive(view: V) -> V:
    """Requests the page makes by itself: they do not keep a sign-in alive."""
    view.is_passive = True  # type: ignore[attr-defined]
    return view


def for_right(right: str) -> Callable[[View], View]:
    """Open this door only to roles with the right."""

    def mark(view: View) -> View:
        view.needs_right = right  # type: ignore[attr-defined]
        return view

    return mark


def staff() -> StaffUser:
    """The signed-in member of staff, as a plain object."""
    return cast(StaffUser, current_user._get_current_object())


def current_sign_in() -> SignIn:
    """The sign-in this request came with."""
    return cast(SignIn, g.sign_in)


@login_manager.user_loader  # type: ignore[untyped-decorator]
def _load(token: str) -> StaffUser | None:
    limits = config()
    sign_in = sign_ins.alive(token, timedelta(minutes=limits.idle_minutes), timedelta(hours=limits.absolute_hours))
    if sign_in is None:
        return None
    g.sign_in = sign_in
    person = sign_in.staff
    person.sign_in_token = token
    return person


def _check() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if programs.speaks_json():
        _check_program(view)
        return
    if view is None or getattr(view, "is_public", False):
        return
    _load_once()
    if not current_user.is_authenticated:
        if "_user_id" in session:
            log.info("sign_in.expired", address=request.remote_addr)
        raise SignInNeeded
    sign_in = current_sign_in()
    if not getattr(view, "is_passive", False) and sign_ins.needs_touch(sign_in):
        person, sign_in_id = staff(), sign_in.id
        try:
            with unit_of_work():
                sign_ins.touch(sign_in_id)
        except (SQLAlchemyError, DatabaseBusy) as error:  # reading goes on while nothing can be written
            log.warning("sign_in.not_touched", kind=type(error).__name__, actor=person.username)
        g._login_user = person
    _check_right(view)


def _check_program(view: View | None) -> None:
    if view is None or getattr(view, "is_public", False):
        programs.admit_nobody()
        return
    programs.admit(view)
    _check_right(view)


def _check_right(view: View) -> None:
    right = getattr(view, "needs_right", None)
    if right and not staff().may(right):
        raise NotAllowed


def _load_once() -> None:
    """Load the sign-in in a read of its own when the request will write, so that nothing slow holds the write lock."""
    if request.method in SAFE_METHODS:
        bool(current_user)
        return
    with reading():
        person = current_user._get_current_object()
    g._login_user = person


def _refuse_cross_site() -> None:
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    foreign = origin is not None and _host_of(origin) != request.host
    if site in ("cross-site", "same-site") or (site is None and foreign):
        raise CrossSite


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # "http://[" is no origin
        return ""


def _check_csrf() -> None:
    if programs.speaks_json():
        return  # no cookie is read there, so that there is nothing to forge
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method not in SAFE_METHODS and view is not None and not getattr(view, "is_csrf_exempt", False):
        csrf.protect()


def csrf_exempt(view: V) -> V:
    """For the browser's own reports, which carry no token and change nothing of anybody's."""
    view.is_csrf_exempt = True  # type: ignore[attr-defined]
    return view


def init_app(app: Flask) -> None:
    """Check access, then origin, then the CSRF token, in this order."""
    login_manager.session_protection = None  # a sign-in is a row on the server; the address may change on the move
    app.before_request(_check)
    app.before_request(_refuse_cross_site)
    app.before_request(_check_csrf)
