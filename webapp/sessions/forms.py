"""Forms of the sessions room."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Regexp, StopValidation

from webapp.http.input import plain_breaks, says_something
from webapp.services.chats import END_REASONS, TITLE_LENGTH
from webapp.services.request_ids import REQUEST_ID_PATTERN, new_request_id

LONGEST_MESSAGE = 4000
STALE = "The page was out of date. Reload it and try again."


class StartForm(FlaskForm):
    """Open a session, about a customer and with a first question if there is one."""

    request_id = HiddenField(validators=[DataRequired(STALE), Regexp(REQUEST_ID_PATTERN, message=STALE)])
    customer = StringField(validators=[Length(max=80, message="Use at most 80 characters.")])
    opening = TextAreaField(
        filters=[plain_breaks],
        validators=[Length(max=LONGEST_MESSAGE, message="Use at most 4,000 characters. Your text is kept.")],
    )

    @classmethod
    def fresh(cls, **values: Any) -> StartForm:
        """An empty form with a request id of its own."""
        return cls(formdata=None, data={"request_id": new_request_id(), **values})


def is_to_be_seen(_form: FlaskForm, field: StringField) -> None:
    """Refuse a title that nobody could see."""
    if not says_something(field.data):
        raise StopValidation("Give the session a title.")


class TitleForm(FlaskForm):
    """A title of one's own."""

    title = StringField(
        validators=[
            is_to_be_seen,
            Length(max=TITLE_LENGTH, message=f"Use at most {TITLE_LENGTH} characters."),
        ]
    )


class EndForm(FlaskForm):
    """Why a session ends, and what is to be remembered of it."""

    reason = SelectField(choices=END_REASONS, validators=[DataRequired("Choose a reason.")])
    summary = TextAreaField(
        filters=[plain_breaks], validators=[Length(max=2000, message="Use at most 2,000 characters.")]
    )


class DeleteForm(FlaskForm):
    """Nothing but the token: the page has said what will go."""


class AttachCustomerForm(FlaskForm):
    """The customer that was picked."""

    number = HiddenField(validators=[DataRequired("Pick a customer."), Length(max=32)])
