"""Shorthand and German words in plain English, so that the model meets one word for one thing."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

WORDS = Path(__file__).with_name("shorthand.toml")
_WORD = re.compile(r"(?<![\w'.-])[A-Za-zÄÖÜäöüß]+(?:'s)?(?![\w'-])")


@lru_cache(maxsize=1)
def shorthand() -> Mapping[str, str]:
    """Short or German word -> plain words, all in lower case."""
    return {word.lower(): plain for word, plain in tomllib.loads(WORDS.read_text("utf-8")).items()}


def plain(text: str) -> str:
    """The text with every word of shorthand written out; everything else stays as it is."""
    known = shorthand()
    return _WORD.sub(lambda match: known.get(match[0].lower(), match[0]), text)
