"""A document's Markdown as an article's: one title, `##` sections, each with a heading of its own and a text."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from webapp.bank.articles import LONGEST_LINE, STAFF_ONLY

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")


@dataclass
class Part:
    """A heading (level 1 to 6; 0: none, the beginning) and the lines under it."""

    level: int
    heading: str
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What stands under the heading."""
        return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in self.lines)).strip()


def shaped(markdown: str, title: str, *, sure: bool = False) -> tuple[str, str, list[str]]:
    """Title, body and notes on what was changed; `title` is what the document calls itself, "" if it does not.

    The highest level of headings becomes the sections, what is below stays inside them. A single heading of the first
    level at the beginning is the title, unless the document is `sure` of another: a window's title or a file's
    properties are seldom what an article is called.
    """
    parts = _parts(markdown)
    headed = [part for part in parts if part.level]
    first = headed[0] if headed else None
    another = sure and first is not None and title.casefold() != first.heading.casefold()
    if (
        first
        and not another
        and first.level == 1
        and sum(part.level == 1 for part in headed) == 1
        and not parts[0].text
    ):
        title = title if sure else first.heading
        parts = [Part(0, "", first.lines), *parts[parts.index(first) + 1 :]]
    top = min((part.level for part in parts if part.level), default=0)
    if not top:
        text = "\n\n".join(part.text for part in parts if part.text)
        return title, f"## {_line(title) or 'Text'}\n\n{text}" if text else "", []
    return (title, *_sections(parts, top))


def _parts(markdown: str) -> list[Part]:
    parts = [Part(0, "")]
    fence = ""
    for line in markdown.replace("\r\n", "\n").split("\n"):
        mark = _FENCE.match(line)
        if fence:
            fence = "" if mark and mark[1].startswith(fence) else fence
        elif mark:
            fence = mark[1]
        else:
            found = _HEADING.fullmatch(line)
            if found and _plain(found[2]):
                parts.append(Part(len(found[1]), _plain(found[2])))
                continue
            underline = _UNDERLINE.fullmatch(line)
            above = parts[-1].lines[-1] if parts[-1].lines else ""
            before = parts[-1].lines[-2].strip() if len(parts[-1].lines) > 1 else ""
            if underline and above.strip() and not before and not above.lstrip().startswith(("|", "-", ">")):
                parts[-1].lines.pop()
                parts.append(Part(1 if underline[1][0] == "=" else 2, _plain(above)))
                continue
        parts[-1].lines.append(line)
    return parts


def _sections(parts: list[Part], top: int) -> tuple[str, list[str]]:
    notes: list[str] = []
    lead: list[str] = []
    sections: list[tuple[str, list[str]]] = []
    for part in parts:
        below = part.text if part.level in (0, top) else f"{'#' * (part.level - top + 2)} {part.heading}\n\n{part.text}"
        if part.level == top:
            sections.append((part.heading, [below] if below else []))
        elif below.strip():
            (sections[-1][1] if sections else lead).append(below.strip())
    used: Counter[str] = Counter()
    written = ["\n\n".join(lead)] if lead else []
    for heading, texts in sections:
        if not texts:
            notes.append(f"the section \u201c{heading}\u201d has no text and was left out")
            continue
        used[heading.casefold()] += 1
        number = used[heading.casefold()]
        text = "\n\n".join(texts)
        written.append(f"## {_numbered(_line(heading), number)}\n\n{text}")
    return "\n\n".join(written), notes


def _numbered(heading: str, number: int) -> str:
    if number == 1:
        return heading
    if heading.endswith(STAFF_ONLY):
        return f"{heading.removesuffix(STAFF_ONLY).strip()} ({number}) {STAFF_ONLY}"
    return f"{heading} ({number})"


def _plain(heading: str) -> str:
    """A heading without Markdown's own marks."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    text = re.sub(r"(?<!\\)[*`]+|(?<![\\\w])_+|(?<!\\)_+(?!\w)", "", text)
    return re.sub(r"\\(\W)", r"\1", text).strip()


def _line(text: str) -> str:
    return text if len(text) <= LONGEST_LINE - 20 else f"{text[: LONGEST_LINE - 21].rstrip()}\u2026"
