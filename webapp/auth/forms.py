"""Forms of the auth room."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, PasswordField, StringField
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
