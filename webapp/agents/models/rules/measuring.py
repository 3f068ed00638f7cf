"""The built-in model, measured: on any labelled messages, and as the desk reads them."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from math import exp

from webapp.agents.learning.families import families_of, folds_of
from webapp.agents.learning.measures import Guess, rejected
from webapp.agents.meaning.loading import Meaning
from webapp.agents.models.rules.entities import EntityReader
from webapp.agents.models.rules.examples import OUT_OF_SCOPE, intents
from webapp.agents.models.rules.features import meant_by, seen_in
from webapp.agents.models.rules.lifelike import lifelike
from webapp.agents.models.rules.memory import Memory
from webapp.agents.models.rules.reading import Reader
from webapp.agents.models.rules.routing import Router
from webapp.agents.models.rules.teaching import trained
from webapp.agents.transcript import Json

Labelled = Sequence[tuple[str, str]]
FALSELY_REJECTED = 0.05  # of the messages about the bank, when foreign topics are to be rejected


def of_a_model(train: Labelled, test: Labelled, meaning: Meaning | None) -> tuple[list[Guess], float, float]:
    """Guesses of a model trained on other messages, milliseconds of processor a message, seconds of training."""
    started = time.perf_counter()
    model = trained(train, meaning)
    seconds = time.perf_counter() - started
    embedding = meaning.model if meaning else None
    guesses = []
    begun = time.process_time()
    for text, right in test:
        logs = model.logs(seen_in(text), embedding.deep_vector(meant_by(text)) if embedding else None)
        best = int(logs.argmax())
        guesses.append(Guess(model.labels[best], exp(float(logs[best])), right))
    return guesses, (time.process_time() - begun) * 1000 / len(test), seconds


def a_fifth_apart(labelled: Labelled) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Four fifths to train on and one to measure on; sentences that say nearly the same are on one side."""
    folds = folds_of(families_of([text for text, _ in labelled]), 5)
    parts: tuple[list[tuple[str, str]], list[tuple[str, str]]] = ([], [])
    for one, fold in zip(labelled, folds, strict=True):
        parts[int(fold == 0)].append(one)
    return parts


def a_fifth_routed(labelled: Labelled, meaning: Meaning | None) -> tuple[Router, list[tuple[str, str]]]:
    """A router that knows four fifths of these sentences only, and the other fifth with values for its marks."""
    kept, apart = a_fifth_apart(labelled)
    sentences = defaultdict(list)
    for text, label in kept:
        sentences[label].append(text)
    known = {key: replace(intent, examples=tuple(sentences[key])) for key, intent in intents().items()}
    router = Router(known, trained(kept, meaning), meaning.model if meaning else None)
    return router, [(lifelike(text, "measuring"), label) for text, label in apart]


def of_a_router(router: Router, test: Labelled) -> tuple[list[Guess], float]:
    """What the desk takes each message for, and milliseconds of processor a message."""
    begun = time.process_time()
    routes = [router.route(text) for text, _ in test]
    milliseconds = (time.process_time() - begun) * 1000 / len(test)
    return [
        Guess(one.intent, one.confidence, right) for one, (_, right) in zip(routes, test, strict=True)
    ], milliseconds


def of_the_team(router: Router, test: Labelled) -> dict[str, float]:
    """Shares of the messages, between 0 and 1.

    `right_specialist` and `right_intent` go by the best guess, the latter over the messages about the bank only;
    `foreign_rejected` is what a threshold rejects that loses one in twenty of our own. The others say what the desk
    does as it is set, where a question it asks back about counts as not answered.
    """
    reader = Reader(router)
    routes = [router.route(text) for text, _ in test]
    own = [number for number, (_, right) in enumerate(test) if right != OUT_OF_SCOPE]
    foreign = [number for number, (_, right) in enumerate(test) if right == OUT_OF_SCOPE]
    taken = []
    for text, _ in test:
        reading = reader.read(text, Memory(), "10-2041", date(2026, 11, 18))
        taken.append(reading.tasks[0].intent.key if reading.tasks else reading.kind)

    def agent(key: str) -> str:
        return router.intents[key].agent if key in router.intents else "orchestrator"

    shares = {
        "right_specialist": [agent(one.intent) == agent(right) for one, (_, right) in zip(routes, test, strict=True)],
        "right_intent": [routes[number].intent == test[number][1] for number in own],
        "specialist_as_answered": [agent(key) == agent(right) for key, (_, right) in zip(taken, test, strict=True)],
        "bank_declined": [taken[number] == "foreign" for number in own],
        "bank_asked_back": [taken[number] == "unclear" for number in own],
        "foreign_declined": [taken[number] == "foreign" for number in foreign],
        "foreign_not_answered": [taken[number] in ("foreign", "unclear") for number in foreign],
    }
    found = {name: round(sum(hits) / len(hits), 4) for name, hits in shares.items() if hits}
    if own and foreign:
        scores = [route.foreignness for route in routes]
        share = rejected([scores[one] for one in own], [scores[one] for one in foreign], FALSELY_REJECTED)
        found["foreign_rejected"] = round(share, 4)
    return found


def routed(router: Router, text: str, today: date) -> dict[str, Json]:
    """What is read in one sentence, as JSON."""
    reading = Reader(router).read(text, Memory(), None, today)
    first = reading.tasks[0] if reading.tasks else None
    reader = EntityReader(today, router.spelling.knows)
    entities = first.entities if first else reader.read(text, reading.route.corrected)
    intent = first.intent.key if first else (OUT_OF_SCOPE if reading.kind == "foreign" else reading.kind)
    alternatives: list[Json] = [[key, round(probability, 3)] for key, probability in reading.route.ranked[1:3]]
    return {
        "text": text,
        "agent": first.intent.agent if first else "orchestrator",
        "intent": intent,
        "confidence": round(first.confidence if first else reading.route.confidence, 3),
        "entities": dict(entities.to_json()),
        "alternatives": alternatives,
        "more": [task.intent.key for task in reading.tasks[1:]],
    }
