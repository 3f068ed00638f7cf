"""The same verbs as the pages, as JSON for other programs. Importing it gathers the addresses."""

from webapp.api import conversations, index, messages, moves, sessions, signing_in
from webapp.api.room import bp

__all__ = ["bp", "conversations", "index", "messages", "moves", "sessions", "signing_in"]
