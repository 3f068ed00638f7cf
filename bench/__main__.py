"""`python -m bench`, `... first-text`, `... streams`, `... handbook`: see README.md."""

from __future__ import annotations

import sys

from bench import first_text, rates, searching, streams

COMMANDS = {"first-text": first_text.main, "streams": streams.main, "handbook": searching.main}

if __name__ == "__main__":
    name, *rest = sys.argv[1:] or [""]
    sys.exit(COMMANDS[name](rest) if name in COMMANDS else rates.main(sys.argv[1:]))
