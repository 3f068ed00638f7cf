"""Thinking: the team of specialists behind one door. Plain Python, no Flask, no SQLAlchemy."""

import os

# A message is computed on one core: sharing work this small out over threads costs more than it saves, many times over
# when the machine is busy. Has to be said before numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
