"""Ratings, reviews, re-routed questions, sentences to train on, questions to repeat; who a passage may be read to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
REVIEWERS = ("manager", "admin")
RIGHT = "answers.review"


def upgrade() -> None:
    """Only add: the version before this one goes on working with it."""
    op.add_column("message", sa.Column("asked_of", sa.String(length=32), nullable=True))
    op.add_column("message", sa.Column("again_of", sa.Integer(), nullable=True))
    op.add_column("cited_passage", sa.Column("audience", sa.String(length=16), nullable=True))
    _give_right()
    op.create_table(
        "rating",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reply_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("helpful", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["reply_id"], ["reply.id"], name="fk_rating_reply_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_user.id"], name="fk_rating_staff_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_rating"),
        sa.UniqueConstraint("reply_id", "staff_id", name="uq_rating_reply_id_staff_id"),
    )
    op.create_index("ix_rating_staff_id", "rating", ["staff_id"], unique=False)
    op.create_table(
        "review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reply_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("settled_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["reply_id"], ["reply.id"], name="fk_review_reply_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_review"),
        sa.UniqueConstraint("reply_id", name="uq_review_reply_id"),
    )
    op.create_index("ix_review_state_review_id", "review", ["state", "id"], unique=False)
    op.create_table(
        "review_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=24), nullable=False),
        sa.Column("what", sa.JSON(), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name="fk_review_step_review_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_review_step"),
    )
    op.create_index("ix_review_step_review_id", "review_step", ["review_id"], unique=False)
    op.create_table(
        "reroute",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("from_agent", sa.String(length=32), nullable=False),
        sa.Column("from_intent", sa.String(length=64), nullable=False),
        sa.Column("to_agent", sa.String(length=32), nullable=False),
        sa.Column("to_intent", sa.String(length=64), nullable=True),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["question_id"], ["message.id"], name="fk_reroute_question_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_user.id"], name="fk_reroute_staff_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_reroute"),
        sa.UniqueConstraint("question_id", name="uq_reroute_question_id"),
    )
    op.create_table(
        "taught_sentence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("intent", sa.String(length=64), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_taught_sentence"),
        sa.UniqueConstraint("text", name="uq_taught_sentence_text"),
    )
    op.create_table(
        "regression_case",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("agent", sa.String(length=32), nullable=False),
        sa.Column("intent", sa.String(length=64), nullable=True),
        sa.Column("article_id", sa.String(length=80), nullable=True),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_regression_case"),
        sa.UniqueConstraint("text", name="uq_regression_case_text"),
    )


def _give_right() -> None:
    """The standard roles get the right to review; a role a bank has made of its own is left alone."""
    role = sa.table("role", sa.column("name"), sa.column("rights", sa.JSON()))
    connection = op.get_bind()
    for name, rights in connection.execute(sa.select(role.c.name, role.c.rights)).all():
        if name in REVIEWERS and RIGHT not in rights:
            connection.execute(sa.update(role).where(role.c.name == name).values(rights=[*rights, RIGHT]))


def downgrade() -> None:
    """Drop them again; the right stays with its roles, where it means nothing any more."""
    for table in ("regression_case", "taught_sentence", "reroute", "review_step", "review", "rating"):
        op.drop_table(table)
    op.drop_column("cited_passage", "audience")
    op.drop_column("message", "again_of")
    op.drop_column("message", "asked_of")
