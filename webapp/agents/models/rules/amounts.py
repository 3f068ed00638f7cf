"""Amounts: "over 50", "12,80 EUR", "€1.5k", "between 100 and 200", "1.204,55" as decimals with what they bound."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

_CURRENCY = r"(?:€|eur(?:os?)?\b|\$|£|bucks?\b)"
_FIGURE = r"\d{1,3}(?:[.,' ]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?"
_NUMBER = rf"(?:{_CURRENCY}\s?)?(?:{_FIGURE})\s?k?\b(?:\s?{_CURRENCY})?"
_OVER = r"(?:over|above|more than|exceeding|greater than|higher than|larger than|bigger than|>)"
_UNDER = r"(?:under|below|less than|smaller than|lower than|<)"
_FROM = r"(?:at least|minimum(?: of)?|min\.?|from|>=|upwards of)"
_TO = r"(?:at most|up to|maximum(?: of)?|max\.?|no more than|not more than|<=)"

_RANGE = re.compile(rf"\b(?:between|from)?\s*({_NUMBER})\s?(?:and|to|-|–)\s?({_NUMBER})", re.I)
_BOUND = re.compile(rf"(?<!\w)({_OVER}|{_UNDER}|{_FROM}|{_TO})\s?({_NUMBER})", re.I)
_MARKED = re.compile(
    rf"{_CURRENCY}\s?(?:{_FIGURE})\s?k?\b|\b(?:{_FIGURE})\s?k?\s?{_CURRENCY}|\b\d+[.,]\d{{2}}\b|\b\d{{1,3}}(?:[.,]\d{{3}})+(?:[.,]\d{{1,2}})?\b|\b\d+k\b",
    re.I,
)
_BARE = re.compile(r"(?<![\w.,-])\d{1,6}(?![\w.,-]*\d)", re.I)
_NOT_MONEY = re.compile(r"^\s?(?:days?|weeks?|months?|years?|hours?|minutes?|times|transactions?|payments?|%|percent|pins?|cards?|x\b)", re.I)


@dataclass(frozen=True, slots=True)
class Amounts:
    """What was said about amounts. `exact` is an amount without a bound."""

    over: Decimal | None = None
    under: Decimal | None = None
    at_least: Decimal | None = None
    at_most: Decimal | None = None
    exact: Decimal | None = None

    def __bool__(self) -> bool:
        return any(value is not None for value in (self.over, self.under, self.at_least, self.at_most, self.exact))


def amount_of(words: str) -> Decimal | None:
    """One amount, written in the British or the German way: "1,204.55", "1.204,55", "12,80", "1.5k"."""
    text = words.lower().replace(" ", "").replace("'", "")
    thousand = re.search(r"\dk", text) is not None
    figure = "".join(c for c in text if c.isdigit() or c in ".,").strip(".,")
    if not figure:
        return None
    comma, dot = figure.rfind(","), figure.rfind(".")
    if comma >= 0 and dot >= 0:
        figure = figure.replace("," if dot > comma else ".", "").replace(",", ".")
    elif max(comma, dot) >= 0:
        mark = "," if comma >= 0 else "."
        grouped = not thousand and all(len(part) == 3 for part in figure.split(mark)[1:]) and len(figure.split(mark)[0]) <= 3
        figure = figure.replace(mark, "" if grouped else ".")
    try:
        value = Decimal(figure)
    except InvalidOperation:
        return None
    return value * 1000 if thousand else value


def find_amounts(text: str, bare: bool = False) -> tuple[Amounts, str]:
    """The amounts named, and the text without them. `bare`: take a number without a currency or bound, too."""
    match = _RANGE.search(text)
    if match and re.match(r"\s*(?:between|from)", match[0], re.I):
        low, high = amount_of(match[1]), amount_of(match[2])
        if low is not None and high is not None and not _NOT_MONEY.match(text[match.end() :]):
            low, high = sorted((low, high))
            return Amounts(at_least=low, at_most=high), _without(text, match)
    found: dict[str, Decimal] = {}
    for match in list(_BOUND.finditer(text)):
        value = amount_of(match[2])
        if value is None or _NOT_MONEY.match(text[match.end() :]):
            continue
        found.setdefault(_bound(match[1]), value)
        text = _without(text, match)
    if found:
        return Amounts(over=found.get("over"), under=found.get("under"), at_least=found.get("at_least"), at_most=found.get("at_most")), text
    for pattern in (_MARKED, _BARE) if bare else (_MARKED,):
        for match in pattern.finditer(text):
            value = amount_of(match[0])
            if value is not None and not _NOT_MONEY.match(text[match.end() :]):
                return Amounts(exact=value), _without(text, match)
    return Amounts(), text


def _bound(words: str) -> str:
    for pattern, name in ((_OVER, "over"), (_UNDER, "under"), (_FROM, "at_least")):
        if re.fullmatch(pattern, words, re.I):
            return name
    return "at_most"


def _without(text: str, match: re.Match[str]) -> str:
    """The same text with the match blanked out, so that places stay where they were."""
    return text[: match.start()] + " " * (match.end() - match.start()) + text[match.end() :]
