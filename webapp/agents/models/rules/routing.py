"""Which intent a message has: spelling, the trained model and the clear cues together, with how sure it is."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from math import exp, log
from pathlib import Path

from webapp.agents.learning.intent_model import IntentModel
from webapp.agents.meaning.minilm import MiniLM
from webapp.agents.models.rules.cues import with_cues
from webapp.agents.models.rules.examples import OUT_OF_SCOPE, Intent, intents
from webapp.agents.models.rules.features import concept_words, concepts_in, meant_by, seen_in
from webapp.agents.models.rules.shorthand import plain, shorthand
from webapp.agents.models.rules.spelling import Spelling, well_known
from webapp.agents.models.rules.teaching import examples_of, learnt, trained
from webapp.agents.words import clean, expanded, marked, tokens

_CHAT = 9  # words; a greeting or a thank-you is shorter
_TOO_LONG_FOR_CHAT = 0.4
_LONGEST = 1_000  # characters that are looked at; what a message is about stands at its beginning
# How many units of log-probability a cue of 1.0 is worth: it settles an even match. Of 2 to 8, tried on
# tests/agents/held_out.csv; 2 to 4 were alike.
_CUE = 3.0
_TELLING = frozenset({"_transfer", "_dispute", "_ending", "_number"})  # values that say something by themselves
_CODE = re.compile(r"[a-z]_[a-z]")
_UNSURE = 0.4
_ANY_RULE, _ASKED = "how_to", 0.8
# Concepts that are named outside a bank just as well.
_SAYS_LITTLE = frozenset("own generic how list recent cost open close change send help far_away".split())
_OFTEN = 8  # sentences of ours that have a word
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Route:
    """What a message seems to want."""

    corrected: str
    ranked: tuple[tuple[str, float], ...]  # intent key, probability; likeliest first, at most five
    concepts: frozenset[str]  # banking concepts the message names
    foreign: float = 0.0  # how likely it is not about the bank at all

    @property
    def foreignness(self) -> float:
        """Above zero when a foreign topic is likelier than anything the desk does; orders messages for rejection."""
        own = max((probability for key, probability in self.ranked if key != OUT_OF_SCOPE), default=0.0)
        return log(max(self.foreign, _TINY)) - log(max(own, _TINY))

    @property
    def intent(self) -> str:
        """The likeliest intent."""
        return self.ranked[0][0]

    @property
    def confidence(self) -> float:
        """How likely it is."""
        return self.ranked[0][1]


class Router:
    """Reads messages with a trained model; holds no state but what it remembers of the last messages."""

    def __init__(
        self, known: Mapping[str, Intent], model: IntentModel | None = None, meaning: MiniLM | None = None
    ) -> None:
        """Take the intents and a model trained on their examples; without one it is trained here, in seconds.

        With `meaning`, and a model that was trained with vectors, messages are compared by what they mean, too.
        """
        self.intents = known
        examples = examples_of(known)
        self.model = model or trained(examples)
        self._meaning = meaning if self.model.landmarks is not None else None
        counts = Counter(
            word for text, key in examples if key != OUT_OF_SCOPE for word in tokens(text) if word.isalpha()
        )
        foreign = {word for text, key in examples if key == OUT_OF_SCOPE for word in tokens(text)}
        self.spelling = Spelling(
            well_known(counts, concept_words() | foreign | set(shorthand())),
            often={word for word, number in counts.items() if number >= _OFTEN},
        )
        self.route = lru_cache(maxsize=1_024)(self._route)

    @property
    def by_meaning(self) -> bool:
        """Are messages compared by what they mean, beside their words?"""
        return self._meaning is not None

    def _route(self, text: str, agent: str = "") -> Route:
        """What a message wants; with an agent, what it wants of this one."""
        corrected = self.spelling.corrected(clean(text[:_LONGEST]))
        seen = marked(corrected).lower()
        words = tokens(expanded(plain(seen)))
        vector = self._meaning.deep_vector(meant_by(corrected)) if self._meaning and words else None
        logs = self.model.logs(seen_in(corrected), vector)
        scores = {label: float(log) / _CUE for label, log in zip(self.model.labels, logs, strict=True)}
        concepts = concepts_in(words) - _SAYS_LITTLE
        scores = with_cues(scores, seen, self.intents, banking=bool(concepts) or "handbook" in words)
        if len(words) > _CHAT:
            for key in ("greeting", "thanks", "help"):
                if key in scores:
                    scores[key] -= _TOO_LONG_FOR_CHAT
        if agent:
            scores = {key: score for key, score in scores.items() if self.intents[key].agent == agent} or scores
        ranked = _probabilities(scores)
        if _CODE.search(text):  # nobody at a counter speaks like that: never sure of it
            ranked = {key: probability * _UNSURE for key, probability in ranked.items()}
        if not any(word[0].isalpha() or word in _TELLING for word in words):
            nothing = {} if agent else {OUT_OF_SCOPE: 0.0}
            ranked = {**nothing, **dict.fromkeys(list(ranked)[:4], 0.0)}  # nothing was said
        return Route(corrected, tuple(list(ranked.items())[:5]), frozenset(concepts), ranked.get(OUT_OF_SCOPE, 0.0))


class Within:
    """A router as one agent has it: whatever is said wants something of this agent's."""

    def __init__(self, router: Router, agent: str) -> None:
        """Take the whole router, and the agent that somebody chose."""
        self._router = router
        self.agent = agent
        self.intents = router.intents
        self.spelling = router.spelling

    def route(self, text: str) -> Route:
        """Which of the agent's intents a message has. The handbook is asked as a rule: it is searched in any case."""
        found = self._router.route(text, self.agent)
        if self.agent != "handbook" or self.intents[self._router.route(text).intent].agent == "handbook":
            return found
        rest = tuple(one for one in found.ranked if one[0] != _ANY_RULE)
        return replace(found, ranked=((_ANY_RULE, _ASKED), *rest))


def _probabilities(scores: Mapping[str, float]) -> dict[str, float]:
    """Label -> probability, likeliest first."""
    top = max(scores.values())
    grown = {label: exp((score - top) * _CUE) for label, score in scores.items()}
    total = sum(grown.values())
    return {label: value / total for label, value in sorted(grown.items(), key=lambda item: (-item[1], item[0]))}


_making = threading.Lock()
_made: list[Router] = []
_kept_in: list[Path] = []


def keep_models_in(instance: Path) -> None:
    """Let this process read with the model kept in this instance folder; without one it is trained and kept there."""
    _kept_in[:] = [instance]


def router() -> Router:
    """The router of this process: the one put in place, or else one by words, with the model that is kept."""
    with _making:
        if not _made:
            _made.append(Router(intents(), learnt(_kept_in[0]) if _kept_in else None))
        return _made[0]


def put_in_place(made: Router | None) -> None:
    """Let this router read what comes from now on; None: forget the one there is."""
    with _making:
        _made[:] = [made] if made else []
