"""The table of what happens when things go wrong names tests; each of them is there, and each row has one."""

from __future__ import annotations

import ast
import re

from tests.server import ROOT

PAGE = ROOT / "docs" / "when-things-go-wrong.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def rows() -> list[list[str]]:
    """The cells of every row but the headings."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row in cells if row[0] not in ("what happens", "---")]


def functions_of(path: str) -> set[str]:
    """The tests in a file, without running it."""
    file = ROOT / path
    if not file.exists():
        return set()
    found = ast.walk(ast.parse(file.read_text()))
    return {node.name for node in found if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_test_the_table_names_is_there() -> None:
    named = NAMED.findall(PAGE.read_text())
    assert len(named) > 100
    missing = [f"{path}::{name}" for path, name in named if name not in functions_of(path)]
    assert missing == []


def test_every_row_says_what_is_seen_and_stored_and_is_proved() -> None:
    assert len(rows()) > 50
    for row in rows():
        assert len(row) == 4, row
        assert all(row), row
        assert NAMED.search(row[3]), row
