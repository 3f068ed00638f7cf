"""What went wrong -> status -> page or notice: one table. Error answers store nothing."""

from __future__ import annotations

import time

from flask import Flask, Response, g, make_response, render_template, request
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError, generate_csrf
from markupsafe import escape
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from webapp.bank.errors import BankError, BankUnavailable, CustomerNotFound
from webapp.extensions import limiter
from webapp.http import outages, programs
from webapp.http.access import CrossSite
from webapp.http.credentials import TooManyAttempts
from webapp.http.events import actor, log
from webapp.http.fragments import wants_fragment
from webapp.http.problems import problem
from webapp.http.unit_of_work import SAFE_METHODS, abandon
from webapp.models.sqlite import DatabaseBusy
from webapp.services import errors as domain

STATUS: dict[type[domain.DomainError], int] = {
    domain.BadInput: 400,
    domain.WrongPassword: 401,
    domain.NotAllowed: 403,
    domain.VerificationNeeded: 403,
    domain.SecondPersonNeeded: 403,
    domain.ChatNotFound: 404,
    domain.MessageNotFound: 404,
    domain.NotFound: 404,
    domain.ChatEnded: 409,
    domain.CustomerFixed: 409,
    domain.MoveNotAllowed: 409,
    domain.ProposalClosed: 409,
    domain.ProposalChanged: 409,
    domain.TextDiffers: 409,
    domain.EditConflict: 409,
    domain.ArticleRefused: 422,
    domain.PasswordRefused: 422,
    domain.TooManyStreams: 429,
    domain.WrongFields: 422,
    programs.TokenNeeded: 401,
    programs.ScopeMissing: 403,
    TooManyAttempts: 429,
}
SENTENCES: dict[int, tuple[str, str, str]] = {  # title, sentence, next step
    400: ("Not understood", "That request could not be read.", "Go back, reload the page and try again."),
    403: ("Not allowed", "You may not do that.", "If you need it, ask a manager of your branch."),
    404: ("Not found", "There is no such page.", "Your sessions are on the start page."),
    405: ("Not possible here", "This address does not do that.", "Go back and use the page's own buttons."),
    413: ("Too much", "That is more than can be sent at once.", "Shorten the text and send it again."),
    415: ("Not understood", "Only forms are taken here.", "Use the page's own forms."),
    429: ("Too many", "Too many requests in a short time.", "Wait a moment and try again. What you typed is kept."),
    500: ("Our mistake", "Something went wrong on our side. Nothing was changed.", "Try again. If it happens again, "
          "tell support the request number below."),
    503: ("Busy", "The database cannot be reached just now. Nothing was stored.", "What you typed is kept. Try again "
          "in a few seconds."),
}  # fmt: skip
NEXT_FOR_PROGRAMS = "The addresses and what they take are in /api/openapi.json."
LONGER_FIELDS = ("text", "opening", "summary", "body", "note", "handbook-note", "dismiss-note", "reason")
RETRY_AFTER_SECONDS = "5"
DATABASE_TROUBLE = (DBAPIError, PoolTimeout, DatabaseBusy)


def answer(status: int, sentence: str = "", next_step: str = "", title: str = "") -> Response:
    """The error as a page, or for htmx as a notice that leaves the form and what was typed alone."""
    abandon()
    fallback = SENTENCES.get(status, SENTENCES[500 if status >= 500 else 400])
    if programs.speaks_json():
        return problem(
            status,
            (title or fallback[0]) if status in SENTENCES else "",
            f"{sentence or fallback[1]} {next_step or NEXT_FOR_PROGRAMS}".strip(),
        )
    context = {
        "title": title or fallback[0],
        "sentence": sentence or fallback[1],
        "next_step": next_step or (fallback[2] if not sentence else ""),
        "request_id": g.get("request_id", ""),
        "status": status,
        "typed": _typed(status),
    }
    notice, page_of_its_own = ("errors/_notice.html", LAST_NOTICE), ("errors/page.html", LAST_PAGE)
    template, last_resort = notice if wants_fragment() else page_of_its_own
    try:
        page = render_template(template, **context)
    except Exception as error:  # the last resort needs nothing, not even the database that knows who is there
        log.error("error_page.failed", kind=type(error).__name__, exc_info=error)
        page = last_resort.format(**{name: escape(value) for name, value in context.items()})
    response = make_response(page, status)
    if wants_fragment():
        response.headers["HX-Retarget"] = "#notices"
        response.headers["HX-Reswap"] = "innerHTML"
    return response


def _typed(status: int) -> str:
    """What was being sent, for a page to give back. (A notice leaves the form with its text alone.) Not to other sites'
    forms, which end in a 403: their words are not shown here."""
    if request.method in SAFE_METHODS or status == 403:
        return ""
    try:
        return next((request.form[name] for name in LONGER_FIELDS if request.form.get(name)), "")
    except HTTPException:  # too large, or cut off
        return ""


LAST_PAGE = """<!doctype html><html lang="en-GB"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>
<p>{sentence} {next_step}</p><pre>{typed}</pre><p><a href="/">To the start page</a></p><p>{request_id}</p></html>"""
LAST_NOTICE = """<div class="note note-harm notice"><p><strong>{sentence}</strong> {next_step}</p></div>"""


def _refused(error: domain.DomainError) -> Response:
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 400)
    log.info("refused", kind=type(error).__name__, status=status, endpoint=request.endpoint, actor=actor())
    response = answer(status, error.sentence, error.next_step)
    if isinstance(error, domain.WrongFields) and programs.speaks_json():
        response = problem(status, "Not valid", error.sentence, error.fields)
    if isinstance(error, programs.TokenNeeded):
        response.headers["WWW-Authenticate"] = 'Bearer realm="bankside"'
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(error.seconds)
    return response


def _stale_form(error: CSRFError) -> Response:
    log.warning("csrf.refused", endpoint=request.endpoint, reason=error.description, actor=actor())
    response = answer(400, "The page was out of date. Your text is kept.", "Send it again.", "Out of date")
    response.headers["X-CSRF-Token"] = generate_csrf()
    return response


def _cross_site(_error: CrossSite) -> Response:
    log.warning("cross_site.refused", endpoint=request.endpoint, address=request.remote_addr)
    return answer(403, "Another site sent this request. It was refused.", "Open this address yourself.")


def _too_many(error: RateLimitExceeded) -> Response:
    current = limiter.current_limit
    seconds = max(1, round(current.reset_at - time.time())) if current else 60
    response = answer(429, f"Too many requests in a short time. Your text is kept; send it again in {seconds} seconds.")
    response.headers["Retry-After"] = str(seconds)
    log.warning("throttled", endpoint=request.endpoint, limit=str(error.limit.limit) if error.limit else "")
    return response


def _http(error: HTTPException) -> Response:
    if error.response is not None:
        return make_response(error.response)
    original = getattr(error, "original_exception", None)
    if original is not None:  # raised after the view had answered: a commit that failed
        return _database(original) if isinstance(original, DATABASE_TROUBLE) else _unexpected(original)
    response = answer(error.code or 500)
    if error.code == 405 and getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
    return response


def _database(error: Exception) -> Response:
    if not outages.is_trouble(error):
        return _unexpected(error)
    abandon()
    state = outages.kind_of(error)
    log.error("database.unavailable", kind=type(error).__name__, state=state, endpoint=request.endpoint)
    if request.method not in SAFE_METHODS:
        outages.outage().note()
    response = answer(503, outages.SENTENCES[state], SENTENCES[503][2])
    response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def _bank(error: BankError) -> Response:
    if isinstance(error, CustomerNotFound):
        return answer(404, "The bank has no such customer.", "Search again.")
    log.error("bank.failed", kind=type(error).__name__, endpoint=request.endpoint)
    unavailable = isinstance(error, BankUnavailable)
    return answer(503 if unavailable else 502, "The bank's records did not answer.", "Try again in a moment.")


def _unexpected(error: Exception) -> Response:
    log.error("unexpected", kind=type(error).__name__, endpoint=request.endpoint, exc_info=error)
    return answer(500)


def init_app(app: Flask) -> None:
    """Register the table."""
    outages.init_app(app)
    app.register_error_handler(domain.DomainError, _refused)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(CrossSite, _cross_site)
    app.register_error_handler(RateLimitExceeded, _too_many)
    app.register_error_handler(HTTPException, _http)
    for trouble in DATABASE_TROUBLE:
        app.register_error_handler(trouble, _database)
    app.register_error_handler(BankError, _bank)
    app.register_error_handler(Exception, _unexpected)
