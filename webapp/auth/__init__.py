"""Sign in, sign out, my sign-ins, password, access tokens."""

from webapp.auth import tokens
from webapp.auth.views import bp

__all__ = ["bp", "tokens"]
