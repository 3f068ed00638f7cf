"""Which version of an article counts on a day, and who may read it: one condition for every search and list.

Of the versions that have begun, the one with the latest first day counts (of several, the highest number). If its last
day is over, or it was withdrawn, the article is not in force: an older text never comes back by itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import date

from sqlalchemy import Date, String, TextClause, bindparam, text, update

from webapp.extensions import db
from webapp.models import HandbookEdition

EDITORS = "handbook.edit"  # the right to write the handbook, and so to read all of it

# A version that was withdrawn before its first day has its last day before that, and so never counted.
IN_FORCE = """
    article.state = 'published' AND (article.effective_until IS NULL OR article.effective_until >= :today)
    AND article.id = (
        SELECT other.id FROM handbook_article AS other
        WHERE other.article_id = article.article_id AND other.state <> 'draft' AND other.effective_on <= :today
          AND (other.effective_until IS NULL OR other.effective_until >= other.effective_on)
        ORDER BY other.effective_on DESC, other.version DESC LIMIT 1
    )
"""
READABLE = f"""
    (article.needs_right IS NULL OR article.needs_right IN :rights OR '{EDITORS}' IN :rights)
"""


def may_read(needs_right: str | None, rights: Collection[str]) -> bool:
    """Whether somebody with these rights may read an article that needs this one: `READABLE` in Python."""
    return needs_right is None or needs_right in rights or EDITORS in rights


def prepared(statement: str) -> TextClause:
    """SQL with `:today` and `:rights` in it, to be given a date and a list of rights."""
    return text(statement).bindparams(bindparam("today", type_=Date), bindparam("rights", type_=String, expanding=True))


def in_force(today: date) -> TextClause:
    """The condition on an alias called `article`, for this day."""
    return text(IN_FORCE).bindparams(bindparam("today", today, type_=Date))


def take_the_pen() -> None:
    """Before changing what the handbook says: one writer at a time (PostgreSQL; SQLite has one anyway), and searches
    in all processes see from the token that something has changed. (A number could come again when a backup is put
    back while servers run.)"""
    db.session.execute(update(HandbookEdition).values(token=secrets.token_hex(16)))
