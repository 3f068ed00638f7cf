"""How the embedding model cuts a text: BERT's lower-case words, then the longest known pieces of each word."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

MOST_PIECES = 256  # the length the model was trained for, with its two marks; what stands beyond is not read
_LONGEST_WORD = 100  # characters; a longer one is unknown as a whole
_CHINESE = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2CEAF), (0xF900, 0xFAFF))


class WordPiece:
    """Text to the numbers of its pieces, by the vocabulary that came with the model."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        """Take the pieces in the order of their numbers; raises KeyError when the marks are not among them."""
        self._numbers = {piece: number for number, piece in enumerate(vocabulary)}
        self._begin, self._end = self._numbers["[CLS]"], self._numbers["[SEP]"]
        self._unknown = self._numbers["[UNK]"]
        self._pieces_of = lru_cache(maxsize=20_000)(self._cut)

    def numbers(self, text: str) -> list[int]:
        """The numbers of the text's pieces between the marks of beginning and end, at most `MOST_PIECES`."""
        found: list[int] = []
        for word in words(text):
            found.extend(self._pieces_of(word))
            if len(found) >= MOST_PIECES - 2:
                break
        return [self._begin, *found[: MOST_PIECES - 2], self._end]

    def _cut(self, word: str) -> tuple[int, ...]:
        """The longest known piece from the left, again and again; unknown as a whole when nothing fits."""
        if len(word) > _LONGEST_WORD:
            return (self._unknown,)
        found: list[int] = []
        begin = 0
        while begin < len(word):
            for end in range(len(word), begin, -1):
                number = self._numbers.get(word[begin:end] if begin == 0 else f"##{word[begin:end]}")
                if number is not None:
                    found.append(number)
                    begin = end
                    break
            else:
                return (self._unknown,)
        return tuple(found)


def words(text: str) -> Iterator[str]:
    """Lower-case words without accents; every sign of punctuation is a word of its own."""
    word: list[str] = []
    for character in unicodedata.normalize("NFD", text.lower()):
        category = unicodedata.category(character)
        if category == "Mn" or character in "\0\ufffd" or (category[0] == "C" and character not in "\t\n\r"):
            continue
        alone = _is_punctuation(character, category) or _is_chinese(character)
        if word and (alone or character.isspace()):
            yield "".join(word)
            word = []
        if alone:
            yield character
        elif not character.isspace():
            word.append(character)
    if word:
        yield "".join(word)


def _is_punctuation(character: str, category: str) -> bool:
    return category[0] == "P" or (
        character.isascii() and character.isprintable() and not character.isalnum() and character != " "
    )


def _is_chinese(character: str) -> bool:
    number = ord(character)
    return number >= 0x3400 and any(first <= number <= last for first, last in _CHINESE)
