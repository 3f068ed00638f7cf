"""One conversation: show it, ask, follow the reply, look at a source."""

from webapp.chat import stream
from webapp.chat.views import bp

__all__ = ["bp", "stream"]
