"""What editors fill in."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import DataRequired, InputRequired, Length, Optional, Regexp, StopValidation

from webapp.bank.articles import LONGEST_BODY, LONGEST_ID, LONGEST_LINE
from webapp.http.input import plain_breaks, says_something
from webapp.models import HandbookGap
from webapp.models.handbook import LONGEST_REASON
from webapp.services import gaps
from webapp.services.editing import Wording

STALE = "The page was out of date. Reload it and try again."
AUDIENCES = [
    SelectChoice("customer", "May be read to a customer"),
    SelectChoice("staff", "Staff only"),
]
FIELD_OF = {"sections": "body", "right": "needs_right", "header": "body", "file": "body"}
"""The form's field for what an article calls otherwise."""


class ArticleForm(FlaskForm):
    """An article as it is written. The service says what is wrong with it; here is only what a form can know."""

    base = HiddenField(validators=[Regexp(r"(\d{1,9}\.\d{1,9})?$", message=STALE)])
    gap = HiddenField(validators=[Regexp(r"\d{0,9}$", message=STALE)])
    id = StringField(validators=[DataRequired("Give the article an id."), Length(max=LONGEST_ID)])
    title = StringField(validators=[DataRequired("Give the article a title."), Length(max=LONGEST_LINE)])
    audience = RadioField(choices=AUDIENCES, default="staff", validators=[InputRequired("Say who may hear it.")])
    needs_right = SelectField(default="", validate_choice=False)
    topics = StringField(validators=[DataRequired("Name at least one topic."), Length(max=1_000)])
    questions = TextAreaField(
        filters=[plain_breaks], validators=[DataRequired("Write at least one question it answers."), Length(max=8_000)]
    )
    body = TextAreaField(
        filters=[plain_breaks],
        validators=[
            DataRequired("Write the article."),
            Length(max=LONGEST_BODY, message=f"Use at most {LONGEST_BODY:,} characters."),
        ],
    )

    @classmethod
    def of(cls, wording: Wording, base: str, gap: str = "") -> ArticleForm:
        """The form with an article in it."""
        return cls(
            formdata=None,
            data={
                "base": base,
                "gap": gap,
                "id": wording.id,
                "title": wording.title,
                "audience": wording.audience,
                "needs_right": wording.needs_right or "",
                "topics": ", ".join(wording.topics),
                "questions": "\n".join(wording.questions),
                "body": wording.body,
            },
        )

    @property
    def wording(self) -> Wording:
        """What was typed."""
        topics = [topic.strip() for topic in (self.topics.data or "").split(",")]
        questions = [question.strip(" \t-*") for question in (self.questions.data or "").split("\n")]
        return Wording(
            id=(self.id.data or "").strip(),
            title=" ".join((self.title.data or "").split()),
            audience=self.audience.data or "",
            topics=tuple(dict.fromkeys(filter(None, topics))),
            questions=tuple(dict.fromkeys(filter(None, questions))),
            body=self.body.data or "",
            needs_right=self.needs_right.data or None,
        )

    def blame(self, field: str, sentence: str) -> None:
        """Show a reason at its field."""
        name = FIELD_OF.get(field, field)
        found: Any = getattr(self, name, self.body)
        found.errors = [*found.errors, sentence]


class PublishForm(FlaskForm):
    """From when, until when."""

    base = HiddenField(validators=[DataRequired(STALE), Regexp(r"\d{1,9}\.\d{1,9}$", message=STALE)])
    effective_on = DateField(validators=[InputRequired("Choose the first day.")])
    effective_until = DateField(validators=[Optional()])

    def blame(self, field: str, sentence: str) -> None:
        """Show a reason at its field."""
        found: Any = getattr(self, field, self.effective_on)
        found.errors = [*found.errors, sentence]


def says_why(_form: FlaskForm, field: TextAreaField) -> None:
    """Refuse what looks empty."""
    if not says_something(field.data):
        raise StopValidation("Say why it is not for the handbook.")


class DismissGapForm(FlaskForm):
    """Why a question is not for the handbook."""

    reason = TextAreaField(
        filters=[plain_breaks],
        validators=[says_why, Length(max=LONGEST_REASON, message=f"Use at most {LONGEST_REASON} characters.")],
    )


class GapExampleForm(FlaskForm):
    """A question for an article's examples."""

    article = HiddenField(validators=[DataRequired(STALE), Length(max=80, message=STALE)])
    question = StringField(
        validators=[
            DataRequired("Type the question."),
            Length(max=LONGEST_LINE, message=f"Use at most {LONGEST_LINE} characters."),
        ]
    )

    @classmethod
    def of(cls, gap: HandbookGap, article_id: str) -> GapExampleForm:
        """The form with a gap's question in it, as staff might have typed it without a customer."""
        return cls(formdata=None, data={"article": article_id, "question": gaps.searched(gap)})


class UploadForm(FlaskForm):
    """A document."""

    file = FileField(validators=[FileRequired("Choose a file.")])
