"""Card numbers and security codes never reach storage: they are masked before anything else sees the text."""

from __future__ import annotations

import re
import unicodedata

CARD_NUMBER = re.compile(r"(?<!\d)\d(?:[ \u00a0\u2007\u2009\u202f.\-\u2010-\u2015]?\d){12,18}(?!\d)")
SECRET_CODE = re.compile(
    r"\b(cvv2?|cvc2?|csc|pin)(\s*(?:is|was|code|no\.?|number|:|=|-)?\s*)(\d{3,6})\b", re.IGNORECASE
)


def _passes_luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit)
        if place % 2:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total % 10 == 0


def mask_card_secrets(text: str) -> str:
    """The text with each Luhn-valid number of 13 to 19 digits cut to its first six and last four, and codes after
    "CVV" or "PIN" removed (PCI DSS 4.0.1, 3.3.1 and 3.5.1). Other numbers stay as they are.

    Full-width and other Unicode digits count as digits.
    """
    plain = "".join(str(unicodedata.digit(sign)) if sign.isdigit() and not sign.isascii() else sign for sign in text)
    if len(plain) != len(text):  # a digit that spells differently: compare on the original only
        plain = text

    def cut(match: re.Match[str]) -> str:
        digits = re.sub(r"\D", "", match.group())
        if not _passes_luhn(digits):
            return text[match.start() : match.end()]
        return f"{digits[:6]}{'*' * (len(digits) - 10)}{digits[-4:]}"

    parts: list[str] = []
    end = 0
    for match in CARD_NUMBER.finditer(plain):
        parts += [text[end : match.start()], cut(match)]
        end = match.end()
    parts.append(text[end:])
    return SECRET_CODE.sub(lambda match: f"{match[1]}{match[2]}***", "".join(parts))
