"""Text that was being sent when a sign-in had ended waits for its writer on the page it was typed on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import delete

from webapp.extensions import db
from webapp.models import KeptForm, StaffUser
from webapp.models.base import now
from webapp.models.kept_form import LONGEST_PAGE
from webapp.services.masking import mask_card_secrets

KEPT_FOR = timedelta(days=7)
MOST_FIELDS = 30
LONGEST = 300_000  # characters of all fields together: an article and what belongs to it


def keep(staff: StaffUser, page: str, fields: Mapping[str, str]) -> bool:
    """Keep what somebody typed on a page; False for what no form of ours could have sent.

    Card numbers are masked here as well. What nobody came back for within `KEPT_FOR` is forgotten.
    """
    if len(page) > LONGEST_PAGE or len(fields) > MOST_FIELDS or sum(map(len, fields.values())) > LONGEST:
        return False
    db.session.execute(delete(KeptForm).where(KeptForm.at < now() - KEPT_FOR))
    row = db.session.get(KeptForm, (staff.id, page))
    if row is None:
        row = KeptForm(staff_id=staff.id, page=page)
        db.session.add(row)
    row.fields = {name: mask_card_secrets(value) for name, value in fields.items()}
    row.at = now()
    db.session.flush()
    return True


def of(staff: StaffUser, page: str) -> dict[str, str] | None:
    """What waits for this person on a page."""
    row = db.session.get(KeptForm, (staff.id, page))
    return row.fields if row is not None and row.at > now() - KEPT_FOR else None


def forget(staff: StaffUser, page: str) -> None:
    """It was saved or thrown away."""
    db.session.execute(delete(KeptForm).where(KeptForm.staff_id == staff.id, KeptForm.page == page))
