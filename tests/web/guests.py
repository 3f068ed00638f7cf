"""A bank for tests: the real sandbox, with a switch that makes every call fail."""

from __future__ import annotations

from typing import Any

from webapp.bank.core_banking import CoreBanking


class FailingBank:
    """Passes everything on to a real bank; while `problem` is set, every call raises it instead."""

    def __init__(self, bank: CoreBanking) -> None:
        self._bank = bank
        self.problem: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        if self.problem is not None:
            raise self.problem
        return getattr(self._bank, name)
