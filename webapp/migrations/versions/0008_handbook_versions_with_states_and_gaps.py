"""Handbook versions with a state, a last day and readers; gaps; the edition's token; who may edit; the full-text index
goes: what is in force is searched in memory."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
EDITORS = ("manager", "admin")
SQLITE_UP = ("DROP TRIGGER handbook_passage_gone", "DROP TABLE handbook_index")
POSTGRESQL_UP = ("DROP TABLE handbook_index",)
# As 0003 made them, with what is there in them.
SQLITE_DOWN = (
    """CREATE VIRTUAL TABLE handbook_index USING fts5(
        title, heading, text, questions, tokenize = 'porter unicode61 remove_diacritics 2'
    )""",
    """CREATE TRIGGER handbook_passage_gone AFTER DELETE ON handbook_passage
    BEGIN DELETE FROM handbook_index WHERE rowid = old.id; END""",
    """INSERT INTO handbook_index (rowid, title, heading, text, questions)
    SELECT passage.id, article.title, passage.heading, passage.text, (
        SELECT group_concat(value, char(10)) FROM json_each(article.questions)
    ) FROM handbook_passage AS passage JOIN handbook_article AS article ON article.id = passage.article_row_id""",
)
POSTGRESQL_DOWN = (
    """CREATE TABLE handbook_index (
        passage_id integer PRIMARY KEY REFERENCES handbook_passage (id) ON DELETE CASCADE,
        words tsvector NOT NULL
    )""",
    "CREATE INDEX ix_handbook_index_words ON handbook_index USING gin (words)",
    """INSERT INTO handbook_index (passage_id, words)
    SELECT passage.id, setweight(to_tsvector('english', article.title), 'A')
        || setweight(to_tsvector('english', passage.heading), 'B')
        || setweight(to_tsvector('english', article.questions::text), 'B')
        || setweight(to_tsvector('english', passage.text), 'D')
    FROM handbook_passage AS passage JOIN handbook_article AS article ON article.id = passage.article_row_id""",
)


def upgrade() -> None:
    """Everything imported stays in force."""
    for statement in POSTGRESQL_UP if op.get_bind().dialect.name == "postgresql" else SQLITE_UP:
        op.execute(statement)
    op.create_table(
        "handbook_gap",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("question", sa.String(length=400), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("first_asked_at", TIME, nullable=False),
        sa.Column("last_asked_at", TIME, nullable=False),
        sa.Column("closed_by_name", sa.String(length=80), nullable=True),
        sa.Column("closed_at", TIME, nullable=True),
        sa.Column("article_id", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_handbook_gap"),
        sa.UniqueConstraint("key", name="uq_handbook_gap_key"),
    )
    op.create_index("ix_handbook_gap_article_id", "handbook_gap", ["article_id"])
    op.create_index("ix_handbook_gap_state_handbook_gap_times", "handbook_gap", ["state", "times"])
    edition = op.create_table(
        "handbook_edition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_handbook_edition"),
    )
    op.bulk_insert(edition, [{"id": 1, "token": secrets.token_hex(16)}])
    for column in (
        sa.Column("effective_until", sa.Date(), nullable=True),
        sa.Column("needs_right", sa.String(length=48), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False, server_default="published"),
        sa.Column("edits", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("author_name", sa.String(length=80), nullable=True),
        sa.Column("changed_at", TIME, nullable=True),
    ):
        op.add_column("handbook_article", column)
    _give_rights()


def _give_rights() -> None:
    """The standard roles that edit get the right; a role a bank has made of its own is left alone."""
    role = sa.table("role", sa.column("name"), sa.column("rights", sa.JSON()))
    connection = op.get_bind()
    for name, rights in connection.execute(sa.select(role.c.name, role.c.rights)).all():
        if name in EDITORS:
            kept = [right for right in rights if right != "handbook.edit"]
            connection.execute(sa.update(role).where(role.c.name == name).values(rights=[*kept, "handbook.edit"]))


def downgrade() -> None:
    """Drop them again, and drafts and what was withdrawn with them: the version before knows neither."""
    op.execute("DELETE FROM handbook_article WHERE state <> 'published'")
    # One by one, without a batch: that would make the table anew, and dropping the old one takes the passages along.
    for column in ("changed_at", "author_name", "edits", "state", "needs_right", "effective_until"):
        op.drop_column("handbook_article", column)
    op.drop_table("handbook_edition")
    op.drop_table("handbook_gap")
    for statement in POSTGRESQL_DOWN if op.get_bind().dialect.name == "postgresql" else SQLITE_DOWN:
        op.execute(statement)
