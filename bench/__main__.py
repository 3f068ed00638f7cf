"""`python -m bench`, `python -m bench first-text`, `python -m bench streams`: see README.md."""

from __future__ import annotations

import sys

from bench import first_text, rates, streams

COMMANDS = {"first-text": first_text.main, "streams": streams.main}

if __name__ == "__main__":
    name, *rest = sys.argv[1:] or [""]
    sys.exit(COMMANDS[name](rest) if name in COMMANDS else rates.main(sys.argv[1:]))
