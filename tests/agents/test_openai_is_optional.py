"""The client of language models is 44 MB: nobody who has not configured one carries it."""

from __future__ import annotations

import ast

from tests.server import ROOT


def test_no_module_imports_the_client_before_it_is_needed() -> None:
    importing = set()
    for path in (ROOT / "webapp").rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] in ("openai", "httpx2") for name in names):
                importing.add(path.name)
    assert importing == set()
