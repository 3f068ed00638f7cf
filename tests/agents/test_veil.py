"""What leaves the bank: nobody's name, number or address; and all of it is back in what is read and looked up."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.agents.fakes import desk
from tests.agents.rows import CUSTOMERS
from webapp.agents.models.chat_completions.known import OverhearingBank, known_at, names_said
from webapp.agents.models.chat_completions.veil import KINDS, PLACEHOLDER, UNKNOWN, Known, Unveiling, Veil
from webapp.agents.wording import plain
from webapp.services.masking import mask_card_secrets

MARIA = CUSTOMERS["10-2041"]


def veil(key: bytes = b"session one") -> Veil:
    made = Veil(key, mask_card_secrets)
    made.learn(known_at(desk()))
    return made


SECRETS = [
    ("the balance of Maria Keller", "Maria Keller"),
    ("MARIA KELLER rang", "MARIA KELLER"),
    ("block maria's card", "maria"),
    ("Mrs Keller is here", "Keller"),
    ("Mr Abendroth would like to know", "Abendroth"),
    ("write to maria.keller@example.org", "maria.keller@example.org"),
    ("write to someone.else@bank.example", "someone.else@bank.example"),
    ("call +49 421 90009 11", "90009"),
    ("call 0421 900 0911", "900 0911"),
    ("lives at Lindenweg 4, 28195 Nordhafen", "Lindenweg"),
    ("moved to Alte Hafenstraße 12", "Hafenstraße"),
    ("customer 10-2041", "10-2041"),
    ("born 17 Apr 1986", "17 Apr 1986"),
    ("born 1986-04-17", "1986-04-17"),
    ("born 17.04.1986", "17.04.1986"),
    ("to DE89 3704 0044 0532 0130 00 please", "3704"),
    ("to DE89370400440532013000", "DE89370400440532013000"),
    ("to DE88370400440532013000, a digit is wrong", "370400440532013000"),
    ("card 4111 1111 1111 1111", "1111 1111"),
    ("card 411111******1111", "411111"),
    ("A. Stein asks", "Stein"),
    (plain("write to m_k@x-y.example"), "m\\_k"),
]


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_what_says_who_somebody_is_does_not_leave_and_is_back_afterwards(text: str, secret: str) -> None:
    made = veil()
    hidden = made.hide(text)
    assert secret not in hidden
    assert PLACEHOLDER.search(hidden)
    assert made.reveal(hidden) == mask_card_secrets(text)


@pytest.mark.parametrize(
    "text",
    [
        "Nordhafen Debit ..4417 is active",
        "49.90 EUR at Hafen Bakery on 16 Nov 2026",
        "transfer TR-204118 of 1,250.00 EUR",
        "opening hours 9:00 to 16:30, since 1 Nov 2026",
        "the 2nd card, limit 2,500.00",
        "a fee of 8.90 EUR [1] within 13 months",
        "can the card be blocked in the app? 2026-11-18",
    ],
)
def test_what_says_nothing_about_anybody_stays(text: str) -> None:
    assert veil().hide(text) == text


def test_payees_of_the_customer_are_hidden_and_shops_are_not() -> None:
    payees = {row.to_name for row in desk().bank.transfers("10-2041")}
    assert payees
    hidden = veil().hide("; ".join(sorted(payees)))
    assert not any(name in hidden for name in payees)


def test_names_that_come_through_the_bank_s_door_later_are_hidden_from_then_on() -> None:
    made = Veil(b"k")
    bank = OverhearingBank(desk().bank, made, MARIA)
    payee = desk().bank.transfers("10-2041")[0].to_name
    assert payee in made.hide(f"to {payee}")
    assert bank.transfers("10-2041")
    assert payee not in made.hide(f"to {payee}")
    assert "Maria" in made.hide("maria or Maria")
    bank.search_customers("Maria")
    assert "Maria" not in made.hide("Maria")


def test_names_staff_type_are_hidden_and_the_bank_s_own_words_are_not() -> None:
    made = Veil(b"k")
    said = "send 50 EUR to Robin Vale from Everyday Current, and to Anna-Lena Öztürk; not to Nordhafen Bank"
    made.learn(names_said(said))
    hidden = made.hide(said)
    assert "Robin" not in hidden
    assert "Öztürk" not in hidden
    assert "Everyday Current" in hidden
    assert "Nordhafen Bank" in hidden


def test_a_placeholder_is_the_same_throughout_a_session_and_another_one_elsewhere() -> None:
    one, again, elsewhere = veil(), veil(), veil(b"session two")
    assert one.hide("Maria Keller") == again.hide("Maria Keller") == one.hide("Maria Keller")
    assert one.hide("Maria Keller") != elsewhere.hide("Maria Keller")


def test_arguments_are_put_back_and_unknown_placeholders_find_nothing() -> None:
    made = veil()
    iban, name = made.hide("DE89370400440532013000"), made.hide("Mr Abendroth").split()[1]
    given_back = made.reveal_json({"to": [iban, {"name": name.lower()}], "amount": 5, "odd": "NAME-0000A"})
    assert given_back == {
        "to": ["DE89370400440532013000", {"name": "Abendroth"}],
        "amount": 5,
        "odd": "NAME-0000A",
    }
    assert made.reveal("for NAME-0000A") == f"for {UNKNOWN}"


@given(st.data())
def test_a_placeholder_cut_anywhere_is_put_back_in_streamed_text(data: st.DataObject) -> None:
    made = veil()
    parts = st.sampled_from(
        ["Maria Keller", "maria.keller@example.org", "DE89370400440532013000", "name", "card-", " ", "IBAN", "12", "."]
    )
    text = " ".join(data.draw(st.lists(parts, max_size=6)))
    hidden = made.hide(text) + " end."
    unveiling, said = Unveiling(made), ""
    while hidden:
        size = data.draw(st.integers(1, 9))
        said = unveiling.add(hidden[:size])
        hidden = hidden[size:]
        assert not re.search(rf"\b(?:{'|'.join(KINDS)})-[0-9A-Z]", said), "half a placeholder was shown"
    assert said == text + " end."


@given(st.text(max_size=200))
def test_any_text_comes_back_as_it_was(text: str) -> None:
    made = Veil(b"k")
    made.learn([Known("NAME", "Maria Keller")])
    assert made.reveal(made.hide(text)) == text


def test_what_somebody_typed_that_looks_like_a_placeholder_comes_back_as_it_was() -> None:
    made = veil()
    assert made.reveal(made.hide("ticket CARD-12345 of NAME-7K2QX")) == "ticket CARD-12345 of NAME-7K2QX"
