"""Text as it is compared in searches."""

from __future__ import annotations


def folded(text: str) -> str:
    """Letter case aside, as stored in `search_text` columns."""
    return text.casefold()


def like_pattern(word: str) -> str:
    r"""A LIKE pattern (escape character `\`) for what contains the word literally: `%` and `_` are themselves."""
    literal = word.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{literal}%"
