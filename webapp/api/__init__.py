"""The same verbs as the pages, as JSON for other programs. Importing it gathers the addresses."""

from webapp.api import (
    conversations,
    events,
    feedback,
    index,
    messages,
    moves,
    proposals,
    sessions,
    signing_in,
    webhooks,
)
from webapp.api.room import bp

__all__ = [
    "bp",
    "conversations",
    "events",
    "feedback",
    "index",
    "messages",
    "moves",
    "proposals",
    "sessions",
    "signing_in",
    "webhooks",
]
