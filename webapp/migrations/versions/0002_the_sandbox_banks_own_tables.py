"""The sandbox bank's own tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MONEY = sa.BigInteger().with_variant(sa.Numeric(14, 2), "postgresql")  # whole cents where there is no decimal type


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "bank_calendar",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bank_calendar"),
    )
    op.create_table(
        "bank_customers",
        sa.Column("number", sa.String(length=7), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("folded_name", sa.String(length=260), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("email", sa.String(length=160), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("street", sa.String(length=120), nullable=False),
        sa.Column("postcode", sa.String(length=10), nullable=False),
        sa.Column("town", sa.String(length=80), nullable=False),
        sa.Column("branch", sa.String(length=40), nullable=False),
        sa.Column("segment", sa.String(length=20), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("kyc_status", sa.String(length=20), nullable=False),
        sa.Column("kyc_review_due", sa.Date(), nullable=False),
        sa.Column("verification_note", sa.String(length=400), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("vulnerable", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_bank_customers"),
    )
    op.create_index("ix_bank_customers_branch", "bank_customers", ["branch"], unique=False)
    op.create_table(
        "bank_stories",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_bank_stories"),
    )
    op.create_table(
        "bank_accounts",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("customer_number", sa.String(length=7), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("iban", sa.String(length=34), nullable=False),
        sa.Column("last_four", sa.String(length=4), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("opening_balance", MONEY, nullable=False),
        sa.Column("balance", MONEY, nullable=False),
        sa.Column("interest_numbers", sa.BigInteger(), nullable=False),
        sa.Column("overdraft_limit", MONEY, nullable=False),
        sa.Column("interest_rate", MONEY, nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("loan_principal", MONEY, nullable=True),
        sa.Column("loan_monthly_payment", MONEY, nullable=True),
        sa.Column("loan_next_payment_on", sa.Date(), nullable=True),
        sa.Column("loan_ends_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_number"], ["bank_customers.number"], name="fk_bank_accounts_customer_number"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_bank_accounts"),
        sa.UniqueConstraint("iban", name="uq_bank_accounts_iban"),
    )
    op.create_index("ix_bank_accounts_customer_number", "bank_accounts", ["customer_number"], unique=False)
    op.create_index("ix_bank_accounts_last_four", "bank_accounts", ["last_four"], unique=False)
    op.create_table(
        "bank_fraud_alerts",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("customer_number", sa.String(length=7), nullable=False),
        sa.Column("card_last_four", sa.String(length=4), nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("headline", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_number"], ["bank_customers.number"], name="fk_bank_fraud_alerts_customer_number"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_bank_fraud_alerts"),
    )
    op.create_index("ix_bank_fraud_alerts_customer_number", "bank_fraud_alerts", ["customer_number"], unique=False)
    op.create_table(
        "bank_cards",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("customer_number", sa.String(length=7), nullable=False),
        sa.Column("account_id", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("last_four", sa.String(length=4), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("status_reason", sa.String(length=200), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("daily_limit", MONEY, nullable=False),
        sa.Column("wrong_pin_attempts", sa.Integer(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_where", sa.String(length=120), nullable=True),
        sa.Column("contactless", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["bank_accounts.id"], name="fk_bank_cards_account_id"),
        sa.ForeignKeyConstraint(["customer_number"], ["bank_customers.number"], name="fk_bank_cards_customer_number"),
        sa.PrimaryKeyConstraint("id", name="pk_bank_cards"),
    )
    op.create_index("ix_bank_cards_customer_number", "bank_cards", ["customer_number"], unique=False)
    op.create_index("ix_bank_cards_last_four", "bank_cards", ["last_four"], unique=False)
    op.create_table(
        "bank_standing_instructions",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("account_id", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("to_name", sa.String(length=120), nullable=False),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("every", sa.String(length=10), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["bank_accounts.id"], name="fk_bank_standing_instructions_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_bank_standing_instructions"),
    )
    op.create_index(
        "ix_bank_standing_instructions_account_id", "bank_standing_instructions", ["account_id"], unique=False
    )
    op.create_table(
        "bank_transactions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=20), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("counterparty", sa.String(length=120), nullable=False),
        sa.Column("text", sa.String(length=240), nullable=False),
        sa.Column("folded_text", sa.String(length=500), nullable=False),
        sa.Column("category", sa.String(length=30), nullable=False),
        sa.Column("balance_after", MONEY, nullable=True),
        sa.Column("card_last_four", sa.String(length=4), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["bank_accounts.id"], name="fk_bank_transactions_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_bank_transactions"),
    )
    op.create_index(
        "ix_bank_transactions_account_id_booked_at_id",
        "bank_transactions",
        ["account_id", "booked_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_bank_transactions_status_account_id", "bank_transactions", ["status", "account_id"], unique=False
    )
    op.create_table(
        "bank_transfers",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("account_id", sa.String(length=20), nullable=False),
        sa.Column("to_name", sa.String(length=120), nullable=False),
        sa.Column("to_iban_masked", sa.String(length=40), nullable=False),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("execute_on", sa.Date(), nullable=False),
        sa.Column("arrives_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("reference", sa.String(length=140), nullable=False),
        sa.Column("failure_reason", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["bank_accounts.id"], name="fk_bank_transfers_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_bank_transfers"),
    )
    op.create_index(
        "ix_bank_transfers_account_id_ordered_at", "bank_transfers", ["account_id", "ordered_at"], unique=False
    )
    op.create_index("ix_bank_transfers_state", "bank_transfers", ["state"], unique=False)
    op.create_table(
        "bank_disputes",
        sa.Column("id", sa.String(length=12), nullable=False),
        sa.Column("customer_number", sa.String(length=7), nullable=False),
        sa.Column("transaction_id", sa.String(length=40), nullable=False),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("merchant", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("evidence_due_on", sa.Date(), nullable=True),
        sa.Column("provisional_credit", MONEY, nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_number"], ["bank_customers.number"], name="fk_bank_disputes_customer_number"
        ),
        sa.ForeignKeyConstraint(["transaction_id"], ["bank_transactions.id"], name="fk_bank_disputes_transaction_id"),
        sa.PrimaryKeyConstraint("id", name="pk_bank_disputes"),
    )
    op.create_index("ix_bank_disputes_customer_number", "bank_disputes", ["customer_number"], unique=False)
    op.create_index("ix_bank_disputes_transaction_id", "bank_disputes", ["transaction_id"], unique=False)
    op.create_table(
        "bank_fraud_alert_transactions",
        sa.Column("alert_id", sa.String(length=12), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("transaction_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["bank_fraud_alerts.id"], name="fk_bank_fraud_alert_transactions_alert_id"
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["bank_transactions.id"], name="fk_bank_fraud_alert_transactions_transaction_id"
        ),
        sa.PrimaryKeyConstraint("alert_id", "position", name="pk_bank_fraud_alert_transactions"),
    )
    op.create_index(
        "ix_bank_fraud_alert_transactions_transaction_id",
        "bank_fraud_alert_transactions",
        ["transaction_id"],
        unique=False,
    )


def downgrade() -> None:
    """Drop them again."""
    op.drop_index("ix_bank_fraud_alert_transactions_transaction_id", table_name="bank_fraud_alert_transactions")
    op.drop_table("bank_fraud_alert_transactions")
    op.drop_index("ix_bank_disputes_transaction_id", table_name="bank_disputes")
    op.drop_index("ix_bank_disputes_customer_number", table_name="bank_disputes")
    op.drop_table("bank_disputes")
    op.drop_index("ix_bank_transfers_state", table_name="bank_transfers")
    op.drop_index("ix_bank_transfers_account_id_ordered_at", table_name="bank_transfers")
    op.drop_table("bank_transfers")
    op.drop_index("ix_bank_transactions_status_account_id", table_name="bank_transactions")
    op.drop_index("ix_bank_transactions_account_id_booked_at_id", table_name="bank_transactions")
    op.drop_table("bank_transactions")
    op.drop_index("ix_bank_standing_instructions_account_id", table_name="bank_standing_instructions")
    op.drop_table("bank_standing_instructions")
    op.drop_index("ix_bank_cards_last_four", table_name="bank_cards")
    op.drop_index("ix_bank_cards_customer_number", table_name="bank_cards")
    op.drop_table("bank_cards")
    op.drop_index("ix_bank_fraud_alerts_customer_number", table_name="bank_fraud_alerts")
    op.drop_table("bank_fraud_alerts")
    op.drop_index("ix_bank_accounts_last_four", table_name="bank_accounts")
    op.drop_index("ix_bank_accounts_customer_number", table_name="bank_accounts")
    op.drop_table("bank_accounts")
    op.drop_table("bank_stories")
    op.drop_index("ix_bank_customers_branch", table_name="bank_customers")
    op.drop_table("bank_customers")
    op.drop_table("bank_calendar")
    # ### end Alembic commands ###
