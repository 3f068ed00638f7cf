"""Which sections of the handbook a message asks for: tables of words, articles and headings, read from the top."""

from __future__ import annotations

import re
from typing import TypeAlias

from webapp.agents.models.language_model import ToolCall
from webapp.agents.models.rules.reading import Task
from webapp.agents.models.rules.scripts.part import Seen, call
from webapp.agents.wording import together

Case: TypeAlias = tuple[re.Pattern[str], str, str]


def case(pattern: str, question: str, headings: str) -> Case:
    """Words of a message, and the article and sections that answer it; "" fits every message."""
    return re.compile(pattern, re.I), question, headings


def sections(question: str, headings: str) -> ToolCall:
    """A search for an article, and the sections of it that are wanted, in order: "First talk / Freeze"."""
    return call("handbook", question=question[:400], sections=headings)


def fitting(task: Task, cases: tuple[Case, ...]) -> ToolCall:
    """The look-up of the first case the message names; the last case has to fit everything."""
    said = f"{task.text} {task.whole}"
    return next(sections(question, headings) for pattern, question, headings in cases if pattern.search(said))


def told(*seen: Seen) -> str:
    """What was found, what was said before left out; when nothing was, that the handbook does not say."""
    found = [one for one in seen if one.ok]
    return together(*(one.text for one in found or seen[:1]))
