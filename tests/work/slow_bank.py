"""The sandbox bank on a slow day: looking up a customer takes long while a reply is being made, and only then."""

from __future__ import annotations

import os
import threading
import time

from sqlalchemy import Engine

from webapp.bank.sandbox.bank import SandboxBank
from webapp.bank.values import Customer


class SlowBank(SandboxBank):
    """Answers like the sandbox bank, after a pause."""

    def customer(self, customer_number: str) -> Customer:
        """Who the customer is; pages learn it at once, or every page would be slow too."""
        if threading.current_thread().name.startswith("reply"):
            time.sleep(float(os.environ["SLOW_BANK_SECONDS"]))
        return super().customer(customer_number)


def connect(engine: Engine) -> SlowBank:
    """The slow bank kept in this database."""
    return SlowBank(engine)
