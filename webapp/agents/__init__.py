"""Thinking: the team of specialists behind one door. Plain Python, no Flask, no SQLAlchemy."""
