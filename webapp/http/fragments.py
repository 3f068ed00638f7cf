"""The only reader of htmx's request headers."""

from __future__ import annotations

from flask import Response, make_response, redirect, request
from werkzeug.wrappers import Response as AnyResponse


def wants_fragment() -> bool:
    """Whether htmx asks for a piece of the page (and not for a whole one, as when it restores history)."""
    return request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers


def redirect_whole_page(location: str, status: int) -> Response:
    """Tell htmx to leave the page: it follows HX-Redirect whatever the status."""
    response = make_response("", status)
    response.headers["HX-Redirect"] = location
    return response


def on_to(location: str) -> AnyResponse:
    """After a form that was stored: a browser is sent on by 303, htmx told to leave the page it sent the form from."""
    return redirect_whole_page(location, 204) if wants_fragment() else redirect(location, 303)


def current_page_path(default: str) -> str:
    """The path of the page a fragment was asked from, for coming back to it; only ever one of our own paths."""
    current = request.headers.get("HX-Current-URL", "")
    if not current.startswith(request.host_url):
        return default
    return "/" + current.removeprefix(request.host_url)
