"""The prompts: prose files with a version each, and what they become for one agent and one question."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from webapp.agents.roster import Agent
from webapp.agents.tools.registry import Tool

FOLDER = Path(__file__).parent / "prompts"
_HEADER = re.compile(r"---\nversion: (\d+)\n---\n")
_PLACE = re.compile(r"\{(\w+)\}")


class PromptError(ValueError):
    """A prompt file without its header, or with a place nobody fills."""


@lru_cache(maxsize=16)
def prompt(name: str, folder: Path = FOLDER) -> str:
    """The text of a prompt, without its header."""
    return _read(folder / f"{name}.md")[1]


def prompt_version(team: Iterable[Agent], tools: Iterable[Tool], folder: Path = FOLDER) -> str:
    """What was said to a model, as one word: the versions of the files added up, and a hash of every word in them, of
    the agents' own instructions and of the tools' descriptions. A change nobody gave a new version shows all the same.
    """
    files = sorted(folder.glob("*.md"))
    told = [f"{path.name}\n{path.read_text('utf-8')}" for path in files]
    told += [f"{agent.key}\n{agent.purpose}\n{agent.instructions}" for agent in team]
    told += [f"{tool.name}\n{tool.description}\n{json.dumps(tool.schema(), sort_keys=True)}" for tool in tools]
    number = sum(_read(path)[0] for path in files)
    return f"{number}.{hashlib.sha256(chr(0).join(told).encode()).hexdigest()[:8]}"


def filled(text: str, **values: str) -> str:
    """The text with its places filled; what is filled in is not looked at again."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise PromptError(f"nothing to put for {match[0]}")
        return values[match[1]]

    return re.sub(r"\n{3,}", "\n\n", _PLACE.sub(value, text)).strip()


def _read(path: Path) -> tuple[int, str]:
    text = path.read_text("utf-8")
    header = _HEADER.match(text)
    if header is None:
        raise PromptError(f"{path.name} does not begin with its version")
    return int(header[1]), text[header.end() :].strip()
