"""The customer the session is about, named in a question: somebody the records belong to, not a merchant in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from webapp.agents.transcript import Line

TITLES = r"(?:mr|mrs|ms|miss|dr|herr|frau)\.?\s+"


def without_customers_name(lines: Sequence[Line], name: str) -> list[Line]:
    """The transcript with a pronoun wherever staff said the customer's name: the form the model's examples know best.

    Of the ways tried ("the customer", "they", nothing), "she" routed the sandbox's thirty story questions best; what is
    stored and shown stays as it was said.
    """
    spoken = _spoken_name(name)
    return [replace(line, text=spoken.sub(_customer, line.text)) if line.who == "staff" else line for line in lines]


def _customer(match: re.Match[str]) -> str:
    return "her" if match["owns"] else "she"


@lru_cache(maxsize=512)
def _spoken_name(name: str) -> re.Pattern[str]:
    words = [re.escape(word) for word in name.split()]
    ways = [r"\s+".join(words)]
    if len(words) > 2:
        ways.append(r"\s+".join(words[:2]))  # "Café Morgenrot" of "Café Morgenrot Nadia Costa e.K."
    ways.append(f"{TITLES}{words[-1]}")
    if len(words) == 2:
        # A first name alone, unless more of a name follows it: "Maria's card", but not "Maria Bakery".
        ways.append(words[0] + r"(?=['\u2019]s?\b|\s+(?-i:[a-z])|\s*[?.!,]|\s*$)")
    # Not within an e-mail address: that is a value, and has to stay as it was said.
    return re.compile(rf"(?<![\w@.+-])(?i:{'|'.join(ways)})(?P<owns>['\u2019]s?)?(?!\w)(?![\w.+-]*@)")
