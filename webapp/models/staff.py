"""Who signs in: staff, their roles, and their sign-ins."""

from __future__ import annotations

from datetime import datetime

from flask_login import UserMixin
from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.base import Base, UtcDateTime, now


class Role(Base):
    """A named set of rights. Roles are rows: a bank adds its own without a release."""

    __tablename__ = "role"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    title: Mapped[str] = mapped_column(String(60))
    rights: Mapped[list[str]] = mapped_column(JSON)
    confirm_limit: Mapped[int | None]  # EUR one may have moved on one's own word; above it a second person; None: 0


class StaffUser(UserMixin, Base):
    """A member of the bank's staff."""

    __tablename__ = "staff_user"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(80))
    password_hash: Mapped[str] = mapped_column(String(255))
    role_name: Mapped[str] = mapped_column(ForeignKey("role.name"))
    branch: Mapped[str] = mapped_column(String(60), index=True)
    locked: Mapped[bool] = mapped_column(default=False)
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    role: Mapped[Role] = relationship(lazy="joined", innerjoin=True)

    sign_in_token: str = ""  # of the sign-in this object was loaded for

    def get_id(self) -> str:
        """What Flask-Login keeps in the cookie: the sign-in's token, not the person's id."""
        return self.sign_in_token

    def may(self, right: str) -> bool:
        """Whether the role carries this right, e.g. `sessions.delete`."""
        return right in self.role.rights


class SignIn(Base):
    """One sign-in on one device. The cookie holds a random token; only its SHA-256 is stored."""

    __tablename__ = "sign_in"
    __table_args__ = (Index(None, "staff_id", "ended_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    device: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(64))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    staff: Mapped[StaffUser] = relationship(lazy="joined", innerjoin=True)

    is_current: bool = False  # filled for the page that lists them
