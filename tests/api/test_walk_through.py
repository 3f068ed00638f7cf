"""The commands of docs/api.md, run as they are against a running server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.api.served import serving
from tests.server import ROOT

PAGE = ROOT / "docs" / "api.md"
# Stops at the first command that fails, in a pipe too, and says which.
PREAMBLE = "set -euo pipefail\ntrap 'echo \"failed: $BASH_COMMAND\" >&2' ERR\n"


@pytest.mark.servers
@pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("jq")) and not os.environ.get("CI"), reason="needs curl and jq"
)
def test_every_command_of_the_walk_through_does_what_it_says(tmp_path: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) >= 7
    with serving(tmp_path / "served", API_REPLY_WAIT="60") as server:
        ran = subprocess.run(
            ["bash", "-c", PREAMBLE + "\n".join(blocks)],
            env={"PATH": os.environ["PATH"], "BASE": server.url, "no_proxy": "*"},
            cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr
