"""Which intent a message has: spelling, the trained classifier and the clear cues together, with how sure it is."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from webapp.agents.models.rules.classifier import IntentClassifier, probabilities
from webapp.agents.models.rules.cues import with_cues
from webapp.agents.models.rules.examples import OUT_OF_SCOPE, Intent, intents
from webapp.agents.models.rules.features import concept_words, concepts_in
from webapp.agents.models.rules.spelling import Spelling, well_known
from webapp.agents.words import clean, marked, tokens

_LONGEST = 1_000  # characters that are looked at; what a message is about stands at its beginning


@dataclass(frozen=True, slots=True)
class Route:
    """What a message seems to want."""

    corrected: str
    ranked: tuple[tuple[str, float], ...]  # intent key, probability; likeliest first, at most five
    concepts: frozenset[str]  # banking concepts the message names

    @property
    def intent(self) -> str:
        """The likeliest intent."""
        return self.ranked[0][0]

    @property
    def confidence(self) -> float:
        """How likely it is."""
        return self.ranked[0][1]


class Router:
    """Trained from the examples when it is made; holds no state afterwards."""

    def __init__(self, known: Mapping[str, Intent]) -> None:
        """Train on the intents' examples: about a second."""
        self.intents = known
        examples = [(text, key) for key, intent in known.items() for text in intent.examples]
        self._classifier = IntentClassifier(examples)
        counts = Counter(word for text, key in examples if key != OUT_OF_SCOPE for word in tokens(text) if word.isalpha())
        foreign = {word for text, key in examples if key == OUT_OF_SCOPE for word in tokens(text)}
        self.spelling = Spelling(well_known(counts, concept_words() | foreign))
        self.route = lru_cache(maxsize=1_024)(self._route)

    def _route(self, text: str) -> Route:
        corrected = self.spelling.corrected(clean(text[:_LONGEST]))
        seen = marked(corrected).lower()
        ranked = probabilities(with_cues(self._classifier.scores(corrected), seen, self.intents))
        words = tokens(seen)
        concepts = concepts_in(words) - {"own", "generic", "how", "list", "recent", "cost", "open", "close", "change", "send", "help"}
        if not any(word[0].isalnum() or word[0] == "_" for word in words):
            ranked = {OUT_OF_SCOPE: 0.0, **{key: 0.0 for key in list(ranked)[:4]}}  # nothing was said
        return Route(corrected, tuple(list(ranked.items())[:5]), frozenset(concepts))


_making = threading.Lock()
_made: list[Router] = []


def router() -> Router:
    """The router for the intents that come with the product, trained once per process."""
    with _making:
        if not _made:
            _made.append(Router(intents()))
        return _made[0]
