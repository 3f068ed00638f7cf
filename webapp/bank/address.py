"""Where a bank is reached that is not in our own database, and how long it may take."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class BankAddress:
    """What an adapter for a bank elsewhere is made with. Times are seconds."""

    url: str  # "https://core.example/api/v1"; "": none is configured
    token: str = field(default="", repr=False)
    connect_seconds: float = 2.0
    read_seconds: float = 5.0  # for an answer to a question
    order_seconds: float = 10.0  # for an answer to an order
