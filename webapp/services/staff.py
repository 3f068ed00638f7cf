"""Staff and their roles: added, locked, unlocked."""

from __future__ import annotations

from sqlalchemy import select

from webapp.extensions import db
from webapp.models import Role, StaffUser
from webapp.services import access_tokens, audit, sign_ins
from webapp.services.errors import BadInput
from webapp.services.passwords import Passwords

ROLES: dict[str, tuple[str, list[str]]] = {
    "teller": ("Teller", ["sessions.use", "orders.confirm"]),
    "specialist": ("Specialist", ["sessions.use", "orders.confirm"]),
    "manager": (
        "Manager",
        [
            "sessions.use",
            "sessions.read_branch",
            "sessions.delete",
            "sessions.clean_up",
            "sessions.open_for_others",
            "orders.confirm",
            "orders.release",
            "handbook.edit",
            "answers.review",
        ],
    ),
    "auditor": ("Auditor", ["sessions.read_all"]),
    "admin": ("Administrator", ["sessions.use", "staff.manage", "handbook.edit", "answers.review"]),
}
CONFIRM_LIMITS = {"teller": 5_000, "specialist": 10_000, "manager": 10_000}  # EUR; above them a second person
DEMO_PASSWORD = "Password123!"  # noqa: S105  # published on the demo sign-in page; refused in production
DEMO_STAFF = (
    ("manager", "Miriam Okafor", "manager", "Nordhafen", False),
    ("teller", "Tom Reuter", "teller", "Nordhafen", False),
    ("specialist", "Selma Brandvold", "specialist", "Nordhafen", False),
    ("auditor", "Arvid Lindqvist", "auditor", "Altmarkt", False),
    ("admin", "Anouk Delacroix", "admin", "Altmarkt", False),
    ("locked", "Lorenz Hartung", "teller", "Nordhafen", True),
)


def add_roles() -> None:
    """Add the standard roles that are not there yet; never changes one a bank has edited."""
    there = set(db.session.scalars(select(Role.name)))
    db.session.add_all(
        Role(name=name, title=title, rights=rights, confirm_limit=CONFIRM_LIMITS.get(name))
        for name, (title, rights) in ROLES.items()
        if name not in there
    )
    db.session.flush()


def roles() -> list[tuple[str, frozenset[str]]]:
    """Every role's title with its rights."""
    rows = db.session.execute(select(Role.title, Role.rights).order_by(Role.title))
    return [(title, frozenset(rights)) for title, rights in rows]


def add(
    username: str, display_name: str, role: str, branch: str, password_hash: str, *, is_demo: bool = False
) -> StaffUser:
    """Add a member of staff; raises `BadInput` for an unknown role or a name that is taken."""
    if db.session.get(Role, role) is None:
        raise BadInput(f"There is no role {role!r}.", "The roles are: " + ", ".join(sorted(ROLES)) + ".")
    if sign_ins.staff_named(username):
        raise BadInput(f"There is already somebody called {username!r}.", "Choose another user name.")
    person = StaffUser(
        username=username.strip().casefold(),
        display_name=display_name,
        role_name=role,
        branch=branch,
        password_hash=password_hash,
        is_demo=is_demo,
    )
    db.session.add(person)
    db.session.flush()
    audit.record(None, "staff.added", person.id, role=role)
    return person


def set_locked(username: str, locked: bool) -> StaffUser:
    """Lock somebody out (ending every sign-in) or let them in again; raises `BadInput` for an unknown name."""
    person = sign_ins.staff_named(username)
    if person is None:
        raise BadInput(f"There is nobody called {username!r}.")
    person.locked = locked
    audit.record(None, "staff.locked" if locked else "staff.unlocked", person.id)
    if locked:
        sign_ins.end_all(person, by=None)
        access_tokens.revoke_all(person, by=None)
    return person


def called(name: str) -> StaffUser | None:
    """The member of staff with this user name, or, as programs may say it, with this id."""
    person = sign_ins.staff_named(name)
    if person is None and name.isascii() and name.isdigit() and len(name) < 10:
        person = db.session.get(StaffUser, int(name))
    return person


def add_demo_staff(passwords: Passwords) -> None:
    """Add the demo people who are not there yet."""
    for username, display_name, role, branch, locked in DEMO_STAFF:
        if sign_ins.staff_named(username) is None:
            person = add(username, display_name, role, branch, passwords.hash(DEMO_PASSWORD), is_demo=True)
            person.locked = locked


def demo_staff_exist() -> bool:
    """Whether somebody with a published password could sign in."""
    return db.session.scalar(select(StaffUser.id).where(StaffUser.is_demo).limit(1)) is not None
