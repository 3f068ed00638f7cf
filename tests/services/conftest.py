"""Services run in an app context, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.services.proposing import WritingBank


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    """An app context around the test."""
    with app.app_context():
        yield app


@pytest.fixture
def bank(in_app: Flask, monkeypatch: pytest.MonkeyPatch) -> WritingBank:
    """The bank that the app's orders go to."""
    made = WritingBank()
    monkeypatch.setitem(in_app.extensions, "bankside.order_desk", made)
    return made
