"""What leaves the bank: names and numbers of people are replaced by placeholders, and put back in what comes back.

A placeholder is derived from the session and the value ("NAME-7K2QX"), so that it is the same in every turn of a
session and says nothing outside it. Values are found by regular expressions, check digits, and what the desk's own
records name: a general detector of names would be a model of hundreds of megabytes and guess where the records know.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from webapp.agents.transcript import Json
from webapp.agents.wording import plain
from webapp.bank.iban import LENGTHS

Kind: TypeAlias = Literal["NAME", "IBAN", "CARD", "EMAIL", "PHONE", "ADDRESS", "BIRTHDAY", "CUSTOMER"]
KINDS: tuple[Kind, ...] = ("NAME", "IBAN", "CARD", "EMAIL", "PHONE", "ADDRESS", "BIRTHDAY", "CUSTOMER")
UNKNOWN = "(not known)"

_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 5
_DIGITS = 10  # of an IBAN, at least: words do not have so many
PLACEHOLDER = re.compile(
    rf"(?<![A-Za-z0-9])({'|'.join(KINDS)})\\?[-\u2010\u2011]([0-9A-Z]{{{_LENGTH}}})(?![0-9A-Za-z])", re.I
)
_BEGUN = re.compile(rf"(?<![A-Za-z0-9])([A-Za-z]{{1,8}})(\\|\\?[-\u2010\u2011][0-9A-Za-z]{{0,{_LENGTH}}})?\Z")

_EMAIL = re.compile(r"(?<![\w.+\\-])[\w.+\\-]+@(?:[\w-]+\.)+[A-Za-z]{2,}")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d\d(?:[ \u00a0-]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])")
_CARD = re.compile(r"\b\d{6}(?:\\?\*){3,9}\d{4}\b")  # what masking leaves of a card number
_PHONE = re.compile(
    r"(?<![\w.,])(?:\+|00)[1-9][\d ()/\u00a0-]{6,18}\d\b|(?<![\w.,-])0[1-9]\d{1,4}[ /-]\d[\d /-]{3,12}\d\b"
)
_CUSTOMER = re.compile(r"(?<![\w.-])\d{2}-\d{4}(?![\w-])")
_STREET = re.compile(
    r"\b[A-ZÄÖÜ][\wäöüß.'-]*(?:[ -][A-ZÄÖÜ][\wäöüß.'-]*)?"
    r"(?:stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|ring|damm|ufer|markt| street| road| lane| avenue)"
    r"[ \u00a0]\d{1,4}[a-z]?\b(?:,? \d{5} [A-ZÄÖÜ][\wäöüß-]+)?"
)
_TITLED = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Dr|Herrn?|Frau)\.?\s+([A-ZÄÖÜ][\wäöüß'-]+(?:\s[A-ZÄÖÜ][\wäöüß'-]+)?)")


@dataclass(frozen=True, slots=True)
class Known:
    """A value that must not leave, and whether other spellings of it are to be found, too."""

    kind: Kind
    value: str
    any_case: bool = True


class Veil:
    """The placeholders of one session. Used by one thread at a time."""

    def __init__(self, key: bytes, mask: Callable[[str], str] = str) -> None:
        """`key` belongs to the session. `mask` comes first in every text: it takes out card numbers and PINs."""
        self._key = key
        self._mask = mask
        self._value_of: dict[str, str] = {}
        self._known: dict[tuple[str, bool], Kind] = {}
        self._pattern: re.Pattern[str] | None = None
        self._names: dict[str, Kind] = {}

    def learn(self, found: Iterable[Known]) -> None:
        """From now on these are hidden, too."""
        for one in found:
            value = " ".join(one.value.split())
            if len(value) < 2:
                continue
            for spelled in dict.fromkeys((value, plain(value))):
                if (spelled, one.any_case) not in self._known:
                    self._known[spelled, one.any_case] = one.kind
                    self._pattern = None

    def hide(self, text: str) -> str:
        """The text as it may leave."""
        text = PLACEHOLDER.sub(lambda match: self._hidden("NAME", match[0]), self._mask(text))  # somebody's own words
        text = _EMAIL.sub(lambda match: self._hidden("EMAIL", match[0]), text)
        text = _IBAN.sub(self._iban, text)
        text = _CARD.sub(lambda match: self._hidden("CARD", match[0]), text)
        text = self._hide_known(text)
        text = _STREET.sub(lambda match: self._hidden("ADDRESS", match[0]), text)
        text = _PHONE.sub(lambda match: self._hidden("PHONE", match[0]), text)
        text = _CUSTOMER.sub(lambda match: self._hidden("CUSTOMER", match[0]), text)
        return _TITLED.sub(self._titled, text)

    def hide_json(self, value: Json) -> Json:
        """Every text in a JSON value as it may leave."""
        return _each_text(value, self.hide)

    def reveal(self, text: str) -> str:
        """The text with the values put back; a placeholder nobody made is said to be unknown."""
        return PLACEHOLDER.sub(lambda match: self._value_of.get(f"{match[1]}-{match[2]}".upper(), UNKNOWN), text)

    def reveal_json(self, value: Json) -> Json:
        """A JSON value with the values put back; an unknown placeholder stays, so that nothing is found for it."""

        def back(text: str) -> str:
            return PLACEHOLDER.sub(lambda match: self._value_of.get(f"{match[1]}-{match[2]}".upper(), match[0]), text)

        return _each_text(value, back)

    def placeholder(self, kind: Kind, value: str) -> str:
        """What stands for a value in this session."""
        return self._hidden(kind, value)

    def _hidden(self, kind: Kind, value: str) -> str:
        for again in range(100):
            made = f"{kind}-{self._code(kind, value, again)}"
            if self._value_of.setdefault(made, value) == value:
                return made
        return UNKNOWN

    def _code(self, kind: Kind, value: str, again: int) -> str:
        """Five signs, with a digit and a letter among them: no word and no number looks like that."""
        digest = hashlib.blake2b(f"{kind}\0{value}\0{again}".encode(), key=self._key[:64], digest_size=16).digest()
        signs = "".join(_SIGNS[byte & 31] for byte in digest)
        for begin in range(len(signs) - _LENGTH):
            code = signs[begin : begin + _LENGTH]
            if not code.isalpha() and not code.isdigit():
                return code
        return self._code(kind, value, again + 1000)

    def _iban(self, match: re.Match[str]) -> str:
        """An IBAN, also one with a mistake in it; other words of letters and digits are left alone."""
        spelled = match[0]
        length = LENGTHS.get(spelled[:2].upper())
        places = [place for place, sign in enumerate(spelled) if sign.isalnum()]
        if length is None or sum(sign.isdigit() for sign in spelled) < _DIGITS:
            return spelled
        if len(places) <= length:
            return self._hidden("IBAN", spelled)
        end = places[length - 1] + 1  # a word that follows belongs to the text
        return self._hidden("IBAN", spelled[:end]) + spelled[end:]

    def _titled(self, match: re.Match[str]) -> str:
        if PLACEHOLDER.search(match[0]) or match[1].upper().startswith(KINDS):
            return match[0]
        return match[0].replace(match[1], self._hidden("NAME", match[1]))

    def _hide_known(self, text: str) -> str:
        if not self._known:
            return text
        if self._pattern is None:
            longest_first = sorted(self._known, key=lambda one: -len(one[0]))
            parts = [_spelling(value, any_case) for value, any_case in longest_first]
            self._pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(parts)})(?!\w)")
            self._names = {value.casefold(): kind for (value, _), kind in self._known.items()}
        return self._pattern.sub(self._known_value, text)

    def _known_value(self, match: re.Match[str]) -> str:
        kind = self._names.get(" ".join(match[0].split()).casefold(), "NAME")
        return self._hidden(kind, match[0])


def _spelling(value: str, any_case: bool) -> str:
    words = r"\s+".join(re.escape(word) for word in value.split())
    return f"(?i:{words})" if any_case else words


def _each_text(value: Json, change: Callable[[str], str]) -> Json:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_each_text(one, change) for one in value]
    if isinstance(value, Mapping):
        return {str(name): _each_text(one, change) for name, one in value.items()}
    return value


class Unveiling:
    """Puts values back in a text that comes in pieces. What may begin a placeholder waits for the rest."""

    def __init__(self, veil: Veil) -> None:
        self._veil = veil
        self._waiting = ""
        self.text = ""  # everything that can be said so far

    def add(self, piece: str) -> str:
        """Take a piece; returns the text so far."""
        self._waiting += piece
        begun = _BEGUN.search(self._waiting)
        end = begun.start() if begun and _may_become_one(begun) else len(self._waiting)
        self.text += self._veil.reveal(self._waiting[:end])
        self._waiting = self._waiting[end:]
        return self.text


def _may_become_one(begun: re.Match[str]) -> bool:
    word, rest = begun[1].upper(), begun[2]
    return word in KINDS if rest else any(kind.startswith(word) for kind in KINDS)
