"""What changed between two texts, line by line and, within a changed line, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal, TypeAlias

from webapp.services.editing import Wording

Mark: TypeAlias = Literal["", "added", "removed"]
AROUND = 2  # unchanged lines shown on each side of a change
MOST_WORDS = 1_500  # of a line that is compared word by word
ALIKE = 0.4  # two lines with less in common are shown as one gone and one new
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Part:
    """A run of words."""

    mark: Mark
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the comparison; `gap` says how many unchanged lines are left out here."""

    mark: Mark
    parts: tuple[Part, ...]
    gap: int = 0


def lines_of(wording: Wording) -> list[str]:
    """Everything an article says, one thing a line."""
    return [
        f"Title: {wording.title}",
        f"Audience: {'may be read to customers' if wording.audience == 'customer' else 'staff only'}",
        f"Readers: {wording.needs_right or 'all staff'}",
        f"Topics: {', '.join(wording.topics)}",
        *(f"Question: {question}" for question in wording.questions),
        "",
        *wording.body.splitlines(),
    ]


def compare(old: Sequence[str], new: Sequence[str]) -> list[Row]:
    """The rows that tell old from new; [] when nothing differs."""
    rows: list[Row] = []
    changed = False
    matcher = SequenceMatcher(None, old, new, autojunk=len(old) + len(new) > 2_000)
    for tag, begin, end, other_begin, other_end in matcher.get_opcodes():
        if tag == "equal":
            rows += [Row("", (Part("", line),)) for line in old[begin:end]]
            continue
        changed = True
        rows += _changed(old[begin:end], new[other_begin:other_end])
    return _folded(rows) if changed else []


def _changed(old: Sequence[str], new: Sequence[str]) -> Iterator[Row]:
    if len(old) == len(new):
        for before, after in zip(old, new, strict=True):
            yield from _words(before, after)
        return
    yield from (Row("removed", (Part("removed", line),)) for line in old if line.strip())
    yield from (Row("added", (Part("added", line),)) for line in new if line.strip())


def _words(before: str, after: str) -> Iterator[Row]:
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if max(len(old), len(new)) > MOST_WORDS or matcher.quick_ratio() < ALIKE:
        yield Row("removed", (Part("removed", before),))
        yield Row("added", (Part("added", after),))
        return
    gone: list[Part] = []
    come: list[Part] = []
    for tag, begin, end, other_begin, other_end in matcher.get_opcodes():
        if begin < end:
            gone.append(Part("" if tag == "equal" else "removed", "".join(old[begin:end])))
        if other_begin < other_end:
            come.append(Part("" if tag == "equal" else "added", "".join(new[other_begin:other_end])))
    yield Row("removed", tuple(gone))
    yield Row("added", tuple(come))


def _folded(rows: Sequence[Row]) -> list[Row]:
    near = [False] * len(rows)
    for place, row in enumerate(rows):
        if row.mark:
            for close in range(max(0, place - AROUND), min(len(rows), place + AROUND + 1)):
                near[close] = True
    folded: list[Row] = []
    for shown, together in groupby(zip(rows, near, strict=True), key=lambda one: one[1]):
        run = [row for row, _near in together]
        folded += run if shown or len(run) == 1 else [Row("", (), gap=len(run))]
    return folded
