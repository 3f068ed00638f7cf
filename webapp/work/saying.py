"""What an assistant says, made fit to be stored and shown: bounded, without card numbers and what no page can show.

A language model may say anything, and go on for ever. Markup is made inert where the text is rendered.
"""

from __future__ import annotations

import re
from dataclasses import replace

from webapp.agents.transcript import Answer
from webapp.services.masking import GAP, LONGEST, mask_card_secrets

LONGEST_ANSWER = 40_000  # characters; what is beyond is cut, and marked
LONGEST_LINE = 200  # characters of a step, a reason, a suggestion
CUT_HERE = "\n\n*The answer was longer than can be kept, and is cut here.*"

UNSHOWABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")  # control characters, lone surrogates
WIDEST_NUMBER = LONGEST * 4  # characters: a card's digits with the widest gaps between them
MASK = re.compile(r"(?<=\d)\*{3,9}(?=\d{4})|(?<=[ :=-])\*{3}(?=\W|\Z)")  # what masking leaves of a number, or a code
DIGITS_AT_THE_END = re.compile(rf"\d(?:{GAP}\d)*{GAP}\Z")


class NothingSaid(Exception):
    """The assistant's answer is no answer, or has nothing in it to be read."""


def line(text: str) -> str:
    """A short text on one line."""
    return " ".join(_without_secrets(text, LONGEST_LINE).split())


def so_far(text: str) -> str:
    """An answer that is still coming. Digits at its end are held back: they may be the first ones of a card number."""
    said = _without_secrets(text, LONGEST_ANSWER)
    head, tail = said[:-WIDEST_NUMBER], said[-WIDEST_NUMBER:]
    return head + DIGITS_AT_THE_END.sub("", tail)


def whole(answer: Answer) -> Answer:
    """A finished answer; raises `NothingSaid`."""
    if not isinstance(answer, Answer):
        raise NothingSaid(type(answer).__name__)
    text = MASK.sub(lambda mask: r"\*" * len(mask[0]), _without_secrets(answer.text, LONGEST_ANSWER))
    if not any(sign.isprintable() and not sign.isspace() for sign in text):
        raise NothingSaid
    return replace(
        answer,
        text=text + CUT_HERE if len(answer.text) > LONGEST_ANSWER else text,
        reason=line(answer.reason),
        suggestions=tuple(line(suggestion) for suggestion in answer.suggestions[:3]),
    )


def _without_secrets(text: str, longest: int) -> str:
    """Cleaned and masked, then cut: half a card number at the cut would not be known for one."""
    return mask_card_secrets(UNSHOWABLE.sub("", text[: longest + WIDEST_NUMBER]))[:longest]
