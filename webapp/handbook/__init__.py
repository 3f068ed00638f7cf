"""The handbook's reading room for all staff, and its desk for editors: write, import, publish, withdraw, gaps."""

from webapp.handbook import deciding, unanswered, writing
from webapp.handbook.views import bp

__all__ = ["bp", "deciding", "unanswered", "writing"]
