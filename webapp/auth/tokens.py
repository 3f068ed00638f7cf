"""Access tokens for programs: listed, made, shown once, revoked."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.auth.forms import TokenForm
from webapp.auth.views import bp
from webapp.http.access import staff
from webapp.services import access_tokens


@bp.get("/tokens")
def my_tokens() -> ResponseReturnValue:
    """The person's tokens, and the form for a new one."""
    return _page(TokenForm(formdata=None))


def _page(form: TokenForm, new_token: str | None = None) -> str:
    return render_template("auth/tokens.html", form=form, tokens=access_tokens.of(staff()), new_token=new_token)


@bp.post("/tokens")
def create_token() -> ResponseReturnValue:
    """Make a token and show it, this once: the answer is the page itself, because nothing may keep the token."""
    form = TokenForm()
    if not form.validate():
        return _page(form), 422
    lifetime = timedelta(days=int(form.days.data))
    _row, token = access_tokens.issue(staff(), str(form.name.data).strip(), form.scopes.data or [], lifetime)
    return _page(TokenForm(formdata=None), token), 201


@bp.post("/tokens/<row:token_id>/revoke")
def revoke_token(token_id: int) -> ResponseReturnValue:
    """End a token."""
    revoked = access_tokens.revoke(staff(), token_id)
    flash("The token is revoked." if revoked else "That token had ended already.", "ok")
    return redirect(url_for("auth.my_tokens"), 303)
