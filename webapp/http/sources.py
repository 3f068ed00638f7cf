"""How a cited passage stands today: in force as it was quoted, changed since, or withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import g

from webapp.bank.policy_library import Passage
from webapp.http.events import log
from webapp.http.settings import library
from webapp.models import CitedPassage

SAME, NEWER, CHANGED, WITHDRAWN = "", "newer", "changed", "withdrawn"


@dataclass(frozen=True, slots=True)
class Current:
    """What the handbook says today in place of a passage that was quoted; named as the quoted one's columns are."""

    number: int
    article_id: str
    version: int
    title: str
    section: str
    passage: str
    effective_on: str


def standing_of_source(cited: CitedPassage) -> str:
    """One of the four above; `NEWER`: another version is in force, and says the same here. A handbook that does not
    answer leaves it at `SAME`: what was quoted is shown all the same."""
    try:
        found = _in_force(cited.article_id)
    except Exception as error:
        log.error("handbook.failed", kind=type(error).__name__)
        return SAME
    if not found:
        return WITHDRAWN
    if found[0].version == cited.version:
        return SAME
    section = _section(found, cited)
    return NEWER if section is not None and section.text.strip() == cited.passage.strip() else CHANGED


def current_text(cited: CitedPassage) -> Current | None:
    """The same section as it is in force, or the whole article if it has no such section any more; None: withdrawn."""
    found = _in_force(cited.article_id)
    if not found:
        return None
    section = _section(found, cited)
    whole = "\n\n".join(f"### {one.section}\n\n{one.text}" if one.section else one.text for one in found)
    first = section or found[0]
    return Current(
        number=cited.number,
        article_id=first.article_id,
        version=first.version,
        title=first.title,
        section=section.section if section else "",
        passage=section.text if section else whole,
        effective_on=first.effective_on.isoformat(),
    )


def _section(found: Sequence[Passage], cited: CitedPassage) -> Passage | None:
    return next((one for one in found if one.section == cited.section), None)


def _in_force(article_id: str) -> Sequence[Passage]:
    """The article's sections in force today, asked for once a request."""
    known: dict[str, Sequence[Passage]] = g.setdefault("articles_in_force", {})
    if article_id not in known:
        known[article_id] = library().article(article_id)
    return known[article_id]
