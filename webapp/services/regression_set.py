"""The questions that have to go on being answered as a reviewer said, whatever is trained or changed."""

from __future__ import annotations

from sqlalchemy import select

from webapp.agents.models.rules.examples import intents
from webapp.agents.regression import Expected
from webapp.agents.roster import TEAM
from webapp.extensions import db
from webapp.models import RegressionCase, StaffUser
from webapp.models.base import now
from webapp.services import audit
from webapp.services.errors import BadInput
from webapp.services.taught import as_example


def add(staff: StaffUser, text: str, agent: str, intent: str, article_id: str) -> RegressionCase:
    """Keep a question with what is expected of its answer; said again, what is expected is changed.

    Raises `BadInput` for an empty question, or an agent or intent there is not. Whether there is such an article is for
    the caller to see.
    """
    question = as_example(text, None)
    if not any(sign.isalpha() for sign in question):
        raise BadInput("Type the question to repeat.", "Leave out what only one customer would say.")
    if agent not in TEAM:
        raise BadInput("There is no such specialist.", "Choose one from the list.")
    if intent and intent not in intents():
        raise BadInput("There is no such intent.", "Choose one from the list.")
    wanted = (agent, intent or None, article_id or None)
    row = db.session.scalar(select(RegressionCase).where(RegressionCase.text == question).with_for_update())
    if row is not None and (row.agent, row.intent, row.article_id) == wanted:
        return row
    if row is None:
        row = RegressionCase(text=question)
        db.session.add(row)
    row.agent, row.intent, row.article_id = wanted
    row.by_name, row.at = staff.display_name, now()
    db.session.flush()
    audit.record(staff, "regression.added", row.id, agent=agent, intent=intent, article=article_id)
    return row


def cases() -> list[Expected]:
    """The whole set, oldest first."""
    rows = db.session.scalars(select(RegressionCase).order_by(RegressionCase.id))
    return [Expected(row.id, row.text, row.agent, row.intent or "", row.article_id or "") for row in rows]
