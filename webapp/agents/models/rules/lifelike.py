"""Values for the marks in example sentences: "over _amount at _name" as somebody would type it.

Models compare messages as they come, so they are trained on sentences with values in them; and measured on sentences
with other values, so that nothing is recognised by its figures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias
from zlib import crc32

Use: TypeAlias = Literal["teaching", "measuring"]
_MARK = re.compile(r"_(ending|amount|period|name|number|count|transfer|dispute)\b")
_VALUES: Mapping[Use, Mapping[str, Sequence[str]]] = {
    "teaching": {
        "ending": ("4417", "3310", "9021", "8802", "7702", "6105", "2386", "5590"),
        "amount": ("250 EUR", "49.90", "1,200 EUR", "€80", "3000", "64.90 euros", "500", "19.99 EUR"),
        "period": ("last week", "in October", "yesterday", "12 November", "last month", "on Friday", "this year"),
        "name": (
            "Hafen Bakery", "Rewe", "Max Weber", "FitClub", "Stadtwerke", "Netflix", "Mrs Keller", "Amazon",
            "Hotel Kompass", "Aldi", "Autohaus Seidler", "Eileen Bishop", "Studio Vitalis", "Zalando",
        ),
        "number": ("10-2041", "10-3377"),
        "count": ("10", "five", "20", "three"),
        "transfer": ("TR-204118", "TR-204120"),
        "dispute": ("DP-1042", "DP-1043"),
    },
    "measuring": {
        "ending": ("1845", "6061", "7001", "9954", "2230"),
        "amount": ("310 EUR", "72.40", "2,600 EUR", "€95", "1500", "38.20 euros", "700"),
        "period": ("last quarter", "in August", "on Tuesday", "3 March", "next week", "since May"),
        "name": (
            "Trattoria Onda", "Edeka", "Jonas Brandt", "Nordlicht Energie", "Vodafone", "Spotify", "Mr Demir",
            "Bistro Seestern", "Lidl", "Webstuhl", "Anna Petersen", "Vierlinden Versicherung",
        ),
        "number": ("10-2055", "10-4120"),
        "count": ("15", "four", "30"),
        "transfer": ("TR-311907", "TR-300041"),
        "dispute": ("DP-2210", "DP-2087"),
    },
}  # fmt: skip


def lifelike(text: str, use: Use = "teaching") -> str:
    """The text with a value for every mark; the same text always gets the same ones."""
    seed = crc32(text.encode())

    def value(match: re.Match[str]) -> str:
        values = _VALUES[use][match[1]]
        return values[(seed + match.start()) % len(values)]

    return _MARK.sub(value, text)
