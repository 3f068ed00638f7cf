"""What somebody was sending with a form when their sign-in had ended, until they save it or throw it away."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, UtcDateTime, now

LONGEST_PAGE = 200  # characters of an address


class KeptForm(Base):
    """The fields of one page's form, for one person."""

    __tablename__ = "kept_form"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id", ondelete="CASCADE"), primary_key=True)
    page: Mapped[str] = mapped_column(String(LONGEST_PAGE), primary_key=True)  # where it was typed, e.g. /handbook/new
    fields: Mapped[dict[str, str]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
