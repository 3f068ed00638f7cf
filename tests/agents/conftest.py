"""What reads the messages of these tests."""

from __future__ import annotations

import pytest

from tests import seeded


@pytest.fixture(scope="session", autouse=True)
def _trained() -> None:
    """The intent model is trained once for all test processes."""
    seeded.put_model_in_place()
