"""Card numbers and codes are masked however they are typed; every other number stays as it was."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.services.masking import mask_card_secrets

FULL_WIDTH = str.maketrans("0123456789", "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19")
ARABIC = str.maketrans("0123456789", "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669")


def check_digit(digits: str) -> str:
    """The digit that makes a number pass the Luhn check."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def passes(digits: str) -> bool:
    return check_digit(digits[:-1]) == digits[-1]


def grouped(digits: str, separator: str) -> str:
    """In fours, as on a card."""
    return separator.join(re.findall(".{1,4}", digits))


@st.composite
def card_numbers(draw: st.DrawFn) -> str:
    """Numbers that could be a payment card's: 13 to 19 digits, Luhn-valid."""
    body = draw(st.from_regex(r"[2-6][0-9]{11,17}", fullmatch=True))
    return body + check_digit(body)


separators = st.sampled_from(["", " ", "-", ".", "\u00a0", "\u2009", "\u202f", "\u2011", "\u2013", "  ", " - ", "\t"])
around = st.sampled_from([("", ""), ("card ", " please"), ("(", ")"), ("Nr.", ","), ("\n", "\n"), ("\u00e4", "\u00df")])
spelling = st.sampled_from([{}, FULL_WIDTH, ARABIC])


@given(card_numbers(), separators, around, spelling)
def test_a_card_number_keeps_its_first_six_and_last_four_digits_only(
    number: str, separator: str, words: tuple[str, str], digits: dict[int, str]
) -> None:
    masked = mask_card_secrets(words[0] + grouped(number, separator).translate(digits) + words[1])
    assert masked == f"{words[0]}{number[:6]}{'*' * (len(number) - 10)}{number[-4:]}{words[1]}"


@given(card_numbers())
def test_masking_twice_changes_nothing_more(number: str) -> None:
    once = mask_card_secrets(f"card {number}")
    assert mask_card_secrets(once) == once


@given(st.text(alphabet="0123456789 .-abc\n", max_size=80))
def test_no_number_that_passes_the_check_is_left_standing(text: str) -> None:
    masked = mask_card_secrets(text)
    for found in re.finditer(r"(?<!\d)\d{13,19}(?!\d)", masked):
        assert not passes(found.group())


@given(st.from_regex(r"[1-9][0-9]{12,18}", fullmatch=True).filter(lambda digits: not passes(digits)))
def test_a_long_number_that_is_no_card_number_stays(digits: str) -> None:
    assert mask_card_secrets(f"reference {digits}.") == f"reference {digits}."


@given(st.integers(0, 10**12 - 1), st.sampled_from(["", "EUR ", "account "]))
def test_a_shorter_number_stays(number: int, before: str) -> None:
    assert mask_card_secrets(f"{before}{number} was paid") == f"{before}{number} was paid"


@given(st.text(alphabet=st.characters(exclude_categories=["Nd", "No"])))
def test_a_text_without_digits_stays_exactly_as_typed(text: str) -> None:
    assert mask_card_secrets(text) == text


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("4111 1111 1111 1111 123", "411111******1111 123"),  # the security code behind it
        ("4111 1111 1111 1111 12/27", "411111******1111 12/27"),
        ("4111 1111 1111 1111 12 27", "411111******1111 12 27"),  # the expiry date behind it
        ("26 4111 1111 1111 1111", "26 411111******1111"),
        ("3 4111-1111-1111-1111", "3 411111******1111"),
        ("12 27 4111 1111 1111 1111 123", "12 27 411111******1111 123"),
        ("4111 1111 1111 1111 5500 0000 0000 0004", "411111******1111 550000******0004"),
        ("5500000000000004 4111111111111111", "550000******0004 411111******1111"),
        ("3782 822463 10005", "378282*****0005"),
        ("4111\u20131111\u20131111\u20131111", "411111******1111"),
        ("4111_1111_1111_1111", "411111******1111"),
        ("4111/1111/1111/1111", "411111******1111"),
    ],
)
def test_a_card_number_is_found_beside_other_numbers(typed: str, kept: str) -> None:
    assert mask_card_secrets(typed) == kept


@pytest.mark.parametrize(
    "iban",
    ["DE89 3704 0044 0532 0130 00", "DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19", "NL91 ABNA 0417 1643 00"],
)
def test_an_iban_is_no_card_number(iban: str) -> None:
    assert mask_card_secrets(f"pay to {iban} today") == f"pay to {iban} today"


def iban(body: str) -> str:
    """A German IBAN with its check digits, in groups of four."""
    check = 98 - int(body + "131400") % 97
    return grouped(f"DE{check:02}{body}", " ")


@given(st.from_regex(r"[0-9]{18}", fullmatch=True))
def test_no_german_iban_is_touched(body: str) -> None:
    assert mask_card_secrets(f"to {iban(body)}, please") == f"to {iban(body)}, please"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("CVV 123", "CVV ***"),
        ("cvc2: 9876", "cvc2: ***"),
        ("the pin is 4711", "the pin is ***"),
        ("PIN number 4711", "PIN number ***"),
        ("PIN code: 4711", "PIN code: ***"),
        ("her PIN was=4711!", "her PIN was=***!"),
        ("security code 123", "security code ***"),
    ],
)
def test_a_security_code_is_removed_altogether(typed: str, kept: str) -> None:
    assert mask_card_secrets(typed) == kept


@pytest.mark.parametrize("text", ["spinning 1234", "PIN letter of 2026-11-16", "pin 12", "three wrong PINs on 3 cards"])
def test_a_number_that_is_no_code_stays(text: str) -> None:
    assert mask_card_secrets(text) == text


def test_four_thousand_digits_are_looked_through_in_a_blink() -> None:
    import time

    for text in ("1 " * 2000, "4" * 4000, "4111 1111 1111 1112 " * 200, "pin " * 1000, "DE" * 2000):
        started = time.perf_counter()
        mask_card_secrets(text)
        assert time.perf_counter() - started < 0.2
