"""What a language model was asked for a reply, with which prompts and tools, and what it took."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Only add: the version before this one goes on working with it."""
    op.create_table(
        "model_use",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reply_id", sa.Integer(), nullable=True),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("used_at", TIME, nullable=False),
        sa.Column("model", sa.String(length=80), nullable=False),
        sa.Column("prompt_version", sa.String(length=40), nullable=False),
        sa.Column("tools", sa.JSON(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("tokens_in", sa.Integer(), nullable=False),
        sa.Column("tokens_out", sa.Integer(), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.Column("milliseconds", sa.Double(), nullable=False),
        sa.Column("failure", sa.String(length=24), nullable=True),
        sa.ForeignKeyConstraint(["reply_id"], ["reply.id"], name="fk_model_use_reply_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_user.id"], name="fk_model_use_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_model_use"),
    )
    op.create_index("ix_model_use_used_at", "model_use", ["used_at"], unique=False)
    op.create_index("ix_model_use_staff_id_model_use_used_at", "model_use", ["staff_id", "used_at"], unique=False)
    op.create_index("ix_model_use_reply_id", "model_use", ["reply_id"], unique=False)


def downgrade() -> None:
    """Drop it again."""
    op.drop_table("model_use")
