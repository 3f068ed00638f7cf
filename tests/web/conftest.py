"""More people at the pages, what the program writes to its log, and a bank that fails when told to."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.visitor import Visitor
from tests.web.guests import FailingBank
from webapp.http import events


@pytest.fixture
def specialist(app: Flask) -> Visitor:
    """The demo specialist, of the same branch as teller and manager, signed in."""
    return Visitor(app).sign_in("specialist")


@pytest.fixture
def auditor(app: Flask) -> Visitor:
    """The demo auditor, who reads everything and writes nothing, signed in."""
    return Visitor(app).sign_in("auditor")


@pytest.fixture
def admin(app: Flask) -> Visitor:
    """The demo administrator, of another branch, signed in."""
    return Visitor(app).sign_in("admin")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything written to standard output from here on, log events included."""
    output = io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", output)
        events.configure()
        yield output
    events.configure()


@pytest.fixture
def failing_bank(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FailingBank:
    """The app's bank, which raises what `failing_bank.problem` says for as long as it says so."""
    bank = FailingBank(app.extensions["bankside.bank"])
    monkeypatch.setitem(app.extensions, "bankside.bank", bank)
    return bank
