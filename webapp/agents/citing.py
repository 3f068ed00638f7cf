"""Citation marks: every tool numbers its own from 1; an answer numbers all of them once, in order of appearance."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from webapp.agents.transcript import Citation

# A mark is written by us; brackets that come from records or articles are escaped and so never count.
_MARK = re.compile(r"(?<!\\)\[(\d{1,2})\]")


def renumbered(text: str, numbers: dict[int, int]) -> str:
    """The text with its marks changed; marks that stand for nothing go."""

    def change(match: re.Match[str]) -> str:
        number = numbers.get(int(match[1]))
        return f"[{number}]" if number is not None else ""

    return _MARK.sub(change, text)


class Bibliography:
    """All citations of one turn; the same passage keeps its number."""

    def __init__(self) -> None:
        self._found: list[Citation] = []

    def add(self, text: str, citations: Sequence[Citation]) -> str:
        """Take a tool's citations in; returns its text with the turn's numbers."""
        numbers: dict[int, int] = {}
        for citation in citations:
            known = next((one for one in self._found if _same(one, citation)), None)
            if known is None:
                known = replace(citation, number=len(self._found) + 1)
                self._found.append(known)
            numbers[citation.number] = known.number
        return renumbered(text, numbers)

    def settle(self, text: str) -> tuple[str, tuple[Citation, ...]]:
        """The final text, numbered from 1 in order of appearance, and the citations it really uses."""
        by_number = {citation.number: citation for citation in self._found}
        numbers: dict[int, int] = {}
        for match in _MARK.finditer(text):
            if int(match[1]) in by_number:
                numbers.setdefault(int(match[1]), len(numbers) + 1)
        used = tuple(replace(by_number[old], number=new) for old, new in numbers.items())
        return renumbered(text, numbers), used


def _same(one: Citation, other: Citation) -> bool:
    return (one.article_id, one.version, one.section) == (other.article_id, other.version, other.section)
