"""What the roles as they are stored allow somebody to do about orders, for the assistant and for the cards."""

from __future__ import annotations

from sqlalchemy import select

from webapp.agents.authority import Authority
from webapp.extensions import db
from webapp.models import Role, StaffUser


def authority_of(staff: StaffUser | None, branch: str) -> Authority:
    """The authority of a person in a session of this branch; None: of somebody who is not known any more."""
    found = db.session.execute(select(Role.title, Role.rights).order_by(Role.title))
    roles = [(title, frozenset(rights)) for title, rights in found]
    return Authority(
        role=staff.role.title if staff else "",
        limit=staff.role.confirm_limit if staff else None,
        branch=branch,
        confirming=tuple(title for title, rights in roles if {"sessions.use", "orders.confirm"} <= rights),
        releasing=tuple(title for title, rights in roles if "orders.release" in rights),
    )
