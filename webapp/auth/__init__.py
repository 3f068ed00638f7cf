"""Sign in, sign out, my sign-ins, password."""

from webapp.auth.views import bp

__all__ = ["bp"]
