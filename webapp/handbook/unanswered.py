"""Gaps: what was asked and the handbook could not answer."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.handbook.views import bp
from webapp.http.access import for_right, staff
from webapp.models.handbook import GapState
from webapp.services import gaps
from webapp.services.in_force import EDITORS


@bp.get("/gaps")
@for_right(EDITORS)
def gaps_page() -> ResponseReturnValue:
    """The open ones, those asked most first; or the answered or dismissed ones."""
    wanted = request.args.get("state", "")
    state = wanted if wanted in set(GapState) else GapState.OPEN
    return render_template("handbook/gaps.html", gaps=gaps.listed(state), state=state, states=list(GapState))


@bp.post("/gaps/<row:gap_id>/dismiss")
@for_right(EDITORS)
def dismiss_gap(gap_id: int) -> ResponseReturnValue:
    """Not for the handbook."""
    gap = gaps.dismiss(staff(), gap_id)
    flash(f"\u201c{gap.question}\u201d is not for the handbook.", "ok")
    return redirect(url_for("handbook.gaps_page"), 303)


@bp.post("/gaps/<row:gap_id>/reopen")
@for_right(EDITORS)
def reopen_gap(gap_id: int) -> ResponseReturnValue:
    """For the handbook after all."""
    gaps.reopen(staff(), gap_id)
    flash("The question is open again.", "ok")
    return redirect(url_for("handbook.gaps_page"), 303)
