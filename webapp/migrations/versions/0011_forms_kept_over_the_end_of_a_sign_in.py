"""Forms kept over the end of a sign-in."""

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


def downgrade() -> None:
    """Drop it again."""
    op.drop_index("ix_kept_form_at", table_name="kept_form")
    op.drop_table("kept_form")
