"""Which parts of an answer may be said to the customer: decided by the passages that stand behind them, not by words.

A paragraph that cites a passage for staff only is for staff only; one that cites passages which may be read to a
customer may be said; a quotation belongs to the line with its source below it. Whatever cites nothing (the customer's
records, questions back, advice) is neither: it stays what it is, an answer to the person at the desk.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

from webapp.agents.tools.handbook import STAFF_ONLY

_MARK = re.compile(r"(?<!\\)\[(\d{1,2})\]")
_SOURCE = re.compile(r"^Handbook, \*\*")
_LONGEST = 50_000
_reader = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a quotation, a table ... as Markdown. `is_source`: it only says where the one before it stands."""

    text: str
    is_source: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Blocks for the same ears: "customer", "staff", or "" for what is neither."""

    audience: str
    blocks: tuple[Block, ...]

    @property
    def text(self) -> str:
        """The part as Markdown."""
        return "\n\n".join(block.text for block in self.blocks)


def parts(text: str, audiences: Mapping[int, str]) -> list[Part]:
    """The answer cut into parts, in its order; `audiences` says of each citation's number who may hear it.

    An answer that cites nothing whose audience is known is one part for nobody in particular.
    """
    if not any(audiences.values()) or len(text) > _LONGEST:
        return [Part("", (Block(text),))]
    blocks = _blocks(text)
    heard = [_audience(block, audiences) for block in blocks]
    for place in range(len(blocks) - 2, -1, -1):  # a quotation is its source line's
        if heard[place] is None and blocks[place].startswith(">") and not _MARK.search(blocks[place]):
            heard[place] = heard[place + 1]
    found: list[tuple[str, list[Block]]] = []
    for block, audience in zip(blocks, heard, strict=True):
        kind = audience or ""
        said = block.removesuffix(STAFF_ONLY).rstrip() if kind == "staff" else block
        if not found or found[-1][0] != kind:
            found.append((kind, []))
        found[-1][1].append(Block(said, _SOURCE.match(said) is not None))
    return [Part(kind, tuple(said)) for kind, said in found]


def _audience(block: str, audiences: Mapping[int, str]) -> str | None:
    cited = [audiences[int(mark)] for mark in _MARK.findall(block) if int(mark) in audiences]
    if not cited:
        return None
    if "staff" in cited:
        return "staff"
    return "customer" if all(one == "customer" for one in cited) else ""


def _blocks(text: str) -> list[str]:
    """The outermost blocks of a Markdown text, as they are written."""
    lines = text.split("\n")
    tokens: list[Token] = _reader.parse(text)
    starts = sorted({0, *(token.map[0] for token in tokens if token.level == 0 and token.map)})
    ends = [*starts[1:], len(lines)]
    return ["\n".join(lines[start:end]).strip("\n") for start, end in zip(starts, ends, strict=True)]
