"""The attached customer's own name is not mistaken for a merchant's."""

from __future__ import annotations

import pytest

from webapp.agents.naming import without_customers_name
from webapp.agents.transcript import Line


@pytest.mark.parametrize(
    ("name", "said", "read"),
    [
        ("Maria Keller", "Is Maria Keller's card active?", "Is her card active?"),
        ("Maria Keller", "maria keller lost it", "she lost it"),
        ("Maria Keller", "Mrs Keller wants a loan", "she wants a loan"),
        ("Maria Keller", "Maria lost her card", "she lost her card"),
        ("Maria Keller", "Maria's balance", "her balance"),
        ("Maria Keller", "payments to Maria Bakery", "payments to Maria Bakery"),
        ("Maria Keller", "transfer to Keller GmbH", "transfer to Keller GmbH"),
        ("Caf\u00e9 Morgenrot Nadia Costa e.K.", "What did Caf\u00e9 Morgenrot pay?", "What did she pay?"),
    ],
)
def test_the_customers_name_reads_as_a_pronoun(name: str, said: str, read: str) -> None:
    lines = [Line("assistant", f"About {name}."), Line("staff", said)]
    assert [line.text for line in without_customers_name(lines, name)] == [f"About {name}.", read]
