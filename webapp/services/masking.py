"""Card numbers and security codes never reach storage: they are masked before anything else sees the text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

SHORTEST, LONGEST = 13, 19  # digits of a payment card's number (ISO/IEC 7812)
GAP = "[ \\t\u00a0\u2007\u2009\u202f._/\\-\u2010-\u2015]{0,3}"
RUN_OF_DIGITS = re.compile(rf"\d(?:{GAP}\d)+")
CARD_LAYOUTS = ([4, 4, 4, 4], [4, 6, 5], [4, 4, 4, 4, 3], [6, 13])
IBAN = re.compile(r"\b(?=([A-Z]{2}\d\d(?: ?[A-Z0-9]){11,30}))", re.IGNORECASE)  # looks ahead: two may touch
IBAN_LENGTHS = {
    spelled[:2]: int(spelled[2:])
    for spelled in (
        "AD24 AL28 AT20 BA20 BE16 BG22 CH21 CY28 CZ24 DE22 DK18 EE20 ES24 FI18 FO18 FR27 GB22 GI23 GL18 GR27 HR21 "
        "HU28 IE22 IS26 IT27 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MT31 NL18 NO15 PL28 PT25 RO24 RS22 SE24 SI19 "
        "SK24 SM27 TR26 UA29 VA22 XK20"
    ).split()
}
SECRET_CODE = re.compile(
    r"\b(cvv2?|cvc2?|cvn|csc|pin|security code)((?:\s*(?:is|was|code|no\.?|number|:|=|-)){0,3}\s*)(\d{3,6})\b",
    re.IGNORECASE,
)
Span = tuple[int, int]


def mask_card_secrets(text: str) -> str:
    """The text with each card number cut to its first six and last four digits, and codes after "CVV" or "PIN"
    removed (PCI DSS 4.0.1, 3.3.1 and 3.5.1). Other numbers stay as they are.

    A card number is 13 to 19 digits that pass the Luhn check, in one piece or in groups, also beside other numbers:
    "4111 1111 1111 1111 123" ends in a security code. Full-width and other Unicode digits count as digits. IBANs stay.
    """
    plain = "".join(str(unicodedata.digit(sign)) if sign.isdigit() and not sign.isascii() else sign for sign in text)
    known = list(ibans(plain))
    parts: list[str] = []
    end = 0
    for run in RUN_OF_DIGITS.finditer(plain):
        for first, last in _card_numbers(plain, run.span()):
            if any(first < iban_end and iban_start < last for iban_start, iban_end in known):
                continue
            digits = re.sub(r"\D", "", plain[first:last])
            parts += [text[end:first], digits[:6], "*" * (len(digits) - 10), digits[-4:]]
            end = last
    parts.append(text[end:])
    return SECRET_CODE.sub(lambda match: f"{match[1]}{match[2]}***", "".join(parts))


def masked_note(note: Any) -> Any:
    """What a program noted, with card numbers masked in every text, name and number of it."""
    if isinstance(note, dict):
        return {mask_card_secrets(name): masked_note(value) for name, value in note.items()}
    if isinstance(note, list):
        return [masked_note(value) for value in note]
    if isinstance(note, int) and not isinstance(note, bool):
        masked = mask_card_secrets(str(note))
        return note if masked == str(note) else masked
    return mask_card_secrets(note) if isinstance(note, str) else note


def _card_numbers(plain: str, run: Span) -> list[Span]:
    """Where card numbers stand in a run of digit groups, in order, none overlapping; those laid out as on a card first.

    Only whole groups are tried: any 13 digits inside a longer number would pass the check once in ten.
    """
    groups = [match.span() for match in re.compile(r"\d+").finditer(plain, *run)]
    lengths = [end - start for start, end in groups]
    before = [0, *accumulate(lengths)]  # digits in front of each group
    sums = _luhn_sums([int(plain[place]) for start, end in groups for place in range(start, end)])
    found: list[tuple[bool, int, int, Span]] = []
    for first in range(len(groups)):
        for last in range(first, len(groups)):
            count = before[last + 1] - before[first]
            if count > LONGEST:
                break
            in_one_piece = first == last
            if count < SHORTEST or not (in_one_piece or plain[groups[first][0]] in "23456"):  # ISO/IEC 7812, banking
                continue
            doubled = sums[before[last + 1] % 2]
            if (doubled[before[last + 1]] - doubled[before[first]]) % 10 == 0:
                familiar = in_one_piece or lengths[first : last + 1] in CARD_LAYOUTS
                found.append((not familiar, first, -count, (groups[first][0], groups[last][1])))
    taken: list[Span] = []
    for _rank, _first, _count, (start, end) in sorted(found):
        if all(end <= other_start or other_end <= start for other_start, other_end in taken):
            taken.append((start, end))
    return sorted(taken)


def _luhn_sums(digits: list[int]) -> tuple[list[int], list[int]]:
    """Running sums with every digit at an even place doubled, and with every digit at an odd place doubled: the check
    of any stretch is the difference of two of them."""
    twice = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits]
    even = [twice[place] if place % 2 == 0 else digit for place, digit in enumerate(digits)]
    odd = [twice[place] if place % 2 else digit for place, digit in enumerate(digits)]
    return [0, *accumulate(even)], [0, *accumulate(odd)]


def ibans(plain: str) -> Iterator[Span]:
    """Where valid IBANs stand: their digits pass the Luhn check by chance only."""
    for match in IBAN.finditer(plain):
        length = IBAN_LENGTHS.get(match[1][:2].upper())
        signs = [place for place in range(*match.span(1)) if plain[place] != " "]
        if length is None or len(signs) < length:
            continue
        spelled = "".join(plain[place] for place in signs[:length])
        if int("".join(str(int(sign, 36)) for sign in spelled[4:] + spelled[:4])) % 97 == 1:
            yield match.start(), signs[length - 1] + 1
