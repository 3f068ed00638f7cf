"""What is happening right now in a session, for the pages that look at it. A convenience: the database is the truth."""

from webapp.feed.events import Event, Feed, Kind, Missed, without_superseded
from webapp.feed.memory import MemoryFeed
from webapp.feed.redis_streams import RedisFeed

__all__ = ["Event", "Feed", "Kind", "MemoryFeed", "Missed", "RedisFeed", "without_superseded"]
