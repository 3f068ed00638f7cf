"""Apps as an operator runs them, for tests: on a place's database, with a token, a Redis, or a database that is ill."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from werkzeug.test import TestResponse

from tests.conftest import CHEAP, Place
from webapp import create_app
from webapp.config import Config
from webapp.extensions import db

TOKEN = "an-operators-token-of-more-than-thirty-two-characters"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def url_of(place: Place) -> str:
    """The address of the place's database."""
    with place.app.app_context():
        return db.engine.url.render_as_string(hide_password=False)


@contextmanager
def operated(folder: Path, database_url: str, **settings: object) -> Iterator[Flask]:
    """Another app on a database, with its engines let go of afterwards."""
    given = {"metrics_token": TOKEN, **CHEAP, **settings}
    app = create_app(
        Config.from_env(_env_file=None, instance_path=folder, database_url=database_url, web_threads=4, **given)
    )
    app.testing = True
    try:
        yield app
    finally:
        app.extensions["bankside.runner"].stop()
        with app.app_context():
            db.engine.dispose()
        app.extensions["bankside.guests_engine"].dispose()


def get(app: Flask, path: str, *, token: str | None = TOKEN) -> TestResponse:
    """Ask as Prometheus or a probe does."""
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    return app.test_client().get(path, headers=headers)
