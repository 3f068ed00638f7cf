"""The handbook as staff read it: the list by topic, an article with its versions, what changed between two."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import select

from webapp.extensions import db
from webapp.models import HandbookArticle, StaffUser
from webapp.models.handbook import VersionState
from webapp.services import filing
from webapp.services.errors import NotFound
from webapp.services.in_force import EDITORS, may_read


class Standing(StrEnum):
    """How a version stands on a day."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    IN_FORCE = "in force"
    REPLACED = "replaced"  # a later version counts
    ENDED = "ended"  # its last day is over, and nothing came after it
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Listed:
    """An article in the list."""

    article_id: str
    title: str
    topics: tuple[str, ...]
    audience: str
    needs_right: str | None
    version: int
    standing: Standing
    effective_on: date
    has_draft: bool
    scheduled_on: date | None

    @property
    def topic(self) -> str:
        """Where it stands in the list: the first topic of an article is its main one."""
        return self.topics[0]


@dataclass(frozen=True, slots=True)
class Opened:
    """A version of an article with all the others."""

    row: HandbookArticle
    standing: Standing
    versions: tuple[tuple[HandbookArticle, Standing], ...]  # newest first; drafts for editors only

    @property
    def draft(self) -> HandbookArticle | None:
        """What is being written."""
        return next((row for row, standing in self.versions if standing == Standing.DRAFT), None)

    @property
    def in_force(self) -> HandbookArticle | None:
        """What counts today."""
        return next((row for row, standing in self.versions if standing == Standing.IN_FORCE), None)


def standings(versions: Sequence[HandbookArticle], today: date) -> dict[int, Standing]:
    """How the versions of one article stand: `in_force.IN_FORCE` in Python, and what it is called otherwise."""
    begun = [
        one
        for one in versions
        if one.state != VersionState.DRAFT
        and one.effective_on <= today
        and (one.effective_until is None or one.effective_until >= one.effective_on)
    ]
    counts = max(begun, key=lambda one: (one.effective_on, one.version), default=None)
    return {one.id: _standing(one, counts, today) for one in versions}


def _standing(one: HandbookArticle, counts: HandbookArticle | None, today: date) -> Standing:
    if one.state == VersionState.DRAFT:
        return Standing.DRAFT
    if one.state == VersionState.WITHDRAWN:
        return Standing.WITHDRAWN
    if one.effective_on > today:
        return Standing.SCHEDULED
    if counts is None or one.id != counts.id:
        return Standing.REPLACED
    return Standing.ENDED if one.effective_until is not None and one.effective_until < today else Standing.IN_FORCE


def articles(staff: StaffUser, today: date) -> list[Listed]:
    """The articles this person may read, by topic and title; editors see those that are not in force as well."""
    rights = staff.role.rights
    by_article: dict[str, list[HandbookArticle]] = defaultdict(list)
    for row in db.session.scalars(select(HandbookArticle).order_by(HandbookArticle.article_id)):
        by_article[row.article_id].append(row)
    found = [_listed(versions, rights, today) for versions in by_article.values()]
    wanted = [one for one in found if one is not None]
    return sorted(wanted, key=lambda one: (one.topic.casefold(), one.title.casefold()))


def _listed(versions: Sequence[HandbookArticle], rights: Collection[str], today: date) -> Listed | None:
    standing = standings(versions, today)
    draft = next((one for one in versions if one.is_draft), None)
    shown = next((one for one in versions if standing[one.id] == Standing.IN_FORCE), None)
    if shown is None and EDITORS in rights:
        shown = draft or max(versions, key=lambda one: one.version)
    if shown is None or not may_read(shown.needs_right, rights):
        return None
    coming = min((one.effective_on for one in versions if standing[one.id] == Standing.SCHEDULED), default=None)
    return Listed(
        shown.article_id,
        shown.title,
        tuple(shown.topics),
        shown.audience,
        shown.needs_right,
        shown.version,
        standing[shown.id],
        shown.effective_on,
        draft is not None and EDITORS in rights,
        coming,
    )


def topics(found: Sequence[Listed]) -> list[tuple[str, int]]:
    """The main topics of these articles, with how many have them, by name."""
    counted = Counter(one.topic for one in found)
    return sorted(counted.items(), key=lambda one: one[0].casefold())


def opened(staff: StaffUser, article_id: str, today: date, number: int | None = None) -> Opened:
    """An article, in the version in force or the one with this number; raises `NotFound` for what may not be read.

    Where nothing is in force editors get the draft or the newest version; others are told that there is none.
    """
    rights = staff.role.rights
    versions = filing.versions_of(article_id)
    if EDITORS not in rights:
        versions = [one for one in versions if not one.is_draft and may_read(one.needs_right, rights)]
    standing = standings(versions, today)
    if number is None:
        row = next((one for one in versions if standing[one.id] == Standing.IN_FORCE), None)
        if row is None and EDITORS in rights:
            row = next((one for one in versions if one.is_draft), versions[-1] if versions else None)
    else:
        row = next((one for one in versions if one.version == number), None)
    if row is None:
        raise NotFound("This article does not exist, or is not in force.", "Search the handbook for what you need.")
    listed = tuple((one, standing[one.id]) for one in reversed(versions))
    return Opened(row, standing[row.id], listed)


def titles(article_ids: Collection[str]) -> dict[str, str]:
    """What these articles are called, by their ids; in the newest version."""
    wanted = select(HandbookArticle.article_id, HandbookArticle.title).order_by(HandbookArticle.version)
    rows = db.session.execute(wanted.where(HandbookArticle.article_id.in_(article_ids)))
    return {row.article_id: row.title for row in rows}


def choices(staff: StaffUser, words: str, found: Sequence[str], today: date, most: int) -> list[Listed]:
    """Articles in force to choose from: those whose id or title has these words in it, then those that were found."""
    listed = [one for one in articles(staff, today) if one.standing == Standing.IN_FORCE]
    folded = words.casefold()
    named = [one for one in listed if folded and (folded in one.title.casefold() or folded == one.article_id)]
    by_id = {one.article_id: one for one in listed}
    ranked = [*named, *(by_id[one] for one in found if one in by_id)]
    return list({one.article_id: one for one in ranked}.values())[:most]


def readers(needs_right: str | None, roles: Sequence[tuple[str, Collection[str]]]) -> str:
    """Who may read an article, in words; `roles` are titles with their rights."""
    if needs_right is None:
        return "All staff"
    named = [title for title, rights in roles if may_read(needs_right, rights)]
    return ", ".join(named) or "Nobody"
