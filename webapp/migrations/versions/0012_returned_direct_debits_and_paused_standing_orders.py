"""What returned direct debits and paused standing orders leave in the sandbox bank."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only add: the version before this one goes on working with it."""
    op.create_table(
        "bank_debit_returns",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("transaction_id", sa.String(length=40), nullable=False),
        sa.Column("order_key", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("agreed", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["bank_transactions.id"], name="fk_bank_debit_returns_transaction_id"
        ),
        sa.ForeignKeyConstraint(["order_key"], ["bank_orders.key"], name="fk_bank_debit_returns_order_key"),
        sa.PrimaryKeyConstraint("id", name="pk_bank_debit_returns"),
        sa.UniqueConstraint("transaction_id", name="uq_bank_debit_returns_transaction_id"),
    )
    op.create_table(
        "bank_pauses",
        sa.Column("instruction_id", sa.String(length=24), nullable=False),
        sa.Column("order_key", sa.String(length=64), nullable=False),
        sa.Column("paused_on", sa.Date(), nullable=False),
        sa.Column("resume_on", sa.Date(), nullable=False),
        sa.Column("was_next_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["instruction_id"], ["bank_standing_instructions.id"], name="fk_bank_pauses_instruction_id"
        ),
        sa.ForeignKeyConstraint(["order_key"], ["bank_orders.key"], name="fk_bank_pauses_order_key"),
        sa.PrimaryKeyConstraint("instruction_id", name="pk_bank_pauses"),
    )


def downgrade() -> None:
    """Drop them again."""
    for table in ("bank_pauses", "bank_debit_returns"):
        op.drop_table(table)
