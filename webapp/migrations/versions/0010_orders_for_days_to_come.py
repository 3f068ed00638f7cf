"""What standing orders, recalls and PIN letters leave in the sandbox bank."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only add: the version before this one goes on working with it."""
    op.create_table(
        "bank_standing_orders",
        sa.Column("instruction_id", sa.String(length=24), nullable=False),
        sa.Column("order_key", sa.String(length=64), nullable=False),
        sa.Column("to_iban", sa.String(length=34), nullable=True),
        sa.Column("reference", sa.String(length=140), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("taken_over_on", sa.Date(), nullable=True),
        sa.Column("missed_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["instruction_id"], ["bank_standing_instructions.id"], name="fk_bank_standing_orders_instruction_id"
        ),
        sa.ForeignKeyConstraint(["order_key"], ["bank_orders.key"], name="fk_bank_standing_orders_order_key"),
        sa.PrimaryKeyConstraint("instruction_id", name="pk_bank_standing_orders"),
    )
    op.create_table(
        "bank_recalls",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("transfer_id", sa.String(length=12), nullable=False),
        sa.Column("order_key", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("agreed", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["transfer_id"], ["bank_transfers.id"], name="fk_bank_recalls_transfer_id"),
        sa.ForeignKeyConstraint(["order_key"], ["bank_orders.key"], name="fk_bank_recalls_order_key"),
        sa.PrimaryKeyConstraint("id", name="pk_bank_recalls"),
        sa.UniqueConstraint("transfer_id", name="uq_bank_recalls_transfer_id"),
    )
    op.create_table(
        "bank_pin_letters",
        sa.Column("order_key", sa.String(length=64), nullable=False),
        sa.Column("card_id", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("arrives_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["order_key"], ["bank_orders.key"], name="fk_bank_pin_letters_order_key"),
        sa.ForeignKeyConstraint(["card_id"], ["bank_cards.id"], name="fk_bank_pin_letters_card_id"),
        sa.PrimaryKeyConstraint("order_key", name="pk_bank_pin_letters"),
    )
    op.create_index("ix_bank_pin_letters_card_id", "bank_pin_letters", ["card_id"], unique=False)


def downgrade() -> None:
    """Drop them again."""
    for table in ("bank_pin_letters", "bank_recalls", "bank_standing_orders"):
        op.drop_table(table)
