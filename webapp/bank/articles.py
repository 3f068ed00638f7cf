"""Handbook articles: Markdown with YAML front matter, read into plain values.

An article file begins with a header between two lines of `---` (id, title, version, effective, audience, topics,
questions; if wanted until, the last day, and right, which roles must have to read it), followed by `##` sections.
A heading that ends in "(staff only)" marks a section that is never read out, although the rest of the article may be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import frontmatter
from frontmatter.default_handlers import YAMLHandler

SANDBOX_HANDBOOK: Path = Path(__file__).parent / "sandbox" / "handbook"
"""The folder with the invented bank's articles."""

AUDIENCES = ("staff", "customer")
STAFF_ONLY = "(staff only)"
LONGEST_ID, LONGEST_LINE, LONGEST_BODY = 60, 160, 200_000  # characters

# YAML nested a hundred thousand deep ends the whole process inside the C parser; a header this short cannot.
LONGEST_HEADER = 10_000

_HEADER = re.compile(r"\A-{3,}[ \t]*\n(?P<header>.*?)^-{3,}[ \t]*$", re.DOTALL | re.MULTILINE)
ID_PATTERN = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_KEBAB_CASE = re.compile(ID_PATTERN)
_RIGHT = re.compile(r"[a-z_]+\.[a-z_]+")
_SECTION_HEADING = re.compile(r"##(?:[ \t]+(?P<heading>.*))?")
_FENCE = re.compile(r" {0,3}(?P<mark>`{3,}|~{3,})")


class ArticleError(ValueError):
    """An article cannot be read. The message is one line: the file, the field, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of an article that can be quoted by itself."""

    number: int  # 1, 2, 3 ... in order; 0 for text before the first heading
    heading: str  # without the mark "(staff only)"; "" for text before the first heading
    audience: str  # "staff" or "customer": may it be read to a customer?
    text: str  # Markdown, without the heading


@dataclass(frozen=True, slots=True)
class Article:
    """One article of the handbook in one version."""

    id: str  # "cards-lost-and-stolen"
    title: str
    version: int  # 1, 2, 3 ...
    effective_on: date  # in force from the beginning of this day
    audience: str  # "staff" or "customer"; "staff" holds for all sections
    topics: tuple[str, ...]
    questions: tuple[str, ...]  # which the article answers, in the words of those who ask
    sections: tuple[Section, ...]
    effective_until: date | None = None  # the last day; None: until a later version comes into force
    needs_right: str | None = None  # only roles with this right may read it; None: all staff


def read_articles(folder: Path) -> list[Article]:
    """All articles (`*.md`) of a folder, sorted by id; raises `ArticleError` as `read_with_source` does."""
    return [article for article, _source in read_with_source(folder)]


def read_with_source(folder: Path) -> list[tuple[Article, str]]:
    """All articles (`*.md`) of a folder, sorted by id, each with its file's text.

    Raises `ArticleError` when the folder is missing, a file cannot be read, or two files have the same id.
    """
    if not folder.is_dir():
        raise ArticleError(f"{folder}: folder: does not exist")
    found: dict[str, tuple[Article, str]] = {}
    file_of: dict[str, str] = {}
    for path in sorted(folder.glob("*.md")):
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ArticleError(f"{path.name}: file: cannot be read as UTF-8 text") from error
        article = parse_article(text, path.name)
        if article.id in found:
            raise ArticleError(f"{path.name}: id: {article.id} is already used by {file_of[article.id]}")
        found[article.id] = article, text
        file_of[article.id] = path.name
    return [found[article_id] for article_id in sorted(found)]


def parse_article(text: str, source: str) -> Article:
    """Read one article; `source` names it in errors. Raises `ArticleError` for anything missing or wrong."""
    return article_of(*_split(text, source), source)


def article_of(fields: Mapping[str, object], body: str, source: str) -> Article:
    """The article that header fields and Markdown make. Raises `ArticleError` for anything missing or wrong."""
    audience = _audience(fields, source)
    return Article(
        id=_article_id(fields, source),
        title=_line(_field(fields, "title", source), "title", source),
        version=_version(fields, source),
        effective_on=_day(_field(fields, "effective", source), "effective", source),
        audience=audience,
        topics=_lines(fields, "topics", source),
        questions=_lines(fields, "questions", source),
        sections=read_sections(body, audience, source),
        effective_until=_day(fields["until"], "until", source) if fields.get("until") is not None else None,
        needs_right=_right(fields, source),
    )


def header_and_body(text: str, source: str) -> tuple[Mapping[str, object], str]:
    """A Markdown text's header fields ({} without a header) and what follows; `ArticleError` for a bad header."""
    text = text.replace("\r\n", "\n").strip()
    return _split(text, source) if _HEADER.match(text) else ({}, text)


def body_of(sections: Sequence[Section], audience: str) -> str:
    """The Markdown that `read_sections` reads as these sections of an article for this audience."""
    parts = []
    for section in sections:
        mark = f" {STAFF_ONLY}" if section.audience == "staff" and audience != "staff" else ""
        parts.append(f"## {section.heading}{mark}\n\n{section.text}" if section.number else section.text)
    return "\n\n".join(parts)


def _split(text: str, source: str) -> tuple[Mapping[str, object], str]:
    """The header's fields and the Markdown after it."""
    text = text.replace("\r\n", "\n").strip()
    match = _HEADER.match(text)
    if match is None:
        raise ArticleError(f"{source}: header: must stand at the beginning, between two lines of ---")
    if len(match["header"]) > LONGEST_HEADER:
        raise ArticleError(f"{source}: header: longer than {LONGEST_HEADER} characters")
    try:
        # YAMLHandler uses YAML's safe loader; naming it keeps JSON and TOML headers out.
        fields, _ = frontmatter.parse(match.group(), handler=YAMLHandler())
    except Exception as error:  # the YAML library fails in many ways: its own errors, ValueError, RecursionError ...
        raise ArticleError(f"{source}: header: is not valid YAML") from error
    return fields, text[match.end() :].strip()


def _field(fields: Mapping[str, object], name: str, source: str) -> object:
    value = fields.get(name)
    if value is None:
        raise ArticleError(f"{source}: {name}: is missing")
    return value


def _line(value: object, name: str, source: str) -> str:
    """One line of text that is not blank."""
    if not isinstance(value, str) or not value.strip() or len(value.strip().splitlines()) > 1:
        raise ArticleError(f"{source}: {name}: must be one line of text")
    if len(value.strip()) > LONGEST_LINE:
        raise ArticleError(f"{source}: {name}: longer than {LONGEST_LINE} characters")
    return value.strip()


def _lines(fields: Mapping[str, object], name: str, source: str) -> tuple[str, ...]:
    """A list of different lines, at least one."""
    value = _field(fields, name, source)
    if not isinstance(value, list) or not value:
        raise ArticleError(f"{source}: {name}: must be a list of at least one line")
    lines = tuple(_line(item, name, source) for item in value)
    if len({line.casefold() for line in lines}) < len(lines):
        raise ArticleError(f"{source}: {name}: names the same line twice")
    return lines


def _article_id(fields: Mapping[str, object], source: str) -> str:
    article_id = _line(_field(fields, "id", source), "id", source)
    if not _KEBAB_CASE.fullmatch(article_id):
        raise ArticleError(f"{source}: id: must be small letters and digits joined by hyphens")
    if len(article_id) > LONGEST_ID:
        raise ArticleError(f"{source}: id: longer than {LONGEST_ID} characters")
    return article_id


def _version(fields: Mapping[str, object], source: str) -> int:
    version = _field(fields, "version", source)
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise ArticleError(f"{source}: version: must be a whole number from 1")
    return version


def _day(value: object, name: str, source: str) -> date:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise ArticleError(f"{source}: {name}: must be a date like 2026-03-01") from error
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ArticleError(f"{source}: {name}: must be a date like 2026-03-01")
    return value


def _right(fields: Mapping[str, object], source: str) -> str | None:
    right = fields.get("right")
    if right is not None and (not isinstance(right, str) or not _RIGHT.fullmatch(right) or len(right) > 48):
        raise ArticleError(f"{source}: right: must be a right like handbook.edit")
    return right


def _audience(fields: Mapping[str, object], source: str) -> str:
    audience = _field(fields, "audience", source)
    if not isinstance(audience, str) or audience not in AUDIENCES:
        raise ArticleError(f"{source}: audience: must be one of {', '.join(AUDIENCES)}")
    return audience


def read_sections(body: str, article_audience: str, source: str) -> tuple[Section, ...]:
    """The `##` sections of a Markdown text; raises `ArticleError` for what cannot be cited section by section."""
    if len(body) > LONGEST_BODY:
        raise ArticleError(f"{source}: sections: together longer than {LONGEST_BODY:,} characters")
    lead, headed = _split_at_headings(body)
    if not headed:
        raise ArticleError(f"{source}: sections: there are none (a section begins with ##)")
    sections = [Section(0, "", article_audience, lead)] if lead else []
    seen: set[str] = set()
    for number, (written, text) in enumerate(headed, start=1):
        heading = written.removesuffix(STAFF_ONLY).strip()
        if not heading:
            raise ArticleError(f"{source}: sections: section {number} has no heading")
        if len(heading) > LONGEST_LINE:
            raise ArticleError(f"{source}: sections: section {number} has a heading of more than {LONGEST_LINE} signs")
        if heading.casefold() in seen:
            raise ArticleError(f"{source}: sections: section {number} has the heading of an earlier one")
        if not text:
            raise ArticleError(f"{source}: sections: section {number} has no text")
        seen.add(heading.casefold())
        audience = "staff" if written.endswith(STAFF_ONLY) else article_audience
        sections.append(Section(number, heading, audience, text))
    return tuple(sections)


def _split_at_headings(body: str) -> tuple[str, list[tuple[str, str]]]:
    """The text before the first `##`, then each heading with its text; `##` inside a code fence is text."""
    lead: list[str] = []
    headed: list[tuple[str, list[str]]] = []
    fence = ""
    for line in body.split("\n"):
        heading = None if fence else _SECTION_HEADING.fullmatch(line)
        if heading is not None:
            headed.append(((heading["heading"] or "").strip(), []))
            continue
        fence = _fence_after(line, fence)
        (headed[-1][1] if headed else lead).append(line)
    return "\n".join(lead).strip(), [(heading, "\n".join(lines).strip()) for heading, lines in headed]


def _fence_after(line: str, fence: str) -> str:
    """The mark of the code fence that is open after this line, "" for none; `fence` is the one open before it."""
    match = _FENCE.match(line)
    if match is None:
        return fence
    mark = match["mark"]
    if not fence:
        return mark
    closes = mark.startswith(fence) and line.strip() == mark
    return "" if closes else fence
