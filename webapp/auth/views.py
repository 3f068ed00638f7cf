"""The sign-in page, signing out, the person's sign-ins and password."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user

from webapp.auth.devices import device_name
from webapp.auth.forms import PasswordForm, SignInForm
from webapp.http import kept, throttle
from webapp.http.access import SignInNeeded, current_sign_in, public, staff
from webapp.http.credentials import TooManyAttempts, keep_up_to_date, verified
from webapp.http.events import log
from webapp.http.fragments import current_page_path, redirect_whole_page, wants_fragment
from webapp.http.input import takes_up_to
from webapp.http.moments import known_zone
from webapp.http.settings import config, passwords
from webapp.http.unit_of_work import SAFE_METHODS, after_commit, reading
from webapp.models import StaffUser
from webapp.services import chats, conversation, kept_forms, sign_ins
from webapp.services.errors import ChatNotFound, NotAllowed, PasswordRefused, WrongPassword
from webapp.services.request_ids import new_request_id
from webapp.services.staff import DEMO_PASSWORD, DEMO_STAFF, ROLES

bp = Blueprint("auth", __name__)


def own_path(target: str | None) -> str | None:
    """The target if it is a path on this host and nothing else, else None."""
    if not target or len(target) > 500 or not target.startswith("/") or target.startswith("//"):
        return None
    if "\\" in target or any(sign <= " " or sign == "\x7f" for sign in target):
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc else target


@bp.get("/sign-in")
@public
def sign_in_page() -> ResponseReturnValue:
    """The sign-in page; somebody signed in already goes on."""
    target = own_path(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(target or url_for("sessions.index"))
    form = SignInForm(data={"next": target or ""})
    return _page(form)


def _page(form: SignInForm, problem: str | None = None, status: int = 200) -> Response:
    form.password.data = ""
    people = [
        {
            "username": username,
            "display_name": display_name,
            "role_title": ROLES[role][0],
            "note": "locked: shows what a locked account sees" if locked else f"{branch} branch",
        }
        for username, display_name, role, branch, locked in (DEMO_STAFF if config().demo else ())
    ]
    page = render_template(
        "auth/sign_in.html", form=form, demo_staff=people, demo_password=DEMO_PASSWORD, problem=problem
    )
    return make_response(page, status)


@bp.post("/sign-in")
@public
@takes_up_to(kept.LARGEST_SEALED)
def sign_in() -> ResponseReturnValue:
    """Check name and password; begin a sign-in with a new token and a new cookie."""
    form = SignInForm()
    if not form.validate():
        return _page(form, "Enter your user name and your password.", 401)
    address = request.remote_addr or ""
    try:
        person = verified(str(form.username.data), str(form.password.data), address)
    except TooManyAttempts as attempts:
        response = _page(form, attempts.sentence, status=429)
        response.headers["Retry-After"] = str(attempts.seconds)
        return response
    except WrongPassword as wrong:
        return _page(form, f"{wrong.sentence} {wrong.next_step}", 401)
    return _admit(form, person, address)


def _admit(form: SignInForm, person: StaffUser, address: str) -> ResponseReturnValue:
    keep_up_to_date(person, str(form.password.data))
    if "_user_id" in session:  # signing in again in this browser replaces the sign-in that was there
        sign_ins.end_token(str(session["_user_id"]))
    person.sign_in_token = sign_ins.begin(
        person,
        device=device_name(request.headers.get("User-Agent", "")),
        address=address,
        time_zone=known_zone(form.time_zone.data),
    )
    target = _keep_what_was_typed(form, person) or own_path(form.next.data) or url_for("sessions.index")
    after_commit(_start_cookie, person)
    log.info("sign_in.begun", actor=person.username, address=address)
    return redirect(target, 303)


def _start_cookie(person: StaffUser) -> None:
    session.clear()  # nothing of whoever was here before, its CSRF token included
    login_user(person)


def _keep_what_was_typed(form: SignInForm, person: StaffUser) -> str | None:
    """Put a text that was being sent when the sign-in ran out back as the draft of its session, if it is theirs; a text
    for a session that was just to be opened becomes the draft of a new one, if the same person is back; other forms
    wait on their page."""
    form_kept = kept.unsealed(form.kept_form.data) if form.kept_for.data == person.username else None
    if form_kept is not None and (page := own_path(form_kept[0])) and kept_forms.keep(person, page, form_kept[1]):
        return page
    text, chat_id = form.kept_text.data, form.kept_chat.data
    if not text or not (chat_id or form.kept_for.data == person.username):
        return None
    try:
        chat = chats.chat_of(person, chat_id) if chat_id else chats.create(person, new_request_id())
    except (ChatNotFound, NotAllowed):
        return None
    conversation.save_draft(chat, person, text[:8000])
    return url_for("chat.show", chat_id=chat.id)


@bp.app_errorhandler(SignInNeeded)
def ask_to_sign_in(_error: SignInNeeded) -> ResponseReturnValue:
    """Send a page to the sign-in page and back; give a form's text a place to survive in."""
    if wants_fragment():
        # The cookie stays: this may be a late request of a page left for the sign-in page, whose it is.
        here = own_path(kept.page_typed_on() or current_page_path(url_for("sessions.index")))
        return redirect_whole_page(url_for("auth.sign_in_page", next=here), 401)
    token = session.get("_user_id")
    session.clear()
    if request.method in SAFE_METHODS:
        here = request.full_path if request.query_string else request.path
        return redirect(url_for("auth.sign_in_page", next=own_path(here)))
    typed = request.form.get("text") or request.form.get("opening", "")
    carried = {"kept_text": typed, "kept_chat": request.form.get("chat_id", "")[:48], "kept_form": kept.sealed()}
    with reading():
        kept_for = sign_ins.username_behind(str(token)) if token and (typed or carried["kept_form"]) else ""
    form = SignInForm(formdata=None, data={**carried, "kept_for": kept_for, "next": ""})
    g.csrf_valid = False
    return _page(form, "Your sign-in has ended. Sign in to go on; what you typed is kept.", 401)


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End this sign-in on the server: a copy of its cookie is dead, too."""
    sign_ins.end(staff(), current_sign_in().id)
    after_commit(session.clear)
    log.info("sign_in.ended", actor=staff().username)
    response = make_response(redirect(url_for("auth.sign_in_page"), 303))
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@bp.post("/kept-forms/discard")
def discard_kept() -> ResponseReturnValue:
    """Throw away what was typed when a sign-in ended, and show the page without it."""
    page = own_path(request.form.get("page")) or url_for("sessions.index")
    kept_forms.forget(staff(), page)
    return redirect(page, 303)


@bp.post("/sign-ins/stay")
def stay() -> ResponseReturnValue:
    """Keep the sign-in alive: passing the door has already done so."""
    return "", 204


@bp.get("/sign-ins")
def my_sign_ins() -> ResponseReturnValue:
    """Where the person is signed in."""
    limits = config()
    rows = sign_ins.of(staff(), timedelta(minutes=limits.idle_minutes), timedelta(hours=limits.absolute_hours))
    for row in rows:
        row.is_current = row.id == current_sign_in().id
    return render_template("auth/sign_ins.html", sign_ins=rows)


@bp.post("/sign-ins/<row:sign_in_id>/end")
def end_sign_in(sign_in_id: int) -> ResponseReturnValue:
    """Sign out somewhere else."""
    ended = sign_ins.end(staff(), sign_in_id)
    flash("Signed out there." if ended else "That sign-in had ended already.", "ok")
    return redirect(url_for("auth.my_sign_ins"), 303)


@bp.post("/sign-ins/end-others")
def end_other_sign_ins() -> ResponseReturnValue:
    """Sign out everywhere but here."""
    count = sign_ins.end_all(staff(), by=staff(), keep=current_sign_in().id)
    flash(f"Signed out in {count} other place{'' if count == 1 else 's'}.", "ok")
    return redirect(url_for("auth.my_sign_ins"), 303)


@bp.get("/password")
def password_page() -> ResponseReturnValue:
    """The form for a new password."""
    return render_template("auth/password.html", form=PasswordForm())


@bp.post("/password")
def change_password() -> ResponseReturnValue:
    """Change the password; the current one proves who is there, and guessing it is slowed down like signing in."""
    form = PasswordForm()
    if form.validate():
        person, sign_in_id, address = staff(), current_sign_in().id, request.remote_addr or ""
        wait = throttle.seconds_to_wait(person.username, address)
        if wait:
            form.current_password.errors = [TooManyAttempts(wait).sentence]
            page = make_response(render_template("auth/password.html", form=form), 429)
            page.headers["Retry-After"] = str(wait)
            return page
        try:
            new_hash = sign_ins.change_password(
                person, passwords(), str(form.current_password.data), str(form.new_password.data)
            )
        except WrongPassword as wrong:
            throttle.failed(address)
            log.warning("password.wrong", actor=person.username, address=address)
            form.current_password.errors = [f"{wrong.sentence} {wrong.next_step}"]
        except PasswordRefused as refused:
            throttle.succeeded(person.username)
            form.new_password.errors = [f"{refused.sentence} {refused.next_step}"]
        else:
            throttle.succeeded(person.username)
            sign_ins.store_password(person.id, new_hash, by=person)
            if form.end_others.data:
                sign_ins.end_all(person, by=person, keep=sign_in_id)
            flash("Your password is changed.", "ok")
            return redirect(url_for("auth.my_sign_ins"), 303)
    return render_template("auth/password.html", form=form), 422
