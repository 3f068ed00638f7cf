"""Forms of the auth room."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, PasswordField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import DataRequired, EqualTo, InputRequired, Length

from webapp.http.input import plain_breaks


class SignInForm(FlaskForm):
    """Name and password; where to go afterwards; and what was being typed when a sign-in ran out."""

    username = StringField(validators=[DataRequired("Enter your user name."), Length(max=64)])
    password = PasswordField(validators=[InputRequired("Enter your password."), Length(max=1024)])
    time_zone = HiddenField()
    next = HiddenField()
    kept_text = HiddenField(filters=[plain_breaks])
    kept_chat = HiddenField()
    kept_for = HiddenField()
    kept_form = HiddenField()


class PasswordForm(FlaskForm):
    """A new password, with the current one as proof."""

    current_password = PasswordField(
        validators=[InputRequired("Enter your current password."), Length(max=1024, message="That is too long.")]
    )
    new_password = PasswordField(
        validators=[InputRequired("Enter a new password."), Length(max=1024, message="That is too long.")]
    )
    repeat_password = PasswordField(
        validators=[EqualTo("new_password", message="The two new passwords are not the same.")]
    )
    end_others = BooleanField()


class TokenForm(FlaskForm):
    """A new access token."""

    name = StringField(
        validators=[
            DataRequired("Say which program it is for."),
            Length(max=80, message="Use at most 80 characters."),
        ]
    )
    scopes = SelectMultipleField(
        choices=[
            SelectChoice("read", "Read sessions and messages"),
            SelectChoice("write", "Open sessions, ask, change status"),
            SelectChoice("manage", "Delete, clean up, register webhooks"),
        ],
        default=["read"],
        validators=[DataRequired("Choose what it may do.")],
    )
    days = SelectField(
        choices=[
            SelectChoice("1", "1 day"),
            SelectChoice("7", "7 days"),
            SelectChoice("30", "30 days"),
            SelectChoice("90", "90 days"),
        ],
        default="30",
        validators=[InputRequired("Choose when it ends.")],
    )
