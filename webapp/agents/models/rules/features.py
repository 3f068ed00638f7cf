"""What the classifier sees of a message: words, pairs of words, how it is put, and the concepts of a bank's counter."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from functools import lru_cache
from itertools import combinations, pairwise
from pathlib import Path

from webapp.agents.learning.hashing import Counted, counted
from webapp.agents.models.rules.shorthand import plain
from webapp.agents.words import STOP_WORDS, clean, expanded, marked, stem, tokens

CONCEPTS = Path(__file__).with_name("concepts.toml")

# How a sentence is put: the same words ask ("is the card blocked"), order ("block the card") or want the rule.
_FORMS = (
    ("how", frozenset(("how",))),
    ("why", frozenset(("why",))),
    ("when", frozenset(("when", "until", "by"))),
    ("which", frozenset(("what", "what's", "whats", "which", "where", "who", "whose"))),
    (
        "whether",
        frozenset("is are was were has have had does do did isn't aren't wasn't hasn't doesn't didn't".split()),
    ),
    ("may", frozenset("can could may might would will should".split())),
)


@lru_cache(maxsize=1)
def _phrases() -> dict[str, list[tuple[tuple[str, ...], str]]]:
    """First word -> (whole phrase, concept), longest phrase first."""
    by_first: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
    for concept, phrases in tomllib.loads(CONCEPTS.read_text("utf-8")).items():
        for phrase in phrases:
            words = tuple(expanded(phrase.lower()).split())
            by_first[words[0]].append((words, concept))
    for listed in by_first.values():
        listed.sort(key=lambda entry: -len(entry[0]))
    return dict(by_first)


def concept_words() -> set[str]:
    """Every word the concepts are made of, for the spelling."""
    return {word for listed in _phrases().values() for words, _ in listed for word in words}


def concepts_in(words: list[str]) -> set[str]:
    """The concepts named by these lower-case words."""
    found: set[str] = set()
    phrases = _phrases()
    for place, word in enumerate(words):
        for phrase, concept in phrases.get(word, ()):
            if tuple(words[place : place + len(phrase)]) == phrase:
                found.add(concept)
    return found


def form_of(words: list[str]) -> str:
    """How the sentence is put: "how", "why", "when", "which", "whether", "may", or "order" for anything else."""
    first = words[0] if words else ""
    return next((form for form, openers in _FORMS if first in openers), "order")


def meant_by(text: str) -> str:
    """What the embedding model is given of one message."""
    return plain(clean(text))


def seen_in(text: str) -> Counted:
    """What the intent model sees of one message."""
    written = expanded(plain(marked(clean(text))))
    return counted(written, features(tokens(written)))


def features(words: list[str]) -> set[str]:
    """Stems, concepts and how the sentence is put: what these lower-case words say beyond their letters."""
    stems = [stem(word) for word in words]
    content = [stemmed for word, stemmed in zip(words, stems, strict=True) if word not in STOP_WORDS]
    concepts = sorted(concepts_in(words))
    form = form_of(words)
    seen = {f"w:{stemmed}" for stemmed in content}
    seen.update(f"b:{left} {right}" for left, right in pairwise(["^", *stems, "$"]))
    seen.update(f"s:{left} {right}" for left, right in pairwise(content))
    seen.update(f"k:{concept}" for concept in concepts or ["none"])
    seen.update(f"p:{left} {right}" for left, right in combinations(concepts, 2))
    seen.update(f"q:{form} {concept}" for concept in ["", *concepts])
    seen.update(f"f:{stemmed}" for stemmed in stems[:1])
    return seen
