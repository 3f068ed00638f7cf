"""What `bench.speaking` says, agreed on through a file in the server's instance folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "speech.json"


@dataclass(frozen=True, slots=True)
class Speech:
    """Texts of so many bytes, told to each of these sessions so many times a second."""

    chats: Sequence[str] = ()
    size: int = 0
    a_second: float = 0.0

    def ask_for(self, folder: Path) -> None:
        """Have it said from now on, instead of what was said before."""
        draft = folder / f"{FILE}.new"
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(folder / FILE)

    @classmethod
    def asked_for(cls, folder: Path) -> Speech:
        """What is to be said now; nothing if nobody asked."""
        try:
            return cls(**json.loads((folder / FILE).read_text()))
        except FileNotFoundError:
            return cls()
