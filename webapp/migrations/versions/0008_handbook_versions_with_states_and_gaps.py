"""Handbook versions with a state, a last day and readers; gaps; the edition's number; who may edit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
EDITORS = ("manager", "admin")


def upgrade() -> None:
    """Only add: the version before this one goes on working with it, and everything imported stays in force."""
    op.create_table(
        "handbook_gap",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("question", sa.String(length=400), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("first_asked_at", TIME, nullable=False),
        sa.Column("last_asked_at", TIME, nullable=False),
        sa.Column("closed_by_name", sa.String(length=80), nullable=True),
        sa.Column("closed_at", TIME, nullable=True),
        sa.Column("article_id", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_handbook_gap"),
        sa.UniqueConstraint("key", name="uq_handbook_gap_key"),
    )
    op.create_index("ix_handbook_gap_article_id", "handbook_gap", ["article_id"])
    op.create_index("ix_handbook_gap_state_handbook_gap_times", "handbook_gap", ["state", "times"])
    edition = op.create_table(
        "handbook_edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_handbook_edition"),
    )
    op.bulk_insert(edition, [{"id": 1, "number": 1}])
    for column in (
        sa.Column("effective_until", sa.Date(), nullable=True),
        sa.Column("needs_right", sa.String(length=48), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False, server_default="published"),
        sa.Column("edits", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("author_name", sa.String(length=80), nullable=True),
        sa.Column("changed_at", TIME, nullable=True),
    ):
        op.add_column("handbook_article", column)
    _give_rights()


def _give_rights() -> None:
    """The standard roles that edit get the right; a role a bank has made of its own is left alone."""
    role = sa.table("role", sa.column("name"), sa.column("rights", sa.JSON()))
    connection = op.get_bind()
    for name, rights in connection.execute(sa.select(role.c.name, role.c.rights)).all():
        if name in EDITORS:
            kept = [right for right in rights if right != "handbook.edit"]
            connection.execute(sa.update(role).where(role.c.name == name).values(rights=[*kept, "handbook.edit"]))


def downgrade() -> None:
    """Drop them again, and drafts and what was withdrawn with them: the version before knows neither."""
    op.execute("DELETE FROM handbook_article WHERE state <> 'published'")
    # One by one, without a batch: that would make the table anew, and dropping the old one takes the passages along.
    for column in ("changed_at", "author_name", "edits", "state", "needs_right", "effective_until"):
        op.drop_column("handbook_article", column)
    op.drop_table("handbook_edition")
    op.drop_table("handbook_gap")
