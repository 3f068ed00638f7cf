"""Read one file as an article: what it says, what it is called, and what somebody says about it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePath

from webapp.bank.articles import (
    LONGEST_BODY,
    LONGEST_ID,
    LONGEST_LINE,
    Article,
    ArticleError,
    article_of,
    header_and_body,
    parse_article,
    read_sections,
)
from webapp.bank.documents.shaping import shaped

LARGEST_FILE = 10 * 1024 * 1024  # bytes
LARGEST_MARKDOWN = 1024 * 1024
SECONDS = 20  # for one file, on a machine that is busy
ENDINGS = {".md": "md", ".markdown": "md", ".html": "html", ".htm": "html", ".docx": "docx", ".pdf": "pdf"}
UNSORTED = "unsorted"  # the topic of what nobody has sorted

_CONVERTING = Path(__file__).with_name("converting.py")
_UMLAUTS = {ord("ä"): "ae", ord("ö"): "oe", ord("ü"): "ue", ord("ß"): "ss"}
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Given:
    """What is said about a document beside it; it has the last word. None and (): the document says it, or nobody."""

    id: str | None = None
    title: str | None = None
    audience: str | None = None
    effective_on: date | None = None
    effective_until: date | None = None
    needs_right: str | None = None
    topics: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Read:
    """A document as an article. `version` of the article is 1 unless `names_version`."""

    article: Article
    body: str  # Markdown
    names_version: bool = False
    dated: bool = False  # somebody says when it is in force; else it is from today
    notes: tuple[str, ...] = ()  # what was left out or assumed, each the end of a sentence


def read_document(content: bytes, name: str, given: Given, today: date) -> Read:
    """Read a file's content; `name` says its kind and names it in errors. Raises `ArticleError`, one line.

    HTML, DOCX and PDF are read by a process of their own with little memory and time, no network and no files. What the
    document does not say is taken from `given`, else assumed: staff only, from today, its file's name as id.
    """
    source = PurePath(name).name or "file"
    kind = ENDINGS.get(PurePath(name).suffix.lower())
    if kind is None:
        raise ArticleError(f"{source}: file: must end in {', '.join(ENDINGS)}")
    largest = LARGEST_MARKDOWN if kind == "md" else LARGEST_FILE
    if len(content) > largest:
        raise ArticleError(f"{source}: file: larger than {largest // 2**20} MB")
    if not content.strip():
        raise ArticleError(f"{source}: file: is empty")
    if kind == "md":
        fields, body = header_and_body(_utf8(content, source), source)
        if {"id", "title", "version", "effective", "audience", "topics", "questions"} <= set(fields):
            return _as_written(_utf8(content, source), source, given, body)
        title, body, notes = shaped(body, str(fields.get("title") or ""), sure="title" in fields)
    else:
        fields = {}
        title, body, notes = _converted(content, kind, source)
    return _assumed(fields, given, title, body, notes, source, today)


def _utf8(content: bytes, source: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ArticleError(f"{source}: file: cannot be read as UTF-8 text") from error


def _converted(content: bytes, kind: str, source: str) -> tuple[str, str, list[str]]:
    command = [sys.executable, "-I", str(_CONVERTING), kind]
    try:
        run = subprocess.run(command, input=content, capture_output=True, timeout=SECONDS, check=False, env={})  # noqa: S603
        found = json.loads(run.stdout)
    except subprocess.TimeoutExpired:
        raise ArticleError(f"{source}: file: takes longer than {SECONDS} seconds to read") from None
    except ValueError:  # it was ended: by its own limits, or because a library broke
        raise ArticleError(f"{source}: file: takes more time or memory to read than a document may") from None
    if "problem" in found:
        raise ArticleError(f"{source}: file: {found['problem']}")
    markdown, called = (_UNSTORABLE.sub("", found[part]) for part in ("markdown", "title"))
    title, body, notes = shaped(markdown, called, sure=found["sure"])
    return title, body, [*found["notes"], *notes]


def _as_written(text: str, source: str, given: Given, body: str) -> Read:
    """A Markdown article with everything in its header."""
    article = parse_article(text, source)
    audience = given.audience or article.audience
    changed = Article(
        id=given.id or article.id,
        title=given.title or article.title,
        version=article.version,
        effective_on=given.effective_on or article.effective_on,
        audience=audience,
        topics=given.topics or article.topics,
        questions=given.questions or article.questions,
        sections=read_sections(body, audience, source),
        effective_until=given.effective_until or article.effective_until,
        needs_right=given.needs_right or article.needs_right,
    )
    return Read(_checked(changed, source), body, names_version=True, dated=True)


def _assumed(
    fields: Mapping[str, object],
    given: Given,
    title: str,
    body: str,
    notes: list[str],
    source: str,
    today: date,
) -> Read:
    if not body.strip():
        raise ArticleError(f"{source}: file: has no text")
    if len(body) > LONGEST_BODY:
        raise ArticleError(f"{source}: file: its text is longer than {LONGEST_BODY:,} characters; divide it")
    title = " ".join((given.title or title or PurePath(source).stem.replace("-", " ").replace("_", " ")).split())
    said: dict[str, object] = {
        "id": given.id or fields.get("id") or slug(title) or slug(PurePath(source).stem),
        "title": title[:LONGEST_LINE],
        "version": fields.get("version") or 1,
        "effective": given.effective_on or fields.get("effective") or today,
        "until": given.effective_until or fields.get("until"),
        "audience": given.audience or fields.get("audience") or "staff",
        "topics": list(given.topics) or fields.get("topics") or [UNSORTED],
        "questions": list(given.questions) or fields.get("questions") or [title[:LONGEST_LINE]],
        "right": given.needs_right or fields.get("right"),
    }
    if not (given.audience or fields.get("audience")):
        notes = [*notes, "its audience was not said: staff only"]
    article = article_of(said, body, source)
    dated = bool(given.effective_on or fields.get("effective"))
    return Read(_checked(article, source), body, bool(fields.get("version")), dated, tuple(notes))


def _checked(article: Article, source: str) -> Article:
    if article.effective_until is not None and article.effective_until < article.effective_on:
        raise ArticleError(f"{source}: until: is before the day from which it is in force")
    if article.audience not in ("staff", "customer"):
        raise ArticleError(f"{source}: audience: must be one of staff, customer")
    return article


def slug(text: str) -> str:
    """A text as an article's id: "Fees & rates" -> "fees-rates"."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_UMLAUTS))
    words = re.findall(r"[a-z0-9]+", plain.encode("ascii", "ignore").decode())
    return "-".join(words)[:LONGEST_ID].strip("-")
