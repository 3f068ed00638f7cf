"""When a reply may be claimed again and by whom it was, and what earlier attempts at it had said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only add: the version before this one goes on working with it."""
    op.add_column("reply", sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("reply", sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("reply", sa.Column("claimed_by", sa.String(length=120), nullable=True))
    op.create_index("ix_reply_claimed_at", "reply", ["claimed_at"], unique=False)
    op.create_table(
        "reply_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reply_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("failure", sa.String(length=200), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["reply_id"], ["reply.id"], name="fk_reply_attempt_reply_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_reply_attempt"),
        sa.UniqueConstraint("reply_id", "number", name="uq_reply_attempt_reply_id_number"),
    )


def downgrade() -> None:
    """Drop them again."""
    op.drop_table("reply_attempt")
    op.drop_index("ix_reply_claimed_at", table_name="reply")
    for column in ("claimed_by", "claimed_at", "next_attempt_at"):
        op.drop_column("reply", column)
