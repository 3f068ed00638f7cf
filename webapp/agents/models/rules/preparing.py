"""Before the first question: a kept model is taken, or one is trained; later one that uses meaning."""

from __future__ import annotations

from pathlib import Path

from webapp.agents.learning.intent_model import IntentModel
from webapp.agents.meaning.loading import Meaning
from webapp.agents.models.rules.examples import intents
from webapp.agents.models.rules.routing import Router, put_in_place
from webapp.agents.models.rules.teaching import Schoolroom, trained


def learnt(instance: Path, meaning: Meaning | None = None, *, anew: bool = False) -> IntentModel:
    """The model of the product's and the bank's sentences: the kept one unless `anew`, or one trained and kept now."""
    room = Schoolroom(instance)
    sentences = room.all_of(intents())
    by_meaning = meaning is not None and meaning.model is not None
    model = None if anew else room.kept(sentences, by_meaning=by_meaning)
    if model is None:
        model = trained(sentences, meaning)
        try:
            room.keep(sentences, model)
        except OSError:  # a full or read-only disk: trained again at the next start
            return model
    return model


def prepare(instance: Path, meaning: Meaning) -> None:
    """Put the best router in place that can be had now: by words, and by meaning once `meaning` is open."""
    put_in_place(Router(intents(), learnt(instance, meaning), meaning.model))
