"""Where browsers report what the content policy stopped: counted and logged, a few a minute, never stored."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from webapp.extensions import limiter
from webapp.http.access import csrf_exempt, public
from webapp.http.events import log

bp = Blueprint("reports", __name__)


@bp.post("/reports/csp")
@public
@csrf_exempt
@limiter.limit("20 per minute")
def csp() -> ResponseReturnValue:
    """Log which directive was violated; the rest of a report is the sender's words and is not kept."""
    report = request.get_json(force=True, silent=True, cache=False)
    body = report.get("csp-report") if isinstance(report, dict) else None
    directive = body.get("effective-directive") if isinstance(body, dict) else None
    log.warning("csp.violation", directive=str(directive)[:40], address=request.remote_addr)
    return "", 204
