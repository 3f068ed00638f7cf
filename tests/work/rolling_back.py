"""The product's app, except that a request saying so fails after its rows were written: nothing of it may remain."""

from __future__ import annotations

from flask import Response, request

from webapp import create_app
from webapp.extensions import db

app = create_app()


@app.after_request  # registered last, so it runs first: before the unit of work looks at the status
def fail_late(response: Response) -> Response:
    """Send everything to the database, then call it an error."""
    if "X-Fail-After-Writing" in request.headers:
        db.session.flush()
        response.status_code = 500
    return response


app.extensions["bankside.runner"].start()
