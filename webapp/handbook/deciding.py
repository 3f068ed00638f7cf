"""Deciding: publish now or from a day on, throw a draft away, withdraw a version, bring an earlier one back."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from webapp.handbook.forms import PublishForm
from webapp.handbook.views import bp, today
from webapp.http.access import for_right, staff
from webapp.http.moments import short_date
from webapp.http.settings import library, meaning
from webapp.http.unit_of_work import after_commit
from webapp.models import HandbookArticle
from webapp.services import differences, editing, reading_room
from webapp.services.errors import ArticleRefused, NotFound
from webapp.services.in_force import EDITORS


def _to_article(article_id: str) -> Response:
    return redirect(url_for("handbook.article", article_id=article_id), 303)


def _changed() -> None:
    """Once it is stored, this process's search by meaning learns of it; the others see the edition's number."""
    by_meaning = library().by_meaning
    if by_meaning is not None and meaning().model is not None:
        after_commit(by_meaning.refresh_behind)


@bp.get("/articles/<article:article_id>/publish")
@for_right(EDITORS)
def publish_form(article_id: str) -> ResponseReturnValue:
    """What would change, and when."""
    draft = reading_room.opened(staff(), article_id, today()).draft
    return _publish_page(
        article_id, PublishForm(formdata=None, data={"base": editing.base_of(draft), "effective_on": today()})
    )


def _publish_page(article_id: str, form: PublishForm, status: int = 200) -> ResponseReturnValue:
    opened = reading_room.opened(staff(), article_id, today())
    if opened.draft is None:
        raise NotFound("There is no draft of this article.", "It may have been published or discarded meanwhile.")
    rows = _compared(opened.in_force, opened.draft) if opened.in_force else None
    page = render_template(
        "handbook/publish.html", opened=opened, draft=opened.draft, rows=rows, form=form, today=today()
    )
    return page, status


def _compared(old: HandbookArticle, new: HandbookArticle) -> list[differences.Row]:
    return differences.compare(*(differences.lines_of(editing.wording_of(one)) for one in (old, new)))


@bp.post("/articles/<article:article_id>/publish")
@for_right(EDITORS)
def publish(article_id: str) -> ResponseReturnValue:
    """Put the draft in force, now or from a day on."""
    form = PublishForm()
    if not form.validate():
        return _publish_page(article_id, form, 422)
    on = form.effective_on.data
    try:
        row = editing.publish(staff(), article_id, str(form.base.data), today(), on, form.effective_until.data)
    except ArticleRefused as refused:
        form.blame(refused.field, refused.sentence)
        return _publish_page(article_id, form, 422)
    _changed()
    if row.effective_on > today():
        flash(f"Version {row.version} comes into force on {short_date(row.effective_on)}.", "ok")
    else:
        flash(f"Version {row.version} is in force. The search finds it from now on.", "ok")
    return _to_article(article_id)


@bp.post("/articles/<article:article_id>/discard")
@for_right(EDITORS)
def discard(article_id: str) -> ResponseReturnValue:
    """Throw the draft away."""
    editing.discard(staff(), article_id, request.form.get("base", "")[:20])
    flash("The draft is discarded.", "ok")
    if editing.current(article_id) is None:
        return redirect(url_for("handbook.index"), 303)
    return _to_article(article_id)


@bp.get("/articles/<article:article_id>/versions/<row:number>/withdraw")
@for_right(EDITORS)
def withdraw_form(article_id: str, number: int) -> ResponseReturnValue:
    """Say what withdrawing means, and ask."""
    opened = reading_room.opened(staff(), article_id, today(), number)
    return render_template("handbook/withdraw.html", opened=opened, row=opened.row)


@bp.post("/articles/<article:article_id>/versions/<row:number>/withdraw")
@for_right(EDITORS)
def withdraw(article_id: str, number: int) -> ResponseReturnValue:
    """Take a version out of force or out of the schedule."""
    editing.withdraw(staff(), article_id, number, today())
    _changed()
    flash(f"Version {number} is withdrawn.", "ok")
    return _to_article(article_id)


@bp.get("/articles/<article:article_id>/versions/<row:number>/roll-back")
@for_right(EDITORS)
def roll_back_form(article_id: str, number: int) -> ResponseReturnValue:
    """What would change if this earlier text were in force again."""
    opened = reading_room.opened(staff(), article_id, today(), number)
    now_in_force = reading_room.opened(staff(), article_id, today()).in_force
    rows = _compared(now_in_force, opened.row) if now_in_force else None
    return render_template("handbook/roll_back.html", opened=opened, row=opened.row, now=now_in_force, rows=rows)


@bp.post("/articles/<article:article_id>/versions/<row:number>/roll-back")
@for_right(EDITORS)
def roll_back(article_id: str, number: int) -> ResponseReturnValue:
    """Put an earlier text in force again, as a new version."""
    row = editing.roll_back(staff(), article_id, number, today())
    _changed()
    flash(f"Version {row.version} is in force, with the text of version {number}.", "ok")
    return _to_article(article_id)
