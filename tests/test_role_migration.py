"""An upgrade gives the standard roles what they need to confirm orders and edit the handbook; own roles stay alone."""

from __future__ import annotations

import json

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text

from tests.test_migrations import empty, url
from webapp.extensions import db

__all__ = ["empty", "url"]  # fixtures


def test_roles_that_are_there_get_rights_and_limits(empty: Flask) -> None:
    upgrade(revision="0005")
    with db.engine.begin() as connection:
        for name, rights in (("teller", ["sessions.use"]), ("manager", ["sessions.use"]), ("own", ["sessions.use"])):
            statement = text("INSERT INTO role (name, title, rights) VALUES (:name, :name, :rights)")
            connection.execute(statement, {"name": name, "rights": json.dumps(rights)})
    upgrade(revision="0008")
    with db.engine.connect() as connection:
        rows = connection.execute(text("SELECT name, rights, confirm_limit FROM role")).all()
    read = {row.name: (row.rights if isinstance(row.rights, list) else json.loads(row.rights)) for row in rows}
    assert read == {
        "teller": ["sessions.use", "orders.confirm"],
        "manager": ["sessions.use", "orders.confirm", "orders.release", "handbook.edit"],
        "own": ["sessions.use"],
    }
    assert {row.name: row.confirm_limit for row in rows} == {"teller": 5000, "manager": 10000, "own": None}


def test_managers_and_administrators_may_review_answers_afterwards(empty: Flask) -> None:
    upgrade(revision="0006")
    with db.engine.begin() as connection:
        for name in ("teller", "manager", "admin", "own"):
            statement = text("INSERT INTO role (name, title, rights) VALUES (:name, :name, :rights)")
            connection.execute(statement, {"name": name, "rights": json.dumps(["sessions.use"])})
    upgrade(revision="0009")
    with db.engine.connect() as connection:
        rows = connection.execute(text("SELECT name, rights FROM role")).all()
    read = {row.name: (row.rights if isinstance(row.rights, list) else json.loads(row.rights)) for row in rows}
    assert {name for name, rights in read.items() if "answers.review" in rights} == {"manager", "admin"}
