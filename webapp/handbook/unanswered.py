"""Gaps: what was asked and the handbook could not answer, and what becomes of it."""

from __future__ import annotations

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.handbook.forms import DismissGapForm, GapExampleForm
from webapp.handbook.views import MOST_FOUND, bp, today
from webapp.http.access import for_right, staff
from webapp.http.fragments import on_to, wants_fragment
from webapp.http.kept import came_back, typed_on
from webapp.http.settings import library
from webapp.models import HandbookGap
from webapp.models.handbook import GapState
from webapp.services import editing, gaps, kept_forms, reading_room
from webapp.services.errors import ArticleRefused
from webapp.services.in_force import EDITORS

MOST_CHOICES = 8
LONGEST_SEARCH = 200  # characters


@bp.get("/gaps")
@for_right(EDITORS)
def gaps_page() -> ResponseReturnValue:
    """The open ones, those asked most first; or the answered or dismissed ones with what became of them."""
    wanted = request.args.get("state", "")
    state = wanted if wanted in set(GapState) else GapState.OPEN
    listed = gaps.listed(state)
    titles = reading_room.titles({gap.article_id for gap in listed if gap.article_id})
    return render_template("handbook/gaps.html", gaps=listed, titles=titles, state=state, states=list(GapState))


def gap_page_of(gap_id: int) -> str:
    """Where it is decided what becomes of a gap; a reason is kept under this address while it is not stored."""
    return url_for("handbook.gap_page", gap_id=gap_id)


def _example_page_of(gap_id: int) -> str:
    article = request.form.get("article", "")[:80]
    return url_for("handbook.gap_page", gap_id=gap_id, article=article) if article else gap_page_of(gap_id)


@bp.get("/gaps/<row:gap_id>")
@for_right(EDITORS)
def gap_page(gap_id: int) -> ResponseReturnValue:
    """What can become of a gap: an article that is there answers it, or it is not for the handbook."""
    gap, chosen = gaps.gap(gap_id), request.args.get("article", "")[:80]
    if chosen:
        kept = came_back(url_for("handbook.gap_page", gap_id=gap_id, article=chosen))
        form = GapExampleForm(formdata=kept) if kept else GapExampleForm.of(gap, chosen)
        return _example_page(gap, form, kept=kept is not None)
    kept = came_back(gap_page_of(gap_id))
    return _page(gap, DismissGapForm(formdata=kept), kept=kept is not None)


def _page(gap: HandbookGap, form: DismissGapForm, *, kept: bool = False) -> str:
    """Articles to choose from, and the form to dismiss it; for htmx what is found, or the form that was sent."""
    sent = request.method == "POST"
    words = " ".join(request.args.get("q", "" if sent else gaps.searched(gap)).split())[:LONGEST_SEARCH]
    passages = library().seen_by(staff().role.rights).search(words, MOST_FOUND) if words else ()
    found = list(dict.fromkeys(passage.article_id for passage in passages))
    context = {
        "gap": gap,
        "form": form,
        "words": words,
        "choices": reading_room.choices(staff(), words, found, today(), MOST_CHOICES),
        "titles": reading_room.titles({gap.article_id} if gap.article_id else ()),
        "page": gap_page_of(gap.id),
        "kept": kept,
        "typed": sent,
    }
    if wants_fragment():
        return render_template("handbook/_gap_dismiss.html" if sent else "handbook/_gap_choices.html", **context)
    return render_template("handbook/gap.html", **context)


def _example_page(gap: HandbookGap, form: GapExampleForm, *, kept: bool = False) -> str:
    """An article was chosen: how does it answer the question?"""
    opened = reading_room.opened(staff(), form.article.data or "", today())
    page = url_for("handbook.gap_page", gap_id=gap.id, article=opened.row.article_id)
    typed = request.method == "POST"
    template = "handbook/_gap_example.html" if wants_fragment() else "handbook/gap_article.html"
    return render_template(template, gap=gap, form=form, opened=opened, page=page, kept=kept, typed=typed)


@bp.post("/gaps/<row:gap_id>/example")
@for_right(EDITORS)
@typed_on(_example_page_of)
def add_gap_to_article(gap_id: int) -> ResponseReturnValue:
    """Add the question to an article's examples, as a draft."""
    gap, form = gaps.gap(gap_id), GapExampleForm()
    if not form.validate():
        return _example_page(gap, form), 422
    article_id = reading_room.opened(staff(), str(form.article.data), today()).row.article_id
    try:
        row = editing.add_question(staff(), article_id, str(form.question.data), today(), gap_id)
    except ArticleRefused as refused:
        form.question.errors = [refused.sentence]
        return _example_page(gap, form), 422
    kept_forms.forget(staff(), _example_page_of(gap_id))
    if row.is_draft:
        flash(f"The question is in the draft of version {row.version}. Publishing it closes the gap.", "ok")
        return on_to(url_for("handbook.version", article_id=article_id, number=row.version))
    flash("The article has this question among its examples already: the gap is closed.", "ok")
    return on_to(url_for("handbook.gaps_page"))


@bp.post("/gaps/<row:gap_id>/answered")
@for_right(EDITORS)
def gap_answered_already(gap_id: int) -> ResponseReturnValue:
    """An article in force answers it as it is."""
    opened = reading_room.opened(staff(), request.form.get("article", "")[:80], today())
    if opened.in_force is None:
        raise ArticleRefused("article", "This article is not in force: nobody could read the answer.")
    gap = gaps.answered_already(staff(), gap_id, opened.row.article_id)
    flash(f"\u201c{gap.question}\u201d is answered by \u201c{opened.in_force.title}\u201d.", "ok")
    return on_to(url_for("handbook.gaps_page"))


@bp.post("/gaps/<row:gap_id>/dismiss")
@for_right(EDITORS)
@typed_on(gap_page_of)
def dismiss_gap(gap_id: int) -> ResponseReturnValue:
    """Not for the handbook, and why."""
    form = DismissGapForm()
    gap = gaps.gap(gap_id)
    if not form.validate():
        return _page(gap, form), 422
    gaps.dismiss(staff(), gap_id, str(form.reason.data))
    kept_forms.forget(staff(), gap_page_of(gap_id))
    flash(f"\u201c{gap.question}\u201d is not for the handbook.", "ok")
    return on_to(url_for("handbook.gaps_page"))


@bp.post("/gaps/<row:gap_id>/reopen")
@for_right(EDITORS)
def reopen_gap(gap_id: int) -> ResponseReturnValue:
    """For the handbook after all."""
    gaps.reopen(staff(), gap_id)
    flash("The question is open again.", "ok")
    return on_to(url_for("handbook.gaps_page"))
