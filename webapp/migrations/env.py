"""Alembic's entry: migrate the running app's database, Bankside's own tables and the sandbox bank's."""

from __future__ import annotations

from typing import Any

from alembic import context

from webapp.bank.sandbox.tables import METADATA as BANK_TABLES
from webapp.extensions import Base, db
from webapp.models import ChatSession  # noqa: F401  # registers every table

NOT_OURS = ("handbook_index",)  # full-text index: another thing on each kind of database, made by hand
TARGET = [Base.metadata, BANK_TABLES]


def include_object(_item: Any, name: str | None, kind: str, _reflected: bool, _compared_to: Any) -> bool:
    """Leave the full-text index (and SQLite's shadow tables of it) out of comparisons."""
    return not (kind == "table" and name is not None and name.startswith(NOT_OURS))


def run() -> None:
    """Migrate in one transaction, so that a migration is done wholly or not at all."""
    engine = db.engine
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=TARGET,
            include_object=include_object,
            render_as_batch=True,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
