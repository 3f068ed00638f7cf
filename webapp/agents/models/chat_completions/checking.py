"""Is what a language model says to be found in what was looked up? Figures are compared, not believed.

Amounts, percentages, dates, card and account endings, and numbers of transfers and disputes in an answer have to stand
in a result of this turn, in what staff said, or in an earlier answer where they were not marked. What does not is
marked. What is said of the handbook has to carry a citation that exists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Literal, TypeAlias

UNVERIFIED = "*(unverified)*"
NO_SOURCE = "*(no source)*"
ABOUT_FIGURES = "*What is marked unverified was not found in the records: check it before you say it.*"
ABOUT_SOURCES = "*What is marked as having no source is not taken from a passage of the handbook: look it up first.*"

Figure: TypeAlias = tuple[Literal["amount", "percent", "date", "month", "ending", "number"], str]

_MONTHS = {
    name: number
    for number, names in enumerate(
        "jan january|feb february|mar march|apr april|may|jun june|jul july|aug august|sep sept september|"
        "oct october|nov november|dec december".split("|"),
        start=1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_NUMBER = r"\d{1,3}(?:[,.\u00a0\u202f' ]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?"
_CURRENCY = r"EUR|USD|GBP|CHF|euros?|cents?|dollars?|pounds?"
_DATE = re.compile(
    rf"(?P<iso>\b\d{{4}}-\d\d-\d\d\b)|(?P<dotted>\b\d{{1,2}}[./]\d{{1,2}}[./]\d{{4}}\b)"
    rf"|\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{_MONTH})\b\.?(?:,? (?P<year>\d{{4}}))?"
    rf"|\b(?P<month2>{_MONTH})\b\.? (?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (?P<year2>\d{{4}}))?"
    rf"|\b(?P<my>\d\d/\d{{4}})\b",
    re.I,
)
_PERCENT = re.compile(rf"(?<![\w.,])(?P<number>{_NUMBER})\s?(?:%|per ?cent)", re.I)
_MONEY = re.compile(
    rf"(?<![\w.,])(?:[€$£]\s?(?P<after>{_NUMBER})|(?P<before>{_NUMBER})\s?(?:[€$£]|(?:{_CURRENCY})\b)"
    r"|(?P<bare>\d{1,3}(?:,\d{3})+\.\d\d|\d+\.\d\d)(?!\d|\.\d))",
    re.I,
)
_ENDING = re.compile(r"(?:\.\.\.?|…|\*{2,}|\bending(?: in)?|\bends in) ?(?P<number>\d{4})\b", re.I)
_ID = re.compile(r"\b[A-Z]{2}-\d{3,}\b")
_EITHER = ((_DATE, "date"), (_PERCENT, "percent"), (_MONEY, "amount"), (_ENDING, "ending"), (_ID, "number"))

CITED = re.compile(r"(?<!\\)\[(\d{1,2})\]")
_OF_THE_HANDBOOK = re.compile(
    r"\b(?:handbook|polic(?:y|ies)|guidelines?|regulations?|procedures?|the rules? |the bank's rules?|deadlines?|"
    r"within \w+ (?:working |business |bank )?(?:hours?|days?|weeks?|months?)|liab(?:le|ility)|entitled|"
    r"\d+ (?:working |business |bank )?(?:days?|weeks?|months?) (?:after|from|before|to)\b)",
    re.I,
)
_SAYS_NOTHING = re.compile(
    r"handbook (?:does not|doesn't|has no|says nothing|gives no)|no (?:such )?passage|nothing was found|could not find",
    re.I,
)
_PARAGRAPH = re.compile(r"(?:[^\n]|\n(?!\n|[ \t]*(?:[-*]|\d+\.)[ \t]))+")


@dataclass(frozen=True, slots=True)
class _Found:
    figure: Figure
    end: int


def _words_only(text: str) -> str:
    return " ".join(re.findall(r"\w+", text)).casefold()


def _figures(text: str) -> Iterator[_Found]:
    """Figures in order of kind; a place in the text belongs to the first kind that fits."""
    taken: list[tuple[int, int]] = []
    for pattern, kind in _EITHER:
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(start < other_end and other_start < end for other_start, other_end in taken):
                continue
            taken.append((start, end))
            figure = _figure(kind, match)
            if figure is not None:
                yield _Found(figure, end)


def _figure(kind: str, match: re.Match[str]) -> Figure | None:
    if kind == "date":
        return _date(match)
    if kind == "ending":
        return "ending", match["number"]
    if kind == "number":
        return "number", match[0]
    spelled = match["number"] if kind == "percent" else match["after"] or match["before"] or match["bare"]
    value = _value(spelled)
    if value is None:
        return None
    return ("percent", value) if kind == "percent" else ("amount", value)


def _value(spelled: str) -> str | None:
    """A number as one spelling: "1,204.50", "1.204,50" and "1204.5" are the same."""
    digits = re.sub(r"[\s\u00a0\u202f']", "", spelled)
    parts = re.split(r"[.,]", digits)
    fraction = parts.pop() if len(parts) > 1 and len(parts[-1]) < 3 else ""
    try:
        return f"{Decimal(''.join(parts) + '.' + (fraction or '0')).normalize():f}"
    except InvalidOperation:
        return None


def _date(match: re.Match[str]) -> Figure | None:
    try:
        if match["iso"]:
            return "date", date.fromisoformat(match["iso"]).isoformat()
        if match["dotted"]:
            day, month, year = re.split(r"[./]", match["dotted"])
            return "date", date(int(year), int(month), int(day)).isoformat()
        if match["my"]:
            return "month", match["my"]
        number = _MONTHS[(match["month"] or match["month2"]).lower()]
        year = match["year"] or match["year2"]
        day = int(match["day"] or match["day2"])
        if not year:
            return "date", f"--{number:02}-{day:02}"
        return "date", date(int(year), number, day).isoformat()
    except (ValueError, KeyError):
        return None


@dataclass
class Evidence:
    """What an answer may rest on."""

    figures: set[Figure] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    citations: set[int] = field(default_factory=set)

    def add(self, text: str) -> None:
        """A result, a question, or an earlier answer; what was marked as unverified there is no evidence."""
        bare = re.sub(r"\\(?=\W)", "", text)
        for found in _figures(bare):
            if not bare[found.end :].lstrip(" *").startswith(UNVERIFIED.strip("*")):
                self.figures.add(found.figure)
        self.texts.append(bare)

    def cite(self, text: str) -> None:
        """The citation marks of a result: these exist."""
        self.citations |= {int(number) for number in CITED.findall(text)}

    def holds(self, paragraph: str) -> bool:
        """Whether a paragraph is there word by word: a quotation, or a table as a tool made it."""
        said = _words_only(paragraph)
        return any(said in _words_only(text) for text in self.texts)

    def has(self, figure: Figure) -> bool:
        """Whether this figure was found; a day without a year fits every year, an amount fits whatever its sign."""
        kind, value = figure
        if figure in self.figures:
            return True
        if kind == "date":
            days = {one for of, one in self.figures if of == "date"}
            if value.startswith("--"):
                return any(one.endswith(value[1:]) for one in days)
            return f"-{value[4:]}" in days
        if kind == "month":
            month, year = value.split("/")
            return any(of == "date" and one.startswith(f"{year}-{month}") for of, one in self.figures)
        if kind in ("ending", "number"):
            return any(re.search(rf"(?<!\d){re.escape(value)}(?!\d)", text) for text in self.texts)
        return False


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer with what is not proved marked, and how many places that are."""

    text: str
    unverified: int
    without_source: int

    @property
    def confidence(self) -> float:
        """Low as soon as anything is marked."""
        return 0.4 if self.unverified or self.without_source else 0.9


def checked(text: str, evidence: Evidence, *, from_handbook: bool = False) -> Checked:
    """Compare an answer with the evidence. `from_handbook`: whoever answers speaks of nothing else."""
    without_source = 0

    def with_source(match: re.Match[str]) -> str:
        nonlocal without_source
        paragraph = match[0]
        claims = from_handbook or bool(_OF_THE_HANDBOOK.search(paragraph))
        cited = any(int(number) in evidence.citations for number in CITED.findall(paragraph))
        if not claims or cited or _SAYS_NOTHING.search(paragraph) or paragraph.rstrip().endswith(("?", ":")):
            return paragraph
        if not re.search(r"\w", paragraph) or evidence.holds(paragraph):
            return paragraph
        without_source += 1
        return f"{paragraph.rstrip()} {NO_SOURCE}"

    marked = _PARAGRAPH.sub(with_source, text)
    places = [found.end for found in _figures(marked) if not evidence.has(found.figure)]
    for place in sorted(places, reverse=True):
        marked = f"{marked[:place]} {UNVERIFIED}{marked[place:]}"
    notes = [*_if(bool(places), ABOUT_FIGURES), *_if(without_source > 0, ABOUT_SOURCES)]
    return Checked("\n\n".join([marked, *notes]), len(places), without_source)


def _if(wanted: bool, note: str) -> Iterable[str]:
    return (note,) if wanted else ()
