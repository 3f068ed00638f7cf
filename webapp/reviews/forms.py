"""What a reviewer can say about an answer."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import DataRequired, Length, Optional

from webapp.agents.models.rules.examples import intents
from webapp.agents.roster import TEAM
from webapp.http.input import plain_breaks, says_something
from webapp.http.settings import library
from webapp.services.reviews import LONGEST_NOTE
from webapp.services.taught import LONGEST

_FROM_REQUEST = object()


def says_a_sentence(_form: FlaskForm, field: StringField) -> None:
    """Refuse what looks empty."""
    if not says_something(field.data):
        raise ValidationError("Type a sentence.")


def is_in_the_handbook(_form: FlaskForm, field: StringField) -> None:
    """Refuse an article there is not; none at all is fine."""
    field.data = (field.data or "").strip()
    if field.data and not library().article(field.data):
        raise ValidationError("The handbook has no such article in force. Its id stands below each source.")


def intent_choices() -> list[SelectChoice]:
    """Every intent, under the title of the agent that answers it."""
    found = [
        SelectChoice(key, key.replace("_", " ") + (f" ({one.ask})" if one.ask else ""), optgroup=TEAM.title(one.agent))
        for key, one in intents().items()
    ]
    return sorted(found, key=lambda one: (str(one.optgroup), one.value))


def _one_intent() -> list[SelectChoice]:
    return [SelectChoice("", "Choose"), *intent_choices()]


def _any_intent() -> list[SelectChoice]:
    return [SelectChoice("", "Any intent of theirs"), *intent_choices()]


def _sentence() -> StringField:
    longest = Length(max=LONGEST, message=f"Use at most {LONGEST} characters.")
    return StringField(filters=[plain_breaks], validators=[says_a_sentence, longest])


def _article() -> StringField:
    return StringField(validators=[Length(max=80, message="Use at most 80 characters."), is_in_the_handbook])


def _note() -> TextAreaField:
    longest = Length(max=LONGEST_NOTE, message=f"Use at most {LONGEST_NOTE} characters.")
    return TextAreaField(filters=[plain_breaks], validators=[Optional(), longest])


class ReviewForm(FlaskForm):
    """One of several forms on a page: its fields are named after it."""

    named = ""

    def __init__(self, formdata: object = _FROM_REQUEST, data: dict[str, object] | None = None) -> None:
        """Take what was sent, or, with `formdata=None`, begin with `data`."""
        sent = {} if formdata is _FROM_REQUEST else {"formdata": formdata}
        super().__init__(**sent, data=data, prefix=f"{self.named}-")


class ExampleForm(ReviewForm):
    """A sentence to learn, and the intent it has."""

    named = "example"
    text = _sentence()
    intent = SelectField(choices=_one_intent, validators=[DataRequired("Choose what it asks for.")])


class RegressionForm(ReviewForm):
    """A question to repeat, and what has to come of it."""

    named = "regression"
    text = _sentence()
    agent = SelectField(choices=[SelectChoice(agent.key, agent.title) for agent in TEAM])
    intent = SelectField(choices=_any_intent)
    article = _article()


class HandbookForm(ReviewForm):
    """Which article has to be fixed, and how."""

    named = "handbook"
    article = _article()
    note = _note()


class DismissForm(ReviewForm):
    """Why there is nothing to be done."""

    named = "dismiss"
    note = _note()
