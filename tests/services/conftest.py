"""Services run in an app context, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    """An app context around the test."""
    with app.app_context():
        yield app
