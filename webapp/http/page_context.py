"""What every template may use."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from webapp.http.access import staff
from webapp.http.moments import local
from webapp.http.settings import config
from webapp.models.base import now
from webapp.services import releases

PRODUCT = "Bankside"


def _releases_waiting() -> int:
    """How many orders wait for this person's release; 0 on the page that says that the database does not answer."""
    try:
        return releases.count(staff())
    except SQLAlchemyError:
        return 0


def _context() -> dict[str, Any]:
    settings = config()
    return {
        "staff": current_user if current_user.is_authenticated else None,
        "bank_name": settings.bank_name,
        "product_name": PRODUCT,
        "demo": settings.demo,
        "idle_seconds": int(settings.idle_minutes * 60),
        "now": local(now()),
        "releases_waiting": _releases_waiting,
    }


def init_app(app: Flask) -> None:
    """Offer it."""
    app.context_processor(_context)
