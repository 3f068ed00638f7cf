"""The same people, log and bank as the pages' tests."""

from __future__ import annotations

from tests.web.conftest import admin, auditor, failing_bank, specialist, written

__all__ = ["admin", "auditor", "failing_bank", "specialist", "written"]
