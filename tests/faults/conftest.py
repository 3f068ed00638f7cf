"""What tests with servers of their own begin with."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import Place, make_place


@pytest.fixture(scope="module")
def seeded(places: dict[str, Place], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database of the demo's, as it was after the first start, so that a server starts quickly."""
    if "sqlite" not in places:
        places["sqlite"] = make_place("sqlite", "", tmp_path_factory.mktemp("sqlite"))
    pristine, folder = places["sqlite"].pristine, tmp_path_factory.mktemp("seeded")
    assert pristine
    shutil.copy(pristine, folder / "bankside.db")
    return folder
