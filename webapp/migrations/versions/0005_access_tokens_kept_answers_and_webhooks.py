"""Programs: access tokens, answers kept for repeats, what they note about sessions and messages, and webhooks."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MANAGER = sa.table("role", sa.column("name", sa.String), sa.column("rights", sa.JSON))
RIGHTS_BEFORE = ["sessions.use", "sessions.read_branch", "sessions.delete", "sessions.clean_up"]


def moment(name: str, nullable: bool = False) -> sa.Column[datetime]:
    """A column for a moment."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def id_string(name: str, nullable: bool = False) -> sa.Column[str]:
    """A column for an id that sorts byte by byte everywhere."""
    return sa.Column(name, sa.String(48).with_variant(sa.String(48, collation="C"), "postgresql"), nullable=nullable)


def upgrade() -> None:
    """Only add: the version before this one goes on working with it."""
    for table, column in (("chat_session", "metadata"), ("chat_session", "user_data"), ("message", "metadata")):
        op.add_column(table, sa.Column(column, sa.JSON(), nullable=True))
    op.create_table(
        "access_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("ending", sa.String(length=4), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("by_sign_in", sa.Boolean(), nullable=False),
        moment("created_at"),
        moment("expires_at"),
        moment("last_used_at", nullable=True),
        moment("revoked_at", nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_user.id"], name="fk_access_token_staff_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_access_token"),
        sa.UniqueConstraint("token_hash", name="uq_access_token_token_hash"),
    )
    op.create_index("ix_access_token_staff_id_expires_at", "access_token", ["staff_id", "expires_at"], unique=False)
    op.create_table(
        "kept_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("asked_hash", sa.String(length=64), nullable=False),
        id_string("chat_id", nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        moment("created_at"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_user.id"], name="fk_kept_answer_staff_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["chat_id"], ["chat_session.id"], name="fk_kept_answer_chat_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_kept_answer"),
        sa.UniqueConstraint("staff_id", "key_hash", name="uq_kept_answer_staff_id_key_hash"),
    )
    op.create_index("ix_kept_answer_chat_id", "kept_answer", ["chat_id"], unique=False)
    op.create_index("ix_kept_answer_staff_id_created_at", "kept_answer", ["staff_id", "created_at"], unique=False)
    op.create_table(
        "webhook",
        id_string("id"),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        moment("created_at"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_user.id"], name="fk_webhook_staff_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
    )
    op.create_index("ix_webhook_staff_id", "webhook", ["staff_id"], unique=False)
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        id_string("webhook_id"),
        id_string("event_id"),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("chat_id", sa.String(length=48), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        moment("next_attempt_at"),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_problem", sa.String(length=200), nullable=True),
        moment("created_at"),
        moment("finished_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhook.id"], name="fk_webhook_delivery_webhook_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_delivery"),
    )
    op.create_index("ix_webhook_delivery_state_next_attempt_at", "webhook_delivery", ["state", "next_attempt_at"])
    op.create_index("ix_webhook_delivery_webhook_id_id", "webhook_delivery", ["webhook_id", "id"], unique=False)
    _change_managers_rights(RIGHTS_BEFORE, [*RIGHTS_BEFORE, "sessions.open_for_others"])


def _change_managers_rights(before: list[str], after: list[str]) -> None:
    """Unless the bank has edited the role."""
    connection = op.get_bind()
    rights = connection.scalar(sa.select(MANAGER.c.rights).where(MANAGER.c.name == "manager"))
    if rights == before:
        connection.execute(MANAGER.update().where(MANAGER.c.name == "manager").values(rights=after))


def downgrade() -> None:
    """Drop them again."""
    _change_managers_rights([*RIGHTS_BEFORE, "sessions.open_for_others"], RIGHTS_BEFORE)
    for table in ("webhook_delivery", "webhook", "kept_answer", "access_token"):
        op.drop_table(table)
    op.drop_column("message", "metadata")
    for column in ("user_data", "metadata"):
        op.drop_column("chat_session", column)
