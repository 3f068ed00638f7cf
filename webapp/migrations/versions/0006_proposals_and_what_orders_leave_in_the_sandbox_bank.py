"""Proposals and caller checks; who may confirm how much; and what orders leave behind in the sandbox bank."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MONEY = sa.BigInteger().with_variant(sa.Numeric(14, 2), "postgresql")  # whole cents where there is no decimal type
TIME = sa.DateTime(timezone=True)
ID = sa.String(length=48).with_variant(sa.String(length=48, collation="C"), "postgresql")
CONFIRM = {"teller": 5_000, "specialist": 10_000, "manager": 10_000}
RELEASE = ("manager",)


def upgrade() -> None:
    """Only add: the version before this one goes on working with it."""
    op.add_column("role", sa.Column("confirm_limit", sa.Integer(), nullable=True))
    _give_rights()
    op.create_table(
        "proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", ID, nullable=False),
        sa.Column("chat_id", ID, nullable=False),
        sa.Column("reply_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("waits_for_id", sa.Integer(), nullable=True),
        sa.Column("customer_number", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("needs_level", sa.Integer(), nullable=False),
        sa.Column("proposer_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_by_name", sa.String(length=80), nullable=True),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("sent_by", sa.String(length=120), nullable=True),
        sa.Column("sent_at", TIME, nullable=True),
        sa.Column("finished_at", TIME, nullable=True),
        sa.Column("receipt_number", sa.String(length=40), nullable=True),
        sa.Column("outcome_text", sa.String(length=400), nullable=True),
        sa.ForeignKeyConstraint(["chat_id"], ["chat_session.id"], name="fk_proposal_chat_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["reply_id"], ["reply.id"], name="fk_proposal_reply_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["waits_for_id"], ["proposal.id"], name="fk_proposal_waits_for_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["proposer_id"], ["staff_user.id"], name="fk_proposal_proposer_id"),
        sa.ForeignKeyConstraint(["decided_by_id"], ["staff_user.id"], name="fk_proposal_decided_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_proposal"),
        sa.UniqueConstraint("key", name="uq_proposal_key"),
        sa.UniqueConstraint("reply_id", "position", name="uq_proposal_reply_id_position"),
    )
    op.create_index("ix_proposal_chat_id_proposal_state", "proposal", ["chat_id", "state"], unique=False)
    op.create_index("ix_proposal_state_proposal_sent_at", "proposal", ["state", "sent_at"], unique=False)
    op.create_table(
        "caller_check",
        sa.Column("chat_id", ID, nullable=False),
        sa.Column("customer_number", sa.String(length=32), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("checked_by_name", sa.String(length=80), nullable=False),
        sa.Column("checked_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chat_session.id"], name="fk_caller_check_chat_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("chat_id", name="pk_caller_check"),
    )
    _make_bank_tables()


def _give_rights() -> None:
    """The standard roles get the new rights and limits; a role a bank has made of its own is left alone."""
    role = sa.table("role", sa.column("name"), sa.column("rights", sa.JSON()), sa.column("confirm_limit"))
    connection = op.get_bind()
    for name, rights in connection.execute(sa.select(role.c.name, role.c.rights)).all():
        if name in CONFIRM:
            more = ["orders.confirm", *(["orders.release"] if name in RELEASE else [])]
            kept = [right for right in rights if right not in more]
            changed = {"rights": [*kept, *more], "confirm_limit": CONFIRM[name]}
            connection.execute(sa.update(role).where(role.c.name == name).values(**changed))


def _make_bank_tables() -> None:
    op.create_table(
        "bank_orders",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("customer_number", sa.String(length=7), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("receipt_number", sa.String(length=24), nullable=True),
        sa.Column("text", sa.String(length=400), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["customer_number"], ["bank_customers.number"], name="fk_bank_orders_customer_number"),
        sa.PrimaryKeyConstraint("key", name="pk_bank_orders"),
    )
    op.create_index("ix_bank_orders_customer_number", "bank_orders", ["customer_number"], unique=False)
    op.create_table(
        "bank_postings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_key", sa.String(length=64), nullable=False),
        sa.Column("ledger", sa.String(length=20), nullable=False),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("transaction_id", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["order_key"], ["bank_orders.key"], name="fk_bank_postings_order_key"),
        sa.ForeignKeyConstraint(["transaction_id"], ["bank_transactions.id"], name="fk_bank_postings_transaction_id"),
        sa.PrimaryKeyConstraint("id", name="pk_bank_postings"),
    )
    op.create_index("ix_bank_postings_ledger", "bank_postings", ["ledger"], unique=False)
    op.create_index("ix_bank_postings_order_key", "bank_postings", ["order_key"], unique=False)
    op.create_table(
        "bank_card_orders",
        sa.Column("card_id", sa.String(length=20), nullable=False),
        sa.Column("replaces", sa.String(length=20), nullable=False),
        sa.Column("arrives_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["bank_cards.id"], name="fk_bank_card_orders_card_id"),
        sa.ForeignKeyConstraint(["replaces"], ["bank_cards.id"], name="fk_bank_card_orders_replaces"),
        sa.PrimaryKeyConstraint("card_id", name="pk_bank_card_orders"),
    )
    op.create_index("ix_bank_card_orders_replaces", "bank_card_orders", ["replaces"], unique=False)
    op.create_table(
        "bank_card_limits",
        sa.Column("card_id", sa.String(length=20), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("falls_back_to", MONEY, nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["bank_cards.id"], name="fk_bank_card_limits_card_id"),
        sa.PrimaryKeyConstraint("card_id", name="pk_bank_card_limits"),
    )
    op.create_table(
        "bank_transfer_orders",
        sa.Column("transfer_id", sa.String(length=12), nullable=False),
        sa.Column("to_iban", sa.String(length=34), nullable=False),
        sa.Column("order_key", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["transfer_id"], ["bank_transfers.id"], name="fk_bank_transfer_orders_transfer_id"),
        sa.ForeignKeyConstraint(["order_key"], ["bank_orders.key"], name="fk_bank_transfer_orders_order_key"),
        sa.PrimaryKeyConstraint("transfer_id", name="pk_bank_transfer_orders"),
    )
    op.create_table(
        "bank_stops",
        sa.Column("instruction_id", sa.String(length=24), nullable=False),
        sa.Column("only_on", sa.Date(), nullable=True),
        sa.Column("placed_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["instruction_id"], ["bank_standing_instructions.id"], name="fk_bank_stops_instruction_id"
        ),
        sa.PrimaryKeyConstraint("instruction_id", name="pk_bank_stops"),
    )


def downgrade() -> None:
    """Drop them again; the rights stay with their roles, where they mean nothing any more."""
    for table in (
        "bank_stops",
        "bank_transfer_orders",
        "bank_card_limits",
        "bank_card_orders",
        "bank_postings",
        "bank_orders",
        "caller_check",
        "proposal",
    ):
        op.drop_table(table)
    op.drop_column("role", "confirm_limit")
