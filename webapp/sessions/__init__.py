"""The person's sessions: list, open, rename, move on, end, reopen, delete; and the customer they are about."""

from webapp.sessions import customers, moves, views

__all__ = ["customers", "moves", "views"]
