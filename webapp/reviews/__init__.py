"""Answers that somebody found wanting, for those who look after the examples and the handbook."""

from webapp.reviews.views import bp

__all__ = ["bp"]
