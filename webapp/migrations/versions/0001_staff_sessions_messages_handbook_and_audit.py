"""Staff, sign-ins, sessions, messages, the handbook and the audit trail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.String(length=48).with_variant(sa.String(length=48, collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("action", sa.String(length=48), nullable=False),
        sa.Column("object_id", sa.String(length=64), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entry"),
    )
    op.create_index("ix_audit_entry_object_id_audit_entry_id", "audit_entry", ["object_id", "id"], unique=False)
    op.create_table(
        "handbook_article",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("audience", sa.String(length=16), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_handbook_article"),
        sa.UniqueConstraint("article_id", "version", name="uq_handbook_article_article_id_version"),
    )
    op.create_table(
        "role",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("rights", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_role"),
    )
    op.create_table(
        "handbook_passage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_row_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("heading", sa.String(length=160), nullable=False),
        sa.Column("audience", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_row_id"], ["handbook_article.id"], name="fk_handbook_passage_article_row_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_handbook_passage"),
        sa.UniqueConstraint("article_row_id", "number", name="uq_handbook_passage_article_row_id_number"),
    )
    op.create_table(
        "staff_user",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=80), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("role_name", sa.String(length=32), nullable=False),
        sa.Column("branch", sa.String(length=60), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["role_name"], ["role.name"], name="fk_staff_user_role_name"),
        sa.PrimaryKeyConstraint("id", name="pk_staff_user"),
        sa.UniqueConstraint("username", name="uq_staff_user_username"),
    )
    op.create_index("ix_staff_user_branch", "staff_user", ["branch"], unique=False)
    op.create_table(
        "chat_session",
        sa.Column("id", ID, nullable=False),
        sa.Column("thread_id", ID, nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("branch", sa.String(length=60), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("titled_by_hand", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("accent", sa.Integer(), nullable=False),
        sa.Column("customer_number", sa.String(length=32), nullable=True),
        sa.Column("customer_name", sa.String(length=120), nullable=True),
        sa.Column("search_text", sa.String(length=240), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("last_line", sa.String(length=160), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_activity_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_name", sa.String(length=80), nullable=True),
        sa.Column("end_reason", sa.String(length=40), nullable=True),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_user.id"], name="fk_chat_session_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_chat_session"),
        sa.UniqueConstraint("staff_id", "request_id", name="uq_chat_session_staff_id_request_id"),
        sa.UniqueConstraint("thread_id", name="uq_chat_session_thread_id"),
    )
    op.create_index("ix_chat_session_all", "chat_session", ["last_activity_at", "id"], unique=False)
    op.create_index("ix_chat_session_all_by_status", "chat_session", ["status", "last_activity_at", "id"], unique=False)
    op.create_index("ix_chat_session_branch", "chat_session", ["branch", "last_activity_at", "id"], unique=False)
    op.create_index(
        "ix_chat_session_branch_by_status", "chat_session", ["branch", "status", "last_activity_at", "id"], unique=False
    )
    op.create_index("ix_chat_session_mine", "chat_session", ["staff_id", "last_activity_at", "id"], unique=False)
    op.create_index(
        "ix_chat_session_mine_by_status", "chat_session", ["staff_id", "status", "last_activity_at", "id"], unique=False
    )
    op.create_table(
        "sign_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_user.id"], name="fk_sign_in_staff_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in"),
        sa.UniqueConstraint("token_hash", name="uq_sign_in_token_hash"),
    )
    op.create_index("ix_sign_in_staff_id_sign_in_ended_at", "sign_in", ["staff_id", "ended_at"], unique=False)
    op.create_table(
        "draft",
        sa.Column("chat_id", ID, nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chat_session.id"], name="fk_draft_chat_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_user.id"], name="fk_draft_staff_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("chat_id", "staff_id", name="pk_draft"),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("chat_id", ID, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author_name", sa.String(length=80), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["chat_id"], ["chat_session.id"], name="fk_message_chat_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_user.id"], name="fk_message_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        sa.UniqueConstraint("chat_id", "request_id", name="uq_message_chat_id_request_id"),
        sa.UniqueConstraint("chat_id", "seq", name="uq_message_chat_id_seq"),
    )
    op.create_table(
        "reading",
        sa.Column("chat_id", ID, nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chat_session.id"], name="fk_reading_chat_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_user.id"], name="fk_reading_staff_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("chat_id", "staff_id", name="pk_reading"),
    )
    op.create_table(
        "reply",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("agent", sa.String(length=32), nullable=True),
        sa.Column("agent_title", sa.String(length=60), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("intent", sa.String(length=64), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("model", sa.String(length=80), nullable=True),
        sa.Column("suggestions", sa.JSON(), nullable=False),
        sa.Column("memory", sa.JSON(), nullable=False),
        sa.Column("needs_person", sa.Boolean(), nullable=False),
        sa.Column("failure", sa.String(length=200), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claim_token", sa.String(length=64), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["message.id"], name="fk_reply_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["question_id"], ["message.id"], name="fk_reply_question_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_reply"),
        sa.UniqueConstraint("question_id", name="uq_reply_question_id"),
    )
    op.create_index("ix_reply_state_reply_heartbeat_at", "reply", ["state", "heartbeat_at"], unique=False)
    op.create_table(
        "cited_passage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reply_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("section", sa.String(length=160), nullable=False),
        sa.Column("passage", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(["reply_id"], ["reply.id"], name="fk_cited_passage_reply_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_cited_passage"),
        sa.UniqueConstraint("reply_id", "number", name="uq_cited_passage_reply_id_number"),
    )
    op.create_table(
        "tool_call",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reply_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("tool", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("milliseconds", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["reply_id"], ["reply.id"], name="fk_tool_call_reply_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_tool_call"),
    )
    op.create_index("ix_tool_call_reply_id", "tool_call", ["reply_id"], unique=False)


def downgrade() -> None:
    """Drop them again."""
    op.drop_index("ix_tool_call_reply_id", table_name="tool_call")
    op.drop_table("tool_call")
    op.drop_table("cited_passage")
    op.drop_index("ix_reply_state_reply_heartbeat_at", table_name="reply")
    op.drop_table("reply")
    op.drop_table("reading")
    op.drop_table("message")
    op.drop_table("draft")
    op.drop_index("ix_sign_in_staff_id_sign_in_ended_at", table_name="sign_in")
    op.drop_table("sign_in")
    op.drop_index("ix_chat_session_mine_by_status", table_name="chat_session")
    op.drop_index("ix_chat_session_mine", table_name="chat_session")
    op.drop_index("ix_chat_session_branch_by_status", table_name="chat_session")
    op.drop_index("ix_chat_session_branch", table_name="chat_session")
    op.drop_index("ix_chat_session_all_by_status", table_name="chat_session")
    op.drop_index("ix_chat_session_all", table_name="chat_session")
    op.drop_table("chat_session")
    op.drop_index("ix_staff_user_branch", table_name="staff_user")
    op.drop_table("staff_user")
    op.drop_table("handbook_passage")
    op.drop_table("role")
    op.drop_table("handbook_article")
    op.drop_index("ix_audit_entry_object_id_audit_entry_id", table_name="audit_entry")
    op.drop_table("audit_entry")
    # ### end Alembic commands ###
