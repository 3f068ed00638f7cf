"""Questions that have to go on being answered as they were meant to be: asked of the team again, and compared."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from webapp.agents.assistant import Assistant
from webapp.agents.transcript import Desk, Line, Step

# What stands for a value in a sentence that was kept without its customer: any value of the kind will do.
_VALUES = {
    "_ending": "4417",
    "_amount": "50 EUR",
    "_period": "last month",
    "_count": "5",
    "_number": "10-2041",
    "_name": "Kornblume",
    "_transfer": "TR-204119",
    "_dispute": "DP-204101",
}
_MARK = re.compile("|".join(_VALUES))
_DOUBLED = re.compile(r"\b(\d+ EUR) (?:EUR|euros?)\b", re.I)


@dataclass(frozen=True, slots=True)
class Expected:
    """A question and who has to answer it; an intent or an article that is "" is not looked at."""

    id: int
    text: str
    agent: str
    intent: str = ""
    article: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it was answered now. `missed` says in words what is not as it has to be; empty: it passes."""

    expected: Expected
    agent: str
    intent: str
    articles: tuple[str, ...]
    missed: tuple[str, ...]


def spoken(text: str) -> str:
    """A sentence with a value in place of each mark."""
    return _DOUBLED.sub(r"\1", _MARK.sub(lambda mark: _VALUES[mark[0]], text))


def ask_again(assistant: Assistant, cases: Sequence[Expected], desk: Desk) -> list[Outcome]:
    """Every question asked by itself, in the order given. What the model raises is the caller's to handle."""
    return [_asked(assistant, case, desk) for case in cases]


def _asked(assistant: Assistant, case: Expected, desk: Desk) -> Outcome:
    answer = assistant.answer([Line("staff", spoken(case.text))], desk, _tell_nobody)
    articles = tuple(dict.fromkeys(citation.article_id for citation in answer.citations))
    missed = []
    if answer.agent != case.agent:
        missed.append(f"answered by {answer.agent}, not {case.agent}")
    if case.intent and answer.intent != case.intent:
        missed.append(f"taken for {answer.intent}, not {case.intent}")
    if case.article and case.article not in articles:
        missed.append(f"cites {', '.join(articles) or 'nothing'}, not {case.article}")
    return Outcome(case, answer.agent, answer.intent, articles, tuple(missed))


def _tell_nobody(step: Step) -> None:
    """There is no page to tell."""
