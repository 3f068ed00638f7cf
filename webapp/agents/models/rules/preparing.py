"""Going over to a router that compares by meaning, once the embedding model is open."""

from __future__ import annotations

from pathlib import Path

from webapp.agents.meaning.loading import Meaning
from webapp.agents.models.rules.examples import intents
from webapp.agents.models.rules.routing import Router, put_in_place
from webapp.agents.models.rules.teaching import learnt


def prepare(instance: Path, meaning: Meaning) -> None:
    """Put a router in place that compares by meaning; its model is the kept one, or is trained and kept now."""
    put_in_place(Router(intents(), learnt(instance, meaning), meaning.model))
