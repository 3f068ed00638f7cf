"""International bank account numbers: read as people write them, checked, and shown without their middle."""

from __future__ import annotations

import re

LENGTHS = {
    spelled[:2]: int(spelled[2:])
    for spelled in (
        "AD24 AT20 BE16 BG22 CH21 CY28 CZ24 DE22 DK18 EE20 ES24 FI18 FR27 GB22 GI23 GR27 HR21 HU28 IE22 IS26 IT27 LI21 "
        "LT20 LU20 LV21 MC27 MT31 NL18 NO15 PL28 PT25 RO24 SE24 SI19 SK24 SM27 VA22"
    ).split()
}  # of the SEPA area
_BIC = re.compile(r"[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", re.ASCII)
_WRITTEN = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2}\d\d(?:[ \u00a0]?[A-Za-z0-9]){11,30})")


def read_iban(text: str) -> str | None:
    """The number without blanks, in capitals; None if it is none of the SEPA area or its check digits are wrong."""
    plain = re.sub(r"[\s\u00a0]", "", text).upper()
    if not plain.isascii() or not plain.isalnum() or len(plain) != LENGTHS.get(plain[:2]) or not plain[2:4].isdigit():
        return None
    return plain if _checks(plain) else None


def _checks(plain: str) -> bool:
    return int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1


def read_foreign_account(text: str) -> str | None:
    """An account number of anywhere, without blanks: an IBAN if it begins like one, else 4 to 34 letters and digits."""
    plain = re.sub(r"[\s\u00a0-]", "", text).upper()
    if not 4 <= len(plain) <= 34 or not plain.isascii() or not plain.isalnum() or not any(map(str.isdigit, plain)):
        return None
    if plain[:2].isalpha() and plain[2:4].isdigit() and len(plain) >= 15:
        return plain if _checks(plain) and len(plain) == LENGTHS.get(plain[:2], len(plain)) else None
    return plain


def read_bic(text: str) -> str | None:
    """A BIC (ISO 9362) in capitals: bank (4 letters), country (2), place (2), perhaps branch (3); else None."""
    plain = re.sub(r"\s", "", text).upper()
    return plain if _BIC.fullmatch(plain) else None


def find_iban(text: str) -> tuple[str, bool] | None:
    """The first thing in a text that looks like one, and whether it is a valid one: ("DE02...", True)."""
    for match in _WRITTEN.finditer(text):
        plain = re.sub(r"[\s\u00a0]", "", match[1]).upper()
        length = LENGTHS.get(plain[:2])
        if length is None:
            continue
        valid = read_iban(plain[:length])
        return (valid, True) if valid else (plain[:length], False)
    return None


def without_iban(text: str) -> str:
    """The text with the first such number left out, so that its digits are taken for nothing else."""
    for match in _WRITTEN.finditer(text):
        length = LENGTHS.get(match[1][:2].upper())
        if length is not None:
            places = [place for place in range(*match.span(1)) if text[place] not in " \u00a0"]
            end = places[length - 1] + 1 if len(places) >= length else match.end(1)
            return f"{text[: match.start(1)]} {text[end:]}"
    return text


def masked(iban: str) -> str:
    """Country and last four: "DE** **** **** 3310"; of a short account number only its last two."""
    if len(iban) < 10:
        return f"** {iban[-2:]}"
    return f"{iban[:2]}** **** **** {iban[-4:]}"
