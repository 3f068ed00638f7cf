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
            time.sleep(pause_for(customer_number))
        return super().customer(customer_number)


def pause_for(customer_number: str) -> float:
    """SLOW_BANK_SECONDS: how long for every customer ("60"), or for each of these ("10-2041=60 10-2042=1.5")."""
    given = os.environ["SLOW_BANK_SECONDS"]
    if "=" not in given:
        return float(given)
    return float(dict(part.split("=") for part in given.split()).get(customer_number, "0"))


def connect(engine: Engine) -> SlowBank:
    """The slow bank kept in this database."""
    return SlowBank(engine)
