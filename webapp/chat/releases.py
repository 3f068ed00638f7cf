"""What waits for a second person of the branch: a list, which leads to the cards where it is decided."""

from __future__ import annotations

from datetime import timedelta

from flask import render_template
from flask.typing import ResponseReturnValue

from webapp.chat.views import bp
from webapp.http.access import for_right, passive, staff
from webapp.http.fragments import wants_fragment
from webapp.http.unit_of_work import unit_of_work
from webapp.services import audit, releases

LOOKING_COUNTS_FOR = timedelta(minutes=5)


@bp.get("/releases")
@for_right("orders.release")
def waiting_releases() -> ResponseReturnValue:
    """The page."""
    waiting = releases.waiting_for(staff())
    if waiting:
        _note_looking()
    return render_template("chat/releases.html", waiting=waiting)


@bp.get("/releases/list")
@for_right("orders.release")
@passive
def waiting_releases_again() -> ResponseReturnValue:
    """The list as it is now, for a page that stays open."""
    template = "chat/_releases.html" if wants_fragment() else "chat/releases.html"
    return render_template(template, waiting=releases.waiting_for(staff()))


def _note_looking() -> None:
    """The list names customers and amounts of other people's sessions: who looks at it is recorded once in a while."""
    reader = staff()
    if not audit.has_noted(reader, "releases.read", reader.branch, within=LOOKING_COUNTS_FOR):
        with unit_of_work():
            audit.record(reader, "releases.read", reader.branch)
