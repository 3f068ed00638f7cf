"""The queue of answers found wanting, one of them, and what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict

from webapp.http.access import for_right, staff
from webapp.http.fragments import on_to, wants_fragment
from webapp.http.kept import came_back, typed_on
from webapp.http.oversight import record_reading
from webapp.models.base import LARGEST_NUMBER
from webapp.models.feedback import ReviewState
from webapp.reviews.forms import DismissForm, ExampleForm, HandbookForm, RegressionForm, ReviewForm
from webapp.services import kept_forms, reviews
from webapp.services.errors import BadInput
from webapp.services.reviews import ACTS, Case

bp = Blueprint("reviews", __name__)

RIGHT = "answers.review"
KINDS: tuple[type[ReviewForm], ...] = (ExampleForm, RegressionForm, HandbookForm, DismissForm)
STATES = {ReviewState.OPEN: "Open", ReviewState.SETTLED: "Settled", "": "All"}


@dataclass(frozen=True, slots=True)
class Forms:
    """The forms of a review's page; the one that was sent holds what was typed and what is wrong with it."""

    example: ExampleForm
    regression: RegressionForm
    handbook: HandbookForm
    dismiss: DismissForm

    @classmethod
    def for_case(cls, case: Case, sent: FlaskForm | None = None) -> Forms:
        """Fresh ones, filled in as far as can be guessed, and the one that was sent."""
        reply = case.review.reply
        text, intent = case.as_example, case.asked_instead or reply.intent or ""
        article = reply.citations[0].article_id if reply.citations else ""
        fresh: dict[str, FlaskForm] = {
            "example": ExampleForm(formdata=None, data={"text": text, "intent": intent}),
            "regression": RegressionForm(
                formdata=None, data={"text": text, "agent": reply.agent, "intent": "", "article": ""}
            ),
            "handbook": HandbookForm(formdata=None, data={"article": article}),
            "dismiss": DismissForm(formdata=None),
        }
        kept = {name: sent if type(sent) is type(form) else form for name, form in fresh.items()}
        return cls(**kept)  # type: ignore[arg-type]


@bp.get("/reviews")
@for_right(RIGHT)
def index() -> ResponseReturnValue:
    """Answers found wanting, newest first; only the open ones unless asked otherwise."""
    state, reason = request.args.get("state", ReviewState.OPEN), request.args.get("reason", "")
    page = reviews.page(state, reason, _number(request.args.get("before", "")))
    template = "reviews/index.html"
    if wants_fragment():
        template = "reviews/_more.html" if "before" in request.args else "reviews/_list.html"
    return render_template(template, page=page, state=state, reason=reason, states=STATES)


def _number(value: str) -> int:
    if not value:
        return 0
    if not (value.isascii() and value.isdigit() and len(value) <= 10 and int(value) <= LARGEST_NUMBER):
        raise BadInput("That page of the list cannot be found.", "Start at the top of the list.")
    return int(value)


@bp.get("/reviews/<row:review_id>")
@for_right(RIGHT)
def show(review_id: int) -> ResponseReturnValue:
    """One answer with everything this person may see of it, and what was done about it."""
    case = reviews.case(staff(), review_id)
    if case.readable and case.chat.staff_id != staff().id:
        record_reading(case.chat)
        case = reviews.case(staff(), review_id)  # recording has ended the transaction it was read in
    kept = came_back(page_of(review_id))
    return _page(case, _form_of(kept) if kept else None, kept=kept is not None)


def page_of(review_id: int) -> str:
    """Where a review's forms are: what is typed into them is kept under this address while it is not stored."""
    return url_for("reviews.show", review_id=review_id)


def _form_of(fields: MultiDict[str, str]) -> FlaskForm | None:
    """The form these fields belong to: their names begin with its."""
    kind = next((kind for kind in KINDS if any(name.startswith(f"{kind.named}-") for name in fields)), None)
    return kind(formdata=fields) if kind else None


def _page(case: Case, sent: FlaskForm | None = None, *, kept: bool = False) -> str:
    """The review; for htmx its forms alone."""
    context: dict[str, Any] = {
        "case": case,
        "review": case.review,
        "reply": case.review.reply,
        "forms": Forms.for_case(case, sent),
        "sent": sent,
        "acts": ACTS,
        "note_of": lambda rating: reviews.masked_note(case, rating.note or ""),
        "page": page_of(case.review.id),
        "kept": kept,
        "typed": request.method == "POST",
    }
    return render_template("reviews/_acts.html" if wants_fragment() else "reviews/show.html", **context)


def _back(review_id: int) -> ResponseReturnValue:
    kept_forms.forget(staff(), page_of(review_id))
    return on_to(page_of(review_id))


@bp.post("/reviews/<row:review_id>/example")
@for_right(RIGHT)
@typed_on(page_of)
def add_example(review_id: int) -> ResponseReturnValue:
    """Have a sentence learnt at the next training."""
    form = ExampleForm()
    case = reviews.case(staff(), review_id)
    if not form.validate():
        return _page(case, form), 422
    reviews.add_example(staff(), review_id, str(form.text.data), str(form.intent.data))
    return _back(review_id)


@bp.post("/reviews/<row:review_id>/regression")
@for_right(RIGHT)
@typed_on(page_of)
def add_regression(review_id: int) -> ResponseReturnValue:
    """Have a question repeated whenever the team is measured."""
    form = RegressionForm()
    case = reviews.case(staff(), review_id)
    if not form.validate():
        return _page(case, form), 422
    wanted = [str(field.data or "") for field in (form.text, form.agent, form.intent, form.article)]
    reviews.add_regression(staff(), review_id, *wanted)
    return _back(review_id)


@bp.post("/reviews/<row:review_id>/handbook")
@for_right(RIGHT)
@typed_on(page_of)
def send_to_handbook(review_id: int) -> ResponseReturnValue:
    """Say that the handbook has to be fixed."""
    form = HandbookForm()
    case = reviews.case(staff(), review_id)
    if not form.validate():
        return _page(case, form), 422
    reviews.send_to_handbook(staff(), review_id, str(form.article.data or ""), str(form.note.data or ""))
    return _back(review_id)


@bp.post("/reviews/<row:review_id>/dismiss")
@for_right(RIGHT)
@typed_on(page_of)
def dismiss(review_id: int) -> ResponseReturnValue:
    """Say that there is nothing to be done."""
    form = DismissForm()
    case = reviews.case(staff(), review_id)
    if not form.validate():
        return _page(case, form), 422
    reviews.dismiss(staff(), review_id, str(form.note.data or ""))
    return _back(review_id)


@bp.post("/reviews/<row:review_id>/reopen")
@for_right(RIGHT)
def reopen(review_id: int) -> ResponseReturnValue:
    """Take a settled one up again."""
    reviews.reopen(staff(), review_id)
    return _back(review_id)
