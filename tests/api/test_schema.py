"""schemathesis against the running server: nothing it thinks of may crash it, or be answered outside the document."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.api.served import serving, token_of
from tests.server import ROOT, environment

SECONDS = 20  # for thinking of requests, after the document's own examples and its limits were tried
LONG = "seven grey herons at low tide"
NOT_TRIED = "/api/auth/logout"  # it ends the token that everything else is tried with


@pytest.mark.servers
def test_the_server_keeps_every_promise_of_its_openapi_document(tmp_path: Path) -> None:
    with serving(tmp_path / "served", SIGN_IN_FAILURES_PER_ADDRESS="1000000", API_REPLY_WAIT="5") as server:
        _add_somebody_alone_in_a_branch(tmp_path / "served")
        token = token_of(server.url, "lena", LONG)
        found = _schemathesis(server.url, token, tmp_path)
        assert found.returncode == 0, found.stdout[-6000:] + found.stderr[-2000:]
        assert " 0 generated" not in found.stdout
        assert '"event": "unexpected"' not in server.output
        assert httpx.get(f"{server.url}/health/ready", timeout=10, trust_env=False).status_code == 200


def _add_somebody_alone_in_a_branch(folder: Path) -> None:
    """A manager who may do everything that is to be tried, and has nobody to open sessions for: what such a manager
    opens can be read but not written in, which schemathesis takes for something that got lost."""
    flask = shutil.which("flask", path=str(Path(sys.executable).parent))
    assert flask
    add = ["staff", "add", "lena", "Lena Alone", "--role", "manager", "--branch", "Lindenau", "--password", LONG]
    subprocess.run(
        [flask, "--app", "webapp", *add],
        cwd=ROOT, env=environment(folder, "", 3006), stdout=subprocess.DEVNULL, check=True, timeout=60,
    )  # fmt: skip


def _schemathesis(url: str, token: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Let it think of requests. With one worker: hypothesis parses sources to describe itself, and in two threads at
    once Python 3.11's parser fails now and then ("AST constructor recursion depth mismatch")."""
    return subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"),
            "--config-file", str(ROOT / "tests" / "api" / "schemathesis.toml"),
            "run", f"{url}/api/openapi.json",
            "--header", f"Authorization: Bearer {token}",
            "--exclude-path", NOT_TRIED, "--exclude-path", "/api/chat/sessions/{chat_id}/events",
            "--max-time", str(SECONDS), "--max-examples", "15", "--no-shrink",
            "--request-timeout", "20", "--workers", "1", "--no-color", "--warnings", "off",
            "--output-sanitize", "false",
            *(["--seed", "20261122"] if os.environ.get("CI") else []),  # elsewhere it thinks of others each time
        ],
        cwd=folder, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
