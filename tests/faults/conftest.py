"""What tests with servers of their own begin with."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import Place, seeded_place


@pytest.fixture(scope="module")
def seeded(places: dict[str, Place], tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A folder with a database of the demo's, as it was after the first start, so that a server starts quickly."""
    if "sqlite" not in places:
        places["sqlite"] = seeded_place("sqlite", request, tmp_path_factory.mktemp("sqlite"))
    pristine, folder = places["sqlite"].pristine, tmp_path_factory.mktemp("seeded")
    assert pristine
    shutil.copy(pristine, folder / "bankside.db")
    return folder
