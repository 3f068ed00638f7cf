"""The intents and their example sentences, read from the files in `webapp/agents/intents`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

INTENTS = Path(__file__).resolve().parents[2] / "intents"
OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class Intent:
    """Something staff may want, with sentences that say it."""

    key: str
    agent: str
    because: str  # why it goes to that agent: "the question asks for a balance"
    ask: str  # how staff would type it; used for "did you mean"
    examples: tuple[str, ...]
    act: str = ""  # what would be changed in the bank: "block cards"
    procedure: str = ""  # what to look up in the handbook for it
    urgent: bool = False

    @property
    def change(self) -> bool:
        """Would this change something in the bank?"""
        return bool(self.act)


def _sentences(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def read_intents(folder: Path = INTENTS) -> dict[str, Intent]:
    """All intents by key; raises ValueError when two files use the same key."""
    intents: dict[str, Intent] = {}
    for path in sorted(folder.glob("*.toml")):
        for key, table in tomllib.loads(path.read_text("utf-8")).items():
            if key in intents:
                raise ValueError(f"the intent {key} is written twice ({path.name})")
            intents[key] = Intent(
                key=key,
                agent=table["agent"],
                because=table["because"],
                ask=table["ask"],
                examples=_sentences(table["examples"]),
                act=table.get("act", ""),
                procedure=table.get("procedure", ""),
                urgent=table.get("urgent", False),
            )
    intents[OUT_OF_SCOPE] = Intent(
        key=OUT_OF_SCOPE,
        agent="orchestrator",
        because="the question is not about the bank",
        ask="",
        examples=_sentences((folder / "background.txt").read_text("utf-8")),
    )
    return intents


@lru_cache(maxsize=1)
def intents() -> dict[str, Intent]:
    """The intents that come with the product, read once."""
    return read_intents()
