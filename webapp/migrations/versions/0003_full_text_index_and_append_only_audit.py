"""The handbook's full-text index, another on each kind of database, and an audit trail that refuses changes."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SQLITE_UP = (
    """CREATE VIRTUAL TABLE handbook_index USING fts5(
        title, heading, text, questions, tokenize = 'porter unicode61 remove_diacritics 2'
    )""",
    """CREATE TRIGGER handbook_passage_gone AFTER DELETE ON handbook_passage
    BEGIN DELETE FROM handbook_index WHERE rowid = old.id; END""",
    """CREATE TRIGGER audit_entry_keeps BEFORE UPDATE ON audit_entry
    BEGIN SELECT RAISE(ABORT, 'audit entries are never changed'); END""",
    """CREATE TRIGGER audit_entry_stays BEFORE DELETE ON audit_entry
    BEGIN SELECT RAISE(ABORT, 'audit entries are never removed'); END""",
)
SQLITE_DOWN = (
    "DROP TRIGGER audit_entry_stays",
    "DROP TRIGGER audit_entry_keeps",
    "DROP TRIGGER handbook_passage_gone",
    "DROP TABLE handbook_index",
)
POSTGRESQL_UP = (
    """CREATE TABLE handbook_index (
        passage_id integer PRIMARY KEY REFERENCES handbook_passage (id) ON DELETE CASCADE,
        words tsvector NOT NULL
    )""",
    "CREATE INDEX ix_handbook_index_words ON handbook_index USING gin (words)",
    """CREATE FUNCTION audit_entry_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'audit entries are never changed or removed'; END $$""",
    """CREATE TRIGGER audit_entry_stays BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_entry_refuses()""",
)
POSTGRESQL_DOWN = (
    "DROP TRIGGER audit_entry_stays ON audit_entry",
    "DROP FUNCTION audit_entry_refuses()",
    "DROP TABLE handbook_index",
)


def upgrade() -> None:
    """Make the index and the triggers."""
    for statement in POSTGRESQL_UP if op.get_bind().dialect.name == "postgresql" else SQLITE_UP:
        op.execute(statement)


def downgrade() -> None:
    """Drop them again."""
    for statement in POSTGRESQL_DOWN if op.get_bind().dialect.name == "postgresql" else SQLITE_DOWN:
        op.execute(statement)
