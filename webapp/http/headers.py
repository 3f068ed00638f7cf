"""Security headers on every answer: a strict content policy without inline code, and no caching of anything private."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, request, session

from webapp.http.settings import config

POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "report-uri /reports/csp"
)
# A style sheet or a script is no document: what it may do is the policy of the page that uses it.
POLICY_OF_FILES = "default-src 'none'; frame-ancestors 'none'"
NO_DOCUMENTS = {"text/css", "text/javascript", "font/woff2"}  # for which what is said to documents is weight alone
ONE_YEAR = 31_536_000


def csp_nonce() -> str:
    """This answer's nonce: scripts and htmx attributes without it do nothing."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(18)
    return str(g.csp_nonce)


def _add(response: Response) -> Response:
    headers = response.headers
    is_file = request.endpoint == "static.file" and response.status_code == 200
    headers["Content-Security-Policy"] = POLICY_OF_FILES if is_file else POLICY.format(nonce=csp_nonce())
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if not (is_file and response.mimetype in NO_DOCUMENTS):
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()"
        headers["X-Bankside"] = "1"  # the page swaps only what we sent, not a proxy's error page
    if is_file:
        session.accessed = False  # a library looked at the cookie, but the file is the same for everybody: no Vary
    else:
        headers.setdefault("Cache-Control", "no-store")
        headers.add("Vary", "HX-Request, Cookie")
    if config().cookies_are_secure:
        headers["Strict-Transport-Security"] = f"max-age={ONE_YEAR}; includeSubDomains"
    return response


def init_app(app: Flask) -> None:
    """Add the headers to every answer, errors too."""
    app.after_request(_add)
    app.jinja_env.globals["csp_nonce"] = _Nonce()


class _Nonce:
    """Renders as the current answer's nonce, so that templates write `{{ csp_nonce }}`."""

    def __str__(self) -> str:
        return csp_nonce()

    __html__ = __str__
