"""Programs of people with different roles, on a fresh database."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.api.program import Program
from tests.web.conftest import failing_bank, written

__all__ = ["failing_bank", "written"]


@pytest.fixture
def program(app: Flask) -> Program:
    """A program of the demo teller."""
    return Program(app).sign_in("teller")


@pytest.fixture
def managers(app: Flask) -> Program:
    """A program of the demo manager."""
    return Program(app).sign_in("manager")
