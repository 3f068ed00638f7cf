"""Forms kept over the end of a sign-in, and what became of gaps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only add: the version before this one goes on working with it."""
    op.create_table(
        "kept_form",
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("page", sa.String(length=200), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_user.id"], name="fk_kept_form_staff_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("staff_id", "page", name="pk_kept_form"),
    )
    op.create_index("ix_kept_form_at", "kept_form", ["at"], unique=False)
    with op.batch_alter_table("handbook_gap") as table:
        table.add_column(sa.Column("how", sa.String(length=16), nullable=True))
        table.add_column(sa.Column("reason", sa.String(length=300), nullable=True))


def downgrade() -> None:
    """Drop them again."""
    with op.batch_alter_table("handbook_gap") as table:
        table.drop_column("reason")
        table.drop_column("how")
    op.drop_index("ix_kept_form_at", table_name="kept_form")
    op.drop_table("kept_form")
