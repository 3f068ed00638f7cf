"""The composer."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import HiddenField, TextAreaField
from wtforms.validators import DataRequired, Length, Regexp, ValidationError

from webapp.http.input import plain_breaks, says_something
from webapp.services.request_ids import REQUEST_ID_PATTERN, new_request_id

LONGEST = 4000
STALE = "The page was out of date. Your text is kept. Send it again."


def asks_something(_form: FlaskForm, field: TextAreaField) -> None:
    """Refuse what looks empty."""
    if not says_something(field.data):
        raise ValidationError("Type a question first.")


class MessageForm(FlaskForm):
    """A question: to which session, once, and what."""

    chat_id = HiddenField(validators=[Length(max=48)])
    request_id = HiddenField(validators=[DataRequired(STALE), Regexp(REQUEST_ID_PATTERN, message=STALE)])
    text = TextAreaField(
        filters=[plain_breaks],
        validators=[
            asks_something,
            Length(
                max=LONGEST, message="Use at most 4,000 characters. Your text is kept; shorten it or send it in parts."
            ),
        ],
    )

    @classmethod
    def fresh(cls, chat_id: str, text: str = "") -> MessageForm:
        """An empty composer with a request id of its own."""
        return cls(formdata=None, data={"chat_id": chat_id, "request_id": new_request_id(), "text": text})
