"""Words: how a message is cut into tokens, stems and value marks before it is compared with the examples."""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache

from Stemmer import Stemmer

_STEMMER = Stemmer("english")
_STEMMING = threading.Lock()  # the stemmer keeps state between calls: two threads at once get wrong stems, or none

TOKEN = re.compile(r"_[a-z]+|[a-zäöüß]+(?:['-][a-zäöüß]+)*|\d+[a-z]*|\?", re.IGNORECASE)

STOP_WORDS = frozenset(
    """a an and are as at be been being but by can could cust customer customers customer's did do does doing for from
    get got had has have having he her here hers him his how i if in into is it it's its just let me my need needs no
    not now of off ok okay on or our out over please pls plz she should so some than that that's the their them then
    there these they this those to too up us was we were what what's whats when where which who why will with would
    you your""".split()
)

_MONTHS = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?"
)
_DAYS = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"

# Values are replaced by marks, so that "over 50" and "over 120 EUR" look alike. The order matters.
_MARKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\S+@\S+"), " email "),
    (re.compile(r"\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,3})?\b"), " iban "),
    (re.compile(r"\btr-?\s?\d{3,}\b", re.I), " _transfer "),
    (re.compile(r"\bd[ps]-?\s?\d{3,}\b", re.I), " _dispute "),
    (re.compile(r"\b\d{2}-\d{4}\b"), " _number "),
    (re.compile(r"(?:\.\.+|\*+|…)\s?\d{4}\b"), " _ending "),
    (re.compile(r"[€$£]\s?\d[\d.,]*k?|\d[\d.,]*k?\s?(?:€|\$|eur(?:os?)?\b|bucks\b)", re.I), " _amount "),
    (
        re.compile(
            r"\b(over|above|under|below|exceeding|more than|less than|at least|at most|"
            r"up to)\s\d[\d.,]*k?\b(?!\s?(?:days|weeks))",
            re.I,
        ),
        r"\1 _amount ",
    ),
    (re.compile(r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./]\d{1,2}\.?(?:[./]?\d{2,4})?(?=\s|$|[,?!])"), " _period "),
    (re.compile(rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?)?(?:{_MONTHS})\b\.?(?:\s(?:20)\d\d)?", re.I), " _period "),
    (
        re.compile(
            rf"\b(?:today|yesterday|tomorrow|{_DAYS}|tonight)\b"
            r"|\b(?:this|last|past|previous|next|current)\s(?:\d+\s|few\s|two\s|three\s|six\s)?"
            r"(?:day|week|month|quarter|year|weekend)s?\b(?!\s?end)"
            r"|\bq[1-4]\b(?:\s20\d\d)?|\b(?:in|for|during|since)\s20\d\d\b",
            re.I,
        ),
        " _period ",
    ),
    (
        re.compile(
            r"\b(last|latest|recent|next|newest)\s(?:\d{1,3}|two|three|four|five|six|seven|eight|ten|twenty)\b", re.I
        ),
        r"\1 _count ",
    ),
    (re.compile(r"\b\d+(?:[.,]\d{2})\b|\b\d{1,3}(?:[.,]\d{3})+\b|\b\d+k\b", re.I), " _amount "),
    (re.compile(r"\b\d{4}\b"), " _ending "),
    (re.compile(r"\b\d{2,3}\b"), " _amount "),
)
_NAMED = re.compile(
    r"\b([Aa]t|[Ff]rom|[Tt]o|[Bb]y|[Ww]ith|[Oo]n|[Ff]or|called|named)\s(?:the\s)?"
    r"(?!I\b|EUR\b|IBAN\b|KYC\b|PIN\b|ATM\b|SEPA\b|DD\b|SO\b|SMS\b)"
    r"([A-ZÄÖÜ][\wäöüß&'.-]*(?:\s(?:&\s)?[A-ZÄÖÜ][\wäöüß&'.-]*)*)"
)
# Names of the bank's own products, places and papers are words, not somebody's name.
_NOT_NAMES = re.compile(
    r"^(?:Instant|Notice|Fixed|Junior|Premium|Everyday|Student|Business|Nordhafen|Altmarkt|Lindenau|Seebr|Bankside|"
    r"Current|Savings?|Debit|Credit|Visa|Master|TR-?\d)"
)


_SHORT_FORMS = (
    (re.compile(r"\bwon't\b", re.I), "will not"),
    (re.compile(r"\bcan(?:'t|not)\b", re.I), "can not"),
    (re.compile(r"n't\b", re.I), " not"),
    (re.compile(r"\b(i|you|we|they)'(?:ve|d|ll)\b", re.I), r"\1"),
)


_PLAIN_QUOTES = str.maketrans({0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"'})


def clean(text: str) -> str:
    """One line of ordinary characters: compatibility forms folded, invisible and control characters gone."""
    folded = unicodedata.normalize("NFKC", text)
    kept = "".join(" " if c.isspace() else c for c in folded if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(kept.translate(_PLAIN_QUOTES).split())


def marked(text: str) -> str:
    """The text with its values replaced by marks ("over 50 EUR" -> "over _amount")."""

    def name(match: re.Match[str]) -> str:
        return match[0] if _NOT_NAMES.match(match[2]) else f"{match[1]} _name"

    text = _NAMED.sub(name, text)
    for pattern, mark in _MARKS:
        text = pattern.sub(mark, text)
    return text


def expanded(text: str) -> str:
    """The text with "doesn't" and "cannot" written out, so that a refusal looks the same however it is said."""
    for pattern, full in _SHORT_FORMS:
        text = pattern.sub(full, text)
    return text


def tokens(text: str) -> list[str]:
    """Lower-case words, numbers, marks and question marks, in order."""
    return [token.lower() for token in TOKEN.findall(text)]


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The stem of an English word; marks and numbers stay as they are."""
    if word.startswith("_") or not word[0].isalpha():
        return word
    with _STEMMING:
        return str(_STEMMER.stemWord(word.removesuffix("'s")))
