"""Text as it is searched: without case, accents, or anything a database would not take."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_ACCENTS: Final = re.compile("[\u0300-\u036f]")
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})


def fold(text: str) -> str:
    """Case-folded, accents dropped, control characters and surrogates gone, white space single."""
    if text.isascii() and text.isprintable():
        return " ".join(text.casefold().split())
    decomposed = _ACCENTS.sub("", unicodedata.normalize("NFKD", text)).casefold()
    if decomposed.isascii() and decomposed.isprintable():
        return " ".join(decomposed.split())
    kept = (letter for letter in decomposed if unicodedata.category(letter) not in {"Mn", "Me", "Cs", "Cf", "Cn", "Co"})
    return " ".join("".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in kept).split())


def fold_name(name: str) -> str:
    """A name folded, with its German long spelling beside it if that differs: "muller mueller"."""
    short, long = fold(name), fold(name.translate(_UMLAUTS))
    return short if short == long else f"{short} {long}"


def like_pattern(part: str, escape: str = "\\") -> str:
    """A LIKE pattern that finds the part anywhere, its own wildcards taken literally."""
    for sign in (escape, "%", "_"):
        part = part.replace(sign, escape + sign)
    return f"%{part}%"
