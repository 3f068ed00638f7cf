"""Find a Chromium for the browser tests, install one if there is none, or say what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The headless shell is the same engine without the window system: the tests take two thirds of the time in it.
NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
)
ADVICE = (
    "The browser tests need Chromium, and none was found or could be installed. Install one (Debian: "
    "apt-get install chromium), or set CHROMIUM=/path/to/it, and run `make test` again."
)


def installed() -> str | None:
    """The path of an installed Chromium: the one CHROMIUM names, the system's, or Playwright's own."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if Path(named).exists() else None
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found:
        return found
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return next((str(path) for path in sorted(cache.glob("chromium-*/chrome-linux*/chrome"), reverse=True)), None)


def _install() -> None:
    print("No Chromium found; installing Playwright's ...")
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False, timeout=600)
    if installed() is None and os.getuid() == 0 and shutil.which("apt-get"):
        print("... which could not be had; installing Debian's.")
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], check=False)


def main() -> int:
    """0 when there is a Chromium afterwards."""
    if installed() is None:
        _install()
    if installed() is None:
        print(ADVICE, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
