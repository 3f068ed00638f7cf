"""One conversation: show it, ask, follow the reply, look at a source, decide on a proposal."""

from webapp.chat import feedback, proposals, releases, stream
from webapp.chat.views import bp

__all__ = ["bp", "feedback", "proposals", "releases", "stream"]
