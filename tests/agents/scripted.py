"""Conversation scripts in Markdown: who says what, and what the answer must and must not have.

`# title` begins a conversation, `customer: 10-2041` (or `none`) attaches one, `role: auditor` says who asks (a teller
until then; auditors and admins may confirm nothing), `> text` is what staff say. Below stand
expectations about the answer, one a line: agent, intent, tools (in order), begins, says, not, cites, person, suggests,
outcome; proposes (kind and arguments, one line for each card in order; "nothing" for none), needs (a level), takes
back (yes). Of a scripted
language model: model (what it does next, one line for each response), kept (what did not leave for it), sent (what
did), answers (which model's name stands at the answer).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent / "conversations"
EXPECTATIONS = (
    "agent", "intent", "tools", "begins", "says", "not", "cites", "person", "suggests", "outcome",
    "proposes", "needs", "takes back", "model", "kept", "sent", "answers",
)  # fmt: skip


@dataclass
class Turn:
    """One thing said, and what is expected of the answer."""

    says: str
    customer: str | None
    role: str
    expected: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Conversation:
    """A script."""

    title: str
    turns: list[Turn] = field(default_factory=list)


def read_conversations(folder: Path = FOLDER) -> list[Conversation]:
    """All scripts of a folder; raises ValueError for a line that is none of theirs."""
    found: list[Conversation] = []
    for path in sorted(folder.glob("*.md")):
        customer: str | None = None
        role = "teller"
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            word, _, rest = line.partition(":")
            if not line.strip() or line.startswith("<!--"):
                continue
            if line.startswith("# "):
                found.append(Conversation(f"{path.stem}: {line[2:].strip()}"))
                customer, role = None, "teller"
            elif line.startswith("> "):
                found[-1].turns.append(Turn(line[2:], customer, role))
            elif word == "customer":
                customer = None if rest.strip() == "none" else rest.strip()
            elif word == "role":
                role = rest.strip()
            elif word in EXPECTATIONS:
                found[-1].turns[-1].expected.append((word, rest.strip()))
            else:
                raise ValueError(f"{path.name}:{number}: {line}")
    return found
