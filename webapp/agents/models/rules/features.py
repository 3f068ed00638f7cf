"""What the classifier sees of a message: words, pairs of words, letters, and the concepts of a bank's counter."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from functools import lru_cache
from itertools import combinations, pairwise
from pathlib import Path

from webapp.agents.words import STOP_WORDS, clean, marked, stem, tokens

CONCEPTS = Path(__file__).with_name("concepts.toml")

# How much each kind of feature counts, before the inverse document frequency. Chosen by five-fold cross-validation.
WORD, STOP_WORD, PAIR, SKIP, CONCEPT, CONCEPTS_TOGETHER, FIRST, LETTERS = 1.0, 0.5, 0.6, 0.6, 0.8, 0.7, 0.5, 0.3
FORM, FORM_WITH_CONCEPT, FOREIGN = 0.6, 0.6, 0.8
_LETTERS = 4

# How a sentence is put: the same words ask ("is the card blocked"), order ("block the card") or want the rule.
_FORMS = (
    ("how", frozenset(("how",))),
    ("why", frozenset(("why",))),
    ("when", frozenset(("when", "until", "by"))),
    ("which", frozenset(("what", "what's", "whats", "which", "where", "who", "whose"))),
    ("whether", frozenset("is are was were has have had does do did isn't aren't wasn't hasn't doesn't didn't".split())),
    ("may", frozenset("can could may might would will should".split())),
)


@lru_cache(maxsize=1)
def _phrases() -> dict[str, list[tuple[tuple[str, ...], str]]]:
    """First word -> (whole phrase, concept), longest phrase first."""
    by_first: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
    for concept, phrases in tomllib.loads(CONCEPTS.read_text("utf-8")).items():
        for phrase in phrases:
            words = tuple(phrase.lower().split())
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


def features(text: str) -> dict[str, float]:
    """Feature -> weight, for one message."""
    words = tokens(marked(clean(text)))
    stems = [stem(word) for word in words]
    content = [stemmed for word, stemmed in zip(words, stems, strict=True) if word not in STOP_WORDS]
    seen: dict[str, float] = {}
    for word, stemmed in zip(words, stems, strict=True):
        seen[f"w:{stemmed}"] = STOP_WORD if word in STOP_WORDS else WORD
    for left, right in pairwise(["^", *stems, "$"]):
        seen[f"b:{left} {right}"] = PAIR
    for left, right in pairwise(content):
        seen.setdefault(f"s:{left} {right}", SKIP)
    concepts = sorted(concepts_in(words))
    for concept in concepts:
        seen[f"k:{concept}"] = CONCEPT
    for left, right in combinations(concepts, 2):
        seen[f"p:{left} {right}"] = CONCEPTS_TOGETHER
    form = form_of(words)
    seen[f"q:{form}"] = FORM
    for concept in concepts:
        seen[f"q:{form} {concept}"] = FORM_WITH_CONCEPT
    if not concepts:
        seen["k:none"] = FOREIGN
    if stems:
        seen[f"f:{stems[0]}"] = FIRST
    for word in content:
        if len(word) >= _LETTERS and word[0].isalpha():
            framed = f"<{word}>"
            for start in range(len(framed) - _LETTERS + 1):
                seen[f"c:{framed[start : start + _LETTERS]}"] = LETTERS
    return seen
