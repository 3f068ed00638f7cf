"""Reading: the list, the search, an article in one of its versions, what changed between two."""

from __future__ import annotations

from datetime import date
from itertools import groupby

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from webapp.agents.tools.passages import excerpt
from webapp.bank.documents.reading import slug
from webapp.http.access import staff
from webapp.http.fragments import wants_fragment
from webapp.http.settings import library
from webapp.services import differences, editing, gaps, reading_room
from webapp.services.errors import BadInput
from webapp.services.in_force import EDITORS
from webapp.services.staff import roles

bp = Blueprint("handbook", __name__, url_prefix="/handbook")

LONGEST_QUESTION = 200
MOST_FOUND = 20  # passages


def today() -> date:
    """The day it is at the bank: the one by which the search decides what is in force."""
    return date.today()


@bp.app_template_global("passage_anchor")
def passage_anchor(heading: str) -> str:
    """A section's name within its page."""
    return slug(heading) or "beginning"


@bp.app_template_filter("topic")
def topic_name(topic: str) -> str:
    """A topic as a heading: "cards" -> "Cards", "kyc" -> "KYC"."""
    return topic.upper() if len(topic) <= 3 else topic[:1].upper() + topic[1:]


@bp.app_template_global("readers_of")
def readers_of(needs_right: str | None) -> str:
    """Who may read an article that needs this right."""
    return reading_room.readers(needs_right, roles())


@bp.get("/")
def index() -> ResponseReturnValue:
    """Every article by topic; with `q` the passages found for it; for htmx only what is listed."""
    question = " ".join(request.args.get("q", "").split())[:LONGEST_QUESTION]
    topic = request.args.get("topic", "")[:160]
    listed = reading_room.articles(staff(), today())
    shown = [one for one in listed if not topic or topic in one.topics]
    editor = staff().may(EDITORS)
    context = {
        "question": question,
        "topic": topic,
        "topics": reading_room.topics(listed),
        "shelves": [(name, list(some)) for name, some in groupby(shown, key=lambda one: one.topic)],
        "found": _found(question) if question else None,
        "editor": editor,
        "waiting": [one for one in listed if one.has_draft or one.scheduled_on] if editor else [],
        "open_gaps": gaps.how_many_open() if editor else 0,
    }
    return render_template("handbook/_list.html" if wants_fragment() else "handbook/index.html", **context)


def _found(question: str) -> list[dict[str, object]]:
    """The passages found, article by article, best first."""
    passages = library().seen_by(staff().role.rights).search(question, MOST_FOUND)
    order = list(dict.fromkeys(one.article_id for one in passages))
    passages = sorted(passages, key=lambda one: order.index(one.article_id))
    return [
        {
            "first": best,
            "passages": [(one, excerpt(question, one.text)) for one in (best, *list(others)[:1])],
        }
        for _article, together in groupby(passages, key=lambda one: one.article_id)
        for best, others in [(next(together), together)]
    ]


@bp.get("/articles/<article:article_id>")
def article(article_id: str) -> ResponseReturnValue:
    """An article as it is in force."""
    return _article(article_id, None)


@bp.get("/articles/<article:article_id>/versions/<row:number>")
def version(article_id: str, number: int) -> ResponseReturnValue:
    """An article in one of its versions."""
    return _article(article_id, number)


def _article(article_id: str, number: int | None) -> str:
    opened = reading_room.opened(staff(), article_id, today(), number)
    return render_template(
        "handbook/article.html", opened=opened, row=opened.row, editor=staff().may(EDITORS), today=today()
    )


@bp.get("/articles/<article:article_id>/changes")
def changes(article_id: str) -> ResponseReturnValue:
    """What changed from one version to another; from the one before to the newest without `from` and `to`."""
    opened = reading_room.opened(staff(), article_id, today(), _number("to"))
    older = [row for row, _standing in opened.versions if row.version < opened.row.version]
    before = _number("from") or (older[0].version if older else opened.row.version)
    old = reading_room.opened(staff(), article_id, today(), before).row
    rows = differences.compare(*(differences.lines_of(editing.wording_of(one)) for one in (old, opened.row)))
    return render_template("handbook/changes.html", opened=opened, old=old, new=opened.row, rows=rows)


def _number(name: str) -> int | None:
    value = request.args.get(name, "")
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise BadInput
    return int(value)
