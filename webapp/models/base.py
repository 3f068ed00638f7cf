"""The column types every table shares, and ids."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, String, TypeDecorator

from webapp.extensions import Base

__all__ = ["Base", "IdString", "UtcDateTime", "new_id", "now"]


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored as UTC. Refuses naive values: they are how clocks go wrong."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def now() -> datetime:
    """The present moment, UTC."""
    return datetime.now(UTC)


LARGEST_NUMBER = 2**31 - 1  # that an integer column holds on every database

CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"  # sorts like the number it spells
TIME_CHARACTERS = 10  # 50 bits of milliseconds: good until the year 37,000
RANDOM_CHARACTERS = 26  # 130 bits
ID_PATTERN = f"[{CROCKFORD}]{{{TIME_CHARACTERS + RANDOM_CHARACTERS}}}"


def _spell(number: int, length: int) -> str:
    return "".join(CROCKFORD[(number >> 5 * place) & 31] for place in reversed(range(length)))


def new_id(prefix: str) -> str:
    """A time-ordered id with 130 random bits after the milliseconds: `sess_01k...`.

    UUIDv7 and ULID carry 74 and 80 random bits, fewer than the 128 an id that opens a conversation must have.
    """
    milliseconds = time.time_ns() // 1_000_000
    return f"{prefix}_{_spell(milliseconds, TIME_CHARACTERS)}{_spell(secrets.randbits(130), RANDOM_CHARACTERS)}"


# Ids compare byte by byte on every database, so that the order of ids is the order of keyset pages.
IdString = String(48).with_variant(String(48, collation="C"), "postgresql")
