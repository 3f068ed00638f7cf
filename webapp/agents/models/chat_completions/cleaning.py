"""What a language model writes, made harmless before anybody reads it: no markup, pictures, links or hidden signs."""

from __future__ import annotations

import re
import unicodedata
import zlib

CUT_HERE = "*The answer was longer than allowed and is cut here.*"
_PICTURE = re.compile(r"!\[([^\]\n]{0,300})\](?:\([^)\n]{0,2000}\)|\[[^\]\n]{0,300}\])")
_LINK = re.compile(r"(?<!\\)\[([^\]\n]{1,300})\]\((?:[^()\n]|\([^)\n]*\)){0,2000}\)")
_DEFINITION = re.compile(r"(?m)^[ \t]{0,3}\[[^\]\n]{1,300}\]:[ \t]*\S.*$")
_ADDRESS = re.compile(r"(?i)\b(?:https?|ftp|data|javascript|vbscript|file):[^\s<>)\]]+|\bwww\.[^\s<>)\]]+")
_TAG = re.compile(r"(?<!\\)<")
_HEADING = re.compile(r"(?m)^[ \t]{0,3}#{1,6}[ \t]+(.*?)#*[ \t]*$")
_MARK_OF_QUOTE = re.compile(r"<<quoted \w+(?: from [^\n]{0,80})?|\w+ end of quote>>")
REMOVED = "(address left out)"

_LONG = 600  # characters from which repetition is looked for
_REPEATS = 0.06  # a text that shrinks below this share of itself says the same over and over
_LEGIBLE = 0.85  # the share of letters, digits, blanks and usual signs, at least
_LONGEST_WORD = 200


def without_hidden_signs(text: str) -> str:
    """The text without control, formatting and private signs; line breaks stay. Emoji joiners are no loss."""
    return "".join(sign for sign in text if sign in "\n\t" or unicodedata.category(sign)[0] != "C")


def cleaned(text: str) -> str:
    """The answer as it may be shown: plain Markdown with citation marks, and nothing that leads anywhere."""
    text = without_hidden_signs(text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _MARK_OF_QUOTE.sub("", text)
    text = _DEFINITION.sub("", text)
    text = _PICTURE.sub(r"\1", text)
    text = _LINK.sub(r"\1", text)
    text = _ADDRESS.sub(REMOVED, text)
    text = _HEADING.sub(r"**\1**", text)
    return _TAG.sub(r"\\<", text).strip()


def is_nonsense(text: str) -> bool:
    """Whether this is no answer in any language: noise, one endless word, or the same over and over."""
    bare = "".join(text.split())
    if not any(sign.isalnum() for sign in bare):
        return True
    legible = sum(unicodedata.category(sign)[0] in "LNPS" and sign != "\ufffd" for sign in bare)
    if legible < _LEGIBLE * len(bare) or any(len(word) > _LONGEST_WORD for word in text.split()):
        return True
    return len(text) > _LONG and len(zlib.compress(text.encode("utf-8", "replace"))) < _REPEATS * len(text)
