"""Killed at random moments, again and again, an installation loses no question, stores none twice, answers every one.

A short run of each installation is part of the suite; `make soak` is the long one: `python -m tests.crash --help`.
"""
