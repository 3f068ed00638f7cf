"""Which process a claim belongs to, so that others on the machine see at once that it has died, without waiting."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path


def own_identity() -> str:
    """This process, unlike any other before or after it: machine and its start, process namespace, number, start."""
    return _identity(os.getpid())


@lru_cache(maxsize=4)  # by number: a fork is another process
def _identity(number: int) -> str:
    return f"{_here()}/{number}/{_started(number)}"


def has_died(identity: str) -> bool:
    """Whether that process is certainly gone. False too if it belongs to another machine or container: nobody here
    can know, and its heartbeat will tell."""
    here, _, rest = identity.rpartition("/")
    here, _, number = here.rpartition("/")
    if not here or here != _here() or not number.isdecimal():
        return False
    return _started(int(number)) != rest


@lru_cache(maxsize=1)
def _here() -> str:
    with suppress(OSError):
        machine = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{machine}/{os.readlink('/proc/self/ns/pid').strip('pid:[]')}"
    return ""


def _started(number: int) -> str:
    """When a process began, in ticks since the machine did; "" if there is none, or a dead one nobody has buried."""
    with suppress(OSError, IndexError):
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else fields[19]
    return ""
