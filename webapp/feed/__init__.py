"""What is happening right now in a session, for the pages that look at it. A convenience: the database is the truth."""

from webapp.feed.events import Event, Feed, Missed
from webapp.feed.memory import MemoryFeed

__all__ = ["Event", "Feed", "MemoryFeed", "Missed"]
