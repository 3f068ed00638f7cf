"""The browser's cookie: signed, and good for as long as the sign-in that it names."""

from __future__ import annotations

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import BadSignature


class Cookie(SecureCookieSessionInterface):
    """Flask's own, but for its age: the server knows when a sign-in ends.

    Flask would also refuse a cookie from a moment that has not come yet: a clock put back a minute signs everybody out.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """What the cookie says; nothing, if it was not signed here."""
        serializer = self.get_signing_serializer(app)
        if serializer is None:  # no key
            return None
        try:
            return self.session_class(serializer.loads(request.cookies.get(self.get_cookie_name(app), "")))
        except BadSignature:
            return self.session_class()


def init_app(app: Flask) -> None:
    """Read and write cookies so."""
    app.session_interface = Cookie()
