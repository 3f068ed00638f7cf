"""Writing: a new article, a draft of one that is there, a document as the beginning of either; and its preview."""

from __future__ import annotations

import re
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types

from webapp.bank.articles import ID_PATTERN, LONGEST_ID, Article, ArticleError
from webapp.bank.documents import ENDINGS, LARGEST_FILE, Given, read_document
from webapp.extensions import limiter
from webapp.handbook.forms import ArticleForm, UploadForm
from webapp.handbook.views import bp, today
from webapp.http.access import for_right, staff
from webapp.http.fragments import on_to, wants_fragment
from webapp.http.input import takes_up_to
from webapp.http.kept import came_back, typed_on
from webapp.services import differences, editing, gaps, kept_forms
from webapp.services.errors import ArticleRefused, EditConflict
from webapp.services.in_force import EDITORS
from webapp.services.staff import roles

LARGEST_ARTICLE = 2 * 1024 * 1024  # bytes of a form: 200,000 characters, some of them spelled %E2%82%AC
EMPTY = editing.Wording("", "", "staff", (), (), "## \n\n")


def page_of(article_id: str, base: str, gap: str = "") -> str:
    """Where an article is written: its text is kept under this address while it is not stored."""
    if base and len(article_id) <= LONGEST_ID and re.fullmatch(ID_PATTERN, article_id):
        return url_for("handbook.edit", article_id=article_id)
    return url_for("handbook.new", gap=gap if re.fullmatch(r"[0-9]{1,9}", gap) else None)


def _sent_page() -> str:
    return page_of(*(request.form.get(name, "") for name in ("id", "base", "gap")))


def _page(form: ArticleForm, status: int = 200, **more: Any) -> ResponseReturnValue:
    """The page to write on, for htmx the writing alone. What a right opens is offered by the names of the roles that
    have it."""
    by_right: dict[str, list[str]] = {}
    for title, rights in roles():
        for right in rights:
            by_right.setdefault(right, []).append(title)
    named = {", ".join(titles): right for right, titles in sorted(by_right.items()) if right != EDITORS}
    choices = [SelectChoice("", "All staff"), *(SelectChoice(right, names) for names, right in sorted(named.items()))]
    kept = form.needs_right.data
    if kept and kept not in named.values():
        choices.append(SelectChoice(kept, f"Roles with the right {kept}"))
    form.needs_right.choices = choices
    there = editing.current(form.id.data or "") if form.base.data else None
    page = page_of(form.id.data or "", form.base.data or "", form.gap.data or "")
    context = {"form": form, "there": there, "preview": None, "conflict": None, "notes": (), "page": page, **more}
    context["kept"] = context.get("kept", False)
    context["typed"] = request.method == "POST"
    template = "handbook/_writing.html" if wants_fragment() else "handbook/edit.html"
    return render_template(template, **context), status


@bp.get("/new")
@for_right(EDITORS)
def new() -> ResponseReturnValue:
    """An empty page, or one that begins with a question nobody could answer."""
    gap_id = request.args.get("gap", "")
    if kept := came_back(page_of("", "", gap_id)):
        return _page(ArticleForm(formdata=kept), kept=True)
    if not (gap_id.isascii() and gap_id.isdigit() and len(gap_id) < 10):
        return _page(ArticleForm.of(EMPTY, editing.NEW))
    gap = gaps.gap(int(gap_id))
    asked = editing.Wording("", "", "staff", (), (gap.question,), "## \n\n")
    return _page(ArticleForm.of(asked, editing.NEW, gap_id), gap=gap)


@bp.get("/articles/<article:article_id>/edit")
@for_right(EDITORS)
def edit(article_id: str) -> ResponseReturnValue:
    """The draft of an article, or what its next version begins with."""
    row = editing.current(article_id)
    if row is None:
        return redirect(url_for("handbook.article", article_id=article_id))
    if kept := came_back(page_of(article_id, "1.1")):
        return _page(ArticleForm(formdata=kept), kept=True)
    return _page(ArticleForm.of(editing.wording_of(row), editing.base_of(row)))


@bp.post("/articles")
@for_right(EDITORS)
@typed_on(_sent_page)
@takes_up_to(LARGEST_ARTICLE)
def save() -> ResponseReturnValue:
    """Store a draft. Whatever is wrong, the page comes back with everything that was typed."""
    form = ArticleForm()
    if not form.validate():
        return _page(form, 422)
    gap_id = int(form.gap.data) if form.gap.data else None
    try:
        row = editing.save(staff(), form.wording, form.base.data or "", today(), gap_id)
    except ArticleRefused as refused:
        form.blame(refused.field, refused.sentence)
        return _page(form, 422)
    except EditConflict:
        return _conflict(form)
    kept_forms.forget(staff(), _sent_page())
    flash(f"Version {row.version} is saved as a draft." if row.is_draft else "That is in force already.", "ok")
    return on_to(url_for("handbook.version", article_id=row.article_id, number=row.version))


def _conflict(form: ArticleForm) -> ResponseReturnValue:
    """Both texts; saving again is then a decision, made knowing the other one."""
    there = editing.current(form.wording.id)
    theirs = editing.wording_of(there) if there else EMPTY
    rows = differences.compare(differences.lines_of(theirs), differences.lines_of(form.wording))
    form.base.data = editing.base_of(there)
    return _page(form, 409, conflict={"row": there, "theirs": theirs, "rows": rows})


@bp.post("/preview")
@for_right(EDITORS)
@typed_on(_sent_page)
@takes_up_to(LARGEST_ARTICLE)
def preview() -> ResponseReturnValue:
    """The article as it would be read; nothing is stored."""
    form = ArticleForm()
    problem, article = _previewed(form)
    if wants_fragment():
        return render_template("handbook/_preview.html", preview=article, problem=problem)
    return _page(form, preview=article, problem=problem)


def _previewed(form: ArticleForm) -> tuple[str, Article | None]:
    try:
        return "", editing.read(form.wording, today())
    except ArticleRefused as refused:
        name = {"sections": "Text", "right": "Who may read it"}.get(refused.field, refused.field.capitalize())
        return f"{name}: {refused.sentence[:1].lower()}{refused.sentence[1:]}", None


@bp.get("/import")
@for_right(EDITORS)
def upload_form() -> ResponseReturnValue:
    """Choose a document."""
    return render_template("handbook/upload.html", form=UploadForm(formdata=None), endings=ENDINGS)


@bp.post("/import")
@for_right(EDITORS)
@limiter.limit("20 per minute", key_func=lambda: f"staff-{staff().id}")
@takes_up_to(LARGEST_FILE + 64 * 1024, files=True)
def upload() -> ResponseReturnValue:
    """Show what a document would become, ready to be changed and saved; nothing is stored."""
    form = UploadForm()
    if not form.validate():
        return render_template("handbook/upload.html", form=form, endings=ENDINGS), 422
    try:
        read = read_document(form.file.data.read(), form.file.data.filename or "", Given(), today())
    except ArticleError as error:
        name, _field, reason = str(error).split(": ", 2)
        form.file.errors = [f"{name} {reason}."]
        return render_template("handbook/upload.html", form=form, endings=ENDINGS), 422
    article, row = read.article, editing.current(read.article.id)
    wording = editing.Wording(
        article.id,
        article.title,
        article.audience,
        article.topics,
        article.questions,
        read.body,
        article.needs_right,
    )
    found = ArticleForm.of(wording, editing.base_of(row))
    return _page(found, preview=article, notes=read.notes, document=form.file.data.filename)
